// `forbear policy explain`: a decision in sentences, each with its citation.
#pragma once

#include <iosfwd>
#include <string>

#include "engine/policy/explain.h"

namespace CLI {
class App;
}  // namespace CLI

namespace forbear::cli {

struct ExplainCall {
  std::string request;  // a file with one JSON EvaluateRequest; `-`: standard input
  std::string policies = "policies";
  Tongue tongue = Tongue::kEnglish;
  bool without_house = false;
  bool json = false;  // a list of the paragraphs
};

// Exit code; a request that cannot be read, or that lacks something, is wrong use.
int RunPolicyExplain(const ExplainCall& call, std::istream& in, std::ostream& out,
                     std::ostream& err);

// Adds the command under `policy`.
void AddExplainCommand(CLI::App& policy, int* exit_code);

}  // namespace forbear::cli
