// `forbear decide`: one JSON EvaluateRequest a line in, one JSON EvaluateResponse a line out.
//
// Stateless and without a clock: every request carries its facts and its instant, so equal input
// gives equal output, anywhere. How a line is read is evaluate_lines.h.
#pragma once

#include <iosfwd>

#include "adapters/cli/evaluate_lines.h"

namespace CLI {
class App;
}  // namespace CLI

namespace forbear::cli {

// Answers line by line. A bad line is answered by {"line": N, "error": {google.rpc.Status}} and the
// run goes on. True when no line was bad.
bool DecideLines(const DecideWorld& world, std::istream& in, std::ostream& out);

// The same for length-delimited protobuf (a varint of the size, then the message). A bad message is
// answered by an empty EvaluateResponse and a line on `err`; a broken frame ends the run.
bool DecideBinary(const DecideWorld& world, std::istream& in, std::ostream& out, std::ostream& err);

// Adds the command to `app`; what it exits with goes to *exit_code.
void AddDecideCommand(CLI::App& app, int* exit_code);

}  // namespace forbear::cli
