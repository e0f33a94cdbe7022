// The signer: turns the head of a log into a signed checkpoint, once for each head, and keeps its
// oath (audit-log.md G7) with a memory of its own outside the database.
//
//   FORBEAR_ASSIGN_OR_RETURN(Signer signer, Signer::Open(keys + "/log.key", keys +
//   "/signer.state")); FORBEAR_ASSIGN_OR_RETURN(std::string note, signer.Sign(source,
//   store.Head()));
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "engine/audit/checkpoint.h"
#include "engine/audit/log.h"
#include "engine/audit/source.h"

namespace forbear::logexport {

class Signer {
 public:
  // Reads the key (key_files.h) and the last note signed; `state_path` need not be there yet, and
  // must not lie where a restored backup could bring an old one back. kDataLoss when the state is
  // not a note by this key.
  static absl::StatusOr<Signer> Open(const std::string& key_path, const std::string& state_path);

  const audit::VerifierKey& verifier() const { return key_.verifier(); }
  // What was signed last; nothing when this key has signed no log yet.
  const std::optional<audit::Checkpoint>& last() const { return last_; }

  // The note for a committed head. Reads the entries since the last one back from `source` and
  // hashes them again, proves that the log goes on from it, and syncs the state, before anybody
  // sees the note. The same head again gives the same note.
  //   kDataLoss            the oath forbids it, or the entries do not make this head: sign
  //                        nothing, make no contact. The message begins with G7 or F4.
  //   kFailedPrecondition  the log is not the one of this key.
  //   kUnavailable, kResourceExhausted  the state could not be kept: nothing was signed.
  // Blocks. One thread at a time.
  absl::StatusOr<std::string> Sign(const audit::EntrySource& source, const audit::LogHead& head);

 private:
  Signer(audit::SigningKey key, std::string state_path)
      : key_(std::move(key)), state_path_(std::move(state_path)) {}

  audit::SigningKey key_;
  std::string state_path_;
  std::optional<audit::Checkpoint> last_;
  std::string last_note_;
  // The tree of last_, made of what was read back; empty until the first Sign.
  std::optional<audit::Tree> tree_;
};

}  // namespace forbear::logexport
