#include "adapters/logexport/durable_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "engine/model/status.h"

namespace forbear::logexport {
File::~File() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

namespace {

absl::Status SystemError(const char* doing, const std::string& path) {
  const int error = errno;
  const std::string message =
      absl::StrCat("`", path, "`: ", doing, " failed: ", std::strerror(error));
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return NotFound(message);
    case EEXIST:
      return AlreadyExists(message);
    case ENOSPC:
    case EDQUOT:
      return absl::ResourceExhaustedError(absl::StrCat(message, "; make room"));
    default:
      return Unavailable(message);
  }
}

// Removes the temporary file unless it has become the real one.
struct Temporary {
  std::string path;
  bool renamed = false;
  ~Temporary() {
    if (!renamed) ::unlink(path.c_str());
  }
};

absl::Status WriteSynced(const std::string& path, std::string_view bytes, mode_t mode) {
  // A temporary file left by a crash is of no use to anybody.
  ::unlink(path.c_str());
  const File file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (!file.open()) return SystemError("creating", path);
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.get(), bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return SystemError("writing", path);
    }
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  if (::fsync(file.get()) != 0) return SystemError("syncing", path);
  return absl::OkStatus();
}

std::string TemporaryName(const std::string& path) {
  const size_t slash = path.rfind('/');
  const size_t name = slash == std::string::npos ? 0 : slash + 1;
  return path.substr(0, name) + "." + path.substr(name) + ".tmp";
}

}  // namespace

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

absl::StatusOr<std::string> ReadFile(const std::string& path, size_t limit) {
  // O_NONBLOCK: a pipe in the place of a file must not hold a verifier up.
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.open()) return SystemError("opening", path);
  struct stat facts {};
  if (::fstat(file.get(), &facts) != 0) return SystemError("reading", path);
  if (!S_ISREG(facts.st_mode)) return InvalidArgument("`" + path + "`: not a file");
  if (static_cast<uint64_t>(facts.st_size) > limit) {
    return InvalidArgument(absl::StrCat("`", path, "`: longer than ", limit, " bytes"));
  }
  std::string bytes(static_cast<size_t>(facts.st_size), '\0');
  size_t at = 0;
  while (at < bytes.size()) {
    const ssize_t got = ::read(file.get(), bytes.data() + at, bytes.size() - at);
    if (got < 0) {
      if (errno == EINTR) continue;
      return SystemError("reading", path);
    }
    if (got == 0) break;
    at += static_cast<size_t>(got);
  }
  bytes.resize(at);
  return bytes;
}

absl::Status WriteNewFile(const std::string& path, std::string_view bytes, mode_t mode) {
  Temporary temporary{TemporaryName(path)};
  FORBEAR_RETURN_IF_ERROR(WriteSynced(temporary.path, bytes, mode));
  if (::renameat2(AT_FDCWD, temporary.path.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) ==
      0) {
    temporary.renamed = true;
    return absl::OkStatus();
  }
  if (errno != EINVAL && errno != ENOSYS) return SystemError("renaming to", path);
  // A file system that cannot rename without replacing: a second name says the same.
  if (::link(temporary.path.c_str(), path.c_str()) != 0) return SystemError("linking to", path);
  return absl::OkStatus();
}

absl::Status ReplaceFile(const std::string& path, std::string_view bytes, mode_t mode) {
  Temporary temporary{TemporaryName(path)};
  FORBEAR_RETURN_IF_ERROR(WriteSynced(temporary.path, bytes, mode));
  if (::rename(temporary.path.c_str(), path.c_str()) != 0) return SystemError("renaming to", path);
  temporary.renamed = true;
  return SyncFolder(FolderOf(path));
}

absl::Status MakeFolders(const std::string& path) {
  if (path.empty() || path == "/" || path == ".") return absl::OkStatus();
  if (::mkdir(path.c_str(), kPrivateFolder) == 0) return SyncFolder(FolderOf(path));
  if (errno == EEXIST) {
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) return absl::OkStatus();
    return InvalidArgument("`" + path + "`: not a folder");
  }
  if (errno != ENOENT) return SystemError("making folder", path);
  FORBEAR_RETURN_IF_ERROR(MakeFolders(FolderOf(path)));
  if (::mkdir(path.c_str(), kPrivateFolder) != 0 && errno != EEXIST) {
    return SystemError("making folder", path);
  }
  return SyncFolder(FolderOf(path));
}

absl::Status SyncFolder(const std::string& path) {
  const File folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.open()) return SystemError("opening folder", path);
  if (::fsync(folder.get()) != 0) return SystemError("syncing folder", path);
  return absl::OkStatus();
}

}  // namespace forbear::logexport
