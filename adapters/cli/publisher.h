// Publisher: at most once a second, when the log grew, signs its head, keeps the checkpoint and
// brings the export up to it (audit-log.md section 8, Signing).
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "adapters/logexport/export.h"
#include "adapters/logexport/signer.h"
#include "adapters/sqlite/sqlite_store.h"

namespace forbear::cli {

class Publisher {
 public:
  // `on_alarm` is called once, on the publisher's thread, when the log and what was signed or
  // exported disagree (kDataLoss): no contact may be made after it returns.
  Publisher(SqliteStore& store, logexport::Signer signer,
            std::optional<logexport::Exporter> exporter, std::function<void(absl::Status)> on_alarm);
  ~Publisher();

  void Start();
  // Publishes what has grown since, then ends the thread. Safe to repeat.
  absl::Status Stop();

  // Signs and exports once, now, on the caller's thread. REQUIRES: not started.
  absl::Status PublishOnce();

 private:
  void Run();

  SqliteStore& store_;
  logexport::Signer signer_;
  std::optional<logexport::Exporter> exporter_;
  std::function<void(absl::Status)> on_alarm_;
  uint64_t published_ = 0;
  bool alarmed_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace forbear::cli
