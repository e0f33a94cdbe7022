// Backend: what every service needs and none should have for itself. It answers for the order of each
// call: who is it, may they, is there room; then the service's own part; then the answer.
#pragma once

#include <google/protobuf/message.h>
#include <grpcpp/server_context.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "adapters/grpc/access.h"
#include "adapters/grpc/errors.h"
#include "adapters/grpc/identity.h"
#include "adapters/grpc/server.h"
#include "adapters/grpc/translate.h"
#include "engine/model/status.h"

namespace forbear::grpc_adapter {

// One call that was let in.
struct Call {
  const Method* method = nullptr;
  Caller caller;
  Access access = Access::kNone;
  std::chrono::system_clock::time_point deadline;

  Masking masking() const {
    return access == Access::kMasked ? Masking::kMasked : Masking::kNone;
  }
};

// Calls in flight over all listeners (security.md Q2): our own gate, not the library's.
class Gate {
 public:
  static constexpr int kMostInFlight = 512;
  static constexpr int kMostOfOneTenant = 64;
  // Room for what is never shed: somebody may be asking to be left alone.
  static constexpr int kReservedRoom = 128;

  // False: full. REQUIRES: Leave once for every true.
  bool Enter(const std::string& tenant, Room room);
  void Leave(const std::string& tenant);

 private:
  std::mutex mutex_;
  int in_flight_ = 0;
  std::map<std::string, int> of_tenant_;
};

// A stream that has to be told when the server stops.
class Drainable {
 public:
  virtual ~Drainable() = default;
  virtual void Hold() = 0;     // keeps the stream from going away
  virtual void Release() = 0;  // REQUIRES: Hold before
  virtual void Drain() = 0;
};

class Backend {
 public:
  explicit Backend(ServerOptions options);

  const ServerOptions& options() const { return options_; }
  Store& store() const { return *options_.store; }
  const World& world() const { return *options_.world; }
  Instant Now() const { return options_.clock->Now(); }
  IntakeContext Intake() const;
  bool draining() const { return draining_.load(std::memory_order_relaxed); }
  // Lets no further call in and tells every stream.
  void Drain();
  void AddStream(Drainable* stream);
  void RemoveStream(Drainable* stream);

  // Lets the call in, or says why not. A refusal by role is written to the log before it is told.
  absl::StatusOr<Call> Admit(const Authenticator& authenticator, const Method* method,
                             const grpc::ServerContextBase& context);
  // Counts the call.
  void Answered(const Method* method, const absl::Status& how,
                std::chrono::steady_clock::time_point began) const;
  Gate& gate() { return gate_; }

  // One unary call from end to end: `work(call)` returns a Status.
  template <typename Work>
  grpc::Status Serve(const Authenticator& authenticator, std::string_view service,
                     std::string_view name, const grpc::ServerContextBase& context, Work work) {
    const auto began = std::chrono::steady_clock::now();
    const Method* method = FindMethod(service, name);
    const absl::Status how = [&]() -> absl::Status {
      FORBEAR_ASSIGN_OR_RETURN(const Call call, Admit(authenticator, method, context));
      if (!gate_.Enter(call.caller.tenant, method->room)) {
        return absl::ResourceExhaustedError("too many calls at once; try again in a second");
      }
      absl::Status done = work(call);
      gate_.Leave(call.caller.tenant);
      return done;
    }();
    Answered(method, how, began);
    return ToGrpc(how);
  }

  // A command in the caller's name.
  Command Make(const Caller& caller, CommandBody body) const;
  // Applies it and waits until it is durable or the call's time is over. kDeadlineExceeded: it may
  // have been done, and its request_id tells.
  absl::StatusOr<Applied> Apply(const Call& call, Command command) const;

  // Checks `request_id` and makes the stamp of a write: the body is the request without it.
  template <typename Request>
  absl::StatusOr<RequestStamp> Stamp(const Call& call, const Request& request,
                                     Reading& reading) const {
    const std::string& id = request.request_id();
    CheckRequestId(id, reading);
    Request body = request;
    body.clear_request_id();
    return RequestStamp{std::string(call.method->name), id, DigestOf(body)};
  }
  // Refuses with every violation of `reading` and `engine`; else applies with the stamp.
  template <typename Request>
  absl::StatusOr<CommandResult> Write(const Call& call, const Request& request, Reading& reading,
                                      const std::vector<Violation>& engine,
                                      CommandBody body) const {
    FORBEAR_ASSIGN_OR_RETURN(RequestStamp stamp, Stamp(call, request, reading));
    FORBEAR_RETURN_IF_ERROR(ToStatus(Join(reading.TakeViolations(), engine)));
    Command command = Make(call.caller, std::move(body));
    command.request = std::move(stamp);
    FORBEAR_ASSIGN_OR_RETURN(Applied applied, Apply(call, std::move(command)));
    return std::move(applied.result);
  }

  // An entry `access.personal_data`, durable: REQUIRED before personal data is answered.
  absl::Status LogPersonalRead(const Call& call, const BorrowerId& borrower) const;
  // An entry `access.denied`. What became of it is not told: the refusal stands either way.
  void LogDenied(const Caller& caller, std::string_view method,
                 std::chrono::system_clock::time_point deadline) const;

  // Page tokens: opaque, bound to caller and method, of no use when altered.
  std::string SealToken(const Call& call, std::string_view content) const;
  absl::StatusOr<std::string> OpenToken(const Call& call, const std::string& token) const;

 private:
  void CheckRequestId(const std::string& id, Reading& reading) const;
  Bytes32 TokenMac(const Call& call, std::string_view content) const;

  ServerOptions options_;
  Bytes32 token_key_{};
  Gate gate_;
  std::atomic<bool> draining_{false};
  std::mutex streams_mutex_;
  std::set<Drainable*> streams_;
};

// 1 to 500; 0 is 100, more is 500; negative is refused by whoever reads the request.
int PageSize(int asked);
void CheckPageSize(int asked, Reading& reading);

}  // namespace forbear::grpc_adapter
