#include "adapters/sqlite/watched_vfs.h"

#include <sqlite3.h>

#include <cstring>

#include "engine/model/status.h"

namespace forbear::sqlite {
namespace {

// One of ours with the system's file right behind it, in the memory that SQLite gives.
struct File {
  sqlite3_file base;
  sqlite3_file* Real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

sqlite3_file* Real(sqlite3_file* file) { return reinterpret_cast<File*>(file)->Real(); }
sqlite3_vfs* System(sqlite3_vfs* vfs) { return static_cast<sqlite3_vfs*>(vfs->pAppData); }

int Close(sqlite3_file* file) { return Real(file)->pMethods->xClose(Real(file)); }
int Read(sqlite3_file* file, void* to, int bytes, sqlite3_int64 at) {
  return Real(file)->pMethods->xRead(Real(file), to, bytes, at);
}
int Write(sqlite3_file* file, const void* from, int bytes, sqlite3_int64 at) {
  if (!WatchedVfs::Get().MayWrite(bytes)) return SQLITE_FULL;
  return Real(file)->pMethods->xWrite(Real(file), from, bytes, at);
}
int Truncate(sqlite3_file* file, sqlite3_int64 size) {
  return Real(file)->pMethods->xTruncate(Real(file), size);
}
int Sync(sqlite3_file* file, int flags) {
  if (!WatchedVfs::Get().MaySync()) return SQLITE_IOERR_FSYNC;
  return Real(file)->pMethods->xSync(Real(file), flags);
}
int FileSize(sqlite3_file* file, sqlite3_int64* size) {
  return Real(file)->pMethods->xFileSize(Real(file), size);
}
int Lock(sqlite3_file* file, int kind) { return Real(file)->pMethods->xLock(Real(file), kind); }
int Unlock(sqlite3_file* file, int kind) { return Real(file)->pMethods->xUnlock(Real(file), kind); }
int CheckReservedLock(sqlite3_file* file, int* held) {
  return Real(file)->pMethods->xCheckReservedLock(Real(file), held);
}
int FileControl(sqlite3_file* file, int what, void* value) {
  return Real(file)->pMethods->xFileControl(Real(file), what, value);
}
int SectorSize(sqlite3_file* file) { return Real(file)->pMethods->xSectorSize(Real(file)); }
int Characteristics(sqlite3_file* file) {
  return Real(file)->pMethods->xDeviceCharacteristics(Real(file));
}
int ShmMap(sqlite3_file* file, int page, int size, int extend, void volatile** memory) {
  return Real(file)->pMethods->xShmMap(Real(file), page, size, extend, memory);
}
int ShmLock(sqlite3_file* file, int offset, int count, int flags) {
  return Real(file)->pMethods->xShmLock(Real(file), offset, count, flags);
}
void ShmBarrier(sqlite3_file* file) { Real(file)->pMethods->xShmBarrier(Real(file)); }
int ShmUnmap(sqlite3_file* file, int erase) {
  return Real(file)->pMethods->xShmUnmap(Real(file), erase);
}

const sqlite3_io_methods kMethods = {2,
                                     Close,
                                     Read,
                                     Write,
                                     Truncate,
                                     Sync,
                                     FileSize,
                                     Lock,
                                     Unlock,
                                     CheckReservedLock,
                                     FileControl,
                                     SectorSize,
                                     Characteristics,
                                     ShmMap,
                                     ShmLock,
                                     ShmBarrier,
                                     ShmUnmap,
                                     nullptr,
                                     nullptr};

int Open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* flags_out) {
  file->pMethods = nullptr;
  const int code = System(vfs)->xOpen(System(vfs), name, Real(file), flags, flags_out);
  if (Real(file)->pMethods != nullptr) file->pMethods = &kMethods;
  return code;
}
int Delete(sqlite3_vfs* vfs, const char* name, int sync) {
  return System(vfs)->xDelete(System(vfs), name, sync);
}
int Access(sqlite3_vfs* vfs, const char* name, int flags, int* result) {
  return System(vfs)->xAccess(System(vfs), name, flags, result);
}
int FullPathname(sqlite3_vfs* vfs, const char* name, int size, char* out) {
  return System(vfs)->xFullPathname(System(vfs), name, size, out);
}
int RandomBytes(sqlite3_vfs* vfs, int size, char* out) {
  return System(vfs)->xRandomness(System(vfs), size, out);
}
int Sleep(sqlite3_vfs* vfs, int microseconds) {
  return System(vfs)->xSleep(System(vfs), microseconds);
}
int CurrentTime(sqlite3_vfs* vfs, double* now) {
  return System(vfs)->xCurrentTime(System(vfs), now);
}
int LastError(sqlite3_vfs* vfs, int size, char* out) {
  return System(vfs)->xGetLastError(System(vfs), size, out);
}

}  // namespace

WatchedVfs& WatchedVfs::Get() {
  static WatchedVfs* const watched = [] {
    sqlite3_vfs* const system = sqlite3_vfs_find(nullptr);
    FORBEAR_CHECK(system != nullptr);
    static sqlite3_vfs vfs;
    vfs = *system;
    vfs.iVersion = 1;  // only the functions named here
    vfs.szOsFile = static_cast<int>(sizeof(File)) + system->szOsFile;
    vfs.pNext = nullptr;
    vfs.zName = kName;
    vfs.pAppData = system;
    vfs.xOpen = Open;
    vfs.xDelete = Delete;
    vfs.xAccess = Access;
    vfs.xFullPathname = FullPathname;
    vfs.xDlOpen = nullptr;
    vfs.xDlError = nullptr;
    vfs.xDlSym = nullptr;
    vfs.xDlClose = nullptr;
    vfs.xRandomness = RandomBytes;
    vfs.xSleep = Sleep;
    vfs.xCurrentTime = CurrentTime;
    vfs.xGetLastError = LastError;
    FORBEAR_CHECK(sqlite3_vfs_register(&vfs, 0) == SQLITE_OK);
    return new WatchedVfs;
  }();
  return *watched;
}

bool WatchedVfs::MayWrite(int64_t bytes) {
  if (full_) return false;
  if (writes_left_ >= 0 && writes_left_-- == 0) {
    full_ = true;
    return false;
  }
  bytes_written_ += bytes;
  return true;
}

bool WatchedVfs::MaySync() {
  if (sync_fails_) return false;
  ++syncs_;
  return true;
}

}  // namespace forbear::sqlite
