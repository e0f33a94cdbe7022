// The export: a log as static files that anybody can check (audit-log.md section 5), written so
// that it is right at every instant, whatever crashes.
//
// First the bundles, then the hash tiles, then the checkpoint: a reader who sees a checkpoint
// finds all that it calls for. A file that is there is compared and never replaced.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/audit/source.h"

namespace forbear::logexport {

// An exported log in a folder, to read. Any thread.
class FolderSource : public audit::FileSource {
 public:
  explicit FolderSource(std::string folder) : folder_(std::move(folder)) {}
  absl::StatusOr<std::string> Read(std::string_view path) const override;
  absl::StatusOr<std::vector<std::string>> List(std::string_view folder) const override;
  absl::StatusOr<std::vector<std::string>> TileFiles() const override;

 private:
  std::string folder_;
};

// How much of what is already in the folder is compared, the first time.
enum class Existing {
  kCompareAll,      // every file, whatever its age: `audit export`
  kFromCheckpoint,  // what the folder's own checkpoint covers is taken on its root: `serve`
};

class Exporter {
 public:
  // Makes the folder when missing and locks it while the exporter lives. kFailedPrecondition when
  // another one has it.
  static absl::StatusOr<Exporter> Open(const std::string& folder, Existing existing);

  // Brings the folder up to `note`, a signed checkpoint of the log behind `source`. Entries are
  // hashed before anything is written, so that a log which differs from its checkpoint leaves no
  // trace. Repeating it is harmless, and one interrupted anywhere is completed by the next.
  //   kDataLoss  a file differs from the log, the folder holds a newer or another log, or the
  //              entries do not make the checkpoint's root. Nothing was replaced. An alert.
  //   kUnavailable, kResourceExhausted  the disk; try again.
  // Blocks. One thread at a time.
  absl::Status Export(const audit::EntrySource& source, std::string_view note);

  // Entries under the checkpoint that the folder holds.
  uint64_t exported() const { return tree_.size(); }

 private:
  struct Unlock {
    void operator()(int* descriptor) const;
  };
  Exporter(std::string folder, Existing existing)
      : folder_(std::move(folder)), existing_(existing) {}

  absl::Status Begin(const audit::EntrySource& source, const audit::TreeHead& head);
  absl::Status Put(const std::string& path, const std::string& bytes);
  absl::Status SyncTouched();
  absl::Status WriteEntries(const audit::EntrySource& source, uint64_t from, uint64_t to,
                            audit::Tree* tree);
  absl::Status WritePartialTiles(const audit::Tree& tree);
  absl::Status DropPartials(uint64_t from, uint64_t to);

  std::string folder_;
  Existing existing_;
  std::unique_ptr<int, Unlock> lock_;
  bool begun_ = false;
  audit::Tree tree_;               // of what the folder holds
  std::set<std::string> touched_;  // folders with files not yet synced into them
};

}  // namespace forbear::logexport
