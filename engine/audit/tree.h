// The Merkle tree of RFC 6962 (audit-log.md sections 4 and 7): growing it, and proving with it.
//
// A Tree grows one leaf at a time and keeps only what growing needs. Proofs are folded from the
// tiles of a TileSource; checking them needs no tree at all.
//
//   Tree tree;
//   std::vector<FullTile> full;
//   tree.Append(LeafHash(entry), &full);
//   const TreeHead head = tree.Head();
//
// Nothing here is synchronised: an object belongs to one thread at a time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/audit/hash.h"
#include "engine/audit/tile.h"

namespace forbear::audit {

// What a checkpoint commits to. INVARIANT: of one tree; size 0 has the root H("").
struct TreeHead {
  uint64_t size = 0;
  Bytes32 root = EmptyRoot();
  bool operator==(const TreeHead&) const = default;
};

class Tree {
 public:
  Tree() = default;

  // Goes on from the partial tile of every level, level 0 first (levels above may be left out
  // when empty). kDataLoss when the widths are not those of a tree of `size`.
  static absl::StatusOr<Tree> FromTail(uint64_t size, std::vector<std::vector<Bytes32>> tail);

  // Adds a leaf. Tiles that became full by it are appended to `full`, level 0 first.
  void Append(const Bytes32& leaf, std::vector<FullTile>* full);

  // Goes back to an earlier state: its size and peaks, and every tile that became full since.
  // REQUIRES: these are of this tree.
  void CutTo(uint64_t size, std::vector<Bytes32> peaks, const std::vector<FullTile>& full,
             size_t first_full);

  uint64_t size() const { return size_; }
  TreeHead Head() const { return {size_, Root()}; }
  Bytes32 Root() const;
  // Roots of the complete subtrees that make up the tree, largest first.
  const std::vector<Bytes32>& peaks() const { return peaks_; }
  // By level: the hashes of the tile that is not full yet, 0 … 255 of them.
  const std::vector<std::vector<Bytes32>>& tail() const { return tail_; }

 private:
  uint64_t size_ = 0;
  std::vector<Bytes32> peaks_;
  std::vector<std::vector<Bytes32>> tail_;
};

// The root that these peaks, largest first, make; H("") when there are none.
Bytes32 RootOfPeaks(const std::vector<Bytes32>& peaks);

// Where the hashes of a tree come from.
class TileSource {
 public:
  virtual ~TileSource() = default;
  // At least the first `width` hashes of tile `n` at `level`, 32 bytes each; 1 <= width <= 256.
  // Any error is passed on to whoever asked for a proof.
  virtual absl::StatusOr<std::string> Tile(int level, uint64_t n, uint64_t width) = 0;
};

// A proof is a list of hashes, from the leaf's side up.
using Proof = std::vector<Bytes32>;
// P2: more hashes than this are refused before any hashing.
inline constexpr size_t kMaxProofHashes = 63;

// The root of the first `size` leaves.
absl::StatusOr<Bytes32> RootAt(uint64_t size, TileSource& tiles);
// That leaf `index` is in the tree of `size`. kInvalidArgument unless index < size.
absl::StatusOr<Proof> InclusionProof(uint64_t index, uint64_t size, TileSource& tiles);
// That the tree of `size` begins with the tree of `old_size`. Empty when either is trivially so.
// kInvalidArgument unless old_size <= size.
absl::StatusOr<Proof> ConsistencyProof(uint64_t old_size, uint64_t size, TileSource& tiles);

// OK when the proof shows that `leaf` stands at `index` under `head`; kInvalidArgument otherwise.
// P1: `head` must come from a verified checkpoint, because a proof does not bind the size.
absl::Status VerifyInclusion(const Bytes32& leaf, uint64_t index, const TreeHead& head,
                             const Proof& proof);
// OK when the proof shows that `now` begins with all of `old`; kInvalidArgument otherwise.
absl::Status VerifyConsistency(const TreeHead& old, const TreeHead& now, const Proof& proof);

}  // namespace forbear::audit
