// `forbear decide`: one JSON EvaluateRequest a line in, one JSON EvaluateResponse a line out.
//
// Stateless and without a clock: every request carries its facts and its instant, so equal input
// gives equal output, anywhere. JSON is read strictly (RFC 8259): no name twice in an object, also
// not in both of a field's spellings, no comment, nothing after the value, no unknown field.
#pragma once

#include <iosfwd>
#include <string>

#include "adapters/phones/phones.h"
#include "engine/policy/question.h"

namespace CLI {
class App;
}  // namespace CLI

namespace forbear::v1 {
class EvaluateRequest;
}  // namespace forbear::v1

namespace forbear::cli {

struct DecideWorld {
  policy::Surroundings surroundings;
  const Phones* phones = nullptr;  // not null
};

// Reads one EvaluateRequest strictly. kInvalidArgument says where, never what stands there.
absl::Status ParseEvaluateRequest(const std::string& json, v1::EvaluateRequest* request);

// Answers line by line. A bad line is answered by {"line": N, "error": {google.rpc.Status}} and the
// run goes on. True when no line was bad.
bool DecideLines(const DecideWorld& world, std::istream& in, std::ostream& out);

// The same for length-delimited protobuf (a varint of the size, then the message). A bad message is
// answered by an empty EvaluateResponse and a line on `err`; a broken frame ends the run.
bool DecideBinary(const DecideWorld& world, std::istream& in, std::ostream& out, std::ostream& err);

// kInvalidArgument unless `text` is one JSON value by RFC 8259, in UTF-8, without a name twice in
// one object (`evaluateTime` and `evaluate_time` are one name). Says where, never what stands
// there.
absl::Status CheckStrictJson(std::string_view text);

// Adds the command to `app`; what it exits with goes to *exit_code.
void AddDecideCommand(CLI::App& app, int* exit_code);

}  // namespace forbear::cli
