// Errors as callers see them: a code, a sentence, and google.rpc details that a program can read.
//
// Inside the house an error is an absl::Status. Its violations travel as the payload that
// engine/orchestrator/intake.h puts on it; its reason (`REQUEST_ID_REUSED`) as one of ours.
#pragma once

#include <grpcpp/support/status.h>

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "engine/orchestrator/intake.h"
#include "google/rpc/status.pb.h"

namespace forbear::grpc_adapter {

// Gives `status` a stable reason in capitals; without one it gets that of its code.
absl::Status WithReason(absl::Status status, std::string_view reason);

// `why` is a Status with a code of its own; OK gives OK. Always has an ErrorInfo with domain
// `forbear`; BadRequest when there are violations; RetryInfo for RESOURCE_EXHAUSTED.
google::rpc::Status ToRpcStatus(const absl::Status& why);
grpc::Status ToGrpc(const absl::Status& why);

// The path of a field as the contract spells it: `history[0].at` is `history[0].event_time` there.
std::string ContractPath(std::string_view path);

// Takes the violations of two checks of one request together: those of `first`, then those of
// `second` that are about none of the fields `first` speaks of, or their parts.
std::vector<Violation> Join(std::vector<Violation> first, const std::vector<Violation>& second);

}  // namespace forbear::grpc_adapter
