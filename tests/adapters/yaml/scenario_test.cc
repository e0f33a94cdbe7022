// Scenario files: what does not fit the form is said with its place, and what does becomes the
// engine's facts by the definitions of tests/conformance/SCHEMA.md and from nothing else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adapters/yaml/scenario.h"
#include "adapters/zones/zones.h"
#include "engine/model/status.h"

namespace forbear::yaml {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kGood[] = R"(- id: a
  source: {citation: XA act 1, url: 'https://example.com'}
  why: because
  given:
    tenant: {role: creditor}
    borrower: {places: [{kind: home, country: US, subdivision: US-OH}]}
    parties: [{id: mum, relation: parent}, {id: abc, relation: former_collector}]
    contact_points:
      - {id: m1, kind: phone, value: '+16145550101', line: mobile}
      - {id: e1, kind: email, value: 'borrower@example.com'}
      - {id: post1, kind: postal, place: home}
    accounts: [{id: d1, product: medical}]
    history:
      - {at: '2026-03-01T12:00:00Z', event: inbound, id: in1, channel: call, contact_point: m1, outcome: ringing}
      - {at: '2026-03-02T12:00:00Z', event: attempt, channel: call, contact_point: m1, accounts: [d1], outcome: no_answer}
      - {at: '2026-03-03T12:00:00Z', event: consent, via: call, covers: [hours], windows: [{days: [sat], from: '06:00', to: '08:00'}]}
  ask: {act: contact, at: '2026-03-10T12:00:00Z', channel: call, contact_point: m1, accounts: [d1], purpose: payment_reminder}
  answer: allow
)";

PhonePrefixes Prefixes() { return PhonePrefixes::Read("1|XA/East\n1614|America/New_York\n").value(); }

PlaceTable Places() {
  PlaceTable places;
  places.countries["US"] = {"America/New_York"};
  return places;
}

std::vector<std::string> FaultsOf(const std::string& text,
                                  ScenarioForm form = ScenarioForm::kShared) {
  Faults faults("f");
  ReadScenarios(text, form, &faults, Prefixes(), Places());
  return faults.lines();
}

std::string With(std::string_view find, std::string_view put) {
  std::string text = kGood;
  const size_t at = text.find(find);
  FORBEAR_CHECK(at != std::string::npos);
  return text.replace(at, find.size(), put);
}

TEST(ScenarioForm, HasNoFaultInWhatItNames) { EXPECT_THAT(FaultsOf(kGood), IsEmpty()); }

TEST(ScenarioForm, FaultsAreSaidWithLineAndColumn) {
  const struct {
    const char* why;
    const char *find, *put;
    const char* says;
  } rows[] = {
      {"an unknown key", "why:", "whi:", "f:3:3: unknown key `whi`; did you mean `why`?"},
      {"a missing key", "  why: because\n", "", "f:1:3: the scenario has no `why`; add it"},
      {"an unknown key of a contact point", "place: home}", "plaze: home}",
       "f:11:35: unknown key `plaze`; did you mean `place`?"},
      {"a key that belongs to another event", "outcome: no_answer}", "outcome: no_answer, windows: []}",
       "f:15:124: unknown key `windows`"},
      {"an account nobody declared", "accounts: [d1], p", "accounts: [d2], p",
       "f:17:96: unknown account `d2`; did you mean `d1`?"},
      {"a contact point nobody declared", "contact_point: m1, accounts: [d1], p",
       "contact_point: m2, accounts: [d1], p", "f:17:81: unknown contact point `m2`"},
      {"a party nobody declared", "purpose: payment_reminder",
       "purpose: payment_reminder, to: dad, content: {mentions_debt: false}",
       "unknown party `dad`"},
      {"an inbound nobody declared", "purpose: payment_reminder", "purpose: reply, answers: in2",
       "unknown inbound `in2`; did you mean `in1`?"},
      {"a name that stands twice", "{id: e1, kind: email", "{id: m1, kind: email",
       "f:10:14: contact point `m1` stands twice"},
      {"a word that is none", "role: creditor", "role: lender", "f:5:20: unknown value `lender`"},
      {"a word only the engine knows", "outcome: no_answer", "outcome: unreported",
       "unknown value `unreported`"},
      {"an event only the engine knows", "event: attempt, channel: call, contact_point: m1, accounts: [d1], outcome: no_answer",
       "event: bankruptcy", "f:15:45: unknown value `bankruptcy`"},
      {"an instant without offset", "2026-03-10T12:00:00Z", "2026-03-10T12:00:00",
       "f:17:27: not an instant"},
      {"an instant without quotes", "'2026-03-10T12:00:00Z'", "2026-03-10T12:00:00Z",
       "stands without quotes"},
      {"a day that is none", "accounts: [{id: d1, product: medical}]",
       "accounts: [{id: d1, product: medical, limitation_expires_on: '2026-02-30'}]",
       "f:12:66: no such date in the calendar"},
      {"a time that is none", "from: '06:00'", "from: '26:00'", "`26:00` is no time of day"},
      {"an unknown answer", "answer: allow", "answer: maybe", "unknown answer `maybe`"},
      {"no place at all", "places: [{kind: home, country: US, subdivision: US-OH}]", "places: []",
       "f:6:24: want a list of at least one"},
      {"a place without subdivision", ", subdivision: US-OH", "", "has no `subdivision`"},
      {"a country that is none", "country: US", "country: Ohio", "`Ohio` is no country"},
      {"a number that is none", "'+16145550101'", "'16145550101'", "no number of E.164"},
      {"an account twice", "accounts: [d1], p", "accounts: [d1, d1], p", "a name stands twice"},
      {"an outcome that a call cannot have", "outcome: no_answer", "outcome: delivered",
       "an attempt by `call` has no outcome `delivered`"},
      {"someone else took it, nobody says who", "outcome: no_answer", "outcome: other_answered",
       "`answered_by` comes with the outcome other_answered"},
      {"consent to hours without hours",
       ", windows: [{days: [sat], from: '06:00', to: '08:00'}]", "",
       "a consent that covers `hours` needs `windows`"},
      {"a reply to nothing", "purpose: payment_reminder", "purpose: reply",
       "`answers` comes with the purpose reply"},
      {"a notice of no kind", "purpose: payment_reminder", "purpose: required_notice",
       "`notice` comes with the purpose required_notice"},
      {"a text that hides its way out", "channel: call, contact_point: m1, accounts: [d1], p",
       "channel: sms, contact_point: m1, accounts: [d1], p", "which `opt_out` it offers"},
      {"a call to a letter box", "contact_point: m1, accounts: [d1], p",
       "contact_point: post1, accounts: [d1], p",
       "`call` goes to a contact point of kind `phone`"},
      {"history out of order", "2026-03-02T12:00:00Z", "2026-02-02T12:00:00Z",
       "f:15:9: happens before the event above it"},
      {"history after the question", "2026-03-03T12:00:00Z", "2026-03-13T12:00:00Z",
       "f:16:9: happens after `ask.at`"},
      {"an act nobody knows", "act: contact", "act: kontact", "did you mean `contact`?"},
      {"an act without its keys", "act: contact, at: '2026-03-10T12:00:00Z', channel: call",
       "act: disclose_debt, at: '2026-03-10T12:00:00Z', channel: call", "`ask` has no `to`"},
      {"a grade nobody knows", "  why: because", "  why: because\n  grade: tertiary",
       "f:4:10: unknown value `tertiary`"},
  };
  for (const auto& row : rows) {
    const std::vector<std::string> faults = FaultsOf(With(row.find, row.put));
    bool said = false;
    for (const std::string& line : faults) said = said || line.find(row.says) != std::string::npos;
    EXPECT_TRUE(said) << row.why << ": " << testing::PrintToString(faults);
  }
}

TEST(ScenarioForm, IsAListOfScenariosEachWithItsOwnId) {
  EXPECT_THAT(FaultsOf(std::string(kGood) + kGood),
              ElementsAre(HasSubstr("f:19:3: scenario `a` stands twice, first in line 1")));
  EXPECT_THAT(FaultsOf("id: a\n"), ElementsAre(HasSubstr("a scenario file is a list")));
}

TEST(ScenarioForm, BesideAPackKnowsWhatTheSharedOneCannotTell) {
  EXPECT_EQ(FormOf("policies/us/us.scenarios.yaml"), ScenarioForm::kBesidePack);
  EXPECT_EQ(FormOf("official-examples.yaml"), ScenarioForm::kShared);
  const std::string text = With(
      "event: attempt, channel: call, contact_point: m1, accounts: [d1], outcome: no_answer",
      "event: bankruptcy");
  EXPECT_THAT(FaultsOf(text, ScenarioForm::kShared), testing::SizeIs(1));
  EXPECT_THAT(FaultsOf(text, ScenarioForm::kBesidePack), IsEmpty());
}

TEST(Scenario, DefaultsAreThoseOfTheForm) {
  Faults faults("f");
  const auto scenarios =
      ReadScenarios(kGood, ScenarioForm::kShared, &faults, Prefixes(), Places());
  ASSERT_EQ(scenarios.size(), 1U);
  const Scenario& scenario = *scenarios.front();
  const policy::Facts facts = scenario.ToFacts();
  EXPECT_EQ(facts.channel_consent, policy::ChannelConsent::kGivenLongAgo);
  EXPECT_TRUE(facts.notices_given_by_default);
  EXPECT_FALSE(facts.borrower->born_on.has_value());
  EXPECT_EQ(facts.contact.to.relation, Relation::kBorrower);
  EXPECT_EQ(facts.contact.dialling, Dialling::kManual);
  EXPECT_FALSE(facts.contact.automated);
  EXPECT_EQ(facts.contact.message.reveals_trade, false);
  ASSERT_EQ(facts.tenant->seats.size(), 1U);
  EXPECT_EQ(facts.tenant->seats[0].subdivision, "US-OH") << "absent: the borrower's subdivision";
  EXPECT_EQ(facts.history[0]->by, DoneBy::kBorrower) << "an inbound contact";
  EXPECT_EQ(facts.history[1]->by, DoneBy::kTenant) << "an attempt";
  EXPECT_EQ(facts.history[1]->purpose, Purpose::kPaymentReminder);
  const ContactPoint& phone = facts.borrower->contact_points[0];
  EXPECT_THAT(phone.number_zones, ElementsAre("America/New_York"));
  EXPECT_EQ(phone.number_country, "US");
  EXPECT_EQ(phone.source, PointSource::kBorrower);
}

TEST(Scenario, ATollFreeNumberTellsNothingAboutPlace) {
  Faults faults("f");
  const auto scenarios =
      ReadScenarios(With("line: mobile", "line: toll_free"), ScenarioForm::kShared, &faults,
                    Prefixes(), Places());
  const ContactPoint& phone = scenarios.front()->borrower.contact_points[0];
  EXPECT_TRUE(phone.number_zones.empty());
  EXPECT_TRUE(phone.number_country.empty());
}

policy::Decision Answering(Answer answer, const char* next) {
  policy::Decision decision;
  decision.answer = answer;
  if (next != nullptr) decision.next_allowed_at = ParseInstant(next).value();
  return decision;
}

TEST(Agreement, IsWhatTheFormSaysTheAnswersMean) {
  const auto expected = [](Expected::Kind kind) {
    return Expected{kind, ParseInstant("2026-03-10T12:00:00Z").value()};
  };
  using Kind = Expected::Kind;
  const struct {
    const char* why;
    Kind kind;
    Answer answer;
    const char* next;
    bool agrees;
  } rows[] = {
      {"allow and allowed", Kind::kAllow, Answer::kAllowed, nullptr, true},
      {"allow and deferred", Kind::kAllow, Answer::kDeferred, "2026-03-10T12:00:00Z", false},
      {"deny and deferred", Kind::kDeny, Answer::kDeferred, "2026-03-10T12:00:00Z", true},
      {"deny and denied", Kind::kDeny, Answer::kDenied, nullptr, true},
      {"deny and allowed", Kind::kDeny, Answer::kAllowed, nullptr, false},
      {"never and denied", Kind::kNever, Answer::kDenied, nullptr, true},
      {"never and deferred", Kind::kNever, Answer::kDeferred, "2026-03-10T12:00:00Z", false},
      {"the very instant", Kind::kDeferUntil, Answer::kDeferred, "2026-03-10T12:00:00Z", true},
      {"a minute later", Kind::kDeferUntil, Answer::kDeferred, "2026-03-10T12:01:00Z", true},
      {"more than a minute", Kind::kDeferUntil, Answer::kDeferred, "2026-03-10T12:01:01Z", false},
      {"a second earlier", Kind::kDeferUntil, Answer::kDeferred, "2026-03-10T11:59:59Z", false},
      {"never at all", Kind::kDeferUntil, Answer::kDenied, nullptr, false},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(Agrees(Answering(row.answer, row.next), expected(row.kind)), row.agrees) << row.why;
  }
}

class Runs : public testing::Test {
 protected:
  static ScenarioRun Run(const std::string& text) {
    const auto loaded = LoadPolicies(std::string(FORBEAR_SOURCE_DIR) + "/policies", false);
    FORBEAR_CHECK(loaded.ok());
    const auto zones = LoadZones();
    FORBEAR_CHECK(zones.ok());
    Faults faults("f");
    const auto scenarios = ReadScenarios(text, ScenarioForm::kShared, &faults,
                                         *loaded->phone_prefixes, *loaded->places);
    EXPECT_THAT(faults.lines(), IsEmpty());
    ScenarioRun run;
    RunScenarios(scenarios, {loaded->bundle, *zones, loaded->places}, loaded->places_without_pack,
                 &run);
    return run;
  }
};

TEST_F(Runs, ADisagreementNamesAnswerDecisionAndRules) {
  const ScenarioRun run = Run(With("2026-03-10T12:00:00Z', channel: call, contact_point: m1, accounts: [d1], purpose",
                                   "2026-03-10T10:00:00Z', channel: call, contact_point: m1, accounts: [d1], purpose"));
  EXPECT_EQ(run.failed, 0) << "a creditor keeps no federal hours: " << testing::PrintToString(run.lines);
  std::string text = With("role: creditor", "role: third_party_collector");
  text.replace(text.find("2026-03-10T12:00:00Z"), 20, "2026-03-10T10:00:00Z");
  const ScenarioRun collector = Run(text);
  EXPECT_EQ(collector.failed, 1);
  EXPECT_THAT(collector.lines,
              ElementsAre("a: expected allow, got deferred 2026-03-10T12:00:01Z; "
                          "us.fdcpa.contact-hours, us.regf.contact-hours"));
}

TEST_F(Runs, WhatCannotBeJudgedIsSkippedByName) {
  const struct {
    const char* why;
    const char *find, *put;
    const char* line;
  } rows[] = {
      {"a country without a pack", "country: US, subdivision: US-OH",
       "country: DE, subdivision: DE-BE", "a: skipped: no pack for DE"},
      {"a state whose law is known and not encoded", "US-OH", "US-NC", "a: skipped: no pack for US-NC"},
      {"an act that is no contact",
       "act: contact, at: '2026-03-10T12:00:00Z', channel: call, contact_point: m1, accounts: [d1], purpose: payment_reminder",
       "act: furnish_to_credit_bureau, at: '2026-03-10T12:00:00Z', accounts: [d1]",
       "a: skipped: furnish_to_credit_bureau is not decided here"},
  };
  for (const auto& row : rows) {
    const ScenarioRun run = Run(With(row.find, row.put));
    EXPECT_EQ(run.skipped, 1) << row.why;
    EXPECT_THAT(run.lines, ElementsAre(row.line)) << row.why;
  }
}

TEST_F(Runs, ToTellSomebodyOfTheDebtIsToContactThemAboutIt) {
  const std::string told = With(
      "act: contact, at: '2026-03-10T12:00:00Z', channel: call, contact_point: m1, accounts: [d1], purpose: payment_reminder",
      "act: disclose_debt, at: '2026-03-10T15:00:00Z', channel: call, contact_point: m1, to: borrower, accounts: [d1]");
  EXPECT_EQ(Run(told).skipped, 0);
  EXPECT_EQ(Run(told).passed, 1) << testing::PrintToString(Run(told).lines);
}

TEST_F(Runs, TopicAndJurisdictionNeverDecide) {
  const ScenarioRun run = Run(With("  why: because", "  why: because\n  topic: contact_hours\n  jurisdiction: US-MA"));
  EXPECT_EQ(run.passed, 1) << testing::PrintToString(run.lines);
}

}  // namespace
}  // namespace forbear::yaml
