// EvaluateRequests as text, one JSON object a line: how every command here reads them.
//
// JSON is read strictly, and what is wrong is told by where it stands (proto_json.h).
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>

#include "absl/status/status.h"
#include "adapters/phones/phones.h"
#include "engine/policy/question.h"

namespace forbear::v1 {
class EvaluateRequest;
}  // namespace forbear::v1

namespace forbear::cli {

// As the service: what is larger is refused before it is looked at (security.md Q1, I1).
inline constexpr size_t kMostRequestBytes = 1'024 * 1'024;

// What a request is decided with.
struct DecideWorld {
  policy::Surroundings surroundings;
  const Phones* phones = nullptr;  // not null
};

// Reads one EvaluateRequest.
absl::Status ParseEvaluateRequest(const std::string& json, v1::EvaluateRequest* request);

// kInvalidArgument unless the facts are in it: nothing is stored where a command runs.
absl::Status CheckFactsCome(const v1::EvaluateRequest& request);

// The lines of a stream.
//
//   EvaluateLines lines(in);
//   while (lines.Next(&request, &how)) …how says whether request can be asked…
class EvaluateLines {
 public:
  // `in` is borrowed.
  explicit EvaluateLines(std::istream& in) : in_(in) {}
  // False at the end, and *request and *how are as they were. A bad line is told in *how and ends
  // nothing.
  bool Next(v1::EvaluateRequest* request, absl::Status* how);
  // Of the line read last, from 1.
  uint64_t number() const { return number_; }

 private:
  std::istream& in_;
  std::string line_;
  uint64_t number_ = 0;
};

}  // namespace forbear::cli
