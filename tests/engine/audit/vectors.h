// The vectors of the audit log, computed by two programs that are not this one, and what tests
// need to read them.
#pragma once

#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "engine/audit/hash.h"
#include "engine/audit/tree.h"
#include "engine/model/ids.h"
#include "nlohmann/json.hpp"

namespace forbear::audit {

inline std::string DataPath(std::string_view name) {
  return std::string(FORBEAR_SOURCE_DIR) + "/tests/engine/audit/data/" + std::string(name);
}

inline std::string ReadWholeFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

inline const nlohmann::json& Vectors() {
  static const nlohmann::json vectors =
      nlohmann::json::parse(ReadWholeFile(DataPath("audit-log-vectors.json")));
  return vectors;
}

inline std::string Unhex(const nlohmann::json& hex) {
  return FromHex(hex.get<std::string>()).value();
}
inline Bytes32 HashOf(const nlohmann::json& hex) { return AsBytes32(Unhex(hex)); }
inline std::string Hex(const Bytes32& hash) { return ToHex(AsText(hash)); }

inline Proof ProofOf(const nlohmann::json& hashes) {
  Proof proof;
  for (const auto& hash : hashes) proof.push_back(HashOf(hash));
  return proof;
}

// Tiles of a small tree, all in memory.
class TilesInMemory : public TileSource {
 public:
  explicit TilesInMemory(const std::vector<Bytes32>& leaves) {
    for (const Bytes32& leaf : leaves) Append(leaf);
  }
  TilesInMemory() = default;
  void Append(const Bytes32& leaf) { tree_.Append(leaf, &full_); }
  const Tree& tree() const { return tree_; }
  const std::vector<FullTile>& full() const { return full_; }
  absl::StatusOr<std::string> Tile(int level, uint64_t n, uint64_t width) override {
    for (const FullTile& tile : full_) {
      if (tile.level == level && tile.n == n) return tile.bytes;
    }
    const auto index = static_cast<size_t>(level);
    if (index >= tree_.tail().size() || n != HashesAt(level, tree_.size()) / kTileWidth ||
        tree_.tail()[index].size() < width) {
      return absl::NotFoundError("no such tile");
    }
    return EncodeTile(tree_.tail()[index]);
  }

 private:
  Tree tree_;
  std::vector<FullTile> full_;
};

}  // namespace forbear::audit
