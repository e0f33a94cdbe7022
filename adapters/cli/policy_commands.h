// `forbear policy lint DIR`, `forbear policy test DIR` and `forbear conformance FILE…`.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "adapters/cli/exit_codes.h"

namespace CLI {
class App;
}  // namespace CLI

namespace forbear::cli {

// Checks packs: form, names, rules that can never deny or stand twice, facts of law that no rule
// and no `not_rules` accounts for, a place without hours, a rule without a passing and a failing
// scenario. One fault a line on `err`.
int RunPolicyLint(const std::string& directory, bool json, std::ostream& out, std::ostream& err);

// Runs the scenarios beside the packs, without house rules but for house.scenarios.yaml, and prints
// how each rule is covered.
int RunPolicyTest(const std::string& directory, bool json, std::ostream& out, std::ostream& err);

// Runs scenario files against the packs in `policies` (no house rules).
int RunConformance(const std::vector<std::string>& files, const std::string& policies, bool json,
                   std::ostream& out, std::ostream& err);

// Adds the commands to `app`; what they exit with goes to *exit_code.
void AddPolicyCommands(CLI::App& app, int* exit_code);
void AddConformanceCommand(CLI::App& app, int* exit_code);

}  // namespace forbear::cli
