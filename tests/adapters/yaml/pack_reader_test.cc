// Packs, calendars and places as they are written; whatever is wrong with one is said with its
// line, its column and what to do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "adapters/yaml/pack_reader.h"
#include "engine/calendar/weekly.h"
#include "engine/model/status.h"

namespace forbear::yaml {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kGoodRule[] =
    "pack: xa\n"
    "jurisdiction: XA\n"
    "rules:\n"
    "  - id: xa.hours\n"
    "    contact_hours: {windows: [{days: [mon], from: '08:00', to: '21:00'}]}\n"
    "    cites: [{text: XA act 1}]\n";

std::vector<std::string> FaultsOf(const std::string& text) {
  Faults faults("xa.yaml");
  ReadPack(text, &faults);
  return faults.lines();
}

TEST(Pack, ThatIsWellWrittenHasNoFault) { EXPECT_THAT(FaultsOf(kGoodRule), ElementsAre()); }

TEST(Pack, FaultsNameTheLineTheColumnAndWhatToDo) {
  const struct {
    const char* why;
    std::string find, put;
    const char* says;
  } rows[] = {
      {"a wrong key", "contact_hours", "contact_hour",
       "xa.yaml:5:5: unknown key `contact_hour`; did you mean `contact_hours`?"},
      {"a wrong key of the pack", "jurisdiction", "juristiction",
       "xa.yaml:2:1: unknown key `juristiction`; did you mean `jurisdiction`?"},
      {"an empty window", "to: '21:00'", "to: '08:00'",
       "xa.yaml:5:31: an empty window: it opens and closes at one time"},
      {"no citation", "    cites: [{text: XA act 1}]\n", "",
       "xa.yaml:4:5: rule `xa.hours` has no citation; add `cites`"},
      {"an impossible time", "'21:00'", "'25:00'", "xa.yaml:5:64: not a time of day"},
      {"an unknown day", "[mon]", "[mun]", "xa.yaml:5:39: unknown day `mun`; did you mean `mon`?"},
      {"an impossible date", "    cites", "    in_force: {from: 2026-02-30}\n    cites",
       "xa.yaml:6:22: no such date in the calendar"},
      {"a limit without a window",
       "contact_hours: {windows: [{days: [mon], from: '08:00', to: '21:00'}]}",
       "frequency_cap: {limit: 3, counts: attempts}",
       "xa.yaml:5:20: a limit without a window"},
      {"an unknown fact", "    cites", "    applies: {chanel: [sms]}\n    cites",
       "xa.yaml:6:15: unknown fact `chanel`; did you mean `channel`?"},
      {"an unknown value", "    cites", "    applies: {channels: [smss]}\n    cites",
       "xa.yaml:6:26: unknown channel `smss`; did you mean `sms`?"},
      {"a cap of nothing",
       "contact_hours: {windows: [{days: [mon], from: '08:00', to: '21:00'}]}",
       "frequency_cap: {counts: attempts, limits: []}", "xa.yaml:5:20: a cap without a limit"},
      {"a window nobody knows",
       "contact_hours: {windows: [{days: [mon], from: '08:00', to: '21:00'}]}",
       "frequency_cap: {limit: 3, counts: attempts, window: {rolling_weeks: 1}}",
       "xa.yaml:5:58: unknown window `rolling_weeks`; did you mean `rolling_hours`?"},
      {"a limit that is no number",
       "contact_hours: {windows: [{days: [mon], from: '08:00', to: '21:00'}]}",
       "frequency_cap: {limit: three, counts: attempts, window: {calendar_day: 1}}",
       "xa.yaml:5:28: want a whole number here"},
      {"no window at all", "[{days: [mon], from: '08:00', to: '21:00'}]", "[]",
       "xa.yaml:5:30: no window at all"},
      {"a wait without a span",
       "contact_hours: {windows: [{days: [mon], from: '08:00', to: '21:00'}]}",
       "cooldown: {after: {outcome: conversation}, wait: {first_day: event}}",
       "xa.yaml:5:54: a wait has one of"},
      {"an exception that holds for a number of times but no time",
       "    cites", "    exceptions: [{when: {to: borrower}, up_to: {limit: 1}}]\n    cites",
       "xa.yaml:6:48: a limit without a window"},
      {"a law that ends before it begins", "    cites",
       "    in_force: {from: 2026-05-01, to: 2026-04-01}\n    cites",
       "xa.yaml:6:15: ends before it begins; swap `from` and `to`"},
      {"a rule without a kind",
       "    contact_hours: {windows: [{days: [mon], from: '08:00', to: '21:00'}]}\n", "",
       "xa.yaml:4:5: rule `xa.hours` has no kind"},
      {"a citation without words", "{text: XA act 1}", "{url: 'https://example.com'}",
       "xa.yaml:6:13: the citation has no `text`; add it"},
      {"`bars` without the kind whose body it is",
       "contact_hours: {windows: [{days: [mon], from: '08:00', to: '21:00'}]}", "bars: contact",
       "xa.yaml:4:5: `bars` needs `kind`"},
      {"a notice by somebody unknown",
       "contact_hours: {windows: [{days: [mon], from: '08:00', to: '21:00'}]}",
       "notice_first: {notice: first_notice, by: agency}",
       "xa.yaml:5:46: unknown doer `agency`"},
      {"a notice in a form that is none",
       "contact_hours: {windows: [{days: [mon], from: '08:00', to: '21:00'}]}",
       "notice_first: {notice: first_notice, form: letter}",
       "xa.yaml:5:48: unknown value `letter`"},
      {"an end within a time",
       "contact_hours: {windows: [{days: [mon], from: '08:00', to: '21:00'}]}",
       "stop_contact: {standing: dispute, until: [{event: notice, within: {days: 7}}]}",
       "xa.yaml:5:63: unknown fact `within`"},
      {"two kinds", "    cites", "    third_party: {}\n    cites",
       "xa.yaml:4:5: rule `xa.hours` has two kinds"},
  };
  for (const auto& row : rows) {
    std::string text = kGoodRule;
    const size_t at = text.find(row.find);
    ASSERT_NE(at, std::string::npos) << row.why;
    text.replace(at, row.find.size(), row.put);
    const std::vector<std::string> faults = FaultsOf(text);
    ASSERT_FALSE(faults.empty()) << row.why;
    bool said = false;
    for (const std::string& fault : faults) said = said || fault.starts_with(row.says);
    EXPECT_TRUE(said) << row.why << ": " << testing::PrintToString(faults);
  }
}

TEST(Pack, TwoRulesOfOneIdAreAFault) {
  const std::string text = std::string(kGoodRule) +
                           "  - id: xa.hours\n"
                           "    third_party: {}\n"
                           "    cites: [{text: XA act 1}]\n";
  EXPECT_THAT(FaultsOf(text),
              ElementsAre(HasSubstr("xa.yaml:7:9: rule `xa.hours` stands twice, first in line 4")));
}

TEST(Pack, TellsAllItsFaultsAtOnce) {
  std::string text = kGoodRule;
  text.replace(text.find("[mon]"), 5, "[mun]");
  text.replace(text.find("    cites: [{text: XA act 1}]\n"), 30, "    notes: x\n");
  EXPECT_EQ(FaultsOf(text).size(), 3U) << testing::PrintToString(FaultsOf(text));
}

TEST(Pack, ShortFormsAndGroupsAreWrittenOut) {
  Faults faults("xa.yaml");
  const policy::Pack pack = ReadPack(
      "pack: xa\n"
      "jurisdiction: XA\n"
      "rules:\n"
      "  - id: xa.a\n"
      "    applies: {channels: [oral, social], roles: [creditor], products: [medical], purposes: [reply]}\n"
      "    third_party: {as_borrower: [guarantor]}\n"
      "    cites: [XA act 1]\n"
      "  - id: xa.b\n"
      "    same_as: xa.a\n"
      "    effect: guidance\n"
      "    suggested: true\n"
      "    status: draft\n"
      "    in_force: {from: 2026-01-01, to: unknown}\n"
      "    confidence: medium\n"
      "    facts: [xa.one, xa.two]\n"
      "    cites: [XA act 2]\n"
      "not_rules: [{fact: xa.c, why: about suits}]\n",
      &faults);
  EXPECT_THAT(faults.lines(), ElementsAre());
  ASSERT_EQ(pack.rules.size(), 2U);
  const policy::Rule& first = pack.rules[0];
  ASSERT_EQ(first.applies.tests.size(), 4U);
  EXPECT_EQ(first.applies.tests[0].field, policy::Field::kChannel);
  EXPECT_EQ(first.applies.tests[0].values.size(), 5U) << "call, voicemail, visit and both social ones";
  EXPECT_EQ(first.applies.tests[1].field, policy::Field::kTenantRole);
  EXPECT_EQ(first.applies.tests[2].field, policy::Field::kAccountProduct);
  EXPECT_EQ(first.applies.tests[3].field, policy::Field::kPurpose);
  EXPECT_THAT(first.facts, ElementsAre("xa.a")) << "a rule's own id, when it names none";
  const policy::Rule& second = pack.rules[1];
  EXPECT_EQ(second.kind, RuleKind::kThirdParty);
  EXPECT_THAT(std::get<policy::ThirdParty>(second.body).as_borrower,
              ElementsAre(Relation::kGuarantor));
  EXPECT_TRUE(second.applies.empty()) << "`same_as` copies kind and exceptions, nothing else";
  EXPECT_EQ(second.effect, Effect::kGuidance);
  EXPECT_TRUE(second.suggested);
  EXPECT_EQ(second.status, policy::RuleStatus::kDraft);
  EXPECT_EQ(second.in_force_from, ParseDay("2026-01-01").value());
  EXPECT_FALSE(second.in_force_to.has_value());
  EXPECT_EQ(second.confidence, policy::Confidence::kMedium);
  EXPECT_THAT(second.facts, ElementsAre("xa.one", "xa.two"));
}

TEST(Pack, SaysWhoSentANoticeInWhichFormAndHowLongAWordIsInTime) {
  Faults faults("xa.yaml");
  const policy::Pack pack = ReadPack(
      "pack: xa\n"
      "jurisdiction: XA\n"
      "rules:\n"
      "  - id: xa.a\n"
      "    notice_first: {notice: first_notice, by: any, form: [registered, portal]}\n"
      "    cites: [XA act 1]\n"
      "  - id: xa.b\n"
      "    notice_first: {notice: first_notice, by: [creditor, tenant], form: [written, any]}\n"
      "    cites: [XA act 2]\n"
      "  - id: xa.c\n"
      "    stop_contact:\n"
      "      standing: refusal\n"
      "      until:\n"
      "        - {after: refusal, wait: {days: 10}, unless: {event: refusal, form: written, within: {days: 7}}}\n"
      "        - {after: refusal, wait: {days: 9}, unless: dispute}\n"
      "    cites: [XA act 3]\n",
      &faults);
  EXPECT_THAT(faults.lines(), ElementsAre());
  ASSERT_EQ(pack.rules.size(), 3U);
  const auto& first = std::get<policy::NoticeFirst>(pack.rules[0].body);
  EXPECT_EQ(first.by.size(), AllWords<DoneBy>().size()) << "everybody";
  EXPECT_THAT(first.forms, ElementsAre(Form::kRegistered, Form::kPortal));
  const auto& second = std::get<policy::NoticeFirst>(pack.rules[1].body);
  EXPECT_THAT(second.by, ElementsAre(DoneBy::kCreditor, DoneBy::kTenant));
  EXPECT_THAT(second.forms, ElementsAre()) << "any form will do";
  const auto& stop = std::get<policy::StopContact>(pack.rules[2].body);
  ASSERT_EQ(stop.until.size(), 2U);
  ASSERT_EQ(stop.until[0].unless_within.size(), 1U);
  EXPECT_EQ(stop.until[0].unless_within.front().n, 7);
  ASSERT_NE(stop.until[0].unless, nullptr);
  EXPECT_THAT(stop.until[0].unless->events, ElementsAre(EventName::kRefusal));
  EXPECT_EQ(stop.until[0].unless->when.tests.size(), 1U) << "`within` is no test of the event";
  EXPECT_TRUE(stop.until[1].unless_within.empty());
}

TEST(Reader, RefusesWhatNoPackNeeds) {
  const struct {
    const char* why;
    const char* text;
    const char* says;
  } rows[] = {
      {"an anchor", "a: &x 1\n", "f:1:4: an anchor"},
      {"an alias", "a: [&x 1, *x]\n", "f:1:5: an anchor"},
      {"a tag", "a: !!int 1\n", "f:1:4: a tag"},
      {"a merge key", "a: {<<: {b: 1}}\n", "f:1:5: a merge key"},
      {"a key twice", "a: 1\nb: 2\na: 3\n", "f:3:1: key `a` stands twice"},
      {"two documents", "a: 1\n---\nb: 2\n", "a second document"},
      {"no YAML at all", "a: [1, 2\n", "not YAML"},
  };
  for (const auto& row : rows) {
    Faults faults("f");
    Parse(row.text, &faults);
    ASSERT_EQ(faults.lines().size(), 1U) << row.why;
    EXPECT_THAT(faults.lines().front(), HasSubstr(row.says)) << row.why;
  }
}

TEST(Reader, CountsDepthNodesAndBytesBeforeATreeExists) {
  const struct {
    const char* why;
    std::string text;
    const char* says;
  } rows[] = {
      {"too deep", std::string(40, '['), "nested deeper than 32"},
      {"too many values",
       [] {
         std::string text = "[";
         for (int i = 0; i < 100'001; ++i) text += "1,";
         return text + "1]";
       }(),
       "more than 100000 values"},
      {"too large", std::string(kMaxBytes + 1, ' '), "larger than 1 MiB"},
  };
  for (const auto& row : rows) {
    Faults faults("f");
    Parse(row.text, &faults);
    ASSERT_EQ(faults.lines().size(), 1U) << row.why;
    EXPECT_THAT(faults.lines().front(), HasSubstr(row.says)) << row.why;
  }
}

TEST(Reader, WordsOfOldYamlAreWords) {
  Faults faults("f");
  const Node root = Parse("[on, off, yes, no]", &faults);
  ASSERT_EQ(root.items.size(), 4U);
  for (const Node& item : root.items) {
    EXPECT_TRUE(item.is_scalar());
    ReadBool(item, &faults);
  }
  EXPECT_EQ(faults.lines().size(), 4U) << "none of them is a truth value";
}

TEST(Calendar, WhatMovesMakesWayForEveryNamedDayWhateverTheOrderOfRows) {
  // 31 December 2028 is a Sunday, and New Year's Day follows.
  const std::string last = "  - {fixed: '12-31', observed: next_day_too, if: [sun]}\n";
  const std::string first = "  - {fixed: '01-01'}\n";
  for (const std::string& rows : {last + first, first + last}) {
    Faults faults("c");
    const policy::HolidayCalendar calendar =
        ReadCalendar("c", "years: [2028, 2029]\ndays:\n" + rows, &faults);
    EXPECT_THAT(faults.lines(), ElementsAre());
    EXPECT_THAT(calendar.holidays, testing::IsSupersetOf({ParseDay("2028-12-31").value(),
                                                          ParseDay("2029-01-01").value(),
                                                          ParseDay("2029-01-02").value()}))
        << rows;
  }
}

TEST(Calendar, WorksOutMovedAndMovableDays) {
  Faults faults("c");
  const policy::HolidayCalendar calendar = ReadCalendar("c", R"(
years: [2026, 2027]
days:
  - {fixed: '07-04', observed: nearest_weekday}
  - {fixed: '12-25', observed: next_monday}
  - {nth: [4, thu, nov]}
  - {last: [mon, may]}
  - {before: ['05-25', mon]}
  - {easter: -2}
  - {date: '2027-03-08'}
workdays: [{date: '2026-02-14', as: mon}]
)",
                                                        &faults);
  EXPECT_THAT(faults.lines(), ElementsAre());
  const auto has = [&](const char* text) {
    return std::binary_search(calendar.holidays.begin(), calendar.holidays.end(),
                              ParseDay(text).value());
  };
  const struct {
    const char* why;
    const char* day;
    bool holiday;
  } rows[] = {
      {"a Saturday is kept on the Friday before", "2026-07-03", true},
      {"and stays one itself", "2026-07-04", true},
      {"a Sunday is kept on the Monday after", "2027-07-05", true},
      {"25 December 2027 is a Saturday: Monday", "2027-12-27", true},
      {"fourth Thursday of November", "2026-11-26", true},
      {"last Monday of May", "2026-05-25", true},
      {"the Monday before 25 May, when that is a Monday", "2026-05-18", true},
      {"Good Friday", "2026-04-03", true},
      {"Good Friday of the next year", "2027-03-26", true},
      {"one date in one year", "2027-03-08", true},
      {"not in the other", "2026-03-08", false},
  };
  for (const auto& row : rows) EXPECT_EQ(has(row.day), row.holiday) << row.why;
  EXPECT_EQ(calendar.workdays_as.at(ParseDay("2026-02-14").value()), 0);
}

TEST(Calendar, FaultsNameTheirPlace) {
  const struct {
    const char* why;
    const char* text;
    const char* says;
  } rows[] = {
      {"no such date", "years: [2026, 2027]\ndays:\n  - {fixed: '02-30'}\n",
       "c:3:13: not a date of the year"},
      {"no years", "days:\n  - {fixed: '02-03'}\n", "the calendar has no `years`; add it"},
      {"years the wrong way round", "years: [2027, 2026]\ndays: []\n",
       "c:1:8: want a first year and a last one"},
      {"a way to move that nobody knows",
       "years: [2026, 2026]\ndays:\n  - {fixed: '07-04', observed: next_week}\n",
       "unknown observed `next_week`"},
      {"an unknown key", "years: [2026, 2026]\ndays:\n  - {fixd: '07-04'}\n",
       "c:3:6: unknown key `fixd`; did you mean `fixed`?"},
  };
  for (const auto& row : rows) {
    Faults faults("c");
    ReadCalendar("c", row.text, &faults);
    ASSERT_FALSE(faults.empty()) << row.why;
    EXPECT_THAT(faults.lines().front(), HasSubstr(row.says)) << row.why;
  }
}

TEST(Calendar, OfTheUnitedStatesHasTheDaysTheLawNames) {
  const auto loaded = LoadPolicies(std::string(FORBEAR_SOURCE_DIR) + "/policies", false);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const policy::HolidayCalendar& calendar = loaded->bundle->calendars().at("us-federal");
  const struct {
    const char* why;
    const char* day;
    bool holiday;
  } rows[] = {
      {"New Year's Day", "2026-01-01", true},
      {"Martin Luther King: third Monday of January", "2026-01-19", true},
      {"Washington: third Monday of February", "2026-02-16", true},
      {"Memorial Day: last Monday of May", "2026-05-25", true},
      {"Juneteenth", "2026-06-19", true},
      {"Independence Day is a Saturday: kept on the Friday", "2026-07-03", true},
      {"Labor Day: first Monday of September", "2026-09-07", true},
      {"Columbus Day: second Monday of October", "2026-10-12", true},
      {"Veterans Day", "2026-11-11", true},
      {"Thanksgiving: fourth Thursday of November", "2026-11-26", true},
      {"Christmas", "2026-12-25", true},
      {"the day after Thanksgiving is none", "2026-11-27", false},
      {"an ordinary Tuesday", "2026-03-10", false},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(std::binary_search(calendar.holidays.begin(), calendar.holidays.end(),
                                 ParseDay(row.day).value()),
              row.holiday)
        << row.why;
  }
}

TEST(Places, ZonesAreThoseOfPostalCodeSubdivisionOrCountry) {
  const auto loaded = LoadPolicies(std::string(FORBEAR_SOURCE_DIR) + "/policies", false);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const struct {
    const char* why;
    const char *country, *subdivision, *postal;
    std::vector<std::string> zones;
    bool down_to_zone;
  } rows[] = {
      {"one zone", "US", "US-OH", "43215", {"America/New_York"}, true},
      {"two zones, postal code unknown", "US", "US-TN", "", {"America/Chicago", "America/New_York"}, false},
      {"two zones, Memphis", "US", "US-TN", "38103", {"America/Chicago"}, true},
      {"two zones, Knoxville", "US", "US-TN", "37902", {"America/New_York"}, true},
      {"a postal prefix that both zones share keeps both", "US", "US-FL", "32401",
       {"America/Chicago", "America/New_York"}, false},
      {"a country of one zone", "TW", "TW-TPE", "", {"Asia/Taipei"}, true},
      {"nobody knows the country", "XA", "", "", {}, false},
  };
  for (const auto& row : rows) {
    Place place;
    place.country = row.country;
    place.subdivision = row.subdivision;
    place.postal_code = row.postal;
    EXPECT_EQ(loaded->places->ZonesOf(place), row.zones) << row.why;
    EXPECT_EQ(loaded->places->KnownDownToZone(place), row.down_to_zone) << row.why;
  }
  EXPECT_GT(loaded->places->ZonesOf({TiedTo::kHome, "US", "", "", "", ""}).size(), 6U)
      << "without a subdivision, all of the country";
  EXPECT_EQ(loaded->places->JurisdictionsOf({TiedTo::kHome, "US", "US-NY", "Brooklyn", "", ""}),
            (std::vector<std::string>{"US", "US-NY", "US-NY-NYC"}));
}

TEST(Places, HaveTheFiftyStatesTheDistrictAndFiveTerritories) {
  const auto loaded = LoadPolicies(std::string(FORBEAR_SOURCE_DIR) + "/policies", false);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  size_t american = 0;
  for (const auto& [code, zones] : loaded->places->subdivisions) {
    american += code.starts_with("US-") ? 1 : 0;
    EXPECT_FALSE(zones.zones.empty()) << code;
  }
  EXPECT_EQ(american, 56U);
  EXPECT_GE(loaded->places->countries.size(), 240U);
}

TEST(PhonePrefixes, TheLongestWins) {
  const auto prefixes = PhonePrefixes::Read(
      "# a comment\n1|XA/East&XA/North\n1614|XA/North\n886|XA/Taipei\n");
  ASSERT_TRUE(prefixes.ok());
  PlaceTable places;
  places.countries["XA"] = {"XA/East", "XA/North"};
  places.countries["XT"] = {"XA/Taipei"};
  const NumberFacts city = FactsOfNumber("+16145550101", *prefixes, places);
  EXPECT_THAT(city.zones, ElementsAre("XA/North"));
  EXPECT_EQ(city.country, "XA");
  EXPECT_FALSE(city.whole_country);
  EXPECT_TRUE(FactsOfNumber("+886900000101", *prefixes, places).whole_country);
  EXPECT_TRUE(FactsOfNumber("+999", *prefixes, places).zones.empty());
  EXPECT_FALSE(PhonePrefixes::Read("1614 XA/North\n").ok());
}

TEST(Policies, OfTheHouseLoadWithoutAFault) {
  for (const bool with_overlay : {true, false}) {
    const auto loaded = LoadPolicies(std::string(FORBEAR_SOURCE_DIR) + "/policies", with_overlay);
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    EXPECT_EQ(loaded->bundle->FindPack("house") != nullptr, with_overlay);
    EXPECT_NE(loaded->bundle->FindRule("us.regf.call-cap-7-in-7"), nullptr);
    EXPECT_EQ(loaded->bundle->digest().size(), 71U);
  }
  EXPECT_TRUE(absl::IsNotFound(LoadPolicies("/nowhere", true).status()));
}

// A copy of the house's policies that a test may spoil.
class Spoiled {
 public:
  Spoiled() {
    std::string name = testing::TempDir() + "policies-XXXXXX";
    FORBEAR_CHECK(mkdtemp(name.data()) != nullptr);
    directory_ = name;
    std::filesystem::copy(std::string(FORBEAR_SOURCE_DIR) + "/policies", directory_,
                          std::filesystem::copy_options::recursive);
  }
  ~Spoiled() { std::filesystem::remove_all(directory_); }
  const std::string& directory() const { return directory_; }
  void Write(const std::string& file, const std::string& text) const {
    std::ofstream(directory_ + "/" + file, std::ios::binary | std::ios::trunc) << text;
  }
  std::string Read(const std::string& file) const {
    return ReadFile(directory_ + "/" + file).value();
  }

 private:
  std::string directory_;
};

TEST(Policies, WithAFaultAnywhereAreNotReadAtAll) {
  const struct {
    const char* why;
    const char* file;
    std::string text;
    const char* says;
  } rows[] = {
      {"a pack", "us/us-xx.yaml",
       "pack: us-xx\njurisdiction: US-XX\nrules:\n  - id: us-xx.a\n    third_party: {}\n",
       "us/us-xx.yaml:4:5: rule `us-xx.a` has no citation"},
      {"a rule id that another pack has", "us/us-xx.yaml",
       "pack: us-xx\njurisdiction: US-XX\nrules:\n  - id: us.regf.deceased\n    third_party: {}\n"
       "    cites: [x]\n",
       "us.regf.deceased"},
      {"a pack of another name than its file's", "us/us-xx.yaml",
       "pack: us-yy\njurisdiction: US-XX\nrules: []\n",
       "us/us-xx.yaml:1:1: pack `us-yy` in file `us-xx.yaml`"},
      {"a parent that is not there", "us/us-xx.yaml",
       "pack: us-xx\njurisdiction: US-XX\nparents: [us-zz]\nrules: []\n", "us-zz"},
      {"a calendar that is not there", "us/us-xx.yaml",
       "pack: us-xx\njurisdiction: US-XX\nrules:\n  - id: us-xx.a\n    cites: [x]\n"
       "    day_blackout: {days: [holiday], calendar: us-fedral}\n",
       "us-fedral"},
      {"a question nobody declared", "us/us-xx.yaml",
       "pack: us-xx\njurisdiction: US-XX\nrules:\n  - id: us-xx.a\n    cites: [x]\n"
       "    third_party: {}\n    exceptions: [{when: {declared: {judge_said_so: true}}}]\n",
       "judge_said_so"},
      {"a period nobody defined", "us/us-xx.yaml",
       "pack: us-xx\njurisdiction: US-XX\nrules:\n  - id: us-xx.a\n    cites: [x]\n"
       "    stop_contact: {standing: dispute, during: validation_perod}\n",
       "validation_perod"},
      {"a pack that is its own ancestor", "us/us-xx.yaml",
       "pack: us-xx\njurisdiction: US-XX\nparents: [us-xx]\nrules: []\n", "its own ancestor"},
      {"a calendar deep inside a wait", "us/us-xx.yaml",
       "pack: us-xx\njurisdiction: US-XX\nrules:\n  - id: us-xx.a\n    cites: [x]\n"
       "    notice_first: {notice: first_notice, wait: {business_days: 3, calendar: us-fedral}}\n",
       "us-fedral"},
      {"a calendar", "holidays/xx.yaml", "years: [2026, 2026]\ndays: [{fixed: '13-01'}]\n",
       "holidays/xx.yaml:2:16: not a date"},
      {"the places", "places/xx.yaml", "subdivisons: {}\n",
       "places/xx.yaml:1:1: unknown key `subdivisons`; did you mean `subdivisions`?"},
  };
  for (const auto& row : rows) {
    const Spoiled policies;
    policies.Write(row.file, row.text);
    const auto loaded = LoadPolicies(policies.directory(), true);
    ASSERT_EQ(loaded.status().code(), absl::StatusCode::kInvalidArgument) << row.why;
    EXPECT_THAT(std::string(loaded.status().message()), HasSubstr(row.says)) << row.why;
  }
}

TEST(Policies, WithoutHouseRulesOrPacksDoNotServe) {
  {
    const Spoiled policies;
    std::filesystem::remove(policies.directory() + "/house.yaml");
    EXPECT_TRUE(absl::IsNotFound(LoadPolicies(policies.directory(), true).status()));
    EXPECT_TRUE(LoadPolicies(policies.directory(), false).ok());
  }
  {
    const Spoiled policies;
    // Folders of two letters are countries.
    std::vector<std::filesystem::path> countries;
    for (const auto& entry : std::filesystem::directory_iterator(policies.directory())) {
      if (entry.path().filename().string().size() == 2) countries.push_back(entry.path());
    }
    for (const auto& country : countries) std::filesystem::remove_all(country);
    EXPECT_TRUE(absl::IsNotFound(LoadPolicies(policies.directory(), false).status()));
  }
}

TEST(Policies, AreTheirBytes) {
  const Spoiled policies;
  const auto digest = [&] {
    const auto loaded = LoadPolicies(policies.directory(), true);
    FORBEAR_CHECK(loaded.ok());
    return loaded->bundle->digest();
  };
  const std::string before = digest();
  EXPECT_EQ(digest(), before) << "read twice";
  const std::string pack = policies.Read("tw/tw.yaml");
  std::string windows_lines;
  for (const char c : pack) windows_lines += c == '\n' ? std::string("\r\n") : std::string(1, c);
  policies.Write("tw/tw.yaml", windows_lines);
  EXPECT_EQ(digest(), before) << "line ends say nothing";
  std::string narrower = pack;
  narrower.replace(narrower.find("'22:00'"), 7, "'21:59'");
  policies.Write("tw/tw.yaml", narrower);
  EXPECT_NE(digest(), before) << "a minute of the law";
  policies.Write("tw/tw.yaml", pack);
  std::string calendar = policies.Read("holidays/us-federal.yaml");
  calendar.replace(calendar.find("'06-19'"), 7, "'06-20'");
  policies.Write("holidays/us-federal.yaml", calendar);
  EXPECT_NE(digest(), before) << "a day of a calendar";
}

}  // namespace
}  // namespace forbear::yaml
