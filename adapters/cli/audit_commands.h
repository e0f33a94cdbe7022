// `forbear audit verify`, `forbear audit export` and `forbear audit proof`.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
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

struct AuditProofCall {
  std::optional<uint64_t> entry;  // its number; or `check`
  std::string from;               // a folder with an exported log, or
  std::string data;               // the data directory of a store; neither: this folder
  std::string key;                // log.vkey, or the line in it; may be empty without `check`
  std::string out;                // a file for the proof; empty: standard output
  std::string entry_out;          // a file for the entry's bytes; empty: none
  std::string check;              // a file with a proof to check offline
  std::string entry_bytes;        // with `check`: a file with the entry's bytes, or `-` for `in`
};

// Writes the proof of one entry (engine/audit/proof_text.h) against the newest signed checkpoint,
// verified first: against the checkpoint as it stands, and with a key against its signature. With
// `check` verifies one instead; the last line of the answer is then `proved`, and the first broken
// condition goes to `err`: `forbear: audit proof: P1: …`.
int RunAuditProof(const AuditProofCall& call, std::istream& in, std::ostream& out,
                  std::ostream& err);

// Adds the commands to `app`; what they exit with goes to *exit_code.
CLI::App& AddAuditCommands(CLI::App& app, int* exit_code);

}  // namespace forbear::cli
