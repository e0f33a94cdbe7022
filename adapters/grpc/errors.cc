#include "adapters/grpc/errors.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/cord.h"
#include "engine/model/status.h"
#include "google/rpc/error_details.pb.h"

namespace forbear::grpc_adapter {
namespace {

constexpr std::string_view kReasonUrl = "forbear/reason";
constexpr std::string_view kDomain = "forbear";
// How long a caller waits before it tries again: a batch of commands is done well within it.
constexpr int64_t kRetryAfterSeconds = 1;

std::string_view ReasonOfCode(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kInvalidArgument:
      return "INVALID_REQUEST";
    case absl::StatusCode::kNotFound:
      return "NOT_FOUND";
    case absl::StatusCode::kAlreadyExists:
      return "BODY_DIFFERS";
    case absl::StatusCode::kPermissionDenied:
      return "ROLE_MAY_NOT";
    case absl::StatusCode::kUnauthenticated:
      return "NOBODY_KNOWN";
    case absl::StatusCode::kResourceExhausted:
      return "TOO_MUCH_AT_ONCE";
    case absl::StatusCode::kFailedPrecondition:
      return "STATE_FORBIDS";
    case absl::StatusCode::kAborted:
      return "STILL_RUNNING";
    case absl::StatusCode::kUnavailable:
      return "TRY_AGAIN";
    case absl::StatusCode::kDeadlineExceeded:
      return "TOOK_TOO_LONG";
    case absl::StatusCode::kDataLoss:
      return "LOG_IN_DOUBT";
    default:
      return "INTERNAL";
  }
}

// Names that the model and the contract spell differently.
constexpr std::array<std::pair<std::string_view, std::string_view>, 14> kSpellings{{
    {"at", "event_time"},
    {"received_at", "received_time"},
    {"declared_zone_at", "declared_zone_time"},
    {"paid_at", "payment_time"},
    {"born_on", "birth_date"},
    {"due_on", "due_date"},
    {"placed_on", "placed_date"},
    {"defaulted_on", "defaulted_date"},
    {"charged_off_on", "charged_off_date"},
    {"limitation_expires_on", "limitation_expires_date"},
    {"received_on", "received_date"},
    {"period_ends_on", "period_ends_date"},
    {"point", "contact_point"},
    {"points", "contact_points"},
}};

// True when `part` is `whole`, a field in it, or the other way round.
bool Overlaps(std::string_view a, std::string_view b) {
  if (a.size() > b.size()) std::swap(a, b);
  return b.substr(0, a.size()) == a &&
         (b.size() == a.size() || b[a.size()] == '.' || b[a.size()] == '[');
}

}  // namespace

absl::Status WithReason(absl::Status status, std::string_view reason) {
  status.SetPayload(ToAbsl(kReasonUrl), absl::Cord(ToAbsl(reason)));
  return status;
}

google::rpc::Status ToRpcStatus(const absl::Status& why) {
  google::rpc::Status status;
  status.set_code(static_cast<int>(why.code()));
  if (why.ok()) return status;
  status.set_message(std::string(FromAbsl(why.message())));

  google::rpc::ErrorInfo info;
  const auto reason = why.GetPayload(ToAbsl(kReasonUrl));
  info.set_reason(reason ? std::string(*reason) : std::string(ReasonOfCode(why.code())));
  info.set_domain(std::string(kDomain));
  status.add_details()->PackFrom(info);

  const std::vector<Violation> violations = ViolationsOf(why);
  if (!violations.empty()) {
    google::rpc::BadRequest bad;
    for (const Violation& violation : violations) {
      auto* each = bad.add_field_violations();
      each->set_field(ContractPath(violation.field));
      each->set_description(violation.why);
    }
    status.add_details()->PackFrom(bad);
  }
  if (why.code() == absl::StatusCode::kResourceExhausted) {
    google::rpc::RetryInfo retry;
    retry.mutable_retry_delay()->set_seconds(kRetryAfterSeconds);
    status.add_details()->PackFrom(retry);
  }
  return status;
}

grpc::Status ToGrpc(const absl::Status& why) {
  if (why.ok()) return grpc::Status::OK;
  const google::rpc::Status status = ToRpcStatus(why);
  return grpc::Status(static_cast<grpc::StatusCode>(why.code()), status.message(),
                      status.SerializeAsString());
}

std::string ContractPath(std::string_view path) {
  std::string spelled;
  spelled.reserve(path.size() + 8);
  while (true) {
    const size_t dot = std::min(path.find('.'), path.size());
    const std::string_view component = path.substr(0, dot);
    const size_t bracket = std::min(component.find('['), component.size());
    std::string_view name = component.substr(0, bracket);
    for (const auto& [ours, theirs] : kSpellings) {
      if (name == ours) {
        name = theirs;
        break;
      }
    }
    spelled += name;
    spelled += component.substr(bracket);
    if (dot == path.size()) return spelled;
    spelled += '.';
    path.remove_prefix(dot + 1);
  }
}

std::vector<Violation> Join(std::vector<Violation> first, const std::vector<Violation>& second) {
  const size_t told = first.size();
  for (const Violation& violation : second) {
    Violation spelled{ContractPath(violation.field), violation.why};
    const bool known = std::any_of(first.begin(), first.begin() + static_cast<std::ptrdiff_t>(told),
                                   [&](const Violation& each) {
                                     return Overlaps(each.field, spelled.field);
                                   });
    if (!known) first.push_back(std::move(spelled));
  }
  return first;
}

}  // namespace forbear::grpc_adapter
