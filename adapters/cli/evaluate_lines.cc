#include "adapters/cli/evaluate_lines.h"

#include <istream>

#include "adapters/cli/proto_json.h"
#include "engine/model/status.h"
#include "engine/orchestrator/intake.h"
#include "forbear/v1/contact_service.pb.h"

namespace forbear::cli {

absl::Status ParseEvaluateRequest(const std::string& json, v1::EvaluateRequest* request) {
  if (json.size() > kMostRequestBytes) return InvalidArgument("longer than 1 MiB");
  return FromJson(json, request);
}

absl::Status CheckFactsCome(const v1::EvaluateRequest& request) {
  if (request.subject_case() == v1::EvaluateRequest::kFacts) return absl::OkStatus();
  return ToStatus({{"facts", "is missing: nothing is stored here, so the facts come along"}});
}

bool EvaluateLines::Next(v1::EvaluateRequest* request, absl::Status* how) {
  if (!std::getline(in_, line_)) return false;
  ++number_;
  if (!line_.empty() && line_.back() == '\r') line_.pop_back();
  request->Clear();
  *how = ParseEvaluateRequest(line_, request);
  if (how->ok()) *how = CheckFactsCome(*request);
  return true;
}

}  // namespace forbear::cli
