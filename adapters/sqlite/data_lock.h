// One process a data directory: an exclusive lock on `<data>/lock`, taken before anything else is
// opened and held until the end (audit-log.md section 8). The file names the holder's process id.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace forbear::sqlite {

class DataLock {
 public:
  // Makes the directory (0700) when missing. kFailedPrecondition, naming the holder's process id,
  // when somebody has it; kUnavailable when the directory cannot be used.
  static absl::StatusOr<DataLock> Take(const std::string& data);
  DataLock(DataLock&& other) noexcept;
  DataLock& operator=(DataLock&&) = delete;
  ~DataLock();

 private:
  explicit DataLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

// Makes the file (0600) when missing, so that SQLite's own files beside it get the same mode.
// True when it was made.
absl::StatusOr<bool> MakePrivateFile(const std::string& path);

}  // namespace forbear::sqlite
