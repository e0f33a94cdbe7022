// KekFiles: key-encryption keys in a folder, outside the data directory and of every backup of it.
//
//   kek-k20260302-0e10a4f7.key   0600  64 hex digits and a newline
//   current                      0600  the id of the key that wraps from now on, and a newline
//
// Ids that MakeNext gives are the day it was made on (UTC), and eight hex digits that grow: their
// order is that of their making. A file that its group or the world may read, or such a folder, is
// refused (K2): whoever read it could open every copy of the key store.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/ports/clock.h"
#include "engine/ports/key_provider.h"
#include "engine/ports/randomness.h"

namespace forbear::keys {

inline constexpr char kCurrentFile[] = "current";

// Thread safety: every method may be called from any thread; one works at a time. What another
// process changes in the folder is seen by the next call; two processes must not both MakeNext.
class KekFiles : public KeyProvider {
 public:
  // Makes the folder (0700) when missing, and no key: an empty folder is more often a wrong one
  // than a new one, and CurrentId says so. Looks at every key that is there. Both are borrowed.
  static absl::StatusOr<std::unique_ptr<KekFiles>> Open(const std::string& folder,
                                                        Randomness& randomness, const Clock& clock);

  // kFailedPrecondition while there is none, and when the one named is not there.
  absl::StatusOr<std::string> CurrentId() override;
  // kDataLoss when the file is no key.
  absl::StatusOr<std::shared_ptr<const vault::SecretKey>> Find(std::string_view id) override;
  // As its id tells; one whose id tells no day is as old as can be.
  absl::StatusOr<Instant> MadeAt(std::string_view id) override;
  absl::StatusOr<std::string> MakeNext() override;
  // Overwrites the file once, unlinks it and syncs the folder. What a disk or file system keeps of
  // old blocks is beyond a file's reach: put the folder on a volume that is encrypted or in memory.
  absl::Status Destroy(std::string_view id) override;
  absl::StatusOr<std::vector<std::string>> Ids() override;

 private:
  KekFiles(std::string folder, Randomness& randomness, const Clock& clock)
      : folder_(std::move(folder)), randomness_(randomness), clock_(clock) {}
  std::string PathOf(std::string_view id) const;
  // REQUIRES of all: mutex_ is held.
  absl::StatusOr<std::string> ReadCurrent();
  absl::StatusOr<std::vector<std::string>> List();
  absl::StatusOr<std::shared_ptr<const vault::SecretKey>> Read(const std::string& id);
  absl::StatusOr<std::string> NextId();

  const std::string folder_;
  Randomness& randomness_;
  const Clock& clock_;
  std::mutex mutex_;
  // Read once; served only while their file is there.
  std::map<std::string, std::shared_ptr<const vault::SecretKey>, std::less<>> read_;
};

}  // namespace forbear::keys
