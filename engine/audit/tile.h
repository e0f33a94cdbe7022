// Tiles: how the hashes and the entries of a log lie in files (audit-log.md section 5).
//
// Hash i of tile n at level l is the root of the complete subtree over entries
// [(256n+i)·256^l, (256n+i+1)·256^l). A tile or bundle of width 256 is full; a narrower one is
// partial and has its width in its path:
//
//   TilePath(0, 7, 256) = "tile/0/007"        BundlePath(1000, 3) = "tile/entries/x001/000.p/3"
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/audit/hash.h"

namespace forbear::audit {

inline constexpr uint64_t kTileWidth = 256;  // hashes in a full tile, entries in a full bundle
inline constexpr int kTileHeight = 8;        // log2 of the width: tree levels in a tile
inline constexpr size_t kHashBytes = 32;
// A tree of 2^63 leaves has tiles at levels 0 … 7; no path we write goes higher.
inline constexpr int kMaxTileLevel = 7;
// The entry length before each entry of a bundle has two bytes, so no format allows more.
inline constexpr size_t kMaxBundledBytes = 65'535;

// A hash tile that became full: 256 hashes, 8,192 bytes.
struct FullTile {
  int level = 0;
  uint64_t n = 0;
  std::string bytes;
};

// How many hashes a tree of `size` entries has at `level`: floor(size / 256^level).
uint64_t HashesAt(int level, uint64_t size);

// `width` is 1 … 256; 256 is the full tile.
std::string TilePath(int level, uint64_t n, uint64_t width);
std::string BundlePath(uint64_t n, uint64_t width);
// The folder in which the partial files of a full tile or bundle lie: `tile/0/007.p`.
std::string PartialFolder(std::string_view full_path);

// One file that a tree calls for.
struct TileFile {
  int level = 0;  // -1: an entry bundle
  uint64_t n = 0;
  uint64_t width = 0;  // 1 … 256
  bool operator==(const TileFile&) const = default;
  std::string Path() const;
};
inline constexpr int kBundleLevel = -1;

// The file that `path` names, or nothing when it is no path of the layout (section 5): levels 0 to
// 63, the index in its one spelling, a width of 1 to 255 after `.p/`.
std::optional<TileFile> TileFileOf(std::string_view path);

// Every file that a tree of `size` calls for: bundles, then tiles from level 0 up, each by n
// (F1). 2·size/256 records: for trees that fit in memory.
std::vector<TileFile> FilesOf(uint64_t size);

// The bytes of a hash tile.
std::string EncodeTile(const std::vector<Bytes32>& hashes);
// Hash `i` of a tile. REQUIRES: the tile has more than `i` hashes.
Bytes32 TileHash(std::string_view tile, uint64_t i);

// Adds one entry to a bundle: two bytes of length, big-endian, and its bytes.
// REQUIRES: at most kMaxBundledBytes.
void AppendToBundle(std::string_view entry, std::string* bundle);
// Views of the entries of a bundle. kInvalidArgument unless it holds exactly `width` entries and
// not a byte more (F2).
absl::StatusOr<std::vector<std::string_view>> SplitBundle(std::string_view bundle, uint64_t width);

}  // namespace forbear::audit
