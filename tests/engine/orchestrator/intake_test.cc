#include "engine/orchestrator/intake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/orchestrator/house.h"

namespace forbear::house {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Intake {
  std::shared_ptr<const ZoneTables> zones = policy::TestZones();
  std::shared_ptr<const PlaceTable> places = policy::TestPlaces();
  IntakeContext context{kNoon, zones.get(), places.get()};

  std::vector<std::string> Fields(const SubmitAccount& item) const {
    std::vector<std::string> fields;
    for (const Violation& violation : CheckSubmission(item, context)) {
      fields.push_back(violation.field);
    }
    return fields;
  }
};

TEST(Intake, TakesAnOrdinaryItem) {
  SubmitAccount item = Item("A-1", "B-1");
  item.history = {ConsentToTexts()};
  EXPECT_THAT(Intake().Fields(item), IsEmpty());
}

TEST(Intake, NamesEveryFaultOfAnItemAtOnce) {
  SubmitAccount item = Item("", "");
  item.account.balance = {-5, "usd"};
  item.account.due_on = OnDay("2026-03-04");
  item.borrower.declared_zone = "XA/Nowhere";
  item.borrower.places[0].country = "ZZ";
  item.borrower.contact_points[1].source = PointSource::kContactList;
  item.history = {Said(EventName::kDispute, kNoon + std::chrono::hours(1))};
  EXPECT_THAT(
      Intake().Fields(item),
      ElementsAre("account.external_id", "account.balance.currency", "account.balance.minor_units",
                  "account.due_date", "borrower.external_id", "borrower.declared_zone",
                  "borrower.places[0].country", "borrower.places[0].subdivision",
                  "borrower.contact_points[1].source", "history[0].event_time"));
}

TEST(Intake, RefusesWhatCannotBe) {
  const struct {
    const char* why;
    std::function<void(SubmitAccount&)> change;
    const char* field;
  } rows[] = {
      {"nothing is owed", [](auto& i) { i.account.balance.minor_units = 0; },
       "account.balance.minor_units"},
      {"more than any debt", [](auto& i) { i.account.balance.minor_units = kMaxMinorUnits + 1; },
       "account.balance.minor_units"},
      {"overflow", [](auto& i) { i.account.balance.minor_units = INT64_MAX; },
       "account.balance.minor_units"},
      {"no such currency", [](auto& i) { i.account.balance.currency = "XXZ"; },
       "account.balance.currency"},
      {"another currency for the principal",
       [](auto& i) {
         i.account.principal = {5, "EUR"};
       },
       "account.principal.currency"},
      {"no due date", [](auto& i) { i.account.due_on = Day{}; }, "account.due_date"},
      {"paid already", [](auto& i) { i.account.stage = Stage::kPaid; }, "account.stage"},
      {"facts of tomorrow", [](auto& i) { i.account.as_of = kNoon + std::chrono::hours(1); },
       "account.as_of"},
      {"a subdivision of another country",
       [](auto& i) { i.borrower.places[0].subdivision = "US-OH"; },
       "borrower.places[0].subdivision"},
      {"not the shape of one", [](auto& i) { i.borrower.places[0].subdivision = "Ohio"; },
       "borrower.places[0].subdivision"},
      {"the same number twice",
       [](auto& i) {
         i.borrower.contact_points.push_back(i.borrower.contact_points[0]);
         i.borrower.contact_points.back().id = policy::NumberedId<ContactPointId>(8);
       },
       "borrower.contact_points[3].value"},
      {"one id for two",
       [](auto& i) { i.borrower.contact_points[1].id = i.borrower.contact_points[0].id; },
       "borrower.contact_points[1].id"},
      {"an owner nobody declared",
       [](auto& i) { i.borrower.contact_points[0].owner = Relation::kSpouse; },
       "borrower.contact_points[0].owner"},
      {"a number without a number",
       [](auto& i) { i.borrower.contact_points[0].value = Personal(); },
       "borrower.contact_points[0].value"},
      {"a name that turns the line around",
       [](auto& i) { i.borrower.name = Personal("a\xe2\x80\xae b"); }, "borrower.name"},
      {"a language that is none", [](auto& i) { i.borrower.language = "english please"; },
       "borrower.language"},
      {"history about a point that is not there",
       [](auto& i) {
         i.history = {ConsentToTexts()};
         i.history[0].points = {policy::NumberedId<ContactPointId>(77)};
       },
       "history[0].contact_points[0]"},
      {"consent to be texted that names no channel",
       [](auto& i) {
         i.history = {ConsentToTexts()};
         i.history[0].channels.clear();
       },
       "history[0].channels"},
      {"an attempt that went no way",
       [](auto& i) {
         i.history = {Said(EventName::kAttempt, kNoon)};
         i.history[0].outcome = Outcome::kNoAnswer;
       },
       "history[0].channel"},
  };
  for (const auto& row : rows) {
    SubmitAccount item = Item("A-1", "B-1");
    row.change(item);
    EXPECT_THAT(Intake().Fields(item), ElementsAre(row.field)) << row.why;
  }
}

TEST(Intake, TheDueDateIsReadWhereTheBorrowerIs) {
  const struct {
    const char* why;
    const char* subdivision;
    const char* due_on;
    bool taken;
  } rows[] = {
      {"today", "XA-N", "2026-03-02", true},
      {"tomorrow in the north", "XA-N", "2026-03-03", false},
      {"unknown subdivision: it is tomorrow in the east of the country", "", "2026-03-03", true},
      {"and nowhere the day after", "", "2026-03-04", false},
  };
  for (const auto& row : rows) {
    SubmitAccount item = Item("A-1", "B-1");
    item.borrower.places[0].subdivision = row.subdivision;
    item.account.due_on = OnDay(row.due_on);
    EXPECT_EQ(Intake().Fields(item).empty(), row.taken) << row.why;
  }
}

TEST(Intake, CountsContactPoints) {
  SubmitAccount item = Item("A-1", "B-1");
  for (uint8_t i = 10; item.borrower.contact_points.size() < kMaxContactPoints; ++i) {
    item.borrower.contact_points.push_back(
        MakePoint(i, PointKind::kEmail, std::to_string(i) + "@example.com"));
  }
  EXPECT_THAT(Intake().Fields(item), IsEmpty());
  item.borrower.contact_points.push_back(MakePoint(99, PointKind::kEmail, "last@example.com"));
  EXPECT_THAT(Intake().Fields(item), ElementsAre("borrower.contact_points"));
}

TEST(Intake, AnEventFitsIntoAnEntryOfTheLog) {
  SubmitAccount item = Item("A-1", "B-1");
  item.history = {Said(EventName::kHardship, Utc("2026-02-01T10:00:00Z"))};
  std::vector<std::string>& words = item.history.front().message.carries.emplace();
  words.assign(64, std::string(20, 'w'));
  EXPECT_THAT(Intake().Fields(item), IsEmpty());
  words.emplace_back("one_more");
  EXPECT_THAT(Intake().Fields(item), ElementsAre("history[0].message.carries"));
  words.assign(64, std::string(180, 'w'));
  EXPECT_THAT(Intake().Fields(item), ElementsAre("history[0]"));
}

TEST(Intake, ADeclaredPartyMayOwnAPoint) {
  SubmitAccount item = Item("A-1", "B-1");
  item.borrower.parties = {{policy::NumberedId<Id128>(5), Relation::kGuarantor, std::nullopt}};
  item.borrower.contact_points[0].owner = Relation::kGuarantor;
  item.borrower.contact_points[0].party = policy::NumberedId<Id128>(5);
  EXPECT_THAT(Intake().Fields(item), IsEmpty());
}

TEST(Intake, ChecksPaymentsUpdatesAndPauses) {
  const Intake intake;
  EXPECT_EQ(CheckPayment({{}, {0, "USD"}, kNoon}, intake.context).size(), 1u);
  EXPECT_EQ(CheckPayment({{}, {-1, "USD"}, kNoon}, intake.context).size(), 1u);
  EXPECT_EQ(CheckPayment({{}, {1, "USD"}, kNoon + std::chrono::hours(1)}, intake.context).size(),
            1u);
  EXPECT_TRUE(CheckPayment({{}, {1, "USD"}, kNoon}, intake.context).empty());
  UpdateAccount update;
  EXPECT_EQ(CheckUpdate(update, intake.context).size(), 1u) << "as_of is missing";
  EXPECT_EQ(CheckClose({{}, "because"}).size(), 1u);
  EXPECT_TRUE(CheckClose({{}, "recalled"}).empty());
  EXPECT_TRUE(CheckPause({"", "US-NY-NYC", {}}, "incident").empty());
  EXPECT_EQ(CheckPause({"", "Ohio", {}}, "incident").size(), 1u);
  EXPECT_EQ(CheckPause({"", "", {}}, "see Jane at 5").size(), 1u) << "a word, never free text";
  SetPreferences preferences;
  preferences.inconvenient_times = {{{0, 0, 0}}};
  EXPECT_EQ(CheckPreferences(preferences).size(), 2u);
}

TEST(Intake, KnowsItsCountries) {
  for (const char* code : {"US", "TW", "GB", "XA", "AD", "ZW"})
    EXPECT_TRUE(IsCountry(code)) << code;
  for (const char* code : {"", "U", "us", "UK", "ZZ", "S U", " A", "USA"}) {
    EXPECT_FALSE(IsCountry(code)) << code;
  }
}

TEST(Violations, TravelInAStatus) {
  const std::vector<Violation> violations = {{"a.b[0]", "is missing"}, {"c", "is too long"}};
  const absl::Status status = ToStatus(violations);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(), "`a.b[0]` is missing; `c` is too long");
  EXPECT_EQ(ViolationsOf(status), violations);
  EXPECT_TRUE(ToStatus({}).ok());
  EXPECT_THAT(ViolationsOf(absl::OkStatus()), IsEmpty());
}

}  // namespace
}  // namespace forbear::house
