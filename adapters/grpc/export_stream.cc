// The stream of ExportEntries: a batch is read when the one before has been taken, so a caller who
// reads slowly costs one batch of memory and no thread, however long the log is.
//
//   scan a stretch of the log → write what matched and how far it went → (written) → the next
//
// It ends at the size that the log had when the call began, so that it ends at all.
#include <atomic>

#include "adapters/grpc/audit_query.h"

namespace forbear::grpc_adapter {
namespace {

// Entries of one answer, and the bytes after which no further one is added: with the largest entry
// behind it an answer stays far below the 4 MiB that clients take by default.
constexpr size_t kMostInBatch = 256;
constexpr size_t kEnoughBytes = 512 * 1'024;
// Entries looked at between two answers. Fewer than a page may: this runs on the library's own
// threads, which other streams need too.
constexpr size_t kMostScanned = 2'000;

class ExportStream final : public grpc::ServerWriteReactor<v1::ExportEntriesResponse>,
                           public Drainable {
 public:
  ExportStream(Backend& backend, const Authenticator& authenticator,
               grpc::CallbackServerContext* context, const v1::ExportEntriesRequest& request)
      : backend_(backend), began_(std::chrono::steady_clock::now()) {
    method_ = FindMethod("AuditService", "ExportEntries");
    absl::StatusOr<Call> call = backend_.Admit(authenticator, method_, *context);
    if (call.ok() && !backend_.gate().Enter(call->caller.tenant, method_->room)) {
      call = absl::ResourceExhaustedError("too many calls at once; try again in a second");
    }
    if (!call.ok()) {
      End(call.status());
      return;
    }
    admitted_ = true;
    call_ = *std::move(call);
    Reading reading(IdSpace::kOurs, nullptr);
    query_ = ReadEntryQuery(call_, request, reading);
    query_.limit = kMostInBatch;
    query_.scan_limit = kMostScanned;
    end_seq_ = backend_.store().Head().size;
    backend_.AddStream(this);
    if (absl::Status wrong = ToStatus(reading.TakeViolations()); !wrong.ok()) {
      End(std::move(wrong));
    } else {
      Next();
    }
  }

  void OnWriteDone(bool ok) override {
    if (!ok || gone_.load(std::memory_order_relaxed)) {
      End(absl::CancelledError("the caller has gone"));
    } else if (complete_) {
      End(absl::OkStatus());
    } else {
      Next();
    }
  }

  // The answer that is on its way is the last. Nothing is written at this moment by this thread:
  // whoever does reads the flag before the next.
  void Drain() override { draining_.store(true, std::memory_order_relaxed); }

  void OnCancel() override { gone_.store(true, std::memory_order_relaxed); }

  void OnDone() override {
    if (admitted_) {
      backend_.RemoveStream(this);
      backend_.gate().Leave(call_.caller.tenant);
    }
    backend_.Answered(method_, how_, began_);
    Release();
  }

  void Hold() override { holders_.fetch_add(1, std::memory_order_relaxed); }
  void Release() override {
    if (holders_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

 private:
  // Nothing of this object is touched after it: gRPC may be done with it at once.
  void End(absl::Status how) {
    how_ = std::move(how);
    Finish(ToGrpc(how_));
  }

  // Writes the next stretch. Its OnWriteDone may come before this returns.
  void Next() {
    if (draining_.load(std::memory_order_relaxed)) {
      End(Unavailable("the server is stopping; go on with `first_seq` from the last `next_seq`"));
      return;
    }
    if (absl::Status status = Fill(); !status.ok()) {
      End(std::move(status));
      return;
    }
    StartWrite(&response_);
  }

  absl::Status Fill() {
    response_.Clear();
    FORBEAR_ASSIGN_OR_RETURN(const EntryPage page, backend_.store().ScanEntries(query_));
    uint64_t next = page.next_seq.value_or(end_seq_);
    size_t bytes = 0;
    for (const StoredEntry& entry : page.entries) {
      if (entry.seq >= end_seq_ || bytes >= kEnoughBytes) {
        next = entry.seq;
        break;
      }
      FORBEAR_RETURN_IF_ERROR(WriteEntry(entry, response_.add_entries()));
      bytes += entry.bytes.size();
    }
    next = std::max(std::min(next, end_seq_), query_.first_seq);  // who asked past the end stays there
    complete_ = next >= end_seq_;
    query_.first_seq = next;
    response_.set_next_seq(next);
    return absl::OkStatus();
  }

  Backend& backend_;
  const std::chrono::steady_clock::time_point began_;
  const Method* method_ = nullptr;
  Call call_;
  bool admitted_ = false;

  // Of whichever thread makes the next batch; there is one at a time.
  EntryQuery query_;
  uint64_t end_seq_ = 0;
  v1::ExportEntriesResponse response_;
  bool complete_ = false;
  absl::Status how_;

  std::atomic<bool> draining_{false};
  std::atomic<bool> gone_{false};
  std::atomic<int> holders_{1};
};

}  // namespace

grpc::ServerWriteReactor<v1::ExportEntriesResponse>* MakeExportStream(
    Backend& backend, const Authenticator& authenticator, grpc::CallbackServerContext* context,
    const v1::ExportEntriesRequest& request) {
  return new ExportStream(backend, authenticator, context, request);
}

}  // namespace forbear::grpc_adapter
