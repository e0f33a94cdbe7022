#include "engine/audit/source.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/model/status.h"

namespace forbear::audit {
namespace {

// The root over the 256 hashes of a full tile.
absl::StatusOr<Bytes32> RootOfTile(const EntrySource& source, int level, uint64_t n) {
  FORBEAR_ASSIGN_OR_RETURN(const std::string bytes, source.ReadTile(level, n));
  if (bytes.size() != kTileWidth * kHashBytes) {
    return DataLoss(absl::StrCat("hash tile ", level, "/", n, " is not 8,192 bytes"));
  }
  std::vector<Bytes32> hashes;
  hashes.reserve(kTileWidth);
  for (uint64_t i = 0; i < kTileWidth; ++i) hashes.push_back(TileHash(bytes, i));
  for (size_t count = kTileWidth / 2; count > 0; count /= 2) {
    for (size_t i = 0; i < count; ++i) hashes[i] = NodeHash(hashes[2 * i], hashes[2 * i + 1]);
  }
  return hashes.front();
}

}  // namespace

absl::StatusOr<std::vector<std::vector<Bytes32>>> TailOf(const EntrySource& source, uint64_t size) {
  std::vector<std::vector<Bytes32>> tail;
  const uint64_t first = size - size % kTileWidth;
  tail.emplace_back();
  if (first < size) {
    FORBEAR_ASSIGN_OR_RETURN(const std::vector<std::string> entries, source.Entries(first, size));
    if (entries.size() != size - first) return DataLoss("entries are missing at the log's end");
    for (const std::string& entry : entries) tail[0].push_back(LeafHash(entry));
  }
  for (int level = 1; HashesAt(level, size) > 0; ++level) {
    const uint64_t hashes = HashesAt(level, size);
    std::vector<Bytes32>& partial = tail.emplace_back();
    for (uint64_t i = hashes - hashes % kTileWidth; i < hashes; ++i) {
      FORBEAR_ASSIGN_OR_RETURN(const Bytes32 root, RootOfTile(source, level - 1, i));
      partial.push_back(root);
    }
  }
  return tail;
}

absl::StatusOr<Tree> TreeOf(const EntrySource& source, uint64_t size) {
  FORBEAR_ASSIGN_OR_RETURN(std::vector<std::vector<Bytes32>> tail, TailOf(source, size));
  return Tree::FromTail(size, std::move(tail));
}

absl::StatusOr<StoredTiles> StoredTiles::Make(const EntrySource& source, uint64_t size) {
  FORBEAR_ASSIGN_OR_RETURN(Tree tree, TreeOf(source, size));
  return StoredTiles(source, std::move(tree));
}

absl::StatusOr<std::string> StoredTiles::Tile(int level, uint64_t n, uint64_t width) {
  const uint64_t full = HashesAt(level, tree_.size()) / kTileWidth;
  if (n < full) return source_->ReadTile(level, n);
  const auto index = static_cast<size_t>(level);
  if (n > full || index >= tree_.tail().size() || tree_.tail()[index].size() < width) {
    return absl::NotFoundError(
        absl::StrCat("no hash tile ", level, "/", n, " of width ", width, " in this log"));
  }
  return EncodeTile(tree_.tail()[index]);
}

absl::Status CheckPrefix(const EntrySource& source, uint64_t size, const TreeHead& older) {
  if (older.size > size) {
    return DataLoss(absl::StrCat("the log has ", size, " entries and was signed for ", older.size,
                                 ": it was cut short or rolled back; make no contact and ask "
                                 "whoever keeps the newer copy"));
  }
  FORBEAR_ASSIGN_OR_RETURN(const Tree tree, TreeOf(source, older.size));
  if (tree.Root() != older.root) {
    return DataLoss(absl::StrCat("the first ", older.size,
                                 " entries have another root than the "
                                 "one signed: history was rewritten or forked; make no contact "
                                 "and compare with the export"));
  }
  return absl::OkStatus();
}

}  // namespace forbear::audit
