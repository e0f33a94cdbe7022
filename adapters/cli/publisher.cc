#include "adapters/cli/publisher.h"

#include <chrono>
#include <utility>

#include "adapters/cli/operations_log.h"
#include "engine/model/status.h"

namespace forbear::cli {

Publisher::Publisher(SqliteStore& store, logexport::Signer signer,
                     std::optional<logexport::Exporter> exporter,
                     std::function<void(absl::Status)> on_alarm)
    : store_(store),
      signer_(std::move(signer)),
      exporter_(std::move(exporter)),
      on_alarm_(std::move(on_alarm)) {}

Publisher::~Publisher() {
  // A failure here was told by on_alarm or in the operations log.
  (void)Stop();
}

absl::Status Publisher::PublishOnce() {
  const audit::LogHead head = store_.Head();
  if (head.size == published_ || alarmed_) return absl::OkStatus();
  const auto source = store_.OpenLog();
  FORBEAR_ASSIGN_OR_RETURN(const std::string note, signer_.Sign(*source, head));
  FORBEAR_RETURN_IF_ERROR(store_.InsertCheckpoint(head.size, head.root, note));
  if (exporter_) FORBEAR_RETURN_IF_ERROR(exporter_->Export(*source, note));
  published_ = head.size;
  return absl::OkStatus();
}

void Publisher::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Publisher::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    const bool last = stopping_;
    lock.unlock();
    if (const absl::Status status = PublishOnce(); !status.ok()) {
      LogEvent(Level::kError, "checkpoint_failed",
               {{"code", absl::StatusCodeToString(status.code())},
                {"why", std::string(FromAbsl(status.message()))}});
      if (absl::IsDataLoss(status) && !alarmed_) {
        alarmed_ = true;
        on_alarm_(status);
      }
    }
    lock.lock();
    if (last) return;
    changed_.wait_for(lock, std::chrono::seconds(1), [this] { return stopping_; });
  }
}

absl::Status Publisher::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  return alarmed_ ? DataLoss("the log and what was signed of it differ") : absl::OkStatus();
}

}  // namespace forbear::cli
