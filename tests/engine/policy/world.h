// A made-up place, XA, with zones written by hand: what tests of mechanism decide in.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/model/status.h"
#include "engine/policy/bundle.h"
#include "engine/policy/question.h"

namespace forbear::policy {

inline Instant Utc(std::string_view text) {
  const absl::StatusOr<Instant> at = ParseInstant(text);
  FORBEAR_CHECK(at.ok());
  return *at;
}
inline Day OnDay(std::string_view text) {
  const absl::StatusOr<Day> day = ParseDay(text);
  FORBEAR_CHECK(day.ok());
  return *day;
}

// North is UTC-5, an hour ahead from 2026-03-08T07:00Z to 2026-11-01T06:00Z, as New York is that
// year; South is UTC-8 all year; East is UTC+8.
inline std::shared_ptr<const ZoneTables> TestZones() {
  using std::chrono::hours;
  std::map<std::string, std::shared_ptr<const ZoneTable>> zones;
  const auto add = [&zones](const std::string& name, std::vector<ZoneTransition> transitions) {
    zones[name] = std::make_shared<const ZoneTable>(name, std::move(transitions));
  };
  add("XA/North", {{kFirstInstant, hours{-5}},
                   {Utc("2026-03-08T07:00:00Z"), hours{-4}},
                   {Utc("2026-11-01T06:00:00Z"), hours{-5}}});
  add("XA/South", {{kFirstInstant, hours{-8}}});
  add("XA/East", {{kFirstInstant, hours{8}}});
  return std::make_shared<const ZoneTables>("test", std::move(zones));
}

inline std::shared_ptr<const PlaceTable> TestPlaces() {
  auto places = std::make_shared<PlaceTable>();
  places->countries["XA"] = {"XA/East", "XA/North", "XA/South"};
  places->subdivisions["XA-N"] = {{"XA/North"}, {}};
  places->subdivisions["XA-S"] = {{"XA/South"}, {}};
  places->subdivisions["XA-M"] = {{"XA/North", "XA/South"}, {{"9", {"XA/South"}}}};
  return places;
}

template <typename T>
T NumberedId(uint8_t number) {
  T id;
  id.bytes[15] = number;
  return id;
}

inline Test WordTest(Field field, std::vector<int64_t> numbers, Test::Op op = Test::Op::kOneOf) {
  Test test;
  test.field = field;
  test.op = op;
  for (const int64_t number : numbers) test.values.push_back({number, ""});
  return test;
}

inline Condition ChannelIs(std::vector<Channel> channels) {
  Condition condition;
  std::vector<int64_t> numbers;
  for (const Channel channel : channels) numbers.push_back(static_cast<int64_t>(channel));
  condition.tests.push_back(WordTest(Field::kChannel, numbers));
  return condition;
}

template <typename Body>
Rule MakeRule(std::string id, RuleKind kind, Body body) {
  Rule rule;
  rule.id = std::move(id);
  rule.kind = kind;
  rule.body = std::move(body);
  rule.cites = {{"XA act 1", ""}};
  rule.facts = {rule.id};
  return rule;
}

inline Rule HoursRule(std::string id, int from_hour, int to_hour) {
  ContactHours hours;
  hours.windows.push_back({0x7f, false, from_hour * 60, to_hour * 60});
  return MakeRule(std::move(id), RuleKind::kContactHours, hours);
}

inline Rule CapRule(std::string id, int limit, WindowUnit unit, int n) {
  FrequencyCap cap;
  Window window;
  window.unit = unit;
  window.n = n;
  cap.limits.push_back({limit, window, false});
  return MakeRule(std::move(id), RuleKind::kFrequencyCap, cap);
}

inline std::shared_ptr<const Filter> EventFilter(EventName name) {
  auto filter = std::make_shared<Filter>();
  filter->events = {name};
  return filter;
}

// A house that knows no clock at all.
inline std::shared_ptr<const ZoneTables> NoZones() {
  return std::make_shared<const ZoneTables>(
      "test", std::map<std::string, std::shared_ptr<const ZoneTable>>());
}

// A borrower in XA-N with one mobile of North, one account, and a contact by call.
struct TestWorld {
  std::shared_ptr<const ZoneTables> zones = TestZones();
  std::shared_ptr<const PlaceTable> places = TestPlaces();
  std::vector<Rule> rules;
  TenantFacts tenant;
  Borrower borrower;
  std::vector<Account> accounts;
  std::vector<Event> history;
  Contact contact;
  Pack::Vocabulary vocabulary;
  std::map<std::string, HolidayCalendar> calendars;
  std::vector<std::string> warn, mute;  // of an overlay beside the pack
  bool papers_in_order = false;
  ChannelConsent channel_consent = ChannelConsent::kOnlyHistory;

  TestWorld() {
    tenant.id = "lender";
    borrower.id = NumberedId<BorrowerId>(1);
    Place home;
    home.country = "XA";
    home.subdivision = "XA-N";
    borrower.places = {home};
    ContactPoint phone;
    phone.id = NumberedId<ContactPointId>(1);
    phone.line = Line::kMobile;
    phone.number_country = "XA";
    phone.number_zones = {"XA/North"};
    borrower.contact_points = {phone};
    Account account;
    account.id = NumberedId<AccountId>(1);
    account.balance = {10'000, "USD"};
    account.due_on = OnDay("2026-01-01");
    accounts = {account};
    contact.channel = Channel::kCall;
    contact.point = phone.id;
    contact.accounts = {account.id};
  }

  Event& Add(EventName name, std::string_view at) {
    Event& event = history.emplace_back();
    event.id = NumberedId<EventId>(static_cast<uint8_t>(history.size()));
    event.name = name;
    event.at = Utc(at);
    if (name != EventName::kAttempt && name != EventName::kNotice) event.by = DoneBy::kBorrower;
    return event;
  }
  Event& AddCall(std::string_view at, Outcome outcome = Outcome::kNoAnswer) {
    Event& event = Add(EventName::kAttempt, at);
    event.channel = Channel::kCall;
    event.point = contact.point;
    event.accounts = {accounts.front().id};
    event.outcome = outcome;
    return event;
  }

  Question Ask() const {
    Pack pack;
    pack.name = "xa";
    pack.jurisdiction = "XA";
    pack.rules = rules;
    for (const Rule& rule : rules) pack.digest_bytes += rule.id + "\n";
    pack.vocabulary = vocabulary;
    std::vector<Pack> packs = {pack};
    const bool overlaid = !warn.empty() || !mute.empty();
    if (overlaid) {
      Pack overlay;
      overlay.name = "house";
      overlay.jurisdiction = "*";
      overlay.warn = warn;
      overlay.mute = mute;
      packs.push_back(std::move(overlay));
    }
    const auto bundle = Compile(std::move(packs), calendars, overlaid ? "house" : "");
    FORBEAR_CHECK(bundle.ok());
    Facts facts;
    facts.contact = contact;
    facts.tenant = &tenant;
    facts.borrower = &borrower;
    facts.papers_in_order_by_default = papers_in_order;
    facts.channel_consent = channel_consent;
    for (const Account& account : accounts) facts.accounts.push_back(&account);
    for (const Event& event : history) facts.history.push_back(&event);
    return Resolve(facts, {*bundle, zones, places});
  }
  Decision At(std::string_view at) const { return Decide(Ask(), Utc(at)); }
};

}  // namespace forbear::policy
