#include "engine/audit/tree.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/model/status.h"

namespace forbear::audit {
namespace {

uint64_t TailWidth(int level, uint64_t size) { return HashesAt(level, size) % kTileWidth; }

// The largest power of two smaller than `n`. REQUIRES: n >= 2.
uint64_t SplitPoint(uint64_t n) { return std::bit_floor(n - 1); }

// Folds a power of two of neighbouring hashes into the root over them.
Bytes32 Fold(std::vector<Bytes32> hashes) {
  while (hashes.size() > 1) {
    for (size_t i = 0; i < hashes.size() / 2; ++i) {
      hashes[i] = NodeHash(hashes[2 * i], hashes[2 * i + 1]);
    }
    hashes.resize(hashes.size() / 2);
  }
  return hashes.front();
}

// The peaks that the partial tiles hold between them: in the width of a level, each 1-bit is one
// complete subtree.
std::vector<Bytes32> PeaksOf(const std::vector<std::vector<Bytes32>>& tail) {
  std::vector<Bytes32> peaks;
  for (auto level = tail.rbegin(); level != tail.rend(); ++level) {
    size_t at = 0;
    for (size_t part = kTileWidth / 2; part > 0; part /= 2) {
      if ((level->size() & part) == 0) continue;
      const auto from = level->begin() + static_cast<std::ptrdiff_t>(at);
      peaks.push_back(Fold({from, from + static_cast<std::ptrdiff_t>(part)}));
      at += part;
    }
  }
  return peaks;
}

// Reads subtrees and ranges of one tree of a known size.
class Prover {
 public:
  Prover(uint64_t size, TileSource& tiles) : size_(size), tiles_(tiles) {}

  // The root over leaves [lo, hi). REQUIRES: lo < hi, and lo divides into the subtrees of hi.
  absl::StatusOr<Bytes32> Range(uint64_t lo, uint64_t hi) {
    std::vector<Bytes32> roots;
    while (lo < hi) {
      int k = std::countr_zero(lo);  // 64 when lo is 0
      k = std::min(k,
                   static_cast<int>(std::bit_width(hi - lo)) - 1);  // no larger than what is left
      FORBEAR_ASSIGN_OR_RETURN(const Bytes32 root, Subtree(k, lo >> k));
      roots.push_back(root);
      lo += uint64_t{1} << k;
    }
    Bytes32 root = roots.back();
    for (size_t i = roots.size() - 1; i-- > 0;) root = NodeHash(roots[i], root);
    return root;
  }

  absl::StatusOr<Proof> Inclusion(uint64_t m, uint64_t lo, uint64_t hi) {
    if (hi - lo == 1) return Proof{};
    const uint64_t k = SplitPoint(hi - lo);
    const bool left = m < lo + k;
    FORBEAR_ASSIGN_OR_RETURN(Proof proof,
                             left ? Inclusion(m, lo, lo + k) : Inclusion(m, lo + k, hi));
    FORBEAR_ASSIGN_OR_RETURN(const Bytes32 other, left ? Range(lo + k, hi) : Range(lo, lo + k));
    proof.push_back(other);
    return proof;
  }

  absl::StatusOr<Proof> Consistency(uint64_t m, uint64_t lo, uint64_t hi, bool whole) {
    if (m == hi) {
      if (whole) return Proof{};
      FORBEAR_ASSIGN_OR_RETURN(const Bytes32 root, Range(lo, hi));
      return Proof{root};
    }
    const uint64_t k = SplitPoint(hi - lo);
    const bool left = m <= lo + k;
    FORBEAR_ASSIGN_OR_RETURN(
        Proof proof, left ? Consistency(m, lo, lo + k, whole) : Consistency(m, lo + k, hi, false));
    FORBEAR_ASSIGN_OR_RETURN(const Bytes32 other, left ? Range(lo + k, hi) : Range(lo, lo + k));
    proof.push_back(other);
    return proof;
  }

 private:
  // The root over leaves [i·2^k, (i+1)·2^k), all of them in the tree.
  absl::StatusOr<Bytes32> Subtree(int k, uint64_t i) {
    const int level = k / kTileHeight;
    const uint64_t count = uint64_t{1} << (k % kTileHeight);
    const uint64_t first = i * count;
    const uint64_t n = first / kTileWidth;
    const uint64_t width = std::min(kTileWidth, HashesAt(level, size_) - n * kTileWidth);
    FORBEAR_ASSIGN_OR_RETURN(const std::string tile, tiles_.Tile(level, n, width));
    if (tile.size() < width * kHashBytes) {
      return DataLoss(absl::StrCat("hash tile ", level, "/", n, " is shorter than the tree needs"));
    }
    std::vector<Bytes32> hashes;
    hashes.reserve(count);
    for (uint64_t j = 0; j < count; ++j) {
      hashes.push_back(TileHash(tile, first % kTileWidth + j));
    }
    return Fold(std::move(hashes));
  }

  uint64_t size_;
  TileSource& tiles_;
};

absl::Status Unproven(const char* why) {
  return InvalidArgument(std::string("not proven: ") + why);
}

bool IsOdd(uint64_t n) { return (n & 1) != 0; }

}  // namespace

Bytes32 RootOfPeaks(const std::vector<Bytes32>& peaks) {
  if (peaks.empty()) return EmptyRoot();
  Bytes32 root = peaks.back();
  for (size_t i = peaks.size() - 1; i-- > 0;) root = NodeHash(peaks[i], root);
  return root;
}

absl::StatusOr<Tree> Tree::FromTail(uint64_t size, std::vector<std::vector<Bytes32>> tail) {
  Tree tree;
  for (int level = 0; level <= kMaxTileLevel; ++level) {
    const auto index = static_cast<size_t>(level);
    if (index >= tail.size() && HashesAt(level, size) == 0) break;
    if (index >= tail.size()) tail.emplace_back();
    if (tail[index].size() != TailWidth(level, size)) {
      return DataLoss(absl::StrCat("the partial tile of level ", level, " has ", tail[index].size(),
                                   " hashes where a tree of ", size, " has ",
                                   TailWidth(level, size)));
    }
  }
  if (tail.size() > size_t{kMaxTileLevel} + 1) {
    return DataLoss("more levels of tiles than any tree has");
  }
  tree.size_ = size;
  tree.peaks_ = PeaksOf(tail);
  tree.tail_ = std::move(tail);
  return tree;
}

void Tree::Append(const Bytes32& leaf, std::vector<FullTile>* full) {
  // One walk does both: the hash that joins two peaks at height 8l is also the next hash of the
  // tile at level l, and it is there exactly when the tile below has become full.
  Bytes32 hash = leaf;
  uint64_t s = size_;
  for (int height = 0;; ++height) {
    if (height % kTileHeight == 0) {
      const auto level = static_cast<size_t>(height / kTileHeight);
      if (level == tail_.size()) tail_.emplace_back().reserve(kTileWidth);
      std::vector<Bytes32>& hashes = tail_[level];
      hashes.push_back(hash);
      if (hashes.size() == kTileWidth) {
        full->push_back({static_cast<int>(level),
                         HashesAt(height / kTileHeight, size_) / kTileWidth, EncodeTile(hashes)});
        hashes.clear();
      }
    }
    if (!IsOdd(s)) break;
    hash = NodeHash(peaks_.back(), hash);
    peaks_.pop_back();
    s >>= 1;
  }
  peaks_.push_back(hash);
  ++size_;
}

void Tree::CutTo(uint64_t size, std::vector<Bytes32> peaks, const std::vector<FullTile>& full,
                 size_t first_full) {
  FORBEAR_CHECK(size <= size_);
  for (size_t level = 0; level < tail_.size(); ++level) {
    const auto number = static_cast<int>(level);
    const uint64_t width = TailWidth(number, size);
    const uint64_t n = HashesAt(number, size) / kTileWidth;
    if (n != HashesAt(number, size_) / kTileWidth) {
      // The tile went full since, and its first hashes are the ones to come back to.
      const auto tile = std::find_if(
          full.begin() + static_cast<std::ptrdiff_t>(first_full), full.end(),
          [&](const FullTile& candidate) { return candidate.level == number && candidate.n == n; });
      FORBEAR_CHECK(tile != full.end());
      tail_[level].clear();
      for (uint64_t i = 0; i < width; ++i) tail_[level].push_back(TileHash(tile->bytes, i));
    }
    FORBEAR_CHECK(tail_[level].size() >= width);
    tail_[level].resize(width);
  }
  size_ = size;
  peaks_ = std::move(peaks);
}

Bytes32 Tree::Root() const { return RootOfPeaks(peaks_); }

absl::StatusOr<Bytes32> RootAt(uint64_t size, TileSource& tiles) {
  if (size == 0) return EmptyRoot();
  return Prover(size, tiles).Range(0, size);
}

absl::StatusOr<Proof> InclusionProof(uint64_t index, uint64_t size, TileSource& tiles) {
  if (index >= size) {
    return absl::InvalidArgumentError(
        absl::StrCat("no entry ", index, " in a log of ", size, "; ask for a smaller number"));
  }
  return Prover(size, tiles).Inclusion(index, 0, size);
}

absl::StatusOr<Proof> ConsistencyProof(uint64_t old_size, uint64_t size, TileSource& tiles) {
  if (old_size > size) {
    return absl::InvalidArgumentError(
        absl::StrCat("a log of ", size, " cannot begin with ", old_size, " entries"));
  }
  if (old_size == 0) return Proof{};
  return Prover(size, tiles).Consistency(old_size, 0, size, true);
}

absl::Status VerifyInclusion(const Bytes32& leaf, uint64_t index, const TreeHead& head,
                             const Proof& proof) {
  if (proof.size() > kMaxProofHashes) return Unproven("more than 63 hashes");  // P2
  if (index >= head.size) return Unproven("the index is not in the tree");
  uint64_t fn = index;
  uint64_t sn = head.size - 1;
  Bytes32 hash = leaf;
  for (const Bytes32& step : proof) {
    if (sn == 0) return Unproven("the proof is too long");
    if (IsOdd(fn) || fn == sn) {
      hash = NodeHash(step, hash);
      while (!IsOdd(fn) && fn != 0) {
        fn >>= 1;
        sn >>= 1;
      }
    } else {
      hash = NodeHash(hash, step);
    }
    fn >>= 1;
    sn >>= 1;
  }
  if (sn != 0) return Unproven("the proof is too short");
  if (hash != head.root) return Unproven("the proof leads to another root");
  return absl::OkStatus();
}

absl::Status VerifyConsistency(const TreeHead& old, const TreeHead& now, const Proof& proof) {
  if (proof.size() > kMaxProofHashes) return Unproven("more than 63 hashes");  // P2
  if (old.size > now.size) return Unproven("the log was larger before");
  if (old.size == now.size) {
    if (!proof.empty()) return Unproven("a proof where none is needed");
    if (old.root != now.root) return Unproven("two roots for one size");
    return absl::OkStatus();
  }
  if (old.size == 0) {
    if (!proof.empty()) return Unproven("a proof where none is needed");
    if (old.root != EmptyRoot()) return Unproven("the old root is not that of an empty log");
    return absl::OkStatus();
  }
  if (proof.empty()) return Unproven("no proof");
  uint64_t fn = old.size - 1;
  uint64_t sn = now.size - 1;
  while (IsOdd(fn)) {
    fn >>= 1;
    sn >>= 1;
  }
  // When the old tree is one complete subtree, its own root is where the proof begins.
  const bool complete = std::has_single_bit(old.size);
  Bytes32 old_hash = complete ? old.root : proof.front();
  Bytes32 new_hash = old_hash;
  for (size_t i = complete ? 0 : 1; i < proof.size(); ++i) {
    const Bytes32& step = proof[i];
    if (sn == 0) return Unproven("the proof is too long");
    if (IsOdd(fn) || fn == sn) {
      old_hash = NodeHash(step, old_hash);
      new_hash = NodeHash(step, new_hash);
      while (!IsOdd(fn) && fn != 0) {
        fn >>= 1;
        sn >>= 1;
      }
    } else {
      new_hash = NodeHash(new_hash, step);
    }
    fn >>= 1;
    sn >>= 1;
  }
  if (sn != 0) return Unproven("the proof is too short");
  if (old_hash != old.root) return Unproven("the proof leads to another old root");
  if (new_hash != now.root) return Unproven("the proof leads to another new root");
  return absl::OkStatus();
}

}  // namespace forbear::audit
