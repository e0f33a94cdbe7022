#include "engine/treatment/treatment.h"

#include <gtest/gtest.h>

#include "tests/engine/policy/world.h"

namespace forbear {
namespace {

using policy::OnDay;
using policy::Utc;

std::vector<std::shared_ptr<const ZoneTable>> Zones(std::vector<std::string> names) {
  std::vector<std::shared_ptr<const ZoneTable>> zones;
  for (const std::string& name : names) zones.push_back(policy::TestZones()->Find(name));
  return zones;
}

ContactPoint Point(uint8_t id, PointKind kind) {
  ContactPoint point;
  point.id = policy::NumberedId<ContactPointId>(id);
  point.kind = kind;
  point.value = Personal("value");
  point.source = PointSource::kBorrower;
  return point;
}

// Steps 0: 3 days past due · 1: seven days later · 2: 30 days past due · 3: 60 days past due.
struct Cadence {
  Treatment treatment;
  Account account;
  Borrower borrower;
  Progress progress;
  std::vector<std::string> zones = {"XA/North"};

  Cadence() {
    treatment.default_language = "en";
    treatment.min_days_between = 5;
    Template note;
    note.id = "note";
    for (const Channel channel : {Channel::kSms, Channel::kEmail}) {
      note.channels[channel].texts = {{"en", "hello"}, {"zh-TW", "您好"}, {"es", "hola"}};
    }
    treatment.templates["note"] = note;
    const std::vector<Channel> both = {Channel::kSms, Channel::kEmail};
    treatment.steps = {{3, std::nullopt, both, "note"},
                       {std::nullopt, 7, both, "note"},
                       {30, std::nullopt, both, "note"},
                       {60, std::nullopt, both, "note"}};
    account.due_on = OnDay("2026-01-01");
    borrower.contact_points = {Point(1, PointKind::kPhone), Point(2, PointKind::kEmail)};
  }
  Proposal At(std::string_view at) const {
    return Propose(treatment, account, borrower, progress, Zones(zones), Utc(at));
  }
  // "step 2", "again at 2026-01-04T05:00:00Z" or "over".
  std::string Says(std::string_view at) const {
    const Proposal proposal = At(at);
    if (const auto* due = std::get_if<DueContact>(&proposal)) {
      return "step " + std::to_string(due->step);
    }
    const auto& nothing = std::get<NothingDue>(proposal);
    return nothing.look_again_at ? "again at " + FormatInstant(*nothing.look_again_at) : "over";
  }
};

TEST(Treatment, AStepIsDueWhenItsDayHasBegunWhereTheBorrowerIs) {
  const struct {
    const char* why;
    std::vector<std::string> zones;
    const char* at;
    const char* says;
  } rows[] = {
      {"one second early", {"XA/North"}, "2026-01-04T04:59:59Z", "again at 2026-01-04T05:00:00Z"},
      {"the third day begins at midnight in the north",
       {"XA/North"},
       "2026-01-04T05:00:00Z",
       "step 0"},
      {"of two zones the later one counts",
       {"XA/North", "XA/South"},
       "2026-01-04T07:59:59Z",
       "again at 2026-01-04T08:00:00Z"},
      {"and then the day has begun in both",
       {"XA/North", "XA/South"},
       "2026-01-04T08:00:00Z",
       "step 0"},
      {"no zone known: the last place on earth",
       {},
       "2026-01-04T11:59:59Z",
       "again at 2026-01-04T12:00:00Z"},
      {"and there it has begun too", {}, "2026-01-04T12:00:00Z", "step 0"},
  };
  for (const auto& row : rows) {
    Cadence cadence;
    cadence.zones = row.zones;
    EXPECT_EQ(cadence.Says(row.at), row.says) << row.why;
  }
}

TEST(Treatment, AnAccountFarPastDueBeginsAtTheStepThatFits) {
  Cadence cadence;
  EXPECT_EQ(cadence.Says("2026-01-30T18:00:00Z"), "step 0")
      << "29 days: the second step needs the first";
  EXPECT_EQ(cadence.Says("2026-01-31T18:00:00Z"), "step 2") << "30 days: 0 and 1 are skipped";
  EXPECT_EQ(cadence.Says("2026-06-01T18:00:00Z"), "step 3") << "151 days: only the newest";
}

TEST(Treatment, NeverTwoStepsAtOnceAfterAStandstill) {
  Cadence cadence;
  cadence.progress = {1, Utc("2026-01-04T18:00:00Z")};
  // For two months nothing ran. Three steps came due; one is proposed, and after it no other.
  EXPECT_EQ(cadence.Says("2026-03-05T18:00:00Z"), "step 3");
  cadence.progress = {StepAfter(cadence.treatment, 3), Utc("2026-03-05T18:00:00Z")};
  EXPECT_EQ(cadence.Says("2026-03-05T18:00:01Z"), "over");
}

TEST(Treatment, AFollowUpWaitsFromTheDayOfTheContactBeforeIt) {
  Cadence cadence;
  cadence.progress = {1, Utc("2026-01-04T18:00:00Z")};
  EXPECT_EQ(cadence.Says("2026-01-11T04:59:59Z"), "again at 2026-01-11T05:00:00Z");
  EXPECT_EQ(cadence.Says("2026-01-11T05:00:00Z"), "step 1");
}

TEST(Treatment, KeepsItsDistanceWhateverTheStepsSay) {
  Cadence cadence;
  // Step 1 went out on 29 January; step 2 is due on the 31st, and waits for 3 February.
  cadence.progress = {2, Utc("2026-01-29T18:00:00Z")};
  EXPECT_EQ(cadence.Says("2026-01-31T18:00:00Z"), "again at 2026-02-03T05:00:00Z");
  EXPECT_EQ(cadence.Says("2026-02-03T05:00:00Z"), "step 2");
}

TEST(Treatment, RepeatsItsLastStepOnlyIfItSaysSo) {
  Cadence cadence;
  cadence.progress = {4, Utc("2026-03-05T18:00:00Z")};
  EXPECT_EQ(cadence.Says("2026-12-01T00:00:00Z"), "over");
  cadence.treatment.repeat_last_every_days = 30;
  EXPECT_EQ(cadence.Says("2026-04-04T03:59:59Z"), "again at 2026-04-04T04:00:00Z")
      << "clocks went forward meanwhile";
  EXPECT_EQ(cadence.Says("2026-04-04T04:00:00Z"), "step 3");
}

TEST(Treatment, TriesChannelsInItsOrderAndTheBetterPointsFirst) {
  Cadence cadence;
  cadence.borrower.contact_points.push_back(Point(3, PointKind::kPhone));
  cadence.borrower.contact_points.back().verified = true;
  const Proposal proposal = cadence.At("2026-01-05T18:00:00Z");
  const auto& ways = std::get<DueContact>(proposal).ways;
  ASSERT_EQ(ways.size(), 3u);
  EXPECT_EQ(ways[0].point, policy::NumberedId<ContactPointId>(3)) << "verified";
  EXPECT_EQ(ways[1].point, policy::NumberedId<ContactPointId>(1));
  EXPECT_EQ(ways[2].channel, Channel::kEmail);
}

TEST(Treatment, LeavesAloneWhatIsNotTheBorrowersToBeReachedAt) {
  const struct {
    const char* why;
    std::function<void(Borrower&)> change;
  } rows[] = {
      {"a landline cannot read", [](Borrower& b) { b.contact_points[0].line = Line::kLandline; }},
      {"the number of somebody else",
       [](Borrower& b) { b.contact_points[0].owner = Relation::kSpouse; }},
      {"found in an address book",
       [](Borrower& b) { b.contact_points[0].source = PointSource::kContactList; }},
      {"texts are refused", [](Borrower& b) { b.refused_channels = {Channel::kSms}; }},
  };
  for (const auto& row : rows) {
    Cadence cadence;
    row.change(cadence.borrower);
    const Proposal proposal = cadence.At("2026-01-05T18:00:00Z");
    const auto& ways = std::get<DueContact>(proposal).ways;
    ASSERT_EQ(ways.size(), 1u) << row.why;
    EXPECT_EQ(ways[0].channel, Channel::kEmail) << row.why;
  }
  Cadence cadence;
  cadence.borrower.contact_points.clear();
  EXPECT_TRUE(std::get<DueContact>(cadence.At("2026-01-05T18:00:00Z")).ways.empty());
}

TEST(Treatment, SpeaksTheBorrowersLanguageIfItCan) {
  const struct {
    const char* why;
    const char* language;
    const char* chosen;
  } rows[] = {
      {"the same tag", "zh-TW", "zh-TW"},   {"in other letters", "ZH-tw", "zh-TW"},
      {"the same language", "es-MX", "es"}, {"another script of it", "zh-Hans", "zh-TW"},
      {"not spoken here", "fi", "en"},      {"unknown", "", "en"},
  };
  for (const auto& row : rows) {
    Cadence cadence;
    cadence.borrower.language = row.language;
    const Proposal proposal = cadence.At("2026-01-05T18:00:00Z");
    EXPECT_EQ(std::get<DueContact>(proposal).ways.at(0).language, row.chosen) << row.why;
  }
}

TEST(Words, AreFilledInAndCannotAddAnything) {
  Borrower borrower;
  borrower.name = Personal("Ada {{amount}}\r\nBcc: x@example.com");
  Account account;
  account.balance = {123'456'789, "USD"};
  account.due_on = OnDay("2026-01-26");
  const Personal text =
      Render("{{name}} owes {{amount}} to {{creditor}} since {{due_date}}. {{sender}}", borrower,
             account, "Lender Ltd");
  EXPECT_EQ(text.Reveal(RevealFor::kSending),
            "Ada {{amount}}  Bcc: x@example.com owes USD 1,234,567.89 to Lender Ltd since "
            "2026-01-26. Lender Ltd");
}

TEST(Words, KnowTheirPlaceholders) {
  EXPECT_TRUE(
      UnknownPlaceholders("{{name}} {{amount}} {{sender}} {{creditor}} {{due_date}}").empty());
  EXPECT_EQ(UnknownPlaceholders("{{nmae}}, {{amount}}, {{url}}"),
            (std::vector<std::string>{"nmae", "url"}));
  EXPECT_EQ(UnknownPlaceholders("owes {{amount"), (std::vector<std::string>{"{{amount"}));
}

TEST(Words, WriteMoneyWithTheCurrencysOwnDigits) {
  EXPECT_EQ(FormatMoney({5, "USD"}), "USD 0.05");
  EXPECT_EQ(FormatMoney({100'000, "JPY"}), "JPY 100,000");
  EXPECT_EQ(FormatMoney({1'234'567, "KWD"}), "KWD 1,234.567");
  EXPECT_EQ(FormatMoney({kMaxMinorUnits, "TWD"}), "TWD 10,000,000,000,000.00");
}

}  // namespace
}  // namespace forbear
