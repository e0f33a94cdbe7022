// A disk that fills up when told: preloaded into `forbear`, it lets writes to files under
// FULL_DISK_UNDER fail with ENOSPC for as long as the file FULL_DISK_WHEN exists. Reads and
// everything else go through.
#include <dlfcn.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

bool IsFull(int file) {
  const char* under = std::getenv("FULL_DISK_UNDER");
  const char* when = std::getenv("FULL_DISK_WHEN");
  if (under == nullptr || when == nullptr || access(when, F_OK) != 0) return false;
  char link[64];
  char path[PATH_MAX + 1];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  const ssize_t length = readlink(link, path, PATH_MAX);
  if (length <= 0) return false;
  path[length] = '\0';
  return std::strncmp(path, under, std::strlen(under)) == 0;
}

template <typename Function>
Function Real(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

ssize_t Full() {
  errno = ENOSPC;
  return -1;
}

}  // namespace

extern "C" {

ssize_t write(int file, const void* bytes, size_t size) {
  static const auto real = Real<ssize_t (*)(int, const void*, size_t)>("write");
  return IsFull(file) ? Full() : real(file, bytes, size);
}
ssize_t pwrite(int file, const void* bytes, size_t size, off_t at) {
  static const auto real = Real<ssize_t (*)(int, const void*, size_t, off_t)>("pwrite");
  return IsFull(file) ? Full() : real(file, bytes, size, at);
}
ssize_t pwrite64(int file, const void* bytes, size_t size, off64_t at) {
  static const auto real = Real<ssize_t (*)(int, const void*, size_t, off64_t)>("pwrite64");
  return IsFull(file) ? Full() : real(file, bytes, size, at);
}

}  // extern "C"
