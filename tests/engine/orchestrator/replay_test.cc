// Decisions made again from the log alone.
#include "engine/orchestrator/replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/orchestrator/house.h"

namespace forbear::house {
namespace {

using testing::HasSubstr;

// A house with some months behind it: mail, texts, refusals, consents, preferences, payments, two
// borrowers who share a number, and a queued channel.
struct Past {
  Past() : house(7) {
    RecordFact settings;
    settings.kind = "tenant.settings";
    settings.data.Set("of", "lender");
    cj1::Value chunks = cj1::Array();
    for (const std::string& chunk : SettingsOf(house.world->TenantOf("lender"))) chunks.Append(chunk);
    settings.data.Set("settings", std::move(chunks));
    FORBEAR_CHECK(house.Do(settings, CallerRole::kOperator, "").ok());
    house.QueueMail(5);
    house.channel.answer = [calls = 0](auto&, auto) mutable {
      ++calls;
      return calls % 5 == 2   ? ScriptedChannel::Refused()
             : calls % 5 == 4 ? ScriptedChannel::Lost()
                              : ScriptedChannel::Delivered();
    };
    std::vector<CommandResult> submitted;
    for (int i = 0; i < 6; ++i) {
      SubmitAccount item = Item("A-" + std::to_string(i), "B-" + std::to_string(i));
      if (i % 2 == 0) item.history = {ConsentToTexts()};
      // Zero and one may be one person.
      if (i < 2) item.borrower.contact_points.front().link_digest.fill(9);
      submitted.push_back(house.Submit(item));
    }
    for (int day = 0; day < 60; ++day) {
      house.orchestrator->RunOnce();
      const CommandResult& one = submitted[static_cast<size_t>(day) % submitted.size()];
      if (day % 7 == 3) (void)house.Do(RecordEvent{one.borrower, Said(EventName::kInbound, Now())});
      if (day == 9) (void)house.Do(RecordEvent{one.borrower, Said(EventName::kOptOut, Now())});
      if (day == 11) (void)house.Do(RecordEvent{one.borrower, Said(EventName::kDispute, Now())});
      if (day == 12) {
        SetPreferences preferences;
        preferences.borrower = one.borrower;
        preferences.inconvenient_times = {{{0x1f, 540, 600}}};
        preferences.refused_channels = {{Channel::kSms}};
        (void)house.Do(preferences);
      }
      if (day == 20) (void)house.Do(RecordPayment{one.account, {50'000, "USD"}, Now()});
      house.clock.Advance(std::chrono::hours(17));
    }
  }
  Instant Now() const { return house.clock.Now(); }

  // Reads the entries as `shown` gives them; seals open as they were sealed.
  ReplayReport Replay(const std::function<cj1::Value(const Entry&)>& shown = nullptr,
                      const std::optional<BorrowerId>& erased = std::nullopt) {
    const std::vector<Entry> entries = house.Entries();
    size_t at = 0;
    Replayer replayer(house.world->surroundings,
                      [&](const cj1::Value&) -> absl::StatusOr<std::optional<cj1::Value>> {
                        const cj1::Value* borrower = entries[at].value.Find("borrower");
                        if (erased && borrower->AsString() == erased->Hex()) {
                          return std::optional<cj1::Value>();
                        }
                        return std::optional(entries[at].facts);
                      });
    for (; at < entries.size(); ++at) {
      const absl::Status taken =
          replayer.Take(shown == nullptr ? entries[at].value : shown(entries[at]));
      EXPECT_TRUE(taken.ok()) << taken;
    }
    return replayer.report();
  }

  House house;
};

TEST(Replay, MakesEveryDecisionAgain) {
  Past past;
  const ReplayReport report = past.Replay();
  EXPECT_GT(report.decisions, 20u);
  EXPECT_EQ(report.same, report.decisions);
  EXPECT_EQ(report.differing, 0u) << report.differences.front().seq << ": "
                                  << report.differences.front().what;
  EXPECT_EQ(report.entries, past.house.Entries().size());
  EXPECT_FALSE(past.house.Entries("attempt.dispatched").empty()) << "judged again without itself";
  EXPECT_FALSE(past.house.Entries("attempt.released").empty());
  EXPECT_FALSE(past.house.Entries("attempt.in_doubt").empty());
  EXPECT_EQ(report.keys_missing, 0u);
}

TEST(Replay, NoticesWhatWasLeftOutOfTheLog) {
  Past past;
  for (const char* kind :
       {"borrower.opted_out", "borrower.disputed", "attempt.released", "borrower.history_recorded"}) {
    ASSERT_FALSE(past.house.Entries(kind).empty()) << kind;
    const ReplayReport report = past.Replay([&](const Entry& entry) {
      // As somebody would who makes the log whole again: something else stands there.
      return entry.kind == kind ? cj1::Object().Set("kind", "node.noted") : entry.value;
    });
    EXPECT_GT(report.differing, 0u) << kind;
    EXPECT_LT(report.same, report.decisions) << kind;
  }
}

// The object with another value for a member.
cj1::Value With(const cj1::Value& object, std::string_view name, const cj1::Value& other) {
  cj1::Value changed = cj1::Object();
  for (const auto& [each, value] : object.AsObject()) changed.Set(each, each == name ? other : value);
  return changed;
}

TEST(Replay, NamesTheMemberThatIsNotWhatTheRulesSay) {
  Past past;
  const uint64_t allowed = past.house.Entries("decision.allowed").front().seq;
  const std::vector<Entry> held_back = past.house.Entries("decision.deferred");
  ASSERT_FALSE(held_back.empty());
  const auto in_data = [](const cj1::Value& entry, const char* name, cj1::Value other) {
    return With(entry, "data", With(*entry.Find("data"), name, std::move(other)));
  };
  const struct {
    const char* differs;
    uint64_t seq;
    std::function<cj1::Value(const cj1::Value&)> bend;
  } rows[] = {
      {"kind", held_back.front().seq,
       [](const cj1::Value& v) { return With(v, "kind", "decision.denied"); }},
      {"denials", held_back.front().seq,
       [&](const cj1::Value& v) { return in_data(v, "denials", cj1::Array()); }},
      {"zones", allowed,
       [&](const cj1::Value& v) { return in_data(v, "zones", cj1::Array().Append("XA/East")); }},
      {"jurisdictions", allowed,
       [&](const cj1::Value& v) { return in_data(v, "jurisdictions", cj1::Array()); }},
      {"channel", allowed, [&](const cj1::Value& v) { return in_data(v, "channel", "visit"); }},
      {"at", allowed, [&](const cj1::Value& v) { return in_data(v, "at", "2026-03-02T10:00:00Z"); }},
      {"history_events", allowed, [&](const cj1::Value& v) { return in_data(v, "history_events", 99); }},
      {"facts_upto", allowed, [&](const cj1::Value& v) { return in_data(v, "facts_upto", 1); }},
  };
  for (const auto& row : rows) {
    const ReplayReport report = past.Replay([&](const Entry& entry) {
      return entry.seq == row.seq ? row.bend(entry.value) : entry.value;
    });
    ASSERT_GE(report.differing, 1u) << row.differs;
    EXPECT_EQ(report.differences.front().seq, row.seq);
    EXPECT_THAT(report.differences.front().what, HasSubstr(row.differs));
  }
}

TEST(Replay, CountsWhatWasErasedAndFailsNothing) {
  Past past;
  const BorrowerId gone = *BorrowerId::Parse(
      past.house.Entries("decision.").front().value.Find("borrower")->AsString());
  const ReplayReport report = past.Replay(nullptr, gone);
  EXPECT_GT(report.erased, 0u);
  EXPECT_EQ(report.differing, 0u);
  EXPECT_EQ(report.same + report.erased, report.decisions);
  EXPECT_EQ(report.keys_missing, 1u) << "for no entry says that it was erased";
}

TEST(Replay, CountsDecisionsUnderOtherRules) {
  Past past;
  auto other = std::make_shared<World>(*past.house.world);
  std::vector<policy::Pack> packs = past.house.world->surroundings.bundle->packs();
  packs.front().digest_bytes += "another";
  const auto bundle = policy::Compile(std::move(packs), {}, "");
  ASSERT_TRUE(bundle.ok());
  other->surroundings.bundle = *bundle;
  past.house.world = other;
  const ReplayReport report = past.Replay();
  ASSERT_EQ(report.other_rules.size(), 1u);
  EXPECT_EQ(report.other_rules.begin()->second, report.decisions);
  EXPECT_EQ(report.same, 0u);
}

TEST(Settings, OfATenantStandInClearWhateverACityIsCalled) {
  policy::TenantFacts tenant;
  tenant.id = "lender";
  Place seat;
  seat.country = "US";
  seat.city = "Saint Paul, \xc3\xa9";
  tenant.seats.assign(9, seat);
  tenant.licences = {"a_licence"};
  tenant.declared["question"].number = 7;
  const std::vector<std::string> settings = SettingsOf(tenant);
  for (const std::string& chunk : settings) EXPECT_TRUE(audit::MayStandInClear(chunk)) << chunk;
  const absl::StatusOr<policy::TenantFacts> again = ReadSettings(settings);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->seats, tenant.seats);
  EXPECT_EQ(again->licences, tenant.licences);
  EXPECT_EQ(again->declared.at("question").number, 7);
  EXPECT_FALSE(ReadSettings({"no"}).ok());
}

}  // namespace
}  // namespace forbear::house
