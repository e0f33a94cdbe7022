#include "engine/audit/proof_text.h"

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/model/status.h"

namespace forbear::audit {
namespace {

constexpr std::string_view kFirstLine = "c2sp.org/tlog-proof@v1";
constexpr std::string_view kIndex = "index ";

absl::Status Broken(const char* condition, std::string_view why) {
  return absl::DataLossError(absl::StrCat(condition, ": ", ToAbsl(why)));
}

// The file of an export that holds the first `width` of a tile or bundle: the full one, or the one
// that a log of `size` has there.
absl::StatusOr<std::pair<TileFile, std::string>> ReadFile(const FileSource& files, int level,
                                                          uint64_t n, uint64_t size) {
  TileFile file{level, n, kTileWidth};
  absl::StatusOr<std::string> content = files.Read(file.Path());
  if (absl::IsNotFound(content.status())) {
    const uint64_t hashes = HashesAt(std::max(level, 0), size);
    const uint64_t width = hashes > n * kTileWidth ? hashes - n * kTileWidth : 0;
    if (width > 0 && width < kTileWidth) {
      file.width = width;
      content = files.Read(file.Path());
    }
  }
  if (absl::IsNotFound(content.status())) return Broken("F1", file.Path() + " is missing");
  if (!content.ok()) return content.status();
  return std::pair(file, *std::move(content));
}

}  // namespace

std::string EncodeProofText(const ProofText& proof) {
  std::string text = absl::StrCat(ToAbsl(kFirstLine), "\n", ToAbsl(kIndex), proof.index, "\n");
  for (const Bytes32& hash : proof.hashes) absl::StrAppend(&text, Base64(AsText(hash)), "\n");
  absl::StrAppend(&text, "\n", proof.checkpoint);
  return text;
}

absl::StatusOr<ProofText> ParseProofText(std::string_view text) {
  const size_t gap = text.find("\n\n");
  if (gap == std::string_view::npos) {
    return Broken("P3", "no empty line between the proof and its checkpoint");
  }
  std::vector<std::string_view> lines;
  // A line more than a proof may have says enough; whatever follows is not looked at.
  for (std::string_view rest = text.substr(0, gap + 1);
       !rest.empty() && lines.size() <= 2 + kMaxProofHashes;) {
    const size_t end = rest.find('\n');
    lines.push_back(rest.substr(0, end));
    rest.remove_prefix(end + 1);
  }
  if (lines[0] != kFirstLine) return Broken("P3", "the first line is not c2sp.org/tlog-proof@v1");
  if (lines.size() < 2 || !lines[1].starts_with(kIndex)) {
    return Broken("P3", "the second line is not `index` and a number");
  }
  ProofText proof;
  const std::string_view digits = lines[1].substr(kIndex.size());
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), proof.index);
  if (error != std::errc() || end != digits.data() + digits.size() ||
      digits != std::to_string(proof.index)) {
    return Broken("P3", "the index is not a plain decimal number");
  }
  if (lines.size() - 2 > kMaxProofHashes) return Broken("P2", "more than 63 hashes");
  for (size_t i = 2; i < lines.size(); ++i) {
    const absl::StatusOr<std::string> hash = FromBase64(lines[i]);
    if (!hash.ok() || hash->size() != kHashBytes) {
      return Broken("P3", absl::StrCat("hash ", i - 2, " is not strict base64 of 32 bytes"));
    }
    proof.hashes.push_back(AsBytes32(*hash));
  }
  proof.checkpoint = std::string(text.substr(gap + 2));
  return proof;
}

absl::Status CheckUnder(const ProofText& proof, std::string_view entry,
                        const Checkpoint& checkpoint) {
  if (proof.hashes.size() > kMaxProofHashes) return Broken("P2", "more than 63 hashes");
  if (proof.index >= checkpoint.head.size) {
    return Broken("P1", absl::StrCat("entry ", proof.index, " is not among the ",
                                     checkpoint.head.size, " that the checkpoint commits to"));
  }
  const absl::Status proven =
      VerifyInclusion(LeafHash(entry), proof.index, checkpoint.head, proof.hashes);
  if (proven.ok()) return proven;
  return Broken("P1", absl::StrCat("the hashes do not lead from these bytes at ", proof.index,
                                   " to the checkpoint's root (", proven.message(), ")"));
}

absl::StatusOr<Checkpoint> CheckProofText(const ProofText& proof, std::string_view entry,
                                          const VerifierKey& key) {
  FORBEAR_ASSIGN_OR_RETURN(Checkpoint checkpoint, OpenCheckpoint(proof.checkpoint, key));
  FORBEAR_RETURN_IF_ERROR(CheckUnder(proof, entry, checkpoint));
  return checkpoint;
}

absl::StatusOr<std::string> ExportedTiles::Tile(int level, uint64_t n, uint64_t width) {
  FORBEAR_ASSIGN_OR_RETURN(auto read, ReadFile(files_, level, n, size_));
  auto& [file, bytes] = read;
  if (bytes.size() != file.width * kHashBytes || file.width < width) {
    return Broken("F2", file.Path() + " has not the width its path says");
  }
  return std::move(bytes);
}

absl::StatusOr<std::string> ExportedEntry(const FileSource& files, uint64_t seq, uint64_t size) {
  FORBEAR_ASSIGN_OR_RETURN(const auto read, ReadFile(files, kBundleLevel, seq / kTileWidth, size));
  const auto& [file, bytes] = read;
  const auto entries = SplitBundle(bytes, file.width);
  if (!entries.ok() || entries->size() <= seq % kTileWidth) {
    return Broken("F2", file.Path() + " has not the width its path says");
  }
  return std::string((*entries)[seq % kTileWidth]);
}

}  // namespace forbear::audit
