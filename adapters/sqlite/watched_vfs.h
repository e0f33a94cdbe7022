// A file system for SQLite that counts what passes through it and can be told to fail: for tests
// of full and failing disks and for benchmarks. Everything goes on to the system's own.
//
//   WatchedVfs& disk = WatchedVfs::Get();
//   options.vfs = WatchedVfs::kName;
//   disk.SetFull(true);          // from now on no file grows or is overwritten
//
// One for the process, registered by the first Get. Any thread.
#pragma once

#include <atomic>
#include <cstdint>

namespace forbear::sqlite {

class WatchedVfs {
 public:
  static constexpr char kName[] = "forbear-watched";
  static WatchedVfs& Get();

  // Writes answer SQLITE_FULL.
  void SetFull(bool full) { full_ = full; }
  // The n-th write from now answers SQLITE_FULL, and all after it; negative: none does.
  void FillAfterWrites(int64_t writes) { writes_left_ = writes; }
  // Syncs answer SQLITE_IOERR_FSYNC.
  void SetSyncFails(bool fails) { sync_fails_ = fails; }

  int64_t syncs() const { return syncs_; }
  int64_t bytes_written() const { return bytes_written_; }
  void ResetCounts() {
    syncs_ = 0;
    bytes_written_ = 0;
  }

  // For the functions that SQLite calls.
  bool MayWrite(int64_t bytes);
  bool MaySync();

 private:
  WatchedVfs() = default;
  std::atomic<bool> full_{false};
  std::atomic<int64_t> writes_left_{-1};
  std::atomic<bool> sync_fails_{false};
  std::atomic<int64_t> syncs_{0};
  std::atomic<int64_t> bytes_written_{0};
};

}  // namespace forbear::sqlite
