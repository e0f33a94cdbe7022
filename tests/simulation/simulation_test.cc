// Months of a small house in seconds: a clock moved by chance, a store that is sometimes busy, a
// channel that is slow, refuses, loses answers and lies, borrowers who speak up in the middle of a
// round, and crashes between any two steps. The judge reads nothing but the log and the outbox.
//
// A seed makes a run. FORBEAR_SEED=n runs that one alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <set>

#include "tests/engine/orchestrator/house.h"
#include "tests/engine/vault/ring_in_memory.h"

namespace forbear::house {
namespace {

// Thrown where the process would end. Nothing catches it but the simulation.
struct Crash {};

enum Moment { kBeforeCommit, kAfterCommit, kBeforeLeaving, kAfterLeaving, kMoments };

// Where a run may crash. Counts, so that a run that never crashes somewhere is noticed.
struct Fate {
  explicit Fate(uint64_t seed) : randomness(seed) {}
  // One in `odds` times, while armed.
  void Tempt(Moment moment, uint64_t odds = 60) {
    if (!armed || randomness.Below(odds) != 0) return;
    ++crashes[moment];
    throw Crash();
  }
  bool Happens(uint64_t odds) { return randomness.Below(odds) == 0; }

  SeededRandomness randomness;
  bool armed = false;
  std::array<int, kMoments> crashes{};
};

// The store with a crash before and after each commit, and busy now and then.
class TroubledStore : public Store {
 public:
  TroubledStore(Store& store, Fate& fate) : store_(store), fate_(fate) {}
  void Apply(Command command, Done done) override {
    fate_.Tempt(kBeforeCommit, 400);
    if (fate_.armed && fate_.Happens(80)) {
      done(absl::UnavailableError("busy"));
      return;
    }
    store_.Apply(std::move(command), std::move(done));
    fate_.Tempt(kAfterCommit, 400);
  }
  void OnPlans(std::function<void(const std::vector<Plan>&)> listener) override {
    store_.OnPlans(std::move(listener));
  }
  absl::StatusOr<std::shared_ptr<const BorrowerFile>> ReadBorrower(
      std::string_view tenant, const BorrowerId& id) const override {
    return store_.ReadBorrower(tenant, id);
  }
  absl::StatusOr<std::optional<BorrowerId>> FindBorrowerByExternalId(
      std::string_view tenant, std::string_view external_id) const override {
    return store_.FindBorrowerByExternalId(tenant, external_id);
  }
  absl::StatusOr<std::optional<Account>> ReadAccount(std::string_view tenant,
                                                     const AccountId& id) const override {
    return store_.ReadAccount(tenant, id);
  }
  absl::StatusOr<std::optional<AccountId>> FindAccountByExternalId(
      std::string_view tenant, std::string_view external_id) const override {
    return store_.FindAccountByExternalId(tenant, external_id);
  }
  absl::StatusOr<std::vector<Account>> ListAccounts(std::string_view tenant, const AccountId& after,
                                                    size_t limit) const override {
    return store_.ListAccounts(tenant, after, limit);
  }
  absl::StatusOr<std::vector<BorrowerId>> ReadLinked(std::string_view tenant,
                                                     const BorrowerId& id) const override {
    return store_.ReadLinked(tenant, id);
  }
  absl::StatusOr<std::vector<Attempt>> ListAttempts(std::string_view tenant,
                                                    const BorrowerId& id) const override {
    return store_.ListAttempts(tenant, id);
  }
  absl::StatusOr<std::vector<Plan>> ListPlans(std::string_view tenant, Instant from, Instant to,
                                              size_t limit) const override {
    return store_.ListPlans(tenant, from, to, limit);
  }
  absl::StatusOr<std::vector<Pause>> ReadPauses() const override { return store_.ReadPauses(); }
  absl::StatusOr<EntryPage> ScanEntries(const EntryQuery& query) const override {
    return store_.ScanEntries(query);
  }
  audit::LogHead Head() const override { return store_.Head(); }
  StoreStatus Status() const override { return store_.Status(); }
  absl::Status ForEachPlan(std::function<void(const Plan&)> visit) const override {
    return store_.ForEachPlan(std::move(visit));
  }
  absl::StatusOr<std::vector<Attempt>> OpenAttempts() const override {
    return store_.OpenAttempts();
  }

 private:
  Store& store_;
  Fate& fate_;
};

// What the outbox of the far side shows: one line for each call of Send that had begun.
struct Called {
  AttemptId attempt;
  uint64_t log_size = 0;  // entries that were committed when Send began
  Instant at{};
  BorrowerId borrower;
  AccountId account;
  Channel channel = Channel::kLetter;
};

class TroubledChannel : public ChannelAdapter {
 public:
  TroubledChannel(const Store& store, HandClock& clock, Fate& fate)
      : store_(store), clock_(clock), fate_(fate) {}

  Delivery Send(const Reservation& reservation, const Outgoing& outgoing,
                std::chrono::milliseconds) override {
    const uint64_t log_size = store_.Head().size;
    outbox.push_back({reservation.attempt(), log_size, clock_.Now(), outgoing.borrower,
                      outgoing.accounts.at(0), outgoing.channel});
    fate_.Tempt(kBeforeLeaving, 40);
    if (in_between) in_between(outgoing);
    clock_.AdvanceMonotonic(std::chrono::milliseconds(fate_.randomness.Below(3000)));
    fate_.Tempt(kAfterLeaving, 40);
    switch (fate_.randomness.Below(8)) {
      case 0:
        return ScriptedChannel::Refused();
      case 1:
        return ScriptedChannel::Lost();
      default:
        return ScriptedChannel::Delivered();
    }
  }

  std::vector<Called> outbox;
  std::function<void(const Outgoing&)> in_between;

 private:
  const Store& store_;
  HandClock& clock_;
  Fate& fate_;
};

constexpr int kPeople = 24;
constexpr int kTicks = 220;

// Every other world has channels that take turns, fewer than are wanted.
std::shared_ptr<const World> WorldOf(uint64_t seed) {
  auto world = std::make_shared<World>(*TestWorld());
  if (seed % 2 == 0) world->queued_channels = {Channel::kSms, Channel::kEmail};
  return world;
}

struct Simulation {
  explicit Simulation(uint64_t seed)
      : fate(seed),
        randomness(seed + 1'000'000),
        memory({.origin = "audit.example/simulation",
                .node = "n1",
                .handler = MakeHandler(WorldOf(seed)),
                .clock = &clock,
                .randomness = &randomness,
                .keys = &keys.ring,
                .handling = MemoryStore::Handling::kOnce}),
        store(memory, fate),
        channel(memory, clock, fate) {}

  void Run() {
    Restart();
    for (int i = 0; i < kPeople; ++i) Submit(i);
    channel.in_between = [this](const Outgoing&) {
      if (fate.Happens(4)) SomethingHappens();
    };
    fate.armed = true;
    for (int tick = 0; tick < kTicks; ++tick) {
      try {
        if (fate.Happens(3)) SomethingHappens();
        orchestrator->RunOnce();
      } catch (const Crash&) {
        Restart();
      }
      // Minutes, hours, and now and then three days of standstill.
      const uint64_t pace = fate.randomness.Below(30);
      clock.Advance(pace == 0   ? Seconds(std::chrono::hours(72))
                    : pace < 15 ? Seconds(60 * (1 + fate.randomness.Below(60)))
                                : Seconds(3600 * (1 + fate.randomness.Below(9))));
    }
    fate.armed = false;
  }

  // The process begins again. Recovery may crash as well, and begins again then.
  void Restart() {
    for (;;) {
      try {
        orchestrator.reset();
        orchestrator = std::make_unique<Orchestrator>(OrchestratorParts{
            store,
            clock,
            randomness,
            {{Channel::kSms, &channel}, {Channel::kEmail, &channel}, {Channel::kLetter, &channel}},
            {{Channel::kSms, 2}, {Channel::kEmail, 2}}});
        if (orchestrator->Start().ok()) return;
      } catch (const Crash&) {
        ++recoveries_crashed;
      }
    }
  }

  absl::StatusOr<Applied> Do(CommandBody body, CallerRole role = CallerRole::kLender) {
    const CommandMaker maker(clock, randomness);
    const std::string tenant = role == CallerRole::kOperator ? "" : "lender";
    return orchestrator->ApplyAndWait(maker.Make(std::move(body), {tenant, role, "tester"},
                                                 {audit::ActorKind::kService, "tester", ""}));
  }

  // Every third person has two files, every fourth two accounts, half of them take texts.
  void Submit(int person) {
    const auto submit = [&](const std::string& account, const std::string& borrower) {
      SubmitAccount item = Item(account, borrower);
      for (uint8_t i = 0; i < 2; ++i) {
        item.borrower.contact_points[0].link_digest[i] = static_cast<uint8_t>(1 + person);
      }
      item.borrower.contact_points[0].value = Personal("+9991234" + std::to_string(1000 + person));
      item.account.due_on = OnDay("2026-02-27") - date::days(person * 3);
      if (person % 2 == 0) item.history = {ConsentToTexts()};
      const absl::StatusOr<Applied> applied = Do(item);
      ASSERT_TRUE(applied.ok()) << applied.status();
      person_of[applied->result.borrower] = person;
      borrowers.push_back(applied->result.borrower);
      accounts.push_back(applied->result.account);
    };
    const std::string name = std::to_string(person);
    submit("A-" + name, "B-" + name);
    if (person % 3 == 0) submit("AA-" + name, "BB-" + name);
    if (person % 4 == 0) submit("AAA-" + name, "B-" + name);
  }

  // The world outside goes on, also in the middle of a round. A crash of the house on the way is
  // the caller's; a busy store makes it not happen.
  void SomethingHappens() {
    const BorrowerId borrower = borrowers[fate.randomness.Below(borrowers.size())];
    const AccountId account = accounts[fate.randomness.Below(accounts.size())];
    switch (fate.randomness.Below(40)) {
      case 0:
        (void)Do(RecordEvent{borrower, Said(EventName::kCeaseRequest, clock.Now())});
        return;
      case 1:
      case 2: {
        Event opt_out = Said(EventName::kOptOut, clock.Now());
        opt_out.channels = {Channel::kSms};
        (void)Do(RecordEvent{borrower, opt_out});
        return;
      }
      case 3:
        (void)Do(CloseAccount{account, "recalled"});
        return;
      case 4:
      case 5:
        (void)Do(PauseContacts{{}, "incident"}, CallerRole::kOfficer);
        return;
      case 6:
      case 7:
      case 8:
      case 9:
        (void)Do(ResumeContacts{{}}, CallerRole::kOfficer);
        return;
      case 10:
        (void)Do(RecordPayment{account, {123'456, "USD"}, clock.Now()});
        return;
      default:
        (void)Do(RecordEvent{borrower, Said(EventName::kHardship, clock.Now())});
        return;
    }
  }

  Fate fate;
  HandClock clock{kNoon};
  SeededRandomness randomness;
  vault::RingInMemory keys{clock, randomness};
  MemoryStore memory;
  TroubledStore store;
  TroubledChannel channel;
  std::unique_ptr<Orchestrator> orchestrator;
  int recoveries_crashed = 0;
  std::map<BorrowerId, int> person_of;
  std::vector<BorrowerId> borrowers;
  std::vector<AccountId> accounts;
};

// ---- The judge
// -----------------------------------------------------------------------------------

struct Verdict {
  std::vector<std::string> breaches;
  std::map<std::string, int> kinds;  // entries by kind
};

// `person_of` is what the lender knows; everything else is the log's and the outbox's.
Verdict Judge(const std::vector<StoredEntry>& log, const std::vector<Called>& outbox,
              const std::map<BorrowerId, int>& person_of) {
  Verdict verdict;
  const auto breach = [&](std::string what) { verdict.breaches.push_back(std::move(what)); };

  struct Life {
    std::optional<uint64_t> reserved, dispatched, ended;
    bool queued = false;
    std::string end;
    Instant at{};
    int person = -1;
  };
  std::map<std::string, Life> lives;
  std::map<int, uint64_t> ceased;  // person -> seq
  std::map<int, std::vector<uint64_t>> opt_outs;
  std::map<std::string, uint64_t> gone;           // account -> seq
  std::vector<std::pair<uint64_t, bool>> pauses;  // seq, paused
  for (const StoredEntry& stored : log) {
    const cj1::Value entry = cj1::Parse(stored.bytes).value();
    const std::string& kind = entry.Find("kind")->AsString();
    ++verdict.kinds[kind];
    const cj1::Value* borrower = entry.Find("borrower");
    const int person = borrower == nullptr
                           ? -1
                           : person_of.at(BorrowerId(*Id128::FromHexDigits(borrower->AsString())));
    if (kind == "borrower.cease_requested") ceased.emplace(person, stored.seq);
    if (kind == "borrower.opted_out") opt_outs[person].push_back(stored.seq);
    if (kind == "contacts.paused") pauses.emplace_back(stored.seq, true);
    if (kind == "contacts.resumed") pauses.emplace_back(stored.seq, false);
    if (kind.starts_with("account.")) {
      const cj1::Value* state = entry.Find("data")->Find("state");
      if (state != nullptr && state->AsString() != "open") {
        gone.emplace(entry.Find("ref")->Find("account")->AsString(), stored.seq);
      }
    }
    if (!kind.starts_with("attempt.")) continue;
    Life& life = lives[entry.Find("ref")->Find("attempt")->AsString()];
    if (kind == "attempt.reserved") {
      if (life.reserved) breach("E12: reserved twice");
      life.reserved = stored.seq;
      life.person = person;
      life.at = *ParseInstant(entry.Find("data")->Find("at")->AsString());
      life.queued = entry.Find("data")->Find("dispatch")->AsString() == "queued";
    } else if (kind == "attempt.dispatched") {
      if (!life.queued || life.dispatched || life.ended) breach("E12: dispatched out of turn");
      life.dispatched = stored.seq;
      life.at = *ParseInstant(entry.Find("data")->Find("at")->AsString());
    } else {
      if (!life.reserved) breach("E12: ended before it was reserved");
      if (life.ended) breach("E12: ended twice, as " + life.end + " and " + kind);
      life.ended = stored.seq;
      life.end = kind;
    }
  }

  std::set<AttemptId> called;
  const auto zone = policy::TestZones()->Find("XA/North");
  for (const Called& call : outbox) {
    const std::string name = "attempt " + call.attempt.Hex();
    if (!called.insert(call.attempt).second) breach("C4: sent twice: " + name);
    const auto found = lives.find(call.attempt.Hex());
    if (found == lives.end() || !found->second.reserved ||
        *found->second.reserved >= call.log_size) {
      breach("C1: sent without a committed reservation: " + name);
      continue;
    }
    const Life& life = found->second;
    if (life.queued && (!life.dispatched || *life.dispatched >= call.log_size)) {
      breach("C2: sent without being judged again: " + name);
    }
    if (life.ended && *life.ended < call.log_size) breach("C6: sent after its end: " + name);
    const auto cease = ceased.find(life.person);
    if (cease != ceased.end() && cease->second < call.log_size) {
      breach("C7: sent after a cease request: " + name);
    }
    if (call.channel == Channel::kSms) {
      if (life.person % 2 != 0) breach("texted without consent: " + name);
      for (const uint64_t seq : opt_outs[life.person]) {
        if (seq < call.log_size) breach("C7: texted after an opt-out: " + name);
      }
    }
    const auto left = gone.find(call.account.Hex());
    if (left != gone.end() && left->second < call.log_size) {
      breach("sent about an account that is paid or closed: " + name);
    }
    bool paused = false;
    for (const auto& [seq, pause] : pauses) {
      if (seq < call.log_size) paused = pause;
    }
    if (paused) breach("C7: sent during a pause: " + name);
    const auto of_day = zone->ToLocal(call.at) - LocalTime(zone->DayOf(call.at));
    if (of_day < std::chrono::hours(8) || of_day >= std::chrono::hours(21)) {
      breach("sent outside hours: " + name);
    }
  }

  // Caps count what was reserved and is not known never to have left.
  std::map<int, std::vector<Instant>> counted;
  for (const auto& [id, life] : lives) {
    if (life.reserved && life.end != "attempt.released") counted[life.person].push_back(life.at);
  }
  for (auto& [person, at] : counted) {
    std::sort(at.begin(), at.end());
    for (size_t i = 1; i < at.size(); ++i) {
      if (zone->DayOf(at[i]) == zone->DayOf(at[i - 1])) breach("two in a day for one person");
      if (i >= 3 && at[i] - at[i - 3] < std::chrono::hours(7 * 24)) {
        breach("four in seven days for one person");
      }
    }
  }
  return verdict;
}

std::vector<StoredEntry> LogOf(const Store& store) {
  EntryQuery query;
  query.limit = 1'000'000;
  return store.ListEntries(query).value();
}

std::vector<uint64_t> Seeds() {
  if (const char* one = std::getenv("FORBEAR_SEED")) return {std::strtoull(one, nullptr, 10)};
  std::vector<uint64_t> seeds;
  for (uint64_t seed = 1; seed <= 40; ++seed) seeds.push_back(seed);
  return seeds;
}

TEST(Simulation, NobodyIsContactedWhoShouldNotBe) {
  std::map<std::string, int> kinds;
  std::array<int, kMoments> crashes{};
  size_t calls = 0;
  int recoveries_crashed = 0;
  for (const uint64_t seed : Seeds()) {
    SCOPED_TRACE("FORBEAR_SEED=" + std::to_string(seed));
    Simulation simulation(seed);
    simulation.Run();
    const Verdict verdict =
        Judge(LogOf(simulation.memory), simulation.channel.outbox, simulation.person_of);
    EXPECT_THAT(verdict.breaches, testing::IsEmpty());
    for (const auto& [kind, count] : verdict.kinds) kinds[kind] += count;
    for (int i = 0; i < kMoments; ++i)
      crashes[static_cast<size_t>(i)] += simulation.fate.crashes[static_cast<size_t>(i)];
    calls += simulation.channel.outbox.size();
    recoveries_crashed += simulation.recoveries_crashed;
  }
  std::string summary = std::to_string(calls) + " calls; crashes before commit " +
                        std::to_string(crashes[kBeforeCommit]) + ", after commit " +
                        std::to_string(crashes[kAfterCommit]) + ", before leaving " +
                        std::to_string(crashes[kBeforeLeaving]) + ", after leaving " +
                        std::to_string(crashes[kAfterLeaving]) + ", in recovery " +
                        std::to_string(recoveries_crashed) + ";";
  for (const auto& [kind, count] : kinds) summary += " " + kind + " " + std::to_string(count);
  RecordProperty("summary", summary);
  std::printf("%s\n", summary.c_str());
  if (std::getenv("FORBEAR_SEED") != nullptr) return;
  // A run in which nothing goes wrong would prove nothing.
  for (const int count : crashes) EXPECT_GE(count, 3);
  EXPECT_GE(calls, 500u);
  for (const char* kind : {"attempt.dispatched", "attempt.settled", "attempt.in_doubt",
                           "attempt.released", "decision.deferred", "decision.denied",
                           "contacts.paused", "contacts.resumed", "borrower.cease_requested"}) {
    EXPECT_GE(kinds[kind], 10) << kind;
  }
}

TEST(TheJudge, FindsEachKindOfBreach) {
  Simulation simulation(7);
  simulation.Run();
  const std::vector<StoredEntry> log = LogOf(simulation.memory);
  std::vector<Called>& outbox = simulation.channel.outbox;
  ASSERT_GE(outbox.size(), 2u);
  const auto breaches = [&](const std::vector<Called>& calls) {
    return Judge(log, calls, simulation.person_of).breaches;
  };
  ASSERT_THAT(breaches(outbox), testing::IsEmpty());
  const auto with = [&](std::function<void(Called&)> change) {
    std::vector<Called> calls = outbox;
    change(calls.front());
    return breaches(calls);
  };
  std::vector<Called> twice = outbox;
  twice.push_back(outbox.front());
  EXPECT_THAT(breaches(twice), testing::Contains(testing::StartsWith("C4: sent twice")));
  EXPECT_THAT(with([](Called& call) { call.log_size = 1; }),
              testing::Contains(testing::StartsWith("C1: sent without")));
  EXPECT_THAT(with([&](Called& call) { call.log_size = log.size(); }),
              testing::Contains(testing::StartsWith("C6: sent after its end")));
  EXPECT_THAT(with([](Called& call) { call.at += std::chrono::hours(12); }),
              testing::Contains(testing::StartsWith("sent outside hours")));
}

TEST(Downtime, IsNotFollowedByABurst) {
  // No caps at all: only the treatment holds back. Five steps, two days apart.
  auto world = std::make_shared<World>(*TestWorld());
  policy::Pack pack;
  pack.name = "xa";
  pack.jurisdiction = "XA";
  pack.rules = {policy::HoursRule("xa.hours", 8, 21)};
  pack.digest_bytes = "hours";
  world->surroundings.bundle = policy::Compile({pack}, {}, "").value();
  auto treatment = std::make_shared<Treatment>(*TestTreatment());
  treatment->steps.clear();
  for (int day = 35; day < 45; day += 2) {
    treatment->steps.push_back({day, std::nullopt, {Channel::kEmail}, "note"});
  }
  world->treatment = treatment;
  House house(1, world);
  constexpr size_t kAccounts = 50;
  for (size_t i = 0; i < kAccounts; ++i) {
    house.Submit(Item("A-" + std::to_string(i), "B-" + std::to_string(i)));
  }
  house.orchestrator->RunOnce();
  ASSERT_EQ(house.channel.calls.size(), kAccounts);

  // The house stands still for five days, in which two more steps come due.
  house.clock.Advance(std::chrono::hours(24 * 5));
  ASSERT_TRUE(house.Restart().ok());
  for (int round = 0; round < 20; ++round) {
    house.orchestrator->RunOnce();
    house.clock.Advance(std::chrono::minutes(10));
  }
  EXPECT_EQ(house.channel.calls.size(), 2 * kAccounts) << "one each, not one for each step missed";
  std::map<AccountId, std::vector<Instant>> by_account;
  for (const ScriptedChannel::Call& call : house.channel.calls) {
    by_account[call.outgoing.accounts.at(0)].push_back(call.outgoing.reserved_at);
  }
  for (const auto& [account, at] : by_account) EXPECT_EQ(at.size(), 2u);
}

}  // namespace
}  // namespace forbear::house
