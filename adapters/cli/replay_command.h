// `forbear audit replay`: every decision of a log made again from the log and the rules it names.
#pragma once

#include <iosfwd>
#include <string>

namespace CLI {
class App;
}

namespace forbear::cli {

struct ReplayCall {
  std::string data;      // the data directory of a store that has stopped, or a copy of one
  std::string keys;      // the folder of its keys
  std::string policies;  // the rules: those that the log names by their digest
  bool json = false;
};

// 0: every decision that could be made again is the same. 1: one is not, or something cannot be read.
int RunAuditReplay(const ReplayCall& call, std::ostream& out, std::ostream& err);

void AddReplayCommand(CLI::App& audit, int* exit_code);

}  // namespace forbear::cli
