// `forbear policy list` and `forbear policy diff`: what packs hold, and what changed between two
// directories of them.
#pragma once

#include <iosfwd>
#include <string>

namespace CLI {
class App;
}  // namespace CLI

namespace forbear::cli {

// One line a pack: its place, how many rules, how well their facts are known, how many a person has
// verified.
int RunPolicyList(const std::string& directory, bool json, std::ostream& out, std::ostream& err);

// Packs, rules and calendars that are in one directory and not the other, and for each rule that is
// in both and differs, each key with what it was and is. Comments and order make no difference.
// Both directories must load. Exit code 0 also when they differ.
int RunPolicyDiff(const std::string& before, const std::string& after, bool json, std::ostream& out,
                  std::ostream& err);

// Adds the commands under `policy`.
void AddPacksCommands(CLI::App& policy, int* exit_code);

}  // namespace forbear::cli
