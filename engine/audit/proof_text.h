// One entry's proof as it travels: text, complete with its checkpoint, checked offline
// (audit-log.md section 7, P1 to P3).
//
//   c2sp.org/tlog-proof@v1
//   index 4711
//   XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=
//   …
//
//   <the checkpoint, verbatim>
//
// A broken condition is kDataLoss, its message beginning with the condition's number: `P2: …`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "engine/audit/checkpoint.h"
#include "engine/audit/source.h"
#include "engine/audit/tree.h"

namespace forbear::audit {

// What the text says. Nothing of it is verified by reading it.
struct ProofText {
  uint64_t index = 0;
  Proof hashes;
  std::string checkpoint;  // the whole note
  bool operator==(const ProofText&) const = default;
};

// Longest text there is: its hashes, and the longest note.
inline constexpr size_t kMaxProofTextBytes = kMaxNoteBytes + 8'192;

std::string EncodeProofText(const ProofText& proof);

// P3: the text has this form. P2: it has at most 63 hashes; more are refused before one is read.
absl::StatusOr<ProofText> ParseProofText(std::string_view text);

// The checkpoint under which `entry` stands by this proof, signed by `key`: P3 and P2 of the text,
// G1 to G6 of its checkpoint, and P1: size and root are that checkpoint's, and the hashes lead from
// this entry at this index to that root.
absl::StatusOr<Checkpoint> CheckProofText(const ProofText& proof, std::string_view entry,
                                          const VerifierKey& key);

// The same with a checkpoint that was verified already, or that needs no verifying.
absl::Status CheckUnder(const ProofText& proof, std::string_view entry,
                        const Checkpoint& checkpoint);

// The tiles of an export's first `size` entries, full ones or those of exactly that size.
class ExportedTiles : public TileSource {
 public:
  // `files` outlives this object.
  ExportedTiles(const FileSource& files, uint64_t size) : files_(files), size_(size) {}
  // kDataLoss, F1 or F2, when a file is not there or not as wide as its path says.
  absl::StatusOr<std::string> Tile(int level, uint64_t n, uint64_t width) override;

 private:
  const FileSource& files_;
  uint64_t size_;
};

// The bytes of one entry of an export of `size` entries. kDataLoss, F1 or F2, as above.
absl::StatusOr<std::string> ExportedEntry(const FileSource& files, uint64_t seq, uint64_t size);

}  // namespace forbear::audit
