// Leaves, roots, tiles and proofs, against vectors computed elsewhere.
#include "engine/audit/tree.h"

#include "tests/engine/audit/vectors.h"

namespace forbear::audit {
namespace {

std::vector<Bytes32> VectorLeaves() {
  std::vector<Bytes32> leaves;
  for (const auto& row : Vectors()["leaves"]) leaves.push_back(LeafHash(Unhex(row["data"])));
  return leaves;
}

Bytes32 VectorRoot(uint64_t size) {
  return HashOf(Vectors()["roots"][static_cast<size_t>(size)]["root"]);
}

std::string EntryText(uint64_t i) { return "entry-" + std::to_string(i); }

TEST(Hash, HashesTheVectorLeaves) {
  const auto& rows = Vectors()["leaves"];
  ASSERT_EQ(rows.size(), 8u);
  for (const auto& row : rows) {
    EXPECT_EQ(Hex(LeafHash(Unhex(row["data"]))), row["leaf_hash"].get<std::string>());
  }
}

TEST(Hash, MacsAsRfc4231Says) {
  // RFC 4231 test case 1 has a key of 20 bytes 0b; a shorter key is padded with zeros, so it is
  // also this key of 32.
  Bytes32 key{};
  std::fill_n(key.begin(), 20, uint8_t{0x0b});
  EXPECT_EQ(Hex(HmacSha256(key, "Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  // The labels of the sealing vectors are keyed with the same function.
  const auto& sealing = Vectors()["sealing"];
  const Bytes32 dek = HashOf(sealing["dek"]);
  EXPECT_EQ(Hex(HmacSha256(dek, "forbear/enc/v1")), sealing["enc_key"].get<std::string>());
  EXPECT_EQ(Hex(HmacSha256(dek, "forbear/tag/v1")), sealing["tag_key"].get<std::string>());
}

TEST(Tree, HasTheRootOfEverySizeUpToEight) {
  Tree tree;
  std::vector<FullTile> full;
  const std::vector<Bytes32> leaves = VectorLeaves();
  for (uint64_t size = 0; size <= 8; ++size) {
    EXPECT_EQ(tree.Root(), VectorRoot(size)) << size;
    if (size < 8) tree.Append(leaves[size], &full);
  }
}

TEST(Tree, ProvesInclusionAsTheVectorsDo) {
  const auto& rows = Vectors()["inclusion"];
  ASSERT_EQ(rows.size(), 36u);
  const std::vector<Bytes32> leaves = VectorLeaves();
  TilesInMemory tiles(leaves);
  for (const auto& row : rows) {
    const uint64_t size = row["size"];
    const uint64_t index = row["index"];
    const auto proof = InclusionProof(index, size, tiles);
    ASSERT_TRUE(proof.ok()) << row;
    EXPECT_EQ(*proof, ProofOf(row["proof"])) << row;
    EXPECT_TRUE(VerifyInclusion(leaves[index], index, {size, VectorRoot(size)}, *proof).ok());
  }
}

TEST(Tree, ProvesConsistencyAsTheVectorsDo) {
  const auto& rows = Vectors()["consistency"];
  ASSERT_EQ(rows.size(), 45u);
  TilesInMemory tiles(VectorLeaves());
  for (const auto& row : rows) {
    const uint64_t old_size = row["old"];
    const uint64_t size = row["new"];
    const auto proof = ConsistencyProof(old_size, size, tiles);
    ASSERT_TRUE(proof.ok()) << row;
    EXPECT_EQ(*proof, ProofOf(row["proof"])) << row;
    EXPECT_TRUE(
        VerifyConsistency({old_size, VectorRoot(old_size)}, {size, VectorRoot(size)}, *proof).ok())
        << row;
  }
}

TEST(Tree, RefusesEveryFalseProof) {
  const auto& rows = Vectors()["refuse"];
  ASSERT_EQ(rows.size(), 25u);
  for (const auto& row : rows) {
    const Proof proof = ProofOf(row["proof"]);
    const absl::Status status =
        row["type"] == "inclusion"
            ? VerifyInclusion(HashOf(row["leaf_hash"]), row["index"],
                              {row["size"], HashOf(row["root"])}, proof)
            : VerifyConsistency({row["old"], HashOf(row["old_root"])},
                                {row["new"], HashOf(row["new_root"])}, proof);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << row["why"];
  }
}

TEST(Tree, P1AProofDoesNotBindTheSize) {
  // Why size and root must come from one checkpoint: leaf 5's proof in 8 verifies under the root
  // of 8 for a claimed size of 7 too.
  const std::vector<Bytes32> leaves = VectorLeaves();
  TilesInMemory tiles(leaves);
  const Proof proof = InclusionProof(5, 8, tiles).value();
  EXPECT_TRUE(VerifyInclusion(leaves[5], 5, {8, VectorRoot(8)}, proof).ok());
  EXPECT_TRUE(VerifyInclusion(leaves[5], 5, {7, VectorRoot(8)}, proof).ok());
  EXPECT_FALSE(VerifyInclusion(leaves[5], 5, {7, VectorRoot(7)}, proof).ok());
}

TEST(Tree, P2RefusesSixtyFourHashesBeforeHashing) {
  const Proof proof(64, Bytes32{});
  const TreeHead huge{uint64_t{1} << 63, Bytes32{}};
  EXPECT_THAT(std::string(VerifyInclusion(Bytes32{}, 0, huge, proof).message()),
              testing::HasSubstr("63"));
  EXPECT_THAT(std::string(VerifyConsistency({3, Bytes32{}}, huge, proof).message()),
              testing::HasSubstr("63"));
  // Sixty-three are looked at: the answer is then another one.
  EXPECT_THAT(std::string(VerifyInclusion(Bytes32{}, 0, huge, Proof(63, Bytes32{})).message()),
              testing::HasSubstr("another root"));
}

TEST(Tree, AsksForNoEntryBeyondItself) {
  TilesInMemory tiles(VectorLeaves());
  EXPECT_EQ(InclusionProof(8, 8, tiles).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ConsistencyProof(9, 8, tiles).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(Tile, LiesWhereTheVectorsSay) {
  const auto& rows = Vectors()["tile_paths"];
  ASSERT_EQ(rows.size(), 8u);
  for (const auto& row : rows) {
    EXPECT_EQ(TilePath(0, row["n"], row["width"]), row["path"].get<std::string>());
  }
  EXPECT_EQ(BundlePath(1000, 3), "tile/entries/x001/000.p/3");
}

TEST(Tile, OfLargeTreesHaveTheDigestsOfTheVectors) {
  const auto& large = Vectors()["large"];
  ASSERT_EQ(large["trees"].size(), 11u);
  uint64_t last = 0;
  for (const auto& row : large["trees"]) last = std::max<uint64_t>(last, row["size"]);
  std::vector<Bytes32> leaves;
  for (uint64_t i = 0; i < last; ++i) leaves.push_back(LeafHash(EntryText(i)));
  for (const auto& row : large["trees"]) {
    const uint64_t size = row["size"];
    TilesInMemory tiles({leaves.begin(), leaves.begin() + static_cast<std::ptrdiff_t>(size)});
    EXPECT_EQ(Hex(tiles.tree().Root()), row["root"].get<std::string>()) << size;
    std::map<std::string, std::string> hash_files;
    std::map<std::string, std::string> bundle_files;
    std::map<std::string, uint64_t> full_tiles;
    std::map<std::string, uint64_t> partial_tiles;
    for (const TileFile& file : FilesOf(size)) {
      if (file.level == kBundleLevel) {
        std::string bundle;
        for (uint64_t i = 0; i < file.width; ++i) {
          AppendToBundle(EntryText(file.n * kTileWidth + i), &bundle);
        }
        bundle_files[file.Path()] = bundle;
        continue;
      }
      hash_files[file.Path()] = tiles.Tile(file.level, file.n, file.width).value();
      if (file.width == kTileWidth) {
        ++full_tiles[std::to_string(file.level)];
      } else {
        partial_tiles[std::to_string(file.level)] = file.width;
      }
    }
    const auto digest = [](const std::map<std::string, std::string>& files) {
      std::string all;
      for (const auto& [path, content] : files) {
        all.append(AsText(Sha256(path))).append(AsText(Sha256(content)));
      }
      return Hex(Sha256(all));
    };
    EXPECT_EQ(digest(hash_files), row["tiles_digest"].get<std::string>()) << size;
    EXPECT_EQ(digest(bundle_files), row["bundles_digest"].get<std::string>()) << size;
    EXPECT_EQ(nlohmann::json(full_tiles), row["full_tiles"]) << size;
    EXPECT_EQ(nlohmann::json(partial_tiles), row["partial_tiles"]) << size;
    EXPECT_EQ(RootAt(size, tiles).value(), tiles.tree().Root()) << size;
  }
}

TEST(Tree, ProvesWithinLargeTreesAsTheVectorsDo) {
  TilesInMemory tiles;
  std::map<uint64_t, Bytes32> roots;
  for (uint64_t i = 0; i < 70'000; ++i) {
    roots[i] = tiles.tree().Root();
    tiles.Append(LeafHash(EntryText(i)));
  }
  roots[70'000] = tiles.tree().Root();
  for (const auto& row : Vectors()["large"]["consistency"]) {
    const uint64_t old_size = row["old"];
    const uint64_t size = row["new"];
    const auto proof = ConsistencyProof(old_size, size, tiles);
    ASSERT_TRUE(proof.ok()) << proof.status();
    EXPECT_EQ(*proof, ProofOf(row["proof"])) << row["old"] << " to " << row["new"];
    EXPECT_TRUE(VerifyConsistency({old_size, roots[old_size]}, {size, roots[size]}, *proof).ok());
  }
  for (const auto& row : Vectors()["large"]["inclusion"]) {
    const uint64_t index = row["index"];
    const uint64_t size = row["size"];
    const auto proof = InclusionProof(index, size, tiles);
    ASSERT_TRUE(proof.ok()) << proof.status();
    EXPECT_EQ(*proof, ProofOf(row["proof"])) << row["index"] << " in " << row["size"];
    EXPECT_TRUE(
        VerifyInclusion(LeafHash(EntryText(index)), index, {size, roots[size]}, *proof).ok());
  }
}

TEST(Tile, F2ABundleHoldsItsEntriesAndNotAByteMore) {
  std::string bundle;
  for (const char* entry : {"", "a", "bc"}) AppendToBundle(entry, &bundle);
  EXPECT_THAT(SplitBundle(bundle, 3).value(), testing::ElementsAre("", "a", "bc"));
  const struct {
    const char* why;
    std::string bytes;
    uint64_t width;
  } rows[] = {
      {"one entry too few", bundle, 4},
      {"one entry too many", bundle, 2},
      {"a byte more", bundle + "x", 3},
      {"a byte less", bundle.substr(0, bundle.size() - 1), 3},
      {"half a length", bundle + std::string(1, '\0'), 4},
      {"nothing at all", "", 1},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(SplitBundle(row.bytes, row.width).status().code(), absl::StatusCode::kInvalidArgument)
        << row.why;
  }
}

}  // namespace
}  // namespace forbear::audit
