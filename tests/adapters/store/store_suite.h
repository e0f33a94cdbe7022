// What every Store must do. Included by one test file a store, which names the stores it makes:
//
//   INSTANTIATE_TEST_SUITE_P(Memory, StoreSuite, testing::Values(StoreKind{"Twice", …}));
//
// Everything here goes through the port; what only one store has (files, crashes) is tested beside
// that store.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "engine/audit/source.h"
#include "engine/audit/verify.h"
#include "engine/ports/store.h"
#include "engine/ports/store_rules.h"
#include "tests/adapters/store/desk.h"
#include "tests/engine/vault/ring_in_memory.h"

namespace forbear {

inline constexpr char kTestOrigin[] = "audit.example/store";
inline constexpr char kTestNode[] = "n1";

// Reads a whole log as an auditor would: E1 to E13, and the root of the head.
inline absl::Status CheckWholeLog(const audit::EntrySource& log, const audit::LogHead& head) {
  const absl::StatusOr<uint64_t> size = log.Size();
  if (!size.ok()) return size.status();
  if (*size != head.size) return absl::InternalError("size of the log differs from its head");
  audit::EntryChecker checker(head.origin);
  audit::Tree tree;
  std::vector<audit::FullTile> tiles;
  for (uint64_t from = 0; from < *size; from += audit::kTileWidth) {
    const auto entries = log.Entries(from, std::min(*size, from + audit::kTileWidth));
    if (!entries.ok()) return entries.status();
    for (const std::string& entry : *entries) {
      if (absl::Status status = checker.Check(entry); !status.ok()) return status;
      tree.Append(audit::LeafHash(entry), &tiles);
    }
  }
  if (tree.Root() != head.root) return absl::InternalError("root differs from the head's");
  for (const audit::FullTile& tile : tiles) {
    const auto stored = log.ReadTile(tile.level, tile.n);
    if (!stored.ok()) return stored.status();
    if (*stored != tile.bytes) return absl::InternalError("a stored tile differs");
  }
  for (const auto& [tenant, entries] : checker.facts().tenants) {
    const auto known = head.tseq.find(tenant);
    if (known == head.tseq.end() || known->second != entries) {
      return absl::InternalError("tseq of the head differs");
    }
  }
  return absl::OkStatus();
}

// The value, by value: nothing hangs on a temporary in a range-for.
template <typename T>
T Must(absl::StatusOr<T> value) {
  EXPECT_TRUE(value.ok()) << value.status();
  return value.ok() ? std::move(value).value() : T{};
}

// One store on its own ground, with the desk's handler.
class StoreBench {
 public:
  StoreBench() : gate(std::make_shared<desk::Gate>()), randomness(1) {}
  virtual ~StoreBench() = default;
  virtual Store& store() = 0;
  virtual std::unique_ptr<audit::EntrySource> OpenLog() = 0;

  std::shared_ptr<desk::Gate> gate;
  desk::HandClock clock;
  desk::SeededRandomness randomness;
  vault::Faults key_faults;
  vault::RingInMemory keys{clock, randomness, &key_faults};  // outlives a store that is opened again
};

struct StoreKind {
  std::string name;
  std::function<std::unique_ptr<StoreBench>()> make;
};
inline void PrintTo(const StoreKind& kind, std::ostream* out) { *out << kind.name; }

class StoreSuite : public testing::TestWithParam<StoreKind> {
 protected:
  StoreSuite() : bench_(GetParam().make()), desk_(7) {}

  Store& store() { return bench_->store(); }
  absl::StatusOr<Applied> Apply(Command command) {
    return store().ApplyAndWait(std::move(command));
  }
  CommandResult MustApply(Command command) {
    const absl::StatusOr<Applied> applied = Apply(std::move(command));
    EXPECT_TRUE(applied.ok()) << applied.status();
    return applied.ok() ? applied->result : CommandResult{};
  }
  void ExpectWholeLog() {
    const absl::Status status = CheckWholeLog(*bench_->OpenLog(), store().Head());
    EXPECT_TRUE(status.ok()) << status;
  }
  // Everything in the log, as JSON text.
  std::vector<std::string> Entries(EntryQuery query = {}) {
    std::vector<std::string> texts;
    const auto entries = store().ListEntries(query);
    EXPECT_TRUE(entries.ok()) << entries.status();
    if (!entries.ok()) return texts;
    for (const StoredEntry& entry : *entries) {
      EXPECT_EQ(audit::LeafHash(entry.bytes), entry.leaf_hash);
      texts.push_back(entry.bytes);
    }
    return texts;
  }

  std::unique_ptr<StoreBench> bench_;
  desk::Desk desk_;
};

TEST_P(StoreSuite, TheLogBeginsWithItsOpening) {
  const std::vector<std::string> entries = Entries();
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_THAT(entries[0], testing::HasSubstr(R"("data":{"format":1})"));
  EXPECT_THAT(entries[0], testing::HasSubstr(R"("kind":"log.opened")"));
  EXPECT_EQ(store().Head().size, 1u);
  EXPECT_TRUE(store().Head().tseq.empty());
  ExpectWholeLog();
}

TEST_P(StoreSuite, AnAnswerNamesItsEntries) {
  const CommandResult result = MustApply(desk_.Submit("acme", "b1", "a1"));
  ASSERT_EQ(result.receipts.size(), 2u);
  EXPECT_EQ(result.receipts[0].seq, 1u);
  EXPECT_EQ(result.receipts[1].seq, 2u);
  const auto entries = store().ListEntries({.first_seq = 1});
  ASSERT_TRUE(entries.ok());
  ASSERT_EQ(entries->size(), 2u);
  EXPECT_EQ((*entries)[0].leaf_hash, result.receipts[0].leaf_hash);
  EXPECT_EQ((*entries)[1].leaf_hash, result.receipts[1].leaf_hash);
  EXPECT_EQ(store().Head().tseq, (std::map<std::string, uint64_t>{{"acme", 2}}));
  ExpectWholeLog();
}

TEST_P(StoreSuite, WhatWasSubmittedIsReadBack) {
  Command command = desk_.Submit("acme", "b1", "a1", 77'700);
  auto& submit = std::get<SubmitAccount>(command.body);
  submit.borrower.places = {{.kind = TiedTo::kHome, .country = "US", .subdivision = "US-OH"}};
  submit.borrower.contact_points = {desk::Phone(1, "+15550100123", 9)};
  submit.borrower.born_on = Day(date::days(7'000));
  Event dispute;
  dispute.name = EventName::kDispute;
  dispute.at = bench_->clock.Now() - date::days(4);
  dispute.via = Via::kLetter;
  Event consent;
  consent.name = EventName::kConsent;
  consent.at = bench_->clock.Now() - date::days(9);
  consent.channels = {Channel::kSms};
  submit.history = {dispute, consent};
  const CommandResult result = MustApply(std::move(command));

  const auto file = store().ReadBorrower("acme", result.borrower);
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_NE(*file, nullptr);
  const Borrower& borrower = (*file)->borrower;
  EXPECT_EQ(borrower.external_id, "b1");
  EXPECT_EQ(borrower.tenant, "acme");
  EXPECT_EQ(borrower.name.Reveal(RevealFor::kCaller), "Ada Example");
  EXPECT_EQ(borrower.born_on, Day(date::days(7'000)));
  ASSERT_EQ(borrower.places.size(), 1u);
  EXPECT_EQ(borrower.places[0].subdivision, "US-OH");
  ASSERT_EQ(borrower.contact_points.size(), 1u);
  EXPECT_EQ(borrower.contact_points[0].value.Reveal(RevealFor::kCaller), "+15550100123");
  ASSERT_EQ((*file)->accounts.size(), 1u);
  EXPECT_EQ((*file)->accounts[0].id, result.account);
  EXPECT_EQ((*file)->accounts[0].balance, (Money{77'700, "USD"}));
  ASSERT_EQ((*file)->events.size(), 2u);
  EXPECT_EQ((*file)->events[0].name, EventName::kConsent) << "oldest first";
  EXPECT_EQ((*file)->events[1].name, EventName::kDispute);
  ASSERT_EQ((*file)->plans.size(), 1u);
  EXPECT_EQ((*file)->plans[0].wake_at, bench_->clock.Now() + std::chrono::hours(1));

  const auto account = store().ReadAccount("acme", result.account);
  ASSERT_TRUE(account.ok() && account->has_value());
  EXPECT_EQ((*account)->external_id, "a1");
  EXPECT_EQ((*account)->borrower, result.borrower);
  EXPECT_EQ(*store().FindAccountByExternalId("acme", "a1"), result.account);
  EXPECT_EQ(*store().FindBorrowerByExternalId("acme", "b1"), result.borrower);
  EXPECT_EQ(store().Status().accounts, 1u);
  EXPECT_EQ(store().Status().borrowers, 1u);
}

TEST_P(StoreSuite, ACommandThatFailsLeavesNothingBehind) {
  MustApply(desk_.Submit("acme", "b1", "a1"));
  const audit::LogHead before = store().Head();
  Command stolen = desk_.Note("acme", "test.stolen");
  std::get<RecordFact>(stolen.body).data.Set("external_id", "b1");
  const struct {
    const char* why;
    Command command;
    absl::StatusCode code;
  } rows[] = {
      {"the handler refuses", desk_.Note("acme", "test.refused"),
       absl::StatusCode::kFailedPrecondition},
      {"the third entry is not valid", desk_.Note("acme", "test.spoiled"),
       absl::StatusCode::kInternal},
      {"the same, of a tenant that has no entry yet", desk_.Note("nova", "test.spoiled"),
       absl::StatusCode::kInternal},
      {"an external id is taken", std::move(stolen), absl::StatusCode::kInternal},
      {"an attempt's state does not follow", desk_.Note("acme", "test.skipped"),
       absl::StatusCode::kInternal},
      {"an entry id is used twice", desk_.Note("acme", "test.twice"), absl::StatusCode::kInternal},
  };
  for (const auto& row : rows) {
    const absl::StatusOr<Applied> applied = Apply(row.command);
    EXPECT_EQ(applied.status().code(), row.code) << row.why << ": " << applied.status();
    const audit::LogHead after = store().Head();
    EXPECT_EQ(after.size, before.size) << row.why;
    EXPECT_EQ(after.root, before.root) << row.why;
    EXPECT_EQ(after.tseq, before.tseq) << row.why;
    EXPECT_EQ(store().Status().borrowers, 1u) << row.why;
  }
  const CommandResult next = MustApply(desk_.Note("acme"));
  ASSERT_EQ(next.receipts.size(), 1u);
  EXPECT_EQ(next.receipts[0].seq, before.size) << "the numbers were given back";
  ExpectWholeLog();
}

TEST_P(StoreSuite, FailuresAmongGoodCommandsOfOneBatchCostNoNumbers) {
  // Queued while the store is held inside the first, so that they share a transaction.
  bench_->gate->Close();
  std::vector<std::future<absl::StatusOr<Applied>>> answers;
  std::thread first(
      [&] { store().Apply(desk_.Note("acme", "test.gate"), [](absl::StatusOr<Applied>) {}); });
  bench_->gate->WaitUntilSomebodyWaits();
  for (int i = 0; i < 30; ++i) {
    auto promise = std::make_shared<std::promise<absl::StatusOr<Applied>>>();
    answers.push_back(promise->get_future());
    const char* kind = i % 3 == 0 ? "test.spoiled" : i % 3 == 1 ? "test.noted" : "test.twice";
    store().Apply(
        desk_.Note(i % 2 == 0 ? "acme" : "nova", kind),
        [promise](absl::StatusOr<Applied> applied) { promise->set_value(std::move(applied)); });
  }
  bench_->gate->Open();
  first.join();
  uint64_t seq = 2;
  for (size_t i = 0; i < answers.size(); ++i) {
    const absl::StatusOr<Applied> applied = answers[i].get();
    ASSERT_EQ(applied.ok(), i % 3 == 1) << i << applied.status();
    if (applied.ok()) {
      EXPECT_EQ(applied->result.receipts.at(0).seq, seq++);
    }
  }
  ExpectWholeLog();
}

TEST_P(StoreSuite, AnswersComeInTheOrderOfTheLog) {
  std::mutex mutex;
  std::vector<uint64_t> seqs;
  std::promise<void> all;
  for (int i = 0; i < 500; ++i) {
    store().Apply(desk_.Note("acme"), [&](absl::StatusOr<Applied> applied) {
      const std::lock_guard lock(mutex);
      ASSERT_TRUE(applied.ok());
      seqs.push_back(applied->result.receipts.at(0).seq);
      if (seqs.size() == 500) all.set_value();
    });
  }
  all.get_future().wait();
  const std::lock_guard lock(mutex);
  EXPECT_TRUE(std::is_sorted(seqs.begin(), seqs.end()));
  EXPECT_EQ(seqs.front(), 1u);
  EXPECT_EQ(seqs.back(), 500u);
}

TEST_P(StoreSuite, WhatWasAnsweredIsSeenByEveryReadAfterIt) {
  for (int i = 0; i < 50; ++i) {
    const std::string name = std::to_string(i);
    const CommandResult result = MustApply(desk_.Submit("acme", "b" + name, "a" + name));
    EXPECT_NE(*store().ReadBorrower("acme", result.borrower), nullptr);
    EXPECT_TRUE(store().ReadAccount("acme", result.account)->has_value());
    EXPECT_EQ(store().Head().size, result.receipts.back().seq + 1);
    EXPECT_EQ(Entries({.first_seq = result.receipts.front().seq}).size(), 2u);
  }
}

TEST_P(StoreSuite, ARepeatedRequestGetsTheFirstAnswer) {
  const Command command = desk::Desk::With(desk_.Submit("acme", "b1", "a1"), "SubmitAccount", "r1");
  const CommandResult first = MustApply(command);
  EXPECT_FALSE(first.repeated);
  const audit::LogHead head = store().Head();
  const CommandResult second =
      MustApply(desk::Desk::With(desk_.Submit("acme", "b1", "a1"), "SubmitAccount", "r1"));
  EXPECT_TRUE(second.repeated);
  EXPECT_EQ(second.account, first.account);
  EXPECT_EQ(second.borrower, first.borrower);
  EXPECT_EQ(second.change, first.change);
  EXPECT_EQ(second.version, first.version);
  EXPECT_EQ(second.receipts, first.receipts);
  EXPECT_EQ(store().Head().size, head.size) << "nothing happened a second time";
}

TEST_P(StoreSuite, ARequestIdIsBoundToItsBodyMethodAndCaller) {
  MustApply(desk::Desk::With(desk_.Note("acme"), "RecordEvent", "r1", 1));
  const absl::StatusOr<Applied> other_body =
      Apply(desk::Desk::With(desk_.Note("acme"), "RecordEvent", "r1", 2));
  EXPECT_EQ(other_body.status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(other_body.status().message()), testing::HasSubstr("`request_id`"));
  EXPECT_THAT(std::string(other_body.status().message()), testing::Not(testing::HasSubstr("r1")));

  Command other_caller = desk::Desk::With(desk_.Note("acme"), "RecordEvent", "r1", 2);
  other_caller.caller.id = "svc-2";
  const struct {
    const char* why;
    Command command;
  } rows[] = {
      {"another method", desk::Desk::With(desk_.Note("acme"), "CloseAccount", "r1", 2)},
      {"another tenant", desk::Desk::With(desk_.Note("nova"), "RecordEvent", "r1", 2)},
      {"another caller", other_caller},
  };
  for (const auto& row : rows) {
    EXPECT_FALSE(MustApply(row.command).repeated) << row.why;
    EXPECT_TRUE(MustApply(row.command).repeated) << row.why;
  }
}

TEST_P(StoreSuite, ARefusedRequestIsNotRemembered) {
  EXPECT_FALSE(Apply(desk::Desk::With(desk_.Note("acme", "test.refused"), "M", "r1", 1)).ok());
  EXPECT_FALSE(Apply(desk::Desk::With(desk_.Note("acme", "test.spoiled"), "M", "r1", 1)).ok());
  EXPECT_FALSE(MustApply(desk::Desk::With(desk_.Note("acme"), "M", "r1", 2)).repeated);
}

TEST_P(StoreSuite, TenantsNeverSeeEachOther) {
  const CommandResult acme = MustApply(desk_.Submit("acme", "b1", "a1"));
  const CommandResult nova = MustApply(desk_.Submit("nova", "b1", "a1"));
  EXPECT_NE(acme.borrower, nova.borrower) << "one external id, two tenants, two people";
  EXPECT_NE(acme.account, nova.account);
  MustApply(desk_.Make("", PlanAccount{acme.account}));

  EXPECT_EQ(*store().ReadBorrower("nova", acme.borrower), nullptr);
  EXPECT_FALSE(store().ReadAccount("nova", acme.account)->has_value());
  EXPECT_FALSE(store().FindAccountByExternalId("other", "a1")->has_value());
  EXPECT_FALSE(store().FindBorrowerByExternalId("other", "b1")->has_value());
  EXPECT_TRUE(store().ListAttempts("nova", acme.borrower)->empty());
  EXPECT_EQ(store().ListAttempts("acme", acme.borrower)->size(), 1u);
  EXPECT_TRUE(store().ReadLinked("nova", acme.borrower)->empty());
  const auto accounts = store().ListAccounts("nova", AccountId(), 10);
  ASSERT_EQ(accounts->size(), 1u);
  EXPECT_EQ((*accounts)[0].id, nova.account);
  const auto plans = store().ListPlans("nova", kFirstInstant, kEndOfTime, 10);
  ASSERT_EQ(plans->size(), 1u);
  EXPECT_EQ((*plans)[0].account, nova.account);
  for (const std::string& entry : Entries({.tenant = "nova"})) {
    EXPECT_THAT(entry, testing::HasSubstr(R"("tenant":"nova")"));
  }
  EXPECT_EQ(Entries({.tenant = "nova"}).size(), 2u);
  EXPECT_EQ(Entries({.tenant = "nova", .borrower = acme.borrower}).size(), 0u);
  EXPECT_EQ(Entries({.tenant = "acme", .borrower = acme.borrower}).size(), 4u);
}

TEST_P(StoreSuite, EntriesAreNumberedDenselyPerTenant) {
  for (int i = 0; i < 40; ++i) {
    const char* tenants[] = {"acme", "nova", ""};
    MustApply(desk_.Note(tenants[i % 3]));
    EXPECT_FALSE(Apply(desk_.Note(tenants[(i + 1) % 3], "test.spoiled")).ok());
  }
  // CheckWholeLog holds E10 over the whole log.
  ExpectWholeLog();
  EXPECT_EQ(store().Head().tseq, (std::map<std::string, uint64_t>{{"acme", 14}, {"nova", 13}}));
}

TEST_P(StoreSuite, PeopleWithOneDigestAreLinkedInsideTheirTenant) {
  const auto submit = [&](const char* tenant, const char* name, uint8_t link) {
    Command command = desk_.Submit(tenant, name, std::string("a-") + name);
    std::get<SubmitAccount>(command.body).borrower.contact_points = {
        desk::Phone(1, "+15550100100", link), desk::Phone(2, "+15550100101", 0)};
    return MustApply(std::move(command)).borrower;
  };
  const BorrowerId one = submit("acme", "one", 5);
  const BorrowerId two = submit("acme", "two", 5);
  const BorrowerId three = submit("acme", "three", 6);
  const BorrowerId foreign = submit("nova", "four", 5);
  EXPECT_THAT(*store().ReadLinked("acme", one), testing::ElementsAre(two));
  EXPECT_THAT(*store().ReadLinked("acme", two), testing::ElementsAre(one));
  EXPECT_THAT(*store().ReadLinked("acme", three), testing::IsEmpty());
  EXPECT_THAT(*store().ReadLinked("nova", foreign), testing::IsEmpty());

  // A third joins both sets; a removed number leaves its own.
  MustApply(desk_.Make(
      "acme", UpdateBorrower{.borrower = three,
                             .add_or_replace_points = {desk::Phone(3, "+15550100102", 5)}}));
  std::vector<BorrowerId> others = {one, three};
  std::sort(others.begin(), others.end());
  EXPECT_EQ(*store().ReadLinked("acme", two), others);
  MustApply(desk_.Make(
      "acme", UpdateBorrower{.borrower = one, .remove_points = {desk::Phone(1, "", 0).id}}));
  EXPECT_THAT(*store().ReadLinked("acme", one), testing::IsEmpty());
  EXPECT_THAT(*store().ReadLinked("acme", two), testing::ElementsAre(three));
}

TEST_P(StoreSuite, AnAttemptIsOpenUntilItIsKnownHowItEnded) {
  const CommandResult account = MustApply(desk_.Submit("acme", "b1", "a1"));
  const auto states = [&] {
    std::vector<AttemptState> found;
    for (const Attempt& attempt : Must(store().ListAttempts("acme", account.borrower))) {
      found.push_back(attempt.state);
    }
    return found;
  };
  const auto events = [&] {
    return (*store().ReadBorrower("acme", account.borrower))->events.size();
  };
  const auto first = Apply(desk_.Make("", PlanAccount{account.account}));
  ASSERT_TRUE(first.ok());
  ASSERT_TRUE(first->send.has_value());
  EXPECT_EQ(store().OpenAttempts()->size(), 1u);
  EXPECT_EQ(events(), 1u);

  MustApply(desk_.Make("", SettleAttempt{first->send->attempt, {}}));
  EXPECT_TRUE(store().OpenAttempts()->empty());
  EXPECT_EQ(events(), 1u);
  EXPECT_THAT(states(), testing::ElementsAre(AttemptState::kSettled));
  EXPECT_EQ(Apply(desk_.Make("", DoubtAttempt{first->send->attempt, "crash"})).status().code(),
            absl::StatusCode::kInternal)
      << "settled is the end";

  const CommandResult second = MustApply(desk_.Make("", PlanAccount{account.account}));
  EXPECT_EQ(events(), 2u);
  MustApply(desk_.Make("", ReleaseAttempt{second.attempt, "paused"}));
  EXPECT_EQ(events(), 1u) << "a released attempt stops counting";
  EXPECT_TRUE(store().OpenAttempts()->empty());
  EXPECT_THAT(states(), testing::ElementsAre(AttemptState::kSettled, AttemptState::kReleased));

  const CommandResult third = MustApply(desk_.Make("", PlanAccount{account.account}));
  MustApply(desk_.Make("", DoubtAttempt{third.attempt, "timeout"}));
  EXPECT_EQ(events(), 2u) << "in doubt counts as made";
  EXPECT_TRUE(store().OpenAttempts()->empty());
  ExpectWholeLog();
}

TEST_P(StoreSuite, PausesAreKeptAndCountWhatIsInFlight) {
  const CommandResult one = MustApply(desk_.Submit("acme", "b1", "a1"));
  Command in_ohio = desk_.Submit("acme", "b2", "a2");
  std::get<SubmitAccount>(in_ohio.body).borrower.places = {
      {.kind = TiedTo::kHome, .country = "US", .subdivision = "US-OH"}};
  const CommandResult two = MustApply(std::move(in_ohio));
  MustApply(desk_.Make("", PlanAccount{one.account}));
  const CommandResult attempt = MustApply(desk_.Make("", PlanAccount{two.account}));
  const struct {
    const char* why;
    PauseScope scope;
    uint32_t in_flight;
  } rows[] = {
      {"everything", {}, 2},
      {"the tenant", {.tenant = "acme"}, 2},
      {"another tenant", {.tenant = "nova"}, 0},
      {"the country, and whoever may be there", {.jurisdiction = "US"}, 2},
      {"another state: one of unknown place", {.jurisdiction = "US-NY"}, 1},
      {"the channel", {.channel = Channel::kLetter}, 2},
      {"another channel", {.channel = Channel::kSms}, 0},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(MustApply(desk_.Make("", PauseContacts{row.scope, "check"})).in_flight, row.in_flight)
        << row.why;
  }
  EXPECT_EQ(store().ReadPauses()->size(), std::size(rows));
  MustApply(desk_.Make("", SettleAttempt{attempt.attempt, {}}));
  EXPECT_EQ(MustApply(desk_.Make("", PauseContacts{{}, "again"})).in_flight, 1u);
  EXPECT_EQ(store().ReadPauses()->size(), std::size(rows)) << "one row a scope";

  MustApply(desk_.Make("", ResumeContacts{{.channel = Channel::kSms}}));
  EXPECT_EQ(Apply(desk_.Make("", ResumeContacts{{.channel = Channel::kSms}})).status().code(),
            absl::StatusCode::kNotFound);
  const auto pauses = store().ReadPauses();
  ASSERT_EQ(pauses->size(), std::size(rows) - 1);
  bool found = false;
  for (const Pause& pause : *pauses) {
    EXPECT_NE(pause.scope, (PauseScope{.channel = Channel::kSms}));
    if (pause.scope == PauseScope{}) {
      found = true;
      EXPECT_EQ(pause.reason, "again");
      EXPECT_EQ(pause.by, "op");
      EXPECT_EQ(pause.by_role, CallerRole::kOperator);
      EXPECT_EQ(pause.since, bench_->clock.Now());
    }
  }
  EXPECT_TRUE(found);
}

TEST_P(StoreSuite, PlansAreToldInTheOrderOfTheirCommitsAndBeforeTheAnswer) {
  // On whatever thread the store answers; the listener and the answers share it.
  std::mutex mutex;
  std::vector<AccountId> told, answered;
  bool early = true;
  store().OnPlans([&](const std::vector<Plan>& plans) {
    const std::lock_guard lock(mutex);
    for (const Plan& plan : plans) told.push_back(plan.account);
  });
  std::promise<void> all;
  for (int i = 0; i < 300; ++i) {
    const std::string name = std::to_string(i);
    store().Apply(desk_.Submit("acme", "b" + name, "a" + name),
                  [&](absl::StatusOr<Applied> applied) {
                    const std::lock_guard lock(mutex);
                    ASSERT_TRUE(applied.ok());
                    answered.push_back(applied->result.account);
                    if (told.size() < answered.size()) early = false;
                    if (answered.size() == 300) all.set_value();
                  });
  }
  all.get_future().wait();
  const std::lock_guard lock(mutex);
  EXPECT_EQ(told, answered);
  EXPECT_TRUE(early);
}

TEST_P(StoreSuite, PlansThatWaitAreListedSoonestFirst) {
  const CommandResult one = MustApply(desk_.Submit("acme", "b1", "a1"));
  bench_->clock.Set(bench_->clock.Now() + std::chrono::minutes(5));
  const CommandResult two = MustApply(desk_.Submit("acme", "b2", "a2"));
  const Instant first_wake = bench_->clock.Now() - std::chrono::minutes(5) + std::chrono::hours(1);
  const auto list = [&](Instant from, Instant to, size_t limit) {
    std::vector<AccountId> accounts;
    for (const Plan& plan : Must(store().ListPlans("acme", from, to, limit))) {
      accounts.push_back(plan.account);
    }
    return accounts;
  };
  EXPECT_THAT(list(kFirstInstant, kEndOfTime, 9), testing::ElementsAre(one.account, two.account));
  EXPECT_THAT(list(kFirstInstant, kEndOfTime, 1), testing::ElementsAre(one.account));
  EXPECT_THAT(list(first_wake, first_wake + Seconds(1), 9), testing::ElementsAre(one.account));
  EXPECT_THAT(list(first_wake + Seconds(1), kEndOfTime, 9), testing::ElementsAre(two.account));
  EXPECT_THAT(list(kFirstInstant, first_wake, 9), testing::IsEmpty()) << "the end is out";

  MustApply(desk_.Make("", PlanAccount{one.account}));
  EXPECT_THAT(list(kFirstInstant, kEndOfTime, 9), testing::ElementsAre(two.account))
      << "an account in flight waits for no instant";
  std::vector<Plan> waiting;
  ASSERT_TRUE(store().ForEachPlan([&](const Plan& plan) { waiting.push_back(plan); }).ok());
  ASSERT_EQ(waiting.size(), 1u);
  EXPECT_EQ(waiting[0].account, two.account);
  EXPECT_EQ(waiting[0].borrower, two.borrower);
  EXPECT_EQ(waiting[0].wake_at, bench_->clock.Now() + std::chrono::hours(1));
  const Plan in_flight = (*store().ReadBorrower("acme", one.borrower))->plans.at(0);
  EXPECT_EQ(in_flight.last_answer, 0xfeedfacecafebeef);
  EXPECT_EQ(in_flight.last_sent_at, bench_->clock.Now());
}

TEST_P(StoreSuite, AccountsAreListedInIdOrderFromAnywhere) {
  std::vector<AccountId> ids;
  for (int i = 0; i < 25; ++i) {
    const std::string name = std::to_string(i);
    ids.push_back(MustApply(desk_.Submit("acme", "b" + name, "a" + name)).account);
  }
  std::sort(ids.begin(), ids.end());
  std::vector<AccountId> seen;
  AccountId after;
  for (;;) {
    const auto page = store().ListAccounts("acme", after, 10);
    ASSERT_TRUE(page.ok());
    if (page->empty()) break;
    for (const Account& account : *page) seen.push_back(account.id);
    after = seen.back();
  }
  EXPECT_EQ(seen, ids);
}

TEST_P(StoreSuite, EntriesAreFoundByTenantBorrowerAndKind) {
  const CommandResult one = MustApply(desk_.Submit("acme", "b1", "a1"));
  MustApply(desk_.Submit("acme", "b2", "a2"));
  MustApply(desk_.Make("", PlanAccount{one.account}));
  EXPECT_EQ(Entries().size(), 7u);
  EXPECT_EQ(Entries({.kind_prefix = "attempt."}).size(), 1u);
  EXPECT_EQ(Entries({.kind_prefix = "account.submitted"}).size(), 2u);
  EXPECT_EQ(Entries({.tenant = "acme", .borrower = one.borrower}).size(), 4u);
  EXPECT_EQ(
      Entries({.tenant = "acme", .borrower = one.borrower, .kind_prefix = "decision."}).size(), 1u);
  EXPECT_EQ(Entries({.first_seq = 3, .limit = 2}).size(), 2u);
  EXPECT_EQ(Entries({.first_seq = 6}).size(), 1u);
  EXPECT_EQ(Entries({.first_seq = 7}).size(), 0u);
  EXPECT_EQ(Entries({.kind_prefix = "account%"}).size(), 0u) << "a prefix is no pattern";
}

// An entry about these things, of `tenant`.
inline Command About(desk::Desk& desk, std::string tenant, const char* rule, const char* place,
                     Channel channel, const AccountId& account = {}, const AttemptId& attempt = {},
                     std::optional<BorrowerId> borrower = std::nullopt) {
  RecordFact fact{.kind = "test.about"};
  fact.data.Set("channel", ToWord(channel));
  fact.data.Set("jurisdictions", cj1::Array().Append("US").Append(place));
  fact.data.Set("denials", cj1::Array().Append(cj1::Object().Set("rule", rule)));
  if (!account.IsZero()) fact.ref.Set("accounts", cj1::Array().Append(account.Hex()));
  if (!attempt.IsZero()) fact.ref.Set("attempt", attempt.Hex());
  fact.borrower = borrower;
  return desk.Make(std::move(tenant), std::move(fact));
}

TEST_P(StoreSuite, EntriesAreFoundByWhatTheyAreAbout) {
  const AccountId account = AccountId::Raw16(std::string(16, '\x1a'));
  const AttemptId attempt = AttemptId::Raw16(std::string(16, '\x2b'));
  const BorrowerId borrower = BorrowerId::Raw16(std::string(16, '\x3c'));
  const auto add = [&](const char* tenant, const char* rule, const char* place, Channel channel,
                       const AccountId& of = {}, const AttemptId& by = {},
                       std::optional<BorrowerId> about = std::nullopt) {
    return MustApply(About(desk_, tenant, rule, place, channel, of, by, about)).receipts.at(0).seq;
  };
  const uint64_t one = add("acme", "us.hours", "US-OH", Channel::kSms, account, attempt, borrower);
  const uint64_t two = add("acme", "us.cap", "US-MA", Channel::kSms, account);
  const uint64_t three = add("nova", "us.hours", "US-OH", Channel::kCall, account, attempt);
  MustApply(desk_.Note("acme"));
  const struct {
    const char* why;
    EntryQuery query;
    std::vector<uint64_t> seqs;
  } rows[] = {
      {"an account", {.account = account}, {one, two, three}},
      {"an account of a tenant", {.tenant = "acme", .account = account}, {one, two}},
      {"an attempt", {.attempt = attempt}, {one, three}},
      {"a rule", {.rule = "us.hours"}, {one, three}},
      {"a rule in a tenant", {.tenant = "nova", .rule = "us.hours"}, {three}},
      {"a rule about a borrower", {.borrower = borrower, .rule = "us.hours"}, {one}},
      {"another rule about them", {.borrower = borrower, .rule = "us.cap"}, {}},
      {"a borrower of another tenant",
       {.tenant = "nova", .borrower = borrower, .account = account},
       {}},
      {"a place", {.jurisdiction = "US-MA"}, {two}},
      {"a place that all are in", {.jurisdiction = "US"}, {one, two, three}},
      {"a channel", {.channel = Channel::kCall}, {three}},
      {"a channel and a kind", {.kind_prefix = "test.about", .channel = Channel::kSms}, {one, two}},
      {"a channel and another kind", {.kind_prefix = "test.noted", .channel = Channel::kSms}, {}},
      {"from a number on", {.account = account, .first_seq = two}, {two, three}},
      {"nothing that is there", {.account = AccountId::Raw16(std::string(16, '\x44'))}, {}},
  };
  for (const auto& row : rows) {
    const auto found = store().ListEntries(row.query);
    ASSERT_TRUE(found.ok()) << row.why << found.status();
    std::vector<uint64_t> seqs;
    for (const StoredEntry& entry : *found) seqs.push_back(entry.seq);
    EXPECT_EQ(seqs, row.seqs) << row.why;
  }
}

TEST_P(StoreSuite, EntriesAreFoundByTime) {
  const Instant start = bench_->clock.Now();
  // Seconds 0, 0, 0, 10, 10, 10 … after the opening at 0; every second entry is nova's.
  for (int i = 0; i < 12; ++i) {
    bench_->clock.Set(start + Seconds(i / 3 * 10));
    MustApply(desk_.Note(i % 2 == 0 ? "acme" : "nova"));
  }
  const auto seqs = [&](EntryQuery query) {
    std::vector<uint64_t> found;
    for (const StoredEntry& entry : Must(store().ListEntries(query))) found.push_back(entry.seq);
    return found;
  };
  using Seqs = std::vector<uint64_t>;
  EXPECT_EQ(seqs({.from = start}).size(), 13u);
  EXPECT_EQ(seqs({.from = start + Seconds(1)}).front(), 4u) << "the first at or after";
  EXPECT_EQ(seqs({.from = start + Seconds(10)}).front(), 4u);
  EXPECT_EQ(seqs({.from = start + Seconds(11)}).front(), 7u);
  EXPECT_EQ(seqs({.to = start}), Seqs{}) << "`to` is not among them";
  EXPECT_EQ(seqs({.to = start + Seconds(10)}), (Seqs{0, 1, 2, 3}));
  EXPECT_EQ(seqs({.from = start + Seconds(10), .to = start + Seconds(20)}), (Seqs{4, 5, 6}));
  EXPECT_EQ(seqs({.tenant = "nova", .from = start + Seconds(10), .to = start + Seconds(20)}),
            (Seqs{4, 6}));
  EXPECT_EQ(seqs({.from = start + Seconds(10), .to = start + Seconds(20), .first_seq = 6}),
            (Seqs{6}));
  EXPECT_EQ(seqs({.from = start + Seconds(99)}), Seqs{});
  EXPECT_EQ(seqs({.from = start + Seconds(20), .to = start + Seconds(10)}), Seqs{});
}

TEST_P(StoreSuite, AScanLooksAtNoMoreThanItMayAndSaysWhereToGoOn) {
  for (int i = 0; i < 30; ++i) {
    MustApply(About(desk_, i % 3 == 0 ? "nova" : "acme", i == 20 ? "us.rare" : "us.cap", "US-OH",
                    Channel::kSms));
  }
  const EntryQuery rare{.rule = "us.rare", .scan_limit = 8};
  // 31 entries in steps of 8: the one that matches is entry 21, in the third.
  EntryQuery query = rare;
  std::vector<size_t> found;
  std::vector<uint64_t> nexts;
  for (;;) {
    const EntryPage page = Must(store().ScanEntries(query));
    found.push_back(page.entries.size());
    if (!page.next_seq.has_value()) break;
    nexts.push_back(*page.next_seq);
    query.first_seq = *page.next_seq;
  }
  EXPECT_EQ(found, (std::vector<size_t>{0, 0, 1, 0}));
  EXPECT_EQ(nexts, (std::vector<uint64_t>{8, 16, 24}));
  EXPECT_EQ(Must(store().ListEntries(rare)).size(), 1u) << "however far apart they lie";

  // Of a tenant, only the tenant's entries count as looked at.
  query = {.tenant = "nova", .rule = "us.rare", .scan_limit = 8};
  EntryPage page = Must(store().ScanEntries(query));
  EXPECT_TRUE(page.entries.empty());
  EXPECT_EQ(page.next_seq, std::optional<uint64_t>(25)) << "the ninth of ten";
  query.first_seq = 25;
  EXPECT_EQ(Must(store().ScanEntries(query)).next_seq, std::nullopt);

  // A kind is read from its column and counts all the same.
  query = {.kind_prefix = "log.", .first_seq = 1, .scan_limit = 8};
  page = Must(store().ScanEntries(query));
  EXPECT_TRUE(page.entries.empty());
  EXPECT_EQ(page.next_seq, std::optional<uint64_t>(9));

  // A full page says where the next begins, and the last one that there is none.
  page = Must(store().ScanEntries({.rule = "us.cap", .limit = 29}));
  EXPECT_EQ(page.entries.size(), 29u);
  EXPECT_EQ(page.next_seq, std::nullopt) << "nothing is behind the last entry";
  page = Must(store().ScanEntries({.rule = "us.cap", .limit = 28}));
  EXPECT_EQ(page.next_seq, std::optional<uint64_t>(30));
  EXPECT_EQ(Must(store().ScanEntries({.first_seq = 31})).next_seq, std::nullopt);
}

TEST_P(StoreSuite, TimeNeverRunsBehindTheLog) {
  const Instant now = bench_->clock.Now();
  MustApply(desk_.Note("acme"));
  bench_->clock.Set(now - std::chrono::hours(5));
  const CommandResult late = MustApply(desk_.Submit("acme", "b1", "a1"));
  EXPECT_EQ(store().Head().last_time, now);
  EXPECT_EQ((*store().ReadBorrower("acme", late.borrower))->plans.at(0).wake_at,
            now + std::chrono::hours(1))
      << "Handle sees the log's time too";
  ExpectWholeLog();
}

TEST_P(StoreSuite, AViewNamesTheNewestEntryItIncludes) {
  for (int i = 0; i < 3; ++i) {
    const CommandResult result = MustApply(desk_.Note("acme", "test.newest"));
    EXPECT_EQ(result.version + 1, result.receipts.at(0).seq);
    EXPECT_FALSE(Apply(desk_.Note("acme", "test.spoiled")).ok());
  }
}

TEST_P(StoreSuite, TheClockIsHeldWhileACommandIsQueued) {
  EXPECT_EQ(bench_->clock.holds(), 0);
  bench_->gate->Close();
  std::promise<int> during_answer;
  std::thread caller([&] {
    store().Apply(desk_.Note("acme", "test.gate"),
                  [&](absl::StatusOr<Applied>) { during_answer.set_value(bench_->clock.holds()); });
  });
  bench_->gate->WaitUntilSomebodyWaits();
  EXPECT_EQ(bench_->clock.holds(), 1);
  bench_->gate->Open();
  EXPECT_EQ(during_answer.get_future().get(), 1) << "until the answer was given";
  caller.join();
  EXPECT_FALSE(Apply(desk_.Note("acme", "test.refused")).ok());
  MustApply(desk_.Note("acme"));  // behind the others, so theirs are over
  while (bench_->clock.holds() != 0) std::this_thread::yield();
}

TEST_P(StoreSuite, AFullQueueRefusesAtOnceAndForgetsNothingItTook) {
  bench_->gate->Close();
  std::atomic<size_t> good{0}, refused{0};
  const auto count = [&](absl::StatusOr<Applied> applied) {
    if (applied.ok()) {
      ++good;
    } else if (applied.status().code() == absl::StatusCode::kResourceExhausted) {
      ++refused;
    }
  };
  std::thread first([&] { store().Apply(desk_.Note("acme", "test.gate"), count); });
  bench_->gate->WaitUntilSomebodyWaits();
  for (size_t i = 0; i < kMostQueuedCommands; ++i) store().Apply(desk_.Note("acme"), count);
  EXPECT_EQ(refused, 0u);
  EXPECT_EQ(store().Status().queued_commands, kMostQueuedCommands);
  store().Apply(desk_.Note("acme"), count);
  EXPECT_EQ(refused, 1u) << "before anything of it was done";
  bench_->gate->Open();
  first.join();
  while (good + refused < kMostQueuedCommands + 2) std::this_thread::yield();
  EXPECT_EQ(good, kMostQueuedCommands + 1);
  MustApply(desk_.Note("acme"));  // there is room again
  EXPECT_EQ(store().Head().size, kMostQueuedCommands + 3);
  ExpectWholeLog();
}

TEST_P(StoreSuite, ACommandMayHaveMoreEntriesThanABatch) {
  Command many = desk_.Note("acme", "test.many");
  std::get<RecordFact>(many.body).data.Set("entries", 3'000);
  const CommandResult result = MustApply(std::move(many));
  EXPECT_EQ(result.receipts.size(), 3'000u);
  MustApply(desk_.Note("nova"));
  ExpectWholeLog();
}

TEST_P(StoreSuite, ManyCallersShareOneLog) {
  constexpr int kThreads = 8, kEach = 150;
  std::vector<std::thread> threads;
  std::mutex mutex;
  std::set<uint64_t> seqs;
  std::map<AccountId, BorrowerId> accounts;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        const std::string tenant = t % 2 == 0 ? "acme" : "nova";
        // Every borrower has several accounts, submitted by whoever comes first.
        const std::string borrower = "b" + std::to_string(i / 3);
        const std::string account = std::to_string(t) + "-" + std::to_string(i);
        const auto applied = Apply(desk_.Submit(tenant, borrower, account));
        ASSERT_TRUE(applied.ok()) << applied.status();
        const auto file = store().ReadBorrower(tenant, applied->result.borrower);
        ASSERT_TRUE(file.ok() && *file != nullptr);
        const std::lock_guard lock(mutex);
        for (const Receipt& receipt : applied->result.receipts) {
          EXPECT_TRUE(seqs.insert(receipt.seq).second) << "a number given twice";
        }
        accounts[applied->result.account] = applied->result.borrower;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(seqs.size(), size_t{kThreads} * kEach * 2);
  EXPECT_EQ(*seqs.rbegin(), seqs.size());
  EXPECT_EQ(accounts.size(), size_t{kThreads} * kEach);
  EXPECT_EQ(store().Status().accounts, accounts.size());
  EXPECT_EQ(store().Status().borrowers, size_t{2} * kEach / 3);
  std::map<BorrowerId, size_t> each;
  for (const auto& [account, borrower] : accounts) ++each[borrower];
  for (const auto& [borrower, count] : each) {
    auto file = store().ReadBorrower("acme", borrower);
    if (*file == nullptr) file = store().ReadBorrower("nova", borrower);
    EXPECT_EQ((*file)->accounts.size(), count);
    EXPECT_TRUE(std::is_sorted((*file)->accounts.begin(), (*file)->accounts.end(),
                               [](const Account& a, const Account& b) { return a.id < b.id; }));
  }
  ExpectWholeLog();
}

TEST_P(StoreSuite, ACommandMayBeQueuedFromAnAnswer) {
  std::promise<absl::StatusOr<Applied>> second;
  store().Apply(desk_.Note("acme"), [&](absl::StatusOr<Applied> applied) {
    ASSERT_TRUE(applied.ok());
    store().Apply(desk_.Note("acme"),
                  [&](absl::StatusOr<Applied> next) { second.set_value(std::move(next)); });
  });
  const absl::StatusOr<Applied> applied = second.get_future().get();
  ASSERT_TRUE(applied.ok());
  EXPECT_EQ(applied->result.receipts.at(0).seq, 2u);
}

}  // namespace forbear
