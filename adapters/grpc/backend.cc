#include "adapters/grpc/backend.h"

#include <algorithm>
#include <condition_variable>
#include <memory>

#include "engine/audit/checkpoint.h"
#include "engine/audit/hash.h"

namespace forbear::grpc_adapter {
namespace {

// Q3: what no caller's deadline shortens.
constexpr std::chrono::seconds kLongestCall{30};
constexpr size_t kLongestRequestId = 128;
constexpr size_t kTokenMacBytes = 16;

std::string_view CodeName(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk:
      return "OK";
    case absl::StatusCode::kCancelled:
      return "CANCELLED";
    case absl::StatusCode::kInvalidArgument:
      return "INVALID_ARGUMENT";
    case absl::StatusCode::kDeadlineExceeded:
      return "DEADLINE_EXCEEDED";
    case absl::StatusCode::kNotFound:
      return "NOT_FOUND";
    case absl::StatusCode::kAlreadyExists:
      return "ALREADY_EXISTS";
    case absl::StatusCode::kPermissionDenied:
      return "PERMISSION_DENIED";
    case absl::StatusCode::kUnauthenticated:
      return "UNAUTHENTICATED";
    case absl::StatusCode::kResourceExhausted:
      return "RESOURCE_EXHAUSTED";
    case absl::StatusCode::kFailedPrecondition:
      return "FAILED_PRECONDITION";
    case absl::StatusCode::kAborted:
      return "ABORTED";
    case absl::StatusCode::kUnavailable:
      return "UNAVAILABLE";
    case absl::StatusCode::kDataLoss:
      return "DATA_LOSS";
    default:
      return "INTERNAL";
  }
}

}  // namespace

bool Gate::Enter(const std::string& tenant, Room room) {
  const std::lock_guard lock(mutex_);
  const int more = room == Room::kReserved ? kReservedRoom : 0;
  int& of_tenant = of_tenant_[tenant];
  if (in_flight_ >= kMostInFlight + more || of_tenant >= kMostOfOneTenant + more) return false;
  ++in_flight_;
  ++of_tenant;
  return true;
}

void Gate::Leave(const std::string& tenant) {
  const std::lock_guard lock(mutex_);
  --in_flight_;
  --of_tenant_[tenant];
}

Backend::Backend(ServerOptions options)
    : options_(std::move(options)),
      token_key_(audit::HmacSha256(options_.index_key, "page-token")) {}

void Backend::AddStream(Drainable* stream) {
  {
    const std::lock_guard lock(streams_mutex_);
    streams_.insert(stream);
  }
  // Came in between the first look at draining() and now: nobody else would tell it.
  if (draining()) stream->Drain();
}

void Backend::RemoveStream(Drainable* stream) {
  const std::lock_guard lock(streams_mutex_);
  streams_.erase(stream);
}

void Backend::Drain() {
  std::vector<Drainable*> streams;
  {
    const std::lock_guard lock(streams_mutex_);
    draining_.store(true);
    for (Drainable* stream : streams_) {
      stream->Hold();
      streams.push_back(stream);
    }
  }
  // Outside the lock: a stream that ends at once removes itself.
  for (Drainable* stream : streams) {
    stream->Drain();
    stream->Release();
  }
}

IntakeContext Backend::Intake() const {
  return {Now(), world().surroundings.zones.get(), world().surroundings.places.get()};
}

absl::StatusOr<Call> Backend::Admit(const Authenticator& authenticator, const Method* method,
                                    const grpc::ServerContextBase& context) {
  FORBEAR_ASSIGN_OR_RETURN(Caller caller, authenticator.Authenticate(*context.auth_context()));
  if (draining()) return Unavailable("the server is stopping; try again elsewhere or later");
  Call call;
  call.deadline = std::min(context.deadline(), std::chrono::system_clock::now() + kLongestCall);
  call.method = method;
  call.access = method == nullptr ? Access::kNone : method->For(caller.role);
  if (call.access == Access::kNone) {
    const std::string name(method == nullptr ? "unknown" : method->name);
    LogDenied(caller, name, call.deadline);
    return absl::PermissionDeniedError(ToAbsl("role `" + std::string(ToWord(caller.role)) +
                                              "` may not call `" + name + "`"));
  }
  call.caller = std::move(caller);
  return call;
}

void Backend::Answered(const Method* method, const absl::Status& how,
                       std::chrono::steady_clock::time_point began) const {
  if (!options_.on_call) return;
  std::string name = "unknown";
  if (method != nullptr) {
    name = std::string(method->service) + "/" + std::string(method->name);
  }
  options_.on_call(name, CodeName(how.code()), std::chrono::steady_clock::now() - began);
}

Command Backend::Make(const Caller& caller, CommandBody body) const {
  audit::Actor actor;
  actor.kind = audit::ActorKind::kService;
  actor.id = caller.id;
  actor.role = std::string(ToWord(caller.role));
  return options_.orchestrator->maker().Make(std::move(body), caller, std::move(actor));
}

absl::StatusOr<Applied> Backend::Apply(const Call& call, Command command) const {
  struct Answer {
    std::mutex mutex;
    std::condition_variable there;
    std::optional<absl::StatusOr<Applied>> applied;
  };
  // Shared: the store may answer after the caller's time is over.
  const auto answer = std::make_shared<Answer>();
  options_.orchestrator->Apply(std::move(command), [answer](absl::StatusOr<Applied> applied) {
    const std::lock_guard lock(answer->mutex);
    answer->applied = std::move(applied);
    answer->there.notify_one();
  });
  std::unique_lock lock(answer->mutex);
  if (!answer->there.wait_until(lock, call.deadline, [&] { return answer->applied.has_value(); })) {
    return absl::DeadlineExceededError(
        "not durable in time; repeat it with the same request_id to learn what became of it");
  }
  absl::StatusOr<Applied> applied = *std::move(answer->applied);
  // A differing body of the same account names its fields; without any it is the request_id that was
  // used for something else.
  if (absl::IsAlreadyExists(applied.status()) && ViolationsOf(applied.status()).empty()) {
    return WithReason(WithViolations(applied.status(),
                                     {{"request_id", "was used before for another body"}}),
                      "REQUEST_ID_REUSED");
  }
  return applied;
}

void Backend::CheckRequestId(const std::string& id, Reading& reading) const {
  const Path at = Path{}.Of("request_id");
  if (id.empty()) {
    reading.Refuse(at, "is missing: the caller's own name for this write");
  } else if (id.size() > kLongestRequestId ||
             !std::all_of(id.begin(), id.end(), [](char c) { return c > ' ' && c < '\x7f'; })) {
    reading.Refuse(at, "is not 1 to 128 visible ASCII characters");
  }
}

absl::Status Backend::LogPersonalRead(const Call& call, const BorrowerId& borrower) const {
  RecordFact fact;
  fact.kind = "access.personal_data";
  fact.data.Set("method", call.method->name);
  fact.data.Set("masked", call.access == Access::kMasked);
  fact.borrower = borrower;
  return Apply(call, Make(call.caller, std::move(fact))).status();
}

void Backend::LogDenied(const Caller& caller, std::string_view method,
                        std::chrono::system_clock::time_point deadline) const {
  RecordFact fact;
  fact.kind = "access.denied";
  fact.data.Set("method", method);
  Call call;
  call.deadline = deadline;
  Apply(call, Make(caller, std::move(fact))).IgnoreError();
}

Bytes32 Backend::TokenMac(const Call& call, std::string_view content) const {
  // A zero byte stands in none of the parts but the last.
  std::string text = call.caller.tenant + '\0' + call.caller.id + '\0';
  text += call.method->name;
  text += '\0';
  text += content;
  return audit::HmacSha256(token_key_, text);
}

std::string Backend::SealToken(const Call& call, std::string_view content) const {
  const Bytes32 mac = TokenMac(call, content);
  std::string token(content);
  token.append(audit::AsText(mac).substr(0, kTokenMacBytes));
  return audit::Base64(token);
}

absl::StatusOr<std::string> Backend::OpenToken(const Call& call, const std::string& token) const {
  const std::vector<Violation> wrong = {
      {"page_token", "is none that this caller was given for this method"}};
  const absl::StatusOr<std::string> bytes = audit::FromBase64(token);
  if (!bytes.ok() || bytes->size() < kTokenMacBytes) return ToStatus(wrong);
  const std::string content = bytes->substr(0, bytes->size() - kTokenMacBytes);
  const Bytes32 mac = TokenMac(call, content);
  unsigned difference = 0;  // in constant time
  for (size_t i = 0; i < kTokenMacBytes; ++i) {
    difference |= static_cast<unsigned>(mac[i]) ^
                  static_cast<unsigned char>((*bytes)[content.size() + i]);
  }
  if (difference != 0) return ToStatus(wrong);
  return content;
}

int PageSize(int asked) {
  constexpr int kDefault = 100;
  constexpr int kMost = 500;
  return asked == 0 ? kDefault : std::min(asked, kMost);
}

void CheckPageSize(int asked, Reading& reading) {
  if (asked < 0) reading.Refuse(Path{}.Of("page_size"), "is negative");
}

}  // namespace forbear::grpc_adapter
