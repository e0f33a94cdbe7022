// The stream of SubmitAccounts: many items on their way at once, their results in order.
//
//   read an item → check it → Apply ─(durable)→ its place in the queue is filled
//   the front of the queue is filled → written, one at a time
//
// A lender that sends faster than the store commits is not read from while kWindow items are on their
// way, so memory stays bounded and the store's batches stay full.
//
// SAFETY: a result is written only after the store has said that its item is durable.
#include <grpcpp/impl/codegen/proto_utils.h>

#include <deque>

#include "adapters/grpc/services.h"

namespace forbear::grpc_adapter {
namespace {

// Items of one stream that may wait for the store: four of its batches (audit-log.md section 8), so
// that the next one is always full and a slow reader holds little.
constexpr size_t kWindow = 1'024;
// Q1: an item of a stream.
constexpr size_t kMostItemBytes = 64 * 1'024;
// How many finished results go out before the transport is asked to send them: one system call for
// many, while a lone result still leaves at once.
constexpr size_t kMostBuffered = 64;

class SubmitStream final : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
                           public Drainable {
 public:
  SubmitStream(Backend& backend, const Authenticator& authenticator,
               grpc::CallbackServerContext* context)
      : backend_(backend), began_(std::chrono::steady_clock::now()) {
    method_ = FindMethod("AccountService", "SubmitAccounts");
    absl::StatusOr<Call> call = backend_.Admit(authenticator, method_, *context);
    if (call.ok() && !backend_.gate().Enter(call->caller.tenant, method_->room)) {
      call = absl::ResourceExhaustedError("too many calls at once; try again in a second");
    }
    if (!call.ok()) {
      finished_ = true;
      end_ = call.status();
      Finish(ToGrpc(end_));
      return;
    }
    admitted_ = true;
    call_ = *std::move(call);
    StartRead(&incoming_);
    backend_.AddStream(this);
  }

  void OnReadDone(bool ok) override {
    std::shared_ptr<Result> result;
    {
      std::unique_lock lock(mutex_);
      if (!ok || end_of_items_) {
        // An item that came while the stream is being ended is not taken: it has no result.
        reading_ = false;
        end_of_items_ = true;
        Go(lock);
        return;
      }
      // Its place in the queue is taken under the same lock: a Drain that comes now waits for it, and
      // the store may answer before Apply returns.
      result = std::make_shared<Result>();
      results_.push_back(result);
    }
    TakeItem(result);
    std::unique_lock lock(mutex_);
    reading_ = false;
    Go(lock);
  }

  void OnWriteDone(bool ok) override {
    std::unique_lock lock(mutex_);
    writing_ = false;
    if (!ok) broken_ = true;
    results_.pop_front();
    Go(lock);
  }

  // The server stops: what was taken is answered, then the stream ends.
  void Drain() override {
    std::unique_lock lock(mutex_);
    if (finished_) return;
    end_ = Unavailable("the server is stopping; send the items without a result again");
    end_of_items_ = true;
    draining_ = true;
    Go(lock);
  }

  // The client has gone, or the server cuts the stream off. What is on its way lands; nobody is told.
  void OnCancel() override {
    std::unique_lock lock(mutex_);
    broken_ = true;
    end_of_items_ = true;
    Go(lock);
  }

  void OnDone() override {
    if (admitted_) {
      backend_.RemoveStream(this);
      backend_.gate().Leave(call_.caller.tenant);
    }
    backend_.Answered(method_, end_, began_);
    Release();
  }

  // The reactor lives until gRPC is done with it and every item on its way has been answered.
  void Hold() override { holders_.fetch_add(1, std::memory_order_relaxed); }
  void Release() override {
    if (holders_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

 private:
  struct Result {
    bool ready = false;
    grpc::ByteBuffer bytes;
    v1::SubmitAccountsResponse response;
    std::vector<Violation> warnings;
  };

  // Reads and checks the item in `incoming_`, and sends it on its way.
  void TakeItem(const std::shared_ptr<Result>& result) {
    result->response.set_item_index(next_item_++);
    absl::StatusOr<SubmitAccount> item = ReadItem(*result);
    if (!item.ok()) {
      Fill(result, item.status());
      return;
    }
    Hold();
    backend_.options().orchestrator->Apply(
        backend_.Make(call_.caller, *std::move(item)),
        [this, result](absl::StatusOr<Applied> applied) {
          Fill(result, applied.status(), applied.ok() ? &applied->result : nullptr);
          Release();
        });
  }

  absl::StatusOr<SubmitAccount> ReadItem(Result& result) {
    if (incoming_.Length() > kMostItemBytes) {
      incoming_.Clear();
      return WithReason(ToStatus({{"submission", "is larger than 64 KiB as an item of a stream"}}),
                        "ITEM_TOO_LARGE");
    }
    // Parsed into the same message again and again: its buffers stay.
    const grpc::Status parsed =
        grpc::SerializationTraits<v1::SubmitAccountsRequest>::Deserialize(&incoming_, &request_);
    if (!parsed.ok()) {
      return WithReason(ToStatus({{"submission", "cannot be read: it is no message of the "
                                                 "contract, or a text is not UTF-8"}}),
                        "ITEM_UNREADABLE");
    }
    const std::string& external_id = request_.submission().account().external_id();
    if (external_id.size() <= kLongestEcho) result.response.set_external_id(external_id);
    return ReadSubmission(backend_, call_.caller, request_.submission(), backend_.Intake(), {},
                          &result.warnings);
  }

  void Fill(const std::shared_ptr<Result>& result, const absl::Status& status,
            const CommandResult* done = nullptr) {
    if (done != nullptr) {
      Write(*done, result->warnings, result->response.mutable_result());
    } else {
      *result->response.mutable_error() = ToRpcStatus(status);
    }
    bool own_buffer = false;
    grpc::SerializationTraits<v1::SubmitAccountsResponse>::Serialize(result->response,
                                                                    &result->bytes, &own_buffer)
        .ok();
    std::unique_lock lock(mutex_);
    result->ready = true;
    Go(lock);
  }

  // Does whatever can be done next. REQUIRES: `lock` holds mutex_; it is released.
  void Go(std::unique_lock<std::mutex>& lock) {
    bool write = false, read = false, finish = false;
    grpc::WriteOptions options;
    if (broken_ && !writing_) {
      // Nobody listens: what is ready is dropped, what is on its way still lands.
      while (!results_.empty() && results_.front()->ready) results_.pop_front();
    }
    if (!writing_ && !broken_ && !results_.empty() && results_.front()->ready) {
      writing_ = write = true;
      outgoing_ = &results_.front()->bytes;
      const bool more = results_.size() > 1 && results_[1]->ready;
      if (more && ++buffered_ < kMostBuffered) {
        options.set_buffer_hint();
      } else {
        buffered_ = 0;
      }
    }
    if (!reading_ && !end_of_items_ && results_.size() < kWindow) reading_ = read = true;
    // A read that is under way ends by itself when the stream does, so draining need not wait for a
    // client that sends nothing.
    if (end_of_items_ && (!reading_ || draining_) && !writing_ && results_.empty() && !finished_) {
      finished_ = finish = true;
    }
    // Nothing of this object is touched after Finish: gRPC may be done with it at once.
    lock.unlock();
    if (write) StartWrite(outgoing_, options);
    if (read) StartRead(&incoming_);
    if (finish) Finish(ToGrpc(end_));
  }

  // A lender's own id is at most this long (intake refuses longer ones); no more is sent back.
  static constexpr size_t kLongestEcho = 200;

  Backend& backend_;
  const std::chrono::steady_clock::time_point began_;
  const Method* method_ = nullptr;
  Call call_;
  bool admitted_ = false;

  // Of the thread that reads; gRPC reads one item at a time.
  grpc::ByteBuffer incoming_;
  v1::SubmitAccountsRequest request_;
  uint64_t next_item_ = 0;

  std::mutex mutex_;  // of what follows
  std::deque<std::shared_ptr<Result>> results_;  // in the order of the items
  const grpc::ByteBuffer* outgoing_ = nullptr;
  size_t buffered_ = 0;
  bool reading_ = true;       // an item is being read
  bool writing_ = false;      // a result is being written
  bool end_of_items_ = false;
  bool broken_ = false;
  bool draining_ = false;
  bool finished_ = false;
  absl::Status end_;

  std::atomic<int> holders_{1};
};

}  // namespace

grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* MakeSubmitStream(
    Backend& backend, const Authenticator& authenticator, grpc::CallbackServerContext* context) {
  return new SubmitStream(backend, authenticator, context);
}

}  // namespace forbear::grpc_adapter
