// Entries as they are drafted, numbered and taken back.
#include "engine/audit/log.h"

#include "engine/audit/source.h"
#include "engine/model/status.h"
#include "tests/engine/audit/log_in_memory.h"
#include "tests/engine/audit/vectors.h"

namespace forbear::audit {
namespace {

constexpr std::string_view kOrigin = "audit.example/forbear";

Instant At(std::string_view text) { return ParseInstant(text).value(); }

TEST(EncodeEntry, WritesTheEntryOfTheVectorsButForItsSeal) {
  EntryDraft draft;
  draft.id = EntryId::Parse("00112233445566778899aabbccddeeff").value();
  draft.kind = "attempt.reserved";
  draft.actor = {ActorKind::kSystem, "dispatcher", ""};
  draft.tenant = "demo";
  draft.borrower = BorrowerId::Parse("0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f").value();
  draft.ref.Set("attempt", "2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d")
      .Set("account", "1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e")
      .Set("bundle", "sha256:41f1f13817a69228eed197b7f753bb70ad26c9d3bc54ec1135aaf59532a17fd0");
  draft.data.Set("zones", cj1::Array().Append("America/New_York"))
      .Set("channel", "sms")
      .Set("dispatch", "at_once")
      .Set("endpoint_tag", "H2sSioHvWmUW2My48StOBA")
      .Set("history_upto", 37)
      .Set("jurisdictions", cj1::Array().Append("US").Append("US-MA"))
      .Set("tzdata", "2025b");
  const auto bytes = EncodeEntry(
      draft,
      {.origin = kOrigin, .node = "n1", .seq = 41, .tseq = 40, .time = At("2026-01-01T09:00:00Z")});
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  std::string expected = Vectors()["sealing"]["entry"];
  const size_t seal = expected.find("\"seal\":");
  expected.erase(seal, expected.find("\"seq\":") - seal);
  EXPECT_EQ(*bytes, expected);
  EXPECT_TRUE(cj1::Parse(*bytes).ok());
}

TEST(EncodeEntry, NamesTheConditionThatTheDraftBreaks) {
  const auto encode = [](const EntryDraft& draft, uint64_t seq = 7,
                         std::optional<uint64_t> tseq = std::nullopt) {
    return EncodeEntry(draft, {.origin = kOrigin,
                               .node = "n1",
                               .seq = seq,
                               .tseq = tseq,
                               .time = At("2026-01-01T09:00:00Z")})
        .status();
  };
  ASSERT_TRUE(encode(Draft("node.started")).ok());
  struct Row {
    const char* why;
    const char* condition;
    absl::Status status;
  };
  std::vector<Row> rows;
  EntryDraft draft = Draft("node.started");
  draft.id = EntryId();
  rows.push_back({"no id", "E6", encode(draft)});
  rows.push_back({"one word", "E8", encode(Draft("started"))});
  rows.push_back({"an empty word", "E8", encode(Draft("node."))});
  rows.push_back({"an upper-case word", "E8", encode(Draft("node.Started"))});
  rows.push_back({"opened twice", "E8", encode(Opening(), 1)});
  rows.push_back({"not opened", "E8", encode(Draft("node.started"), 0)});
  draft = Draft("node.started");
  draft.actor.id = "";
  rows.push_back({"nobody did it", "E9", encode(draft)});
  rows.push_back({"a tenant without number", "E10", encode(Draft("account.added", "demo"))});
  rows.push_back({"a number without tenant", "E10", encode(Draft("node.started"), 7, 3)});
  draft = Draft("node.started");
  draft.borrower = BorrowerId::Parse("0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f").value();
  rows.push_back({"a borrower without tenant", "E10", encode(draft)});
  for (const char* text : {"a b", "a@b", "caf\xc3\xa9", "+15550100123", "5550100", ""}) {
    draft = Draft("node.started");
    draft.data.Set("list", cj1::Array().Append("fine").Append(cj1::Object().Set("x", text)));
    rows.push_back({text, "E11: entry refused: `data.list[1].x`", encode(draft)});
  }
  draft = Draft("node.started");
  draft.actor.id = "someone@example.com";
  rows.push_back({"a mail address as actor", "E11: entry refused: `actor.id`", encode(draft)});
  rows.push_back({"an attempt without its id", "E12", encode(Draft("attempt.reserved"))});
  draft = Draft("node.started");
  for (int i = 0; i < 100; ++i) draft.data.Set("m" + std::to_string(i), std::string(190, 'x'));
  const absl::Status too_large = encode(draft);
  EXPECT_EQ(too_large.code(), absl::StatusCode::kResourceExhausted);
  rows.push_back({"too many facts", "E2", too_large});
  for (const Row& row : rows) {
    EXPECT_FALSE(row.status.ok()) << row.why;
    EXPECT_THAT(std::string(row.status.message()), testing::StartsWith(row.condition)) << row.why;
    EXPECT_THAT(std::string(row.status.message()), testing::Not(testing::HasSubstr("0100")))
        << "what may be personal data is never quoted";
  }
}

TEST(EncodeEntry, E2AllowsExactlySixteenThousandThreeHundredAndEightyFourBytes) {
  EntryDraft draft = Draft("node.started");
  const EntryStamp stamp{.origin = kOrigin, .node = "n1", .seq = 1, .time = kFirstInstant};
  const size_t bare = EncodeEntry(draft, stamp).value().size();
  // `"data":{"x":[` … `]},` and strings of 100, each with two quotes and a comma but the last.
  const size_t room = kMaxEntryBytes - bare - std::string_view("\"data\":{\"x\":[]},").size() + 1;
  cj1::Value list = cj1::Array();
  for (size_t i = 0; i < room / 103; ++i) list.Append(std::string(100, 'x'));
  const size_t left = room % 103;
  ASSERT_GE(left, 4u);
  list.Append(std::string(left - 3, 'y'));
  draft.data.Set("x", list);
  EXPECT_EQ(EncodeEntry(draft, stamp).value().size(), kMaxEntryBytes);
  cj1::Value& longer = list;
  longer.Append(1);
  draft.data = cj1::Object().Set("x", longer);
  EXPECT_EQ(EncodeEntry(draft, stamp).status().code(), absl::StatusCode::kResourceExhausted);
}

TEST(MayStandInClear, KeepsPeopleOut) {
  const struct {
    const char* why;
    std::string text;
    bool may;
  } rows[] = {
      {"a place", "US-NY-NYC", true},
      {"a zone", "America/New_York", true},
      {"a digest", "sha256:41f1f138", true},
      {"six digits are no phone number", "123456", true},
      {"seven are", "1234567", false},
      {"with a plus", "+1234567", false},
      {"six with a plus", "+123456", true},
      {"an amount with its unit", "1234567:USD", true},
      {"an id without a letter", std::string(32, '7'), true},
      {"a digit less is no id", std::string(31, '7'), false},
      {"a digit more is none either", std::string(33, '7'), false},
      {"nor one with a plus", "+" + std::string(32, '7'), false},
      {"nor one of thirty-two with the plus", "+" + std::string(31, '7'), false},
      {"fifteen digits, the longest number", std::string(15, '7'), false},
      {"a time", "2026-01-01T09:00:00Z", true},
      {"two words", "two words", false},
      {"a mail address", "a@b.example", false},
      {"a letter beyond ASCII", "Ren\xc3\xa9", false},
      {"nothing", "", false},
      {"two hundred", std::string(200, 'x'), true},
      {"two hundred and one", std::string(201, 'x'), false},
  };
  for (const auto& row : rows) EXPECT_EQ(MayStandInClear(row.text), row.may) << row.why;
}

TEST(LogWriter, NumbersDenselyPerLogAndPerTenant) {
  LogWriter log{std::string(kOrigin), "n1"};
  const Instant now = At("2026-03-02T00:00:00Z");
  EXPECT_EQ(log.Append(Opening(), now).value().seq, 0u);
  const auto a0 = log.Append(Draft("account.added", "a"), now).value();
  const auto b0 = log.Append(Draft("account.added", "b"), now).value();
  const auto a1 = log.Append(Draft("account.added", "a"), now).value();
  EXPECT_EQ(a0.seq, 1u);
  EXPECT_EQ(a0.tseq, 0u);
  EXPECT_EQ(b0.tseq, 0u);
  EXPECT_EQ(a1.seq, 3u);
  EXPECT_EQ(a1.tseq, 1u);
  EXPECT_EQ(a1.leaf_hash, LeafHash(a1.bytes));
  EXPECT_EQ(log.Head().tseq, (std::map<std::string, uint64_t>{{"a", 2}, {"b", 1}}));
}

TEST(LogWriter, E7NeverGoesBackInTime) {
  LogWriter log{std::string(kOrigin), "n1"};
  ASSERT_TRUE(log.Append(Opening(), At("2026-03-02T00:00:10Z")).ok());
  const auto later = log.Append(Draft("node.started"), At("2026-03-02T00:00:05Z")).value();
  EXPECT_THAT(later.bytes, testing::HasSubstr("\"time\":\"2026-03-02T00:00:10Z\""));
  EXPECT_EQ(log.last_time(), At("2026-03-02T00:00:10Z"));
}

TEST(LogWriter, ARefusedDraftChangesNothing) {
  LogWriter log{std::string(kOrigin), "n1"};
  ASSERT_TRUE(log.Append(Opening(), kFirstInstant).ok());
  const LogHead before = log.Head();
  EXPECT_FALSE(log.Append(Draft("nonsense", "demo"), At("2026-03-02T00:00:00Z")).ok());
  EXPECT_EQ(log.Head().root, before.root);
  EXPECT_EQ(log.Head().last_time, before.last_time);
  EXPECT_TRUE(log.Head().tseq.empty());
  EXPECT_EQ(log.Append(Draft("account.added", "demo"), kFirstInstant).value().tseq, 0u);
}

// Law: whatever was appended and taken back, the log goes on as if it had never been.
TEST(LogWriter, RollingBackAcrossTilesLeavesNoTrace) {
  for (const int before : {0, 1, 200, 255, 256, 511}) {
    for (const int undone : {1, 2, 56, 255, 256, 257, 700}) {
      LogWriter log{std::string(kOrigin), "n1"};
      const auto append = [&](LogWriter& writer, int i) {
        EntryDraft draft =
            writer.size() == 0 ? Opening() : Draft("account.added", i % 3 ? "a" : "b");
        draft.id.bytes.fill(static_cast<uint8_t>(1 + i % 251));
        ASSERT_TRUE(writer.Append(draft, kFirstInstant + Seconds(i)).ok());
      };
      for (int i = 0; i < before; ++i) append(log, i);
      if (before > 200) log.Commit();  // else the tail is restored from tiles before the mark too
      const LogWriter plain = log;
      const LogWriter::Mark mark = log.Save();
      for (int i = 0; i < undone; ++i) append(log, 1000 + i);
      const LogWriter::Mark inner = log.Save();
      for (int i = 0; i < 300; ++i) append(log, 5000 + i);
      log.RollbackTo(inner);
      log.RollbackTo(mark);
      EXPECT_EQ(log.Head().root, plain.Head().root);
      EXPECT_EQ(log.NewTiles().size(), plain.NewTiles().size());
      LogWriter straight = plain;
      for (int i = 0; i < 600; ++i) {
        append(log, i);
        append(straight, i);
      }
      const LogHead got = log.Head();
      const LogHead want = straight.Head();
      EXPECT_EQ(got.root, want.root) << before << " then " << undone << " undone";
      EXPECT_EQ(got.peaks, want.peaks);
      EXPECT_EQ(got.tseq, want.tseq);
      EXPECT_EQ(got.last_time, want.last_time);
      ASSERT_EQ(log.NewTiles().size(), straight.NewTiles().size());
      for (size_t i = 0; i < log.NewTiles().size(); ++i) {
        EXPECT_EQ(log.NewTiles()[i].bytes, straight.NewTiles()[i].bytes);
        EXPECT_EQ(log.NewTiles()[i].n, straight.NewTiles()[i].n);
      }
    }
  }
}

TEST(LogWriter, ResumesFromItsHeadEntriesAndFullTiles) {
  for (const int size : {1, 255, 256, 257, 700}) {
    LogWriter log{std::string(kOrigin), "n1"};
    LogInMemory store;
    for (int i = 0; i < size; ++i) {
      store.Take(log.Append(i == 0 ? Opening() : Draft("account.added", "demo"),
                            At("2026-03-02T00:00:00Z"))
                     .value());
    }
    store.Take(log.NewTiles());
    log.Commit();
    const LogHead head = log.Head();
    auto tail = TailOf(store, head.size).value();
    auto resumed = LogWriter::Resume(head, "n1", tail);
    ASSERT_TRUE(resumed.ok()) << size << ": " << resumed.status();
    for (int i = 0; i < 300; ++i) {
      const EntryDraft next = Draft("account.added", i % 2 ? "demo" : "other");
      EXPECT_EQ(resumed->Append(next, kFirstInstant).value().bytes,
                log.Append(next, kFirstInstant).value().bytes);
    }
    EXPECT_EQ(resumed->Head().root, log.Head().root);

    LogHead forged = head;
    forged.root[0] ^= 1;
    EXPECT_EQ(LogWriter::Resume(forged, "n1", tail).status().code(), absl::StatusCode::kDataLoss);
    if (size % 256 != 0) {
      auto changed = tail;
      changed[0][0][5] ^= 1;
      EXPECT_EQ(LogWriter::Resume(head, "n1", changed).status().code(),
                absl::StatusCode::kDataLoss);
      tail[0].pop_back();
      EXPECT_EQ(LogWriter::Resume(head, "n1", tail).status().code(), absl::StatusCode::kDataLoss);
    }
  }
}

TEST(CheckPrefix, TellsAGrownLogFromACutOrForkedOne) {
  LogWriter log{std::string(kOrigin), "n1"};
  LogInMemory store;
  std::vector<TreeHead> heads{{0, log.Head().root}};
  for (int i = 0; i < 600; ++i) {
    store.Take(log.Append(i == 0 ? Opening() : Draft("node.started"), kFirstInstant).value());
    heads.push_back({log.size(), log.Head().root});
  }
  store.Take(log.NewTiles());
  for (const size_t size : {0, 1, 255, 256, 257, 512, 599, 600}) {
    EXPECT_TRUE(CheckPrefix(store, 600, heads[size]).ok()) << size;
  }
  EXPECT_EQ(CheckPrefix(store, 599, heads[600]).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(CheckPrefix(store, 600, {300, heads[301].root}).code(), absl::StatusCode::kDataLoss);
  const StoredTiles tiles = StoredTiles::Make(store, 600).value();
  EXPECT_EQ(tiles.tree().Root(), heads[600].root);
}

}  // namespace
}  // namespace forbear::audit
