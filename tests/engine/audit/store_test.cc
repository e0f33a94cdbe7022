// A live store's tables, compared with each other and with what was signed.
#include "engine/audit/verify.h"
#include "tests/engine/audit/log_in_memory.h"
#include "tests/engine/audit/tamper.h"

namespace forbear::audit {
namespace {

using testing::StartsWith;

const SigningKey& Owner() {
  static const SigningKey key = SigningKey::FromSeed("audit.example/forbear", Bytes32{7}).value();
  return key;
}

// The log tables of a store, to be read and to be edited.
struct Tables : StoreSource {
  LogHead head;
  std::vector<EntryRow> entries;
  std::map<std::pair<int, uint64_t>, std::string> tiles;
  std::vector<CheckpointRow> checkpoints;

  absl::StatusOr<LogHead> Head() const override { return head; }
  absl::StatusOr<std::vector<EntryRow>> EntryRows(uint64_t from, uint64_t to) const override {
    std::vector<EntryRow> rows;
    for (const EntryRow& row : entries) {
      if (row.seq >= from && row.seq < to) rows.push_back(row);
    }
    return rows;
  }
  absl::StatusOr<uint64_t> CountEntries() const override { return entries.size(); }
  absl::StatusOr<uint64_t> CountTiles() const override { return tiles.size(); }
  absl::StatusOr<std::string> ReadTile(int level, uint64_t n) const override {
    const auto tile = tiles.find({level, n});
    if (tile == tiles.end()) return NotFound("no such tile");
    return tile->second;
  }
  absl::StatusOr<std::vector<CheckpointRow>> CheckpointRows() const override { return checkpoints; }
};

EntryRow RowOf(const std::string& bytes) {
  const cj1::Value entry = cj1::Parse(bytes).value();
  const auto text = [&](const char* name) {
    const cj1::Value* value = entry.Find(name);
    return value == nullptr ? std::string() : value->AsString();
  };
  EntryRow row;
  row.seq = static_cast<uint64_t>(entry.Find("seq")->AsInteger());
  row.id = FromHex(text("id")).value();
  row.tenant = text("tenant");
  if (const cj1::Value* tseq = entry.Find("tseq")) {
    row.tseq = static_cast<uint64_t>(tseq->AsInteger());
  }
  row.borrower = FromHex(text("borrower")).value();
  row.kind = text("kind");
  row.leaf_hash = std::string(AsText(LeafHash(bytes)));
  row.bytes = bytes;
  return row;
}

// Everything that follows from the entries, made anew: what somebody would do who edits a database
// and knows how it works, but does not have the key.
void MakeConsistent(Tables* tables) {
  Tree tree;
  std::vector<FullTile> full;
  tables->head.tseq.clear();
  for (EntryRow& row : tables->entries) {
    row = RowOf(row.bytes);
    tree.Append(LeafHash(row.bytes), &full);
    if (!row.tenant.empty()) ++tables->head.tseq[row.tenant];
  }
  tables->tiles.clear();
  for (const FullTile& tile : full) tables->tiles[{tile.level, tile.n}] = tile.bytes;
  tables->head.size = tree.size();
  tables->head.root = tree.Root();
  tables->head.peaks = tree.peaks();
}

CheckpointRow Signed(const LogHead& head) {
  return {head.size, std::string(AsText(head.root)),
          Owner().Sign({head.origin, {head.size, head.root}})};
}

// 600 entries, signed at 300 and at 500.
const Tables& Whole() {
  static const Tables whole = [] {
    GrowingLog log;
    Tables tables;
    for (const uint64_t size : {300, 500}) {
      log.GrowTo(size);
      tables.checkpoints.push_back(Signed(log.writer.Head()));
    }
    log.GrowTo(600);
    tables.head = log.writer.Head();
    for (const std::string& bytes : log.store.entries) tables.entries.push_back(RowOf(bytes));
    tables.tiles = log.store.tiles;
    return tables;
  }();
  return whole;
}

std::string Verify(const Tables& tables, const std::vector<OlderNote>& older = {}) {
  const auto verified = VerifyStore(tables, Owner().verifier(), older);
  return verified.ok() ? "" : std::string(verified.status().message());
}

TEST(VerifyStore, AStoreAsItWasWrittenIsWhole) {
  const auto verified =
      VerifyStore(Whole(), Owner().verifier(), {{"kept", Whole().checkpoints[0].note}});
  ASSERT_TRUE(verified.ok()) << verified.status();
  EXPECT_EQ(verified->newest->head.size, 500u);
  EXPECT_EQ(verified->head.size, 600u);
  EXPECT_EQ(verified->facts.kinds.at("log.opened"), 1u);
}

TEST(VerifyStore, NamesTheTableThatWasEdited) {
  struct Row {
    const char* why;
    std::function<void(Tables*)> edit;
    const char* finding;
  };
  const Row rows[] = {
      {"a byte of an entry", [](Tables* t) { t->entries[17].bytes[20] ^= 1; },
       "F3: log_entry 17 leaf_hash differs"},
      {"a leaf hash", [](Tables* t) { t->entries[599].leaf_hash[0] ^= 1; },
       "F3: log_entry 599 leaf_hash differs"},
      {"an entry gone", [](Tables* t) { t->entries.erase(t->entries.begin() + 40); },
       "F1: log_entry 40 is missing"},
      {"the last entry gone", [](Tables* t) { t->entries.pop_back(); },
       "F1: log_entry 599 is missing"},
      {"an entry too many",
       [](Tables* t) {
         t->entries.push_back(t->entries.back());
         t->entries.back().seq = 600;
       },
       "F1: log_entry has 601 rows"},
      {"two entries' bytes swapped",
       [](Tables* t) {
         std::swap(t->entries[7].bytes, t->entries[8].bytes);
         std::swap(t->entries[7].leaf_hash, t->entries[8].leaf_hash);
       },
       "F3: log_tile 0/0 hash 7 differs"},
      {"a tile gone",
       [](Tables* t) {
         t->tiles.erase({0, 1});
       },
       "F1: log_tile 0/1 is missing"},
      {"a tile too many",
       [](Tables* t) {
         t->tiles[{0, 2}] = std::string(8192, 'x');
       },
       "F1: log_tile has 3 rows"},
      {"a short tile",
       [](Tables* t) {
         t->tiles[{0, 1}].pop_back();
       },
       "F2: log_tile 0/1 "},
      {"a hash of a tile",
       [](Tables* t) {
         t->tiles[{0, 1}][8191] ^= 1;
       },
       "F3: log_tile 0/1 hash 255 differs"},
      {"the head's root", [](Tables* t) { t->head.root[0] ^= 1; }, "F4: log_head"},
      {"the head's peaks", [](Tables* t) { t->head.peaks.pop_back(); }, "F4: log_head"},
      {"the head's time", [](Tables* t) { t->head.last_time += Seconds(1); }, "E7: log_head"},
      {"the head's counts", [](Tables* t) { ++t->head.tseq["demo"]; }, "E10: the store's numbers"},
      {"the head's origin", [](Tables* t) { t->head.origin = "audit.example/other"; },
       "G3: log_head"},
      {"an id column", [](Tables* t) { t->entries[9].id[0] ^= 1; }, "E6: log_entry 9 id differs"},
      {"a kind column", [](Tables* t) { t->entries[9].kind = "account.closed"; },
       "E8: log_entry 9 kind differs"},
      {"a tenant column", [](Tables* t) { t->entries[10].tenant = "other"; },
       "E10: log_entry 10 tenant differs"},
      {"a tseq column", [](Tables* t) { *t->entries[10].tseq += 1; },
       "E10: log_entry 10 tseq differs"},
      {"a borrower column", [](Tables* t) { t->entries[10].borrower = std::string(16, 'b'); },
       "E10: log_entry 10 borrower differs"},
      {"a checkpoint's note", [](Tables* t) { t->checkpoints[0].note[30] ^= 1; },
       "G2: log_checkpoint 300: "},
      {"a checkpoint's root", [](Tables* t) { t->checkpoints[1].root[0] ^= 1; },
       "G7: log_checkpoint 500 has another"},
  };
  for (const Row& row : rows) {
    Tables tables = Whole();
    row.edit(&tables);
    EXPECT_THAT(Verify(tables), StartsWith(row.finding)) << row.why;
  }
}

TEST(VerifyStore, ARewrittenHistoryMadeConsistentIsNoticedByTheCheckpointsInIt) {
  Tables tables = Whole();
  tables.entries[100].bytes = WithMember(tables.entries[100].bytes, "node", "n2");
  MakeConsistent(&tables);
  EXPECT_THAT(Verify(tables), StartsWith("G7: log_checkpoint 300 was signed for another root"));
}

TEST(VerifyStore, ACutTailMadeConsistentIsNoticedByTheCheckpointsInIt) {
  Tables tables = Whole();
  tables.entries.resize(450);
  MakeConsistent(&tables);
  EXPECT_THAT(Verify(tables), StartsWith("G7: log_checkpoint 500 was signed for 500"));
}

TEST(VerifyStore, WithItsCheckpointsGoneOnlyAnOlderOneKeptOutsideTells) {
  for (const bool cut : {false, true}) {
    Tables tables = Whole();
    if (cut) {
      tables.entries.resize(200);
    } else {
      tables.entries[100].bytes = WithMember(tables.entries[100].bytes, "node", "n2");
    }
    MakeConsistent(&tables);
    tables.head.last_time =
        ParseInstant(cj1::Parse(tables.entries.back().bytes).value().Find("time")->AsString())
            .value();
    tables.checkpoints.clear();
    EXPECT_EQ(Verify(tables), "") << "it is one consistent log";
    EXPECT_THAT(Verify(tables, {{"kept", Whole().checkpoints[0].note}}),
                StartsWith("G7: kept was signed for"));
    // Signed again by somebody with the key: the same.
    tables.checkpoints.push_back(Signed(tables.head));
    EXPECT_EQ(Verify(tables), "");
    EXPECT_THAT(Verify(tables, {{"kept", Whole().checkpoints[0].note}}),
                StartsWith("G7: kept was signed for"));
  }
}

}  // namespace
}  // namespace forbear::audit
