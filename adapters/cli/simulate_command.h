// `forbear policy simulate`: which recorded contacts another policies directory would have decided
// otherwise, and by which rules.
#pragma once

#include <iosfwd>
#include <string>

#include "adapters/cli/simulation.h"

namespace CLI {
class App;
}  // namespace CLI

namespace forbear::cli {

struct SimulateCall {
  std::string policies = "policies";  // in force
  std::string bundle;                 // proposed: a policies directory
  std::string history;                // one JSON EvaluateRequest a line; `-`: standard input
  bool without_house = false;
  bool json = false;
};

void PrintSimulation(const Simulation& simulation, bool json, std::ostream& out);

// Exit code: kOk also when contacts would be decided otherwise; kFailed when no line could be
// judged; kWrongUse for what cannot be read, and for packs with a fault.
int RunPolicySimulate(const SimulateCall& call, std::istream& in, std::ostream& out,
                      std::ostream& err);

// Adds the command under `policy`.
void AddSimulateCommand(CLI::App& policy, int* exit_code);

}  // namespace forbear::cli
