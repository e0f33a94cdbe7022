// Which entries a query means, told by rows; and that bisection finds what a walk finds.
#include "engine/audit/entry_filter.h"

#include <gtest/gtest.h>

#include "engine/audit/report.h"
#include "tests/engine/audit/log_in_memory.h"

namespace forbear::audit {
namespace {

Id128 IdOf(char digit) { return Id128::FromHexDigits(std::string(32, digit)).value(); }
Instant At(std::string_view text) { return ParseInstant(text).value(); }

// An entry as the log would hold it, of which a test changes what it is about.
struct Row {
  std::string kind = "decision.denied";
  std::string tenant = "acme";
  char borrower = 'b';
  std::string ref = R"({"accounts":["11111111111111111111111111111111",)"
                    R"("2222222222222222222222222222222a"],)"
                    R"("attempt":"dddddddddddddddddddddddddddddddd"})";
  std::string data = R"({"channel":"sms","denials":[{"reason":"hours","rule":"us.hours"},)"
                     R"("us.cap"],"jurisdictions":["US","US-OH"],)"
                     R"("obligations":[{"rule":"us.notice"}],)"
                     R"("set_aside":[{"how":"warned","rule":"us.soft"}]})";

  cj1::Value Read() const {
    std::string bytes = R"({"actor":{"id":"x","kind":"system"},)";
    if (borrower != 0) bytes += R"("borrower":")" + std::string(32, borrower) + R"(",)";
    bytes += R"("data":)" + data + R"(,"id":"00000000000000000000000000000001","kind":")" + kind +
             R"(","log":"l","node":"n","ref":)" + ref + R"(,"seq":7,)";
    if (!tenant.empty()) bytes += R"("tenant":")" + tenant + R"(",)";
    bytes += R"("time":"2026-03-02T10:00:00Z",)";
    if (!tenant.empty()) bytes += R"("tseq":3,)";
    bytes += R"("v":1})";
    return cj1::Parse(bytes).value();
  }
};

TEST(EntryFilter, EverythingAskedMustHold) {
  const Row denied;
  const struct {
    const char* why;
    Row row;
    EntryQuery query;
    bool matches;
  } rows[] = {
      {"nothing asked", denied, {}, true},
      {"its tenant", denied, {.tenant = "acme"}, true},
      {"another tenant", denied, {.tenant = "nova"}, false},
      {"a tenant, of an entry without one", {.tenant = ""}, {.tenant = "acme"}, false},
      {"its borrower", denied, {.borrower = BorrowerId(IdOf('b'))}, true},
      {"another borrower", denied, {.borrower = BorrowerId(IdOf('c'))}, false},
      {"a borrower, of an entry without one",
       {.borrower = 0},
       {.borrower = BorrowerId(IdOf('b'))},
       false},
      {"its kind", denied, {.kind_prefix = "decision.denied"}, true},
      {"the beginning of it", denied, {.kind_prefix = "decision."}, true},
      {"another kind", denied, {.kind_prefix = "attempt."}, false},
      {"a pattern is none", denied, {.kind_prefix = "decision%"}, false},
      {"one of its accounts", denied, {.account = AccountId(IdOf('1'))}, true},
      {"another account", denied, {.account = AccountId(IdOf('2'))}, false},
      {"its only account",
       {.ref = R"({"account":"11111111111111111111111111111111"})"},
       {.account = AccountId(IdOf('1'))},
       true},
      {"its attempt", denied, {.attempt = AttemptId(IdOf('d'))}, true},
      {"another attempt", denied, {.attempt = AttemptId(IdOf('e'))}, false},
      {"an attempt is no account", denied, {.account = AccountId(IdOf('d'))}, false},
      {"a rule that denied", denied, {.rule = "us.hours"}, true},
      {"a denial that is the rule's id", denied, {.rule = "us.cap"}, true},
      {"a rule that was set aside", denied, {.rule = "us.soft"}, true},
      {"a rule that obliges", denied, {.rule = "us.notice"}, true},
      {"half a rule's name", denied, {.rule = "us."}, false},
      {"a reason is no rule", denied, {.rule = "hours"}, false},
      {"one of its jurisdictions", denied, {.jurisdiction = "US-OH"}, true},
      {"the other", denied, {.jurisdiction = "US"}, true},
      {"one below", denied, {.jurisdiction = "US-OH-COL"}, false},
      {"its only jurisdiction",
       {.data = R"({"jurisdiction":"US-OH"})"},
       {.jurisdiction = "US-OH"},
       true},
      {"its channel", denied, {.channel = Channel::kSms}, true},
      {"another channel", denied, {.channel = Channel::kCall}, false},
      {"one of its channels",
       {.data = R"({"channels":["call","sms"]})"},
       {.channel = Channel::kCall},
       true},
      {"content, of an entry without any",
       {.ref = "{}", .data = "{}"},
       {.rule = "us.hours"},
       false},
      {"members of other types",
       {.ref = R"({"account":7,"accounts":"x"})", .data = R"({"denials":{},"jurisdictions":7})"},
       {.account = AccountId(IdOf('1')), .rule = "us.hours", .jurisdiction = "US"},
       false},
      {"from its second on", denied, {.from = At("2026-03-02T10:00:00Z")}, true},
      {"from the next", denied, {.from = At("2026-03-02T10:00:01Z")}, false},
      {"before its second", denied, {.to = At("2026-03-02T10:00:00Z")}, false},
      {"before the next", denied, {.to = At("2026-03-02T10:00:01Z")}, true},
      {"two that hold", denied, {.rule = "us.cap", .channel = Channel::kSms}, true},
      {"one that holds and one that does not",
       denied,
       {.rule = "us.cap", .channel = Channel::kCall},
       false},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(Matches(row.query, row.row.Read()), row.matches) << row.why;
  }
}

TEST(EntryFilter, KnowsWhatColumnsDoNotAnswer) {
  EXPECT_FALSE(AsksForContent({.tenant = "a",
                               .borrower = BorrowerId(IdOf('b')),
                               .kind_prefix = "x.",
                               .from = kFirstInstant,
                               .to = kFirstInstant,
                               .first_seq = 9}));
  EXPECT_TRUE(AsksForContent({.account = AccountId(IdOf('1'))}));
  EXPECT_TRUE(AsksForContent({.attempt = AttemptId(IdOf('1'))}));
  EXPECT_TRUE(AsksForContent({.rule = "r"}));
  EXPECT_TRUE(AsksForContent({.jurisdiction = "US"}));
  EXPECT_TRUE(AsksForContent({.channel = Channel::kSms}));
}

// Law: bisection finds what a walk finds, also where many entries share a second.
TEST(EntryFilter, BisectionFindsTheFirstEntryAtOrAfterATime) {
  LogWriter writer("audit.example/forbear", "n1");
  std::vector<std::string> entries;
  std::vector<int> seconds;
  for (int i = 0; i < 40; ++i) {
    const int second = i / 7 * 3;
    const auto draft = i == 0 ? Opening() : Draft("account.added", "demo");
    entries.push_back(writer.Append(draft, kFirstInstant + Seconds(second)).value().bytes);
    seconds.push_back(second);
  }
  int reads = 0;
  const auto entry_at = [&](uint64_t seq) -> absl::StatusOr<std::string> {
    ++reads;
    return entries.at(seq);
  };
  for (uint64_t low = 0; low <= entries.size(); ++low) {
    for (int second = -1; second < 20; ++second) {
      uint64_t walked = low;
      while (walked < entries.size() && seconds[walked] < second) ++walked;
      reads = 0;
      EXPECT_EQ(FirstAtOrAfter(kFirstInstant + Seconds(second), low, entries.size(), entry_at),
                absl::StatusOr<uint64_t>(walked))
          << low << " " << second;
      EXPECT_LE(reads, 6) << "40 entries are halved six times";
    }
  }
  const auto range = RangeOf(
      {.from = kFirstInstant + Seconds(3), .to = kFirstInstant + Seconds(6), .first_seq = 9},
      entries.size(), entry_at);
  ASSERT_TRUE(range.ok());
  EXPECT_EQ(range->first, 9u);
  EXPECT_EQ(range->end, 14u);
  const auto none = RangeOf({.from = kFirstInstant + Seconds(6), .to = kFirstInstant + Seconds(3)},
                            entries.size(), entry_at);
  ASSERT_TRUE(none.ok());
  EXPECT_EQ(none->first, none->end) << "an empty span is empty, and not turned round";
  EXPECT_EQ(RangeOf({.first_seq = 99}, 40, entry_at)->first, 40u);
}

TEST(EntryFilter, ADamagedEntryIsNamedWhenBisectionMeetsIt) {
  const auto damaged = [](uint64_t) -> absl::StatusOr<std::string> { return "{}"; };
  EXPECT_EQ(FirstAtOrAfter(kFirstInstant, 0, 3, damaged).status().code(),
            absl::StatusCode::kDataLoss);
}

TEST(EntryReport, CountsByKindAnswerRuleAndPlace) {
  EntryReport report;
  report.Count(Row{}.Read());
  report.Count(
      Row{.kind = "decision.allowed", .data = R"({"channel":"sms","jurisdictions":["US"]})"}
          .Read());
  report.Count(Row{.kind = "decision.deferred",
                   .data = R"({"channel":"call","denials":["us.cap",{"rule":"us.cap"}]})"}
                   .Read());
  report.Count(Row{.kind = "attempt.reserved"}.Read());
  EXPECT_EQ(report.entries, 4u);
  EXPECT_EQ(report.kinds, (std::map<std::string, uint64_t>{{"attempt.reserved", 1},
                                                           {"decision.allowed", 1},
                                                           {"decision.deferred", 1},
                                                           {"decision.denied", 1}}));
  EXPECT_EQ(report.answers, (AnswerCounts{.allowed = 1, .deferred = 1, .denied = 1}));
  EXPECT_EQ(report.denying_rules, (std::map<std::string, uint64_t>{{"us.cap", 2}, {"us.hours", 1}}))
      << "a rule counts once a decision, and only where it denied";
  using Place = std::pair<std::string, std::string>;
  EXPECT_EQ(report.places,
            (std::map<Place, AnswerCounts>{{{"US", "sms"}, {.allowed = 1, .denied = 1}},
                                           {{"US-OH", "sms"}, {.denied = 1}},
                                           {{"", "call"}, {.deferred = 1}}}));
}

}  // namespace
}  // namespace forbear::audit
