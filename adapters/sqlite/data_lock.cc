#include "adapters/sqlite/data_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "engine/model/status.h"

namespace forbear::sqlite {
namespace {

absl::Status Unusable(const std::string& path) {
  return Unavailable("data directory: `" + path + "`: " + std::strerror(errno) +
                     "; give one that this user may write");
}

// A name in a directory is on the disk once the directory is.
absl::Status SyncDirectory(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return Unusable(path);
  const int synced = fsync(descriptor);
  close(descriptor);
  return synced == 0 ? absl::OkStatus() : Unusable(path);
}

std::string Parent(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

absl::StatusOr<DataLock> DataLock::Take(const std::string& data) {
  if (mkdir(data.c_str(), 0700) == 0) {
    FORBEAR_RETURN_IF_ERROR(SyncDirectory(Parent(data)));
  } else if (errno != EEXIST) {
    return Unusable(data);
  }
  const std::string path = data + "/lock";
  const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) return Unusable(path);
  DataLock lock(descriptor);
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    char holder[32] = {};
    const ssize_t size = pread(descriptor, holder, sizeof holder - 1, 0);
    std::string pid;
    for (ssize_t i = 0; i < size && holder[i] >= '0' && holder[i] <= '9'; ++i) pid += holder[i];
    if (pid.empty()) pid = "unknown";
    return FailedPrecondition("data directory: `" + data + "` is in use by process " + pid +
                              "; stop it or give another directory");
  }
  const std::string pid = std::to_string(getpid()) + "\n";
  if (ftruncate(descriptor, 0) != 0) return Unusable(path);
  // A full disk leaves the file empty: the lock holds all the same, only its holder is not named.
  const ssize_t written = pwrite(descriptor, pid.data(), pid.size(), 0);
  if (written < 0 && errno != ENOSPC) return Unusable(path);
  return lock;
}

DataLock::DataLock(DataLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

DataLock::~DataLock() {
  if (descriptor_ >= 0) close(descriptor_);
}

absl::StatusOr<bool> MakePrivateFile(const std::string& path) {
  const int descriptor =
      open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) {
    if (errno == EEXIST) return false;
    return Unusable(path);
  }
  close(descriptor);
  FORBEAR_RETURN_IF_ERROR(SyncDirectory(Parent(path)));
  return true;
}

}  // namespace forbear::sqlite
