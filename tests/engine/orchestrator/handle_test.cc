// What each command does to the rows and the log, through the store in memory, which asks Handle
// twice and ends the process if it is not pure.
#include "engine/orchestrator/handle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/orchestrator/intake.h"
#include "tests/engine/orchestrator/house.h"
#include "engine/orchestrator/facts_codec.h"

namespace forbear::house {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

absl::StatusCode CodeOf(const absl::StatusOr<Applied>& applied) { return applied.status().code(); }

// ---- SubmitAccount
// -------------------------------------------------------------------------------

TEST(SubmitAccount, MakesTheBorrowerTheAccountAndAPlanThatIsDueNow) {
  House house;
  SubmitAccount item = Item("A-1", "B-1");
  item.history = {ConsentToTexts()};
  const CommandResult result = house.Submit(item);
  EXPECT_EQ(result.change, ChangeMade::kCreated);
  EXPECT_EQ(result.receipts.size(), 3u);
  EXPECT_THAT(house.Kinds(), ElementsAre("log.opened", "borrower.registered", "account.submitted",
                                         "borrower.history_recorded"));
  const BorrowerFile file = house.File(result.borrower);
  EXPECT_EQ(file.borrower.tenant, "lender");
  ASSERT_EQ(file.events.size(), 1u);
  ASSERT_EQ(file.events[0].points.size(), 1u);
  EXPECT_EQ(file.events[0].points[0], file.borrower.contact_points[0].id)
      << "history refers to the item's own ids, which are replaced";
  EXPECT_NE(file.borrower.contact_points[0].id, policy::NumberedId<ContactPointId>(1));
  EXPECT_EQ(house.PlanOf(result).wake_at, kNoon);
}

TEST(SubmitAccount, PutsNothingPersonalIntoTheLog) {
  House house;
  SubmitAccount item = Item("SECRET-ACCOUNT-77", "SECRET-BORROWER-88");
  item.borrower.name = Personal("Zebedee Quillfeather");
  item.borrower.places[0].city = "Secretville";
  item.borrower.places[0].postal_code = "SECRET-ZIP";
  item.account.original_creditor = "Hush Bank";
  item.account.account_number_at_placement = "SECRET-NUMBER";
  house.Submit(item);
  house.orchestrator->RunOnce();
  const auto stored = house.store.ListEntries({.limit = 1000});
  ASSERT_TRUE(stored.ok());
  for (const StoredEntry& entry : *stored) {
    for (const char* secret : {"SECRET", "Zebedee", "Secretville", "Hush", "99912345678",
                               "example.com", "Example Street"}) {
      EXPECT_THAT(entry.bytes, Not(HasSubstr(secret)));
    }
  }
}

TEST(SubmitAccount, TheSameBodyAgainChangesNothing) {
  House house;
  const CommandResult first = house.Submit(Item("A-1", "B-1"));
  const size_t entries = house.Entries().size();
  const CommandResult again = house.Submit(Item("A-1", "B-1"));
  EXPECT_EQ(again.change, ChangeMade::kUnchanged);
  EXPECT_EQ(again.account, first.account);
  EXPECT_EQ(again.borrower, first.borrower);
  EXPECT_EQ(house.Entries().size(), entries);
}

TEST(SubmitAccount, AnotherBodyIsRefusedNamingTheFields) {
  House house;
  house.Submit(Item("A-1", "B-1"));
  SubmitAccount other = Item("A-1", "B-1");
  other.body_digest[0] = 2;
  other.field_digests = {{"account.balance", 99}, {"borrower.name", 2}, {"borrower.language", 3}};
  const absl::StatusOr<Applied> refused = house.Do(other);
  EXPECT_EQ(CodeOf(refused), absl::StatusCode::kAlreadyExists);
  std::vector<std::string> fields;
  for (const Violation& violation : ViolationsOf(refused.status())) {
    fields.push_back(violation.field);
  }
  EXPECT_THAT(fields, ElementsAre("account.balance", "borrower.language"));
}

TEST(SubmitAccount, AnUpdateMustBeAskedForAndBeNewer) {
  const struct {
    const char* why;
    bool allow;
    const char* as_of;
    absl::StatusCode code;
  } rows[] = {
      {"not asked for", false, "2026-03-02T00:00:00Z", absl::StatusCode::kAlreadyExists},
      {"not newer", true, "2026-03-01T00:00:00Z", absl::StatusCode::kAlreadyExists},
      {"one second newer", true, "2026-03-01T00:00:01Z", absl::StatusCode::kOk},
  };
  for (const auto& row : rows) {
    House house;
    const CommandResult first = house.Submit(Item("A-1", "B-1"));
    SubmitAccount other = Item("A-1", "B-1");
    other.body_digest[0] = 2;
    other.account.balance.minor_units = 5;
    other.account.as_of = Utc(row.as_of);
    other.allow_update = row.allow;
    const absl::StatusOr<Applied> applied = house.Do(other);
    EXPECT_EQ(CodeOf(applied), row.code) << row.why;
    const int64_t balance =
        house.store.ReadAccount("lender", first.account)->value().balance.minor_units;
    EXPECT_EQ(balance, row.code == absl::StatusCode::kOk ? 5 : 123'456) << row.why;
  }
}

TEST(SubmitAccount, UpdatingDoesNotTellTheSameHistoryTwice) {
  House house;
  SubmitAccount item = Item("A-1", "B-1");
  item.history = {ConsentToTexts()};
  const CommandResult first = house.Submit(item);
  item.body_digest[0] = 2;
  item.allow_update = true;
  item.account.as_of = Utc("2026-03-02T00:00:00Z");
  Event hardship = Said(EventName::kHardship, Utc("2026-02-20T10:00:00Z"));
  item.history.push_back(hardship);
  EXPECT_EQ(house.Submit(item).change, ChangeMade::kUpdated);
  EXPECT_EQ(house.File(first.borrower).events.size(), 2u);
}

TEST(SubmitAccount, ASecondAccountJoinsTheBorrowerTheLenderKnows) {
  House house;
  const CommandResult first = house.Submit(Item("A-1", "B-1"));
  SubmitAccount second = Item("A-2", "B-1");
  second.borrower.contact_points.push_back(MakePoint(4, PointKind::kEmail, "new@example.com"));
  second.borrower.places[0].subdivision = "XA-S";
  const CommandResult result = house.Submit(second);
  EXPECT_EQ(result.borrower, first.borrower);
  EXPECT_NE(result.account, first.account);
  const BorrowerFile file = house.File(first.borrower);
  EXPECT_EQ(file.accounts.size(), 2u);
  EXPECT_EQ(file.borrower.contact_points.size(), 4u) << "three are the same, one is new";
  ASSERT_EQ(file.borrower.places.size(), 1u);
  EXPECT_EQ(file.borrower.places[0].subdivision, "XA-S") << "newer places win";
  EXPECT_THAT(house.Kinds("borrower."), ElementsAre("borrower.registered", "borrower.updated"));
}

TEST(SubmitAccount, ABorrowersFileHasItsLimits) {
  House house;
  for (int i = 0; i < static_cast<int>(kMaxAccounts); ++i) {
    house.Submit(Item("A-" + std::to_string(i), "B-1"));
  }
  EXPECT_EQ(CodeOf(house.Do(Item("A-64", "B-1"))), absl::StatusCode::kFailedPrecondition);

  SubmitAccount many = Item("A-100", "B-2");
  for (uint8_t i = 10; i < 10 + 29; ++i) {
    many.borrower.contact_points.push_back(
        MakePoint(i, PointKind::kEmail, std::to_string(i) + "@example.com"));
  }
  house.Submit(many);  // 32 points
  SubmitAccount more = Item("A-101", "B-2");
  more.borrower.contact_points.push_back(MakePoint(9, PointKind::kEmail, "one-more@example.com"));
  EXPECT_EQ(CodeOf(house.Do(more)), absl::StatusCode::kFailedPrecondition);
}

TEST(SubmitAccount, TheLargestFileFitsIntoTheLog) {
  House house;
  SubmitAccount item = Item("A-1", "B-1");
  for (uint8_t i = 10; item.borrower.contact_points.size() < kMaxContactPoints; ++i) {
    ContactPoint point = MakePoint(i, PointKind::kPhone, "+9991234" + std::to_string(1000 + i));
    point.number_zones.assign(i % 2 == 0 ? 30 : 6, "America/Argentina/ComodRivadavia");
    point.owner = Relation::kCollectorAttorney;
    point.party = policy::NumberedId<Id128>(100);
    item.borrower.contact_points.push_back(point);
  }
  for (uint8_t i = 0; i < 32; ++i) {
    item.borrower.parties.push_back({policy::NumberedId<Id128>(static_cast<uint8_t>(100 + i)),
                                     Relation::kCollectorAttorney,
                                     {}});
  }
  item.borrower.places.assign(kMaxPlaces, item.borrower.places[0]);
  Event event = Said(EventName::kInconvenientTime, Utc("2026-02-01T00:00:00Z"));
  event.windows.assign(64, WeeklySlot{});
  for (const ContactPoint& point : item.borrower.contact_points) event.points.push_back(point.id);
  event.talk.emplace(kMaxAccounts, Talk{item.account.id, true, true});
  for (int i = 0; i < 60; ++i) {
    event.at += Seconds(1);
    item.history.push_back(event);
  }
  const policy::TestWorld xa;
  EXPECT_THAT(CheckSubmission(item, {kNoon, xa.zones.get(), xa.places.get()}), IsEmpty());
  const absl::StatusOr<Applied> applied = house.Do(item);
  ASSERT_TRUE(applied.ok()) << applied.status();
  EXPECT_EQ(house.File(applied->result.borrower).events.size(), 60u);
  EXPECT_GT(house.Entries("borrower.history_recorded").size(), 10u);
}

TEST(SubmitAccount, OfAnotherTenantIsAnotherWorld) {
  House house;
  const CommandResult mine = house.Submit(Item("A-1", "B-1"));
  const absl::StatusOr<Applied> theirs = house.Do(Item("A-1", "B-1"), CallerRole::kLender, "other");
  ASSERT_TRUE(theirs.ok());
  EXPECT_EQ(theirs->result.change, ChangeMade::kCreated);
  EXPECT_NE(theirs->result.borrower, mine.borrower);
  EXPECT_EQ(CodeOf(house.Do(CloseAccount{mine.account, "sold"}, CallerRole::kLender, "other")),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(CodeOf(house.Do(RecordEvent{mine.borrower, Said(EventName::kDispute, kNoon)},
                            CallerRole::kLender, "other")),
            absl::StatusCode::kNotFound);
}

// ---- Accounts
// ------------------------------------------------------------------------------------

TEST(RecordPayment, LowersTheBalanceAndAtZeroTheAccountIsPaid) {
  House house;
  const CommandResult submitted = house.Submit(Item("A-1", "B-1"));
  ASSERT_TRUE(house.Do(RecordPayment{submitted.account, {100'000, "USD"}, kNoon}).ok());
  Account account = house.store.ReadAccount("lender", submitted.account)->value();
  EXPECT_EQ(account.balance.minor_units, 23'456);
  EXPECT_EQ(account.state, AccountState::kOpen);
  ASSERT_TRUE(house.Do(RecordPayment{submitted.account, {50'000, "USD"}, kNoon}).ok());
  account = house.store.ReadAccount("lender", submitted.account)->value();
  EXPECT_EQ(account.balance.minor_units, 0) << "never below";
  EXPECT_EQ(account.state, AccountState::kPaid);
  EXPECT_EQ(house.File(submitted.borrower).events.size(), 2u);

  house.orchestrator->RunOnce();
  EXPECT_TRUE(house.channel.calls.empty()) << "nobody is reminded of what is paid";
  EXPECT_FALSE(house.PlanOf(submitted).wake_at.has_value());
  EXPECT_EQ(CodeOf(house.Do(RecordPayment{submitted.account, {1, "EUR"}, kNoon})),
            absl::StatusCode::kInvalidArgument);
}

TEST(CloseAccount, EndsContactAboutItAndTwiceIsOnce) {
  House house;
  const CommandResult submitted = house.Submit(Item("A-1", "B-1"));
  EXPECT_EQ(house.Do(CloseAccount{submitted.account, "recalled"})->result.change,
            ChangeMade::kUpdated);
  EXPECT_EQ(house.Do(CloseAccount{submitted.account, "sold"})->result.change,
            ChangeMade::kUnchanged);
  house.orchestrator->RunOnce();
  EXPECT_TRUE(house.channel.calls.empty());
  EXPECT_EQ(CodeOf(house.Do(UpdateAccount{
                .account = submitted.account, .balance = Money{1, "USD"}, .as_of = kNoon})),
            absl::StatusCode::kFailedPrecondition);
}

TEST(UpdateAccount, TakesNewerFactsAndRefusesOlderOnes) {
  House house;
  const CommandResult submitted = house.Submit(Item("A-1", "B-1"));
  UpdateAccount update;
  update.account = submitted.account;
  update.balance = Money{777, "USD"};
  update.as_of = Utc("2026-02-28T00:00:00Z");
  EXPECT_EQ(CodeOf(house.Do(update)), absl::StatusCode::kFailedPrecondition);
  update.as_of = Utc("2026-03-02T00:00:00Z");
  EXPECT_EQ(house.Do(update)->result.change, ChangeMade::kUpdated);
  EXPECT_EQ(house.Do(update)->result.change, ChangeMade::kUnchanged) << "the same once more";
  update.balance = Money{0, "USD"};
  ASSERT_TRUE(house.Do(update).ok());
  EXPECT_EQ(house.store.ReadAccount("lender", submitted.account)->value().state,
            AccountState::kPaid);
}

// ---- Borrowers
// -----------------------------------------------------------------------------------

TEST(UpdateBorrower, AddsReplacesAndRemovesPoints) {
  House house;
  const CommandResult submitted = house.Submit(Item("A-1", "B-1"));
  const std::vector<ContactPoint> before = house.File(submitted.borrower).borrower.contact_points;
  UpdateBorrower update;
  update.borrower = submitted.borrower;
  ContactPoint added = MakePoint(0, PointKind::kEmail, "second@example.com");
  ContactPoint replaced = before[0];
  replaced.verified = true;
  update.add_or_replace_points = {added, replaced};
  update.remove_points = {before[2].id};
  ASSERT_TRUE(house.Do(update).ok());
  const std::vector<ContactPoint> after = house.File(submitted.borrower).borrower.contact_points;
  ASSERT_EQ(after.size(), 3u);
  for (const ContactPoint& point : after) {
    EXPECT_FALSE(point.id.IsZero());
    EXPECT_NE(point.id, before[2].id);
    EXPECT_TRUE(point.id != before[0].id || point.verified);
  }
  update = {};
  update.borrower = submitted.borrower;
  update.remove_points = {policy::NumberedId<ContactPointId>(77)};
  EXPECT_EQ(CodeOf(house.Do(update)), absl::StatusCode::kNotFound);
  update.remove_points.clear();
  update.language = "";
  EXPECT_EQ(house.Do(update)->result.change, ChangeMade::kUnchanged);
}

TEST(SetPreferences, ReplaceThoseSetBeforeAndNoOthers) {
  House house;
  const CommandResult submitted = house.Submit(Item("A-1", "B-1"));
  Event told = Said(EventName::kInconvenientTime, Utc("2026-03-01T10:00:00Z"));
  told.windows = {{0x60, 0, 1440}};
  ASSERT_TRUE(house.Do(RecordEvent{submitted.borrower, told}).ok());
  SetPreferences preferences;
  preferences.borrower = submitted.borrower;
  preferences.inconvenient_times = {{{0x1f, 540, 600}}};
  preferences.refused_channels = {{Channel::kSms}};
  ASSERT_TRUE(house.Do(preferences).ok());
  EXPECT_EQ(house.Do(preferences)->result.change, ChangeMade::kUnchanged) << "the same again";
  preferences.inconvenient_times = {{{0x1f, 600, 660}}};
  ASSERT_TRUE(house.Do(preferences).ok());
  size_t standing = 0;
  for (const Event& event : house.File(submitted.borrower).events) {
    if (event.name == EventName::kInconvenientTime && !event.ended) ++standing;
  }
  EXPECT_EQ(standing, 2u) << "what they said themselves, and the newest preference";
  EXPECT_EQ(house.File(submitted.borrower).borrower.refused_channels.size(), 1u);
}

TEST(RecordEvent, HasAKindOfItsOwnWherePeopleLookForIt) {
  const struct {
    EventName name;
    const char* kind;
  } rows[] = {
      {EventName::kConsent, "borrower.consent_recorded"},
      {EventName::kRevocation, "borrower.consent_revoked"},
      {EventName::kOptOut, "borrower.opted_out"},
      {EventName::kDispute, "borrower.disputed"},
      {EventName::kCeaseRequest, "borrower.cease_requested"},
      {EventName::kInbound, "inbound.recorded"},
      {EventName::kHardship, "borrower.event_recorded"},
  };
  for (const auto& row : rows) {
    House house;
    const CommandResult submitted = house.Submit(Item("A-1", "B-1"));
    const absl::StatusOr<Applied> applied =
        house.Do(RecordEvent{submitted.borrower, Said(row.name, kNoon)});
    ASSERT_TRUE(applied.ok()) << row.kind;
    const Entry last = house.Entries().back();
    EXPECT_EQ(last.kind, row.kind);
    ASSERT_NE(last.facts.Find("events"), nullptr) << "sealed";
    const absl::StatusOr<Event> sealed = ReadEventFacts(last.facts.Find("events")->AsArray().at(0));
    ASSERT_TRUE(sealed.ok()) << sealed.status();
    EXPECT_EQ(sealed->name, row.name);
    EXPECT_EQ(sealed->id, applied->result.event);
    EXPECT_EQ(last.Ref("event")->AsString(), applied->result.event.Hex());
  }
}

TEST(SubmitAccount, AHistoryOfLongEventsTakesSeveralEntries) {
  House house;
  SubmitAccount item = Item("A-1", "B-1");
  for (int i = 0; i < 5; ++i) {
    Event event = Said(EventName::kInbound, kNoon - std::chrono::hours(24 * (9 - i)));
    event.message.carries.emplace(64, std::string(100, 'w'));
    item.history.push_back(event);
  }
  const CommandResult submitted = house.Submit(item);
  const std::vector<Entry> entries = house.Entries("borrower.history_recorded");
  EXPECT_EQ(entries.size(), 5u) << "one in each";
  size_t events = 0;
  for (const Entry& entry : entries) events += entry.facts.Find("events")->AsArray().size();
  EXPECT_EQ(events, 5u);
  EXPECT_EQ(house.File(submitted.borrower).events.size(), 5u);
}

TEST(RecordEvent, SpeaksOnlyOfWhatIsTheBorrowersOwn) {
  House house;
  const CommandResult ada = house.Submit(Item("A-1", "B-1"));
  const CommandResult bob = house.Submit(Item("A-2", "B-2"));
  Event event = Said(EventName::kDispute, kNoon);
  event.accounts = {bob.account};
  event.point = house.File(bob.borrower).borrower.contact_points[0].id;
  const absl::StatusOr<Applied> refused = house.Do(RecordEvent{ada.borrower, event});
  EXPECT_EQ(CodeOf(refused), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ViolationsOf(refused.status()).size(), 2u);
}

TEST(RecordEvent, WakesEverybodyWhoMayBeTheSamePerson) {
  House house;
  SubmitAccount ada = Item("A-1", "B-1");
  SubmitAccount same = Item("A-2", "B-2");
  ada.borrower.contact_points[0].link_digest[0] = 7;
  same.borrower.contact_points[0].link_digest[0] = 7;
  const CommandResult first = house.Submit(ada);
  const CommandResult second = house.Submit(same);
  ASSERT_NE(first.borrower, second.borrower);
  house.orchestrator->RunOnce();
  house.clock.Advance(Seconds(60));
  ASSERT_TRUE(house.Do(RecordEvent{first.borrower, Said(EventName::kCeaseRequest, kNoon)}).ok());
  EXPECT_EQ(house.PlanOf(second).wake_at, house.clock.Now());
  const size_t calls = house.channel.calls.size();
  house.clock.Advance(std::chrono::hours(24 * 40));
  house.orchestrator->RunOnce();
  EXPECT_EQ(house.channel.calls.size(), calls) << "a stop counts over the linked set";
}

TEST(Consent, OfSomebodyWhoMayBeTheSamePersonPermitsNothing) {
  House house;
  SubmitAccount ada = Item("A-1", "B-1");
  SubmitAccount same = Item("A-2", "B-2");
  ada.borrower.contact_points = {MakePoint(1, PointKind::kPhone, "+99912345670")};
  same.borrower.contact_points = {MakePoint(1, PointKind::kPhone, "+99912345670")};
  ada.borrower.contact_points[0].link_digest[0] = 7;
  same.borrower.contact_points[0].link_digest[0] = 7;
  Event consent = ConsentToTexts();
  consent.points.clear();  // for every number of theirs
  ada.history = {consent};
  house.Submit(ada);
  const CommandResult without = house.Submit(same);
  ASSERT_TRUE(house.orchestrator->RunOnce().store.ok());
  for (const ScriptedChannel::Call& call : house.channel.calls) {
    EXPECT_NE(call.outgoing.borrower, without.borrower);
  }
  EXPECT_EQ(house.channel.calls.size(), 1u);
}

// ---- Attempts
// ------------------------------------------------------------------------------------

TEST(PlanAccount, ReservesTheFirstWayThatIsAllowed) {
  House house;
  const CommandResult submitted = house.Submit(Item("A-1", "B-1"));  // no consent to texts
  const absl::StatusOr<Applied> applied = house.Do(PlanAccount{submitted.account});
  ASSERT_TRUE(applied.ok() && applied->send);
  EXPECT_EQ(applied->send->outgoing.channel, Channel::kEmail);
  EXPECT_EQ(applied->send->outgoing.address.Reveal(RevealFor::kSending), "B-1@example.com");
  EXPECT_EQ(applied->send->outgoing.text.Reveal(RevealFor::kSending),
            "Ada Example: USD 1,234.56 was due on 2026-01-26. Lender Ltd");
  const std::vector<Entry> entries = house.Entries();
  ASSERT_EQ(entries.size(), 5u);
  const Entry& decision = entries[3];
  EXPECT_EQ(decision.kind, "decision.allowed");
  EXPECT_EQ(decision.Word("at"), "2026-03-02T17:00:00Z");
  EXPECT_EQ(decision.Word("channel"), "email");
  EXPECT_EQ(decision.Word("purpose"), "payment_reminder");
  EXPECT_EQ(decision.Data("history_upto")->AsInteger(), 2) << "the newest entry before it";
  EXPECT_EQ(decision.Ref("accounts")->AsArray().at(0).AsString(), submitted.account.Hex());
  EXPECT_EQ(decision.Ref("bundle")->AsString(), house.world->surroundings.bundle->digest());
  EXPECT_EQ(decision.Ref("treatment")->AsString(), house.world->treatment->digest);
  const Entry& reserved = entries[4];
  EXPECT_EQ(reserved.kind, "attempt.reserved");
  EXPECT_EQ(reserved.Ref("attempt")->AsString(), applied->send->attempt.Hex());
  EXPECT_EQ(reserved.Data("step")->AsInteger(), 2);
  EXPECT_EQ(reserved.Word("dispatch"), "at_once");

  const BorrowerFile file = house.File(submitted.borrower);
  ASSERT_EQ(file.events.size(), 1u) << "it counts from this instant";
  EXPECT_EQ(file.events[0].outcome, Outcome::kUnreported);
  EXPECT_FALSE(house.PlanOf(submitted).wake_at.has_value());
}

TEST(PlanAccount, IsJudgedOnlyWhenDueOpenAndNotInFlight) {
  House house;
  const CommandResult submitted = house.Submit(Item("A-1", "B-1"));
  ASSERT_TRUE(house.Do(PlanAccount{submitted.account})->send.has_value());
  EXPECT_FALSE(house.Do(PlanAccount{submitted.account})->send.has_value()) << "in flight";
  ASSERT_TRUE(house.Do(RecordEvent{submitted.borrower, Said(EventName::kHardship, kNoon)}).ok());
  const size_t entries = house.Entries().size();
  EXPECT_FALSE(house.Do(PlanAccount{submitted.account})->send.has_value())
      << "woken, and still in flight";
  EXPECT_EQ(house.Entries().size(), entries);
}

TEST(PlanAccount, SleepsUntilTheNextOpeningAndSaysSoOnce) {
  House house;
  house.clock.Set(Utc("2026-03-03T02:30:00Z"));  // 21:30 in the evening
  const CommandResult submitted = house.Submit(Item("A-1", "B-1"));
  EXPECT_FALSE(house.Do(PlanAccount{submitted.account})->send.has_value());
  EXPECT_EQ(house.PlanOf(submitted).wake_at, Utc("2026-03-03T13:00:00Z"));
  const Entry said = house.Entries().back();
  EXPECT_EQ(said.kind, "decision.deferred");
  EXPECT_EQ(said.Word("next_allowed_at"), "2026-03-03T13:00:00Z");
  const cj1::Value& denial = said.Data("denials")->AsArray().at(0);
  EXPECT_EQ(denial.Find("rule")->AsString(), "xa.hours");
  EXPECT_EQ(denial.Find("reason")->AsString(), "outside_hours");
  EXPECT_EQ(denial.Find("opens_at")->AsString(), "2026-03-03T13:00:00Z");

  const size_t entries = house.Entries().size();
  ASSERT_TRUE(house
                  .Do(RecordEvent{submitted.borrower,
                                  Said(EventName::kHardship, Utc("2026-03-02T02:00:00Z"))})
                  .ok());
  ASSERT_TRUE(house.Do(PlanAccount{submitted.account}).ok());
  EXPECT_EQ(house.Entries().size(), entries + 1)
      << "the event, and no second refusal like the first";
}

TEST(PlanAccount, ADeniedAccountWaitsForAnEvent) {
  House house;
  const CommandResult submitted = house.Submit(Item("A-1", "B-1"));
  ASSERT_TRUE(
      house.Do(RecordEvent{submitted.borrower, Said(EventName::kCeaseRequest, kNoon)}).ok());
  ASSERT_TRUE(house.Do(PlanAccount{submitted.account}).ok());
  EXPECT_EQ(house.Entries().back().kind, "decision.denied");
  EXPECT_FALSE(house.PlanOf(submitted).wake_at.has_value());
}

TEST(PlanAccount, WithNobodyToReachSaysSoOnceAndWaits) {
  House house;
  SubmitAccount item = Item("A-1", "B-1");
  item.borrower.contact_points.clear();
  const CommandResult submitted = house.Submit(item);
  ASSERT_TRUE(house.Do(PlanAccount{submitted.account}).ok());
  ASSERT_TRUE(house.Do(RecordEvent{submitted.borrower, Said(EventName::kHardship, kNoon)}).ok());
  ASSERT_TRUE(house.Do(PlanAccount{submitted.account}).ok());
  EXPECT_EQ(house.Entries("account.unreachable").size(), 1u);
}

AttemptId Reserve(House& house, const CommandResult& submitted) {
  const absl::StatusOr<Applied> applied = house.Do(PlanAccount{submitted.account});
  FORBEAR_CHECK(applied.ok() && applied->send);
  return applied->send->attempt;
}

TEST(SettleAttempt, EndsTheAttemptAndPlansTheNextStep) {
  House house;
  const CommandResult submitted = house.Submit(Item("A-1", "B-1"));
  const AttemptId attempt = Reserve(house, submitted);
  ASSERT_TRUE(house.Do(SettleAttempt{attempt, ScriptedChannel::Delivered()}).ok());
  EXPECT_EQ(house.Entries().back().kind, "attempt.settled");
  EXPECT_EQ(house.Entries().back().Word("outcome"), "delivered");
  EXPECT_EQ(house.File(submitted.borrower).events[0].outcome, Outcome::kDelivered);
  const Plan plan = house.PlanOf(submitted);
  EXPECT_EQ(plan.step, 3);
  EXPECT_EQ(plan.last_sent_at, kNoon);
  EXPECT_EQ(plan.wake_at, Utc("2026-03-27T04:00:00Z")) << "60 days past due, summer time";
  EXPECT_EQ(house.Do(SettleAttempt{attempt, ScriptedChannel::Delivered()})->result.change,
            ChangeMade::kUnchanged);
  EXPECT_EQ(CodeOf(house.Do(DoubtAttempt{attempt, "crash"})),
            absl::StatusCode::kFailedPrecondition);
}

TEST(DoubtAttempt, CountsAsMadeAndIsNeverSettledBySendingAgain) {
  House house;
  const CommandResult submitted = house.Submit(Item("A-1", "B-1"));
  const AttemptId attempt = Reserve(house, submitted);
  ASSERT_TRUE(house.Do(DoubtAttempt{attempt, "crash"}).ok());
  EXPECT_EQ(house.Entries().back().kind, "attempt.in_doubt");
  EXPECT_EQ(house.Do(DoubtAttempt{attempt, "crash"})->result.change, ChangeMade::kUnchanged);
  EXPECT_EQ(house.File(submitted.borrower).events.at(0).outcome, Outcome::kUnreported);
  EXPECT_EQ(house.PlanOf(submitted).step, 3);
  EXPECT_EQ(CodeOf(house.Do(SettleAttempt{attempt, ScriptedChannel::Delivered()})),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(CodeOf(house.Do(ReleaseAttempt{attempt, "refused"})),
            absl::StatusCode::kFailedPrecondition);
}

TEST(ReleaseAttempt, StopsCountingAndIsJudgedAnew) {
  House house;
  const CommandResult submitted = house.Submit(Item("A-1", "B-1"));
  const AttemptId attempt = Reserve(house, submitted);
  ASSERT_TRUE(house.Do(ReleaseAttempt{attempt, "too_late"}).ok());
  EXPECT_EQ(house.Entries().back().kind, "attempt.released");
  EXPECT_TRUE(house.File(submitted.borrower).events.empty());
  EXPECT_EQ(house.PlanOf(submitted).wake_at, kNoon);
  EXPECT_EQ(house.PlanOf(submitted).step, 0) << "the step was not made";
  EXPECT_NE(Reserve(house, submitted), attempt) << "another attempt, of its own";
}

TEST(ReleaseAttempt, AfterARefusalWaitsAnHour) {
  House house;
  const CommandResult submitted = house.Submit(Item("A-1", "B-1"));
  ASSERT_TRUE(house.Do(SettleAttempt{Reserve(house, submitted), ScriptedChannel::Refused()}).ok());
  EXPECT_EQ(house.PlanOf(submitted).wake_at, kNoon + std::chrono::hours(1));
}

// ---- Operations
// ----------------------------------------------------------------------------------

TEST(PauseContacts, NarrowsACallerToItsTenantAndIsLiftedByAnEqual) {
  House house;
  ASSERT_TRUE(house.Do(PauseContacts{{}, "incident"}, CallerRole::kOfficer).ok());
  ASSERT_EQ(house.store.ReadPauses()->size(), 1u);
  EXPECT_EQ(house.store.ReadPauses()->at(0).scope.tenant, "lender");
  EXPECT_EQ(house.Entries().back().kind, "contacts.paused");
  EXPECT_EQ(house.Do(PauseContacts{{}, "again"}, CallerRole::kLender)->result.change,
            ChangeMade::kUnchanged);
  EXPECT_EQ(CodeOf(house.Do(ResumeContacts{{}}, CallerRole::kLender)),
            absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(
      house.Do(PauseContacts{{"lender", "", {}}, "more"}, CallerRole::kOperator, "")->result.change,
      ChangeMade::kUpdated)
      << "an operator's weighs more";
  EXPECT_EQ(CodeOf(house.Do(ResumeContacts{{}}, CallerRole::kOfficer)),
            absl::StatusCode::kPermissionDenied);
  EXPECT_TRUE(house.Do(ResumeContacts{{"lender", "", {}}}, CallerRole::kOperator, "").ok());
  EXPECT_TRUE(house.store.ReadPauses()->empty());
  EXPECT_EQ(house.Do(ResumeContacts{{}}, CallerRole::kLender)->result.change,
            ChangeMade::kUnchanged);
}

TEST(RecordFact, IsAnEntryAndNothingElse) {
  House house;
  RecordFact fact;
  fact.kind = "node.started";
  fact.data.Set("version", "0.1.0");
  ASSERT_TRUE(house.Do(fact, CallerRole::kOperator, "").ok());
  EXPECT_EQ(house.Entries().back().kind, "node.started");
  EXPECT_EQ(house.Entries().back().value.Find("tenant"), nullptr);
}

TEST(Handle, GivesTheSameIdsToTheSameCommand) {
  House one(5);
  House other(5);
  EXPECT_EQ(one.Submit(Item("A-1", "B-1")).account, other.Submit(Item("A-1", "B-1")).account);
  EXPECT_NE(one.Submit(Item("A-2", "B-2")).account, one.Submit(Item("A-3", "B-3")).account);
}

TEST(Handle, MakesNothingOfAnInstantPastTheZoneTables) {
  House house;
  house.clock.Set(kEndOfTime);
  EXPECT_EQ(CodeOf(house.Do(Item("A-1", "B-1"))), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace forbear::house
