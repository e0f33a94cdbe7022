// KeyDatabase: the wrapped data keys of borrowers in one SQLite file of their own, `keys.db`.
//
// A commit is synced before it is answered. Erase leaves nothing behind: what is deleted is
// overwritten in its pages (secure_delete), the write-ahead log is copied into the database and cut
// to nothing, and both files are synced. Copies somebody else made (backups, snapshots of a volume,
// blocks a disk has set aside) are dead once the key-encryption key of their time is destroyed.
//
// Format 1: `application_id` kApplicationId, `user_version` 1; anything else is refused untouched.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/ports/key_store.h"

namespace forbear::sqlite {
class Database;
class Run;
}  // namespace forbear::sqlite

namespace forbear::keys {

inline constexpr char kKeyDatabaseFile[] = "keys.db";
inline constexpr int64_t kApplicationId = 0x46424b31;  // "FBK1"
inline constexpr int64_t kKeyFormat = 1;

// Thread safety: every method may be called from any thread; one works at a time.
class KeyDatabase : public KeyStore {
 public:
  // Opens `path`, and makes it (0600) when missing; its folder must exist. The file is this
  // object's alone until it goes: kUnavailable when another process has it open.
  // kFailedPrecondition when others than the owner may read it (K2), when it is another program's,
  // or of another format; kDataLoss when it is damaged.
  static absl::StatusOr<std::unique_ptr<KeyDatabase>> Open(const std::string& path);
  ~KeyDatabase() override;

  // kInvalidArgument for a key without tenant or KEK, or whose wrap is not 72 bytes.
  absl::Status Put(const std::vector<WrappedKey>& keys) override;
  absl::StatusOr<std::optional<WrappedKey>> Find(const BorrowerId& borrower) override;
  absl::Status Erase(const std::vector<BorrowerId>& borrowers) override;
  absl::Status ForEach(std::function<void(const WrappedKey&)> each) override;
  absl::StatusOr<std::vector<WrappedKey>> WrappedUnder(std::string_view kek_id,
                                                       size_t limit) override;
  absl::StatusOr<size_t> CountUnder(std::string_view kek_id) override;

 private:
  struct Statements;
  explicit KeyDatabase(std::unique_ptr<sqlite::Database> database);
  absl::Status Prepare(const std::string& path);
  // `change` as one transaction. REQUIRES: mutex_ is held.
  absl::Status Commit(const std::function<absl::Status()>& change);
  absl::Status Purge();

  std::mutex mutex_;
  std::unique_ptr<sqlite::Database> database_;
  std::unique_ptr<Statements> statements_;  // goes before the database
};

}  // namespace forbear::keys
