// `forbear audit verify` and `forbear audit export`.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

namespace forbear::cli {

struct AuditVerifyCall {
  std::string from;                // a folder with an exported log, or
  std::string data;                // the data directory of a store: one of the two
  std::string key;                 // log.vkey, or the line in it
  std::vector<std::string> since;  // files with older checkpoints
  bool json = false;
};

// Verifies a log (engine/audit/verify.h) and, of a store, that the attempts in its table are where
// their entries say. The summary ends in the word `verified`; the first broken condition goes to
// `err`: `forbear: audit verify: F3: tile/0/001.p/3 hash 2 differs; …`.
int RunAuditVerify(const AuditVerifyCall& call, std::ostream& out, std::ostream& err);

// Writes the log of the store in `data`, up to its newest signed checkpoint, to `folder`.
int RunAuditExport(const std::string& folder, const std::string& data, bool json, std::ostream& out,
                   std::ostream& err);

// Adds the commands to `app`; what they exit with goes to *exit_code.
void AddAuditCommands(CLI::App& app, int* exit_code);

}  // namespace forbear::cli
