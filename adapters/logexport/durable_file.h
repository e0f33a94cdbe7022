// Files that are whole or not there, also after the power fails: written under a temporary name in
// the same folder, synced, renamed, and the folder synced.
//
// Errors name the path and the system's reason: kNotFound, kAlreadyExists, kResourceExhausted when
// the disk is full, kUnavailable for the rest. Calls block on the disk. Any thread; two writers of
// one path are kept apart by the caller.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace forbear::logexport {

inline constexpr mode_t kPrivateFile = 0600;  // security.md M1
inline constexpr mode_t kPublicFile = 0644;   // what is meant to be handed on
inline constexpr mode_t kPrivateFolder = 0700;

// What the system opened, or did not (a negative number); closed when it goes.
class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  ~File();
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int get() const { return descriptor_; }
  bool open() const { return descriptor_ >= 0; }

 private:
  int descriptor_;
};

// The content of a regular file. kInvalidArgument when it is longer than `limit` or no such file.
absl::StatusOr<std::string> ReadFile(const std::string& path, size_t limit);

// Writes a file that is not there yet. kAlreadyExists when it is; it is then left alone. The
// folder is not synced: SyncFolder does that once for many files.
absl::Status WriteNewFile(const std::string& path, std::string_view bytes, mode_t mode);

// Writes a file, in the place of the one that may be there, and syncs the folder.
absl::Status ReplaceFile(const std::string& path, std::string_view bytes, mode_t mode);

// Makes a folder and those above it, each synced into its parent.
absl::Status MakeFolders(const std::string& path);
absl::Status SyncFolder(const std::string& path);

// The folder a path lies in; "." when it names none.
std::string FolderOf(const std::string& path);

}  // namespace forbear::logexport
