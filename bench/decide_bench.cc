// How many answers a second: Resolve and Decide over the real federal pack and house rules, one
// borrower with twenty rows of history.
#include <benchmark/benchmark.h>

#include <memory>

#include "adapters/yaml/pack_reader.h"
#include "adapters/zones/zones.h"
#include "engine/model/status.h"
#include "engine/policy/question.h"

namespace forbear {
namespace {

struct World {
  policy::Surroundings surroundings;
  policy::TenantFacts tenant;
  Borrower borrower;
  Account account;
  std::vector<Event> history;
  policy::Facts facts;
  Instant open, closed;

  World() {
    const auto loaded = yaml::LoadPolicies(std::string(FORBEAR_SOURCE_DIR) + "/policies", true);
    FORBEAR_CHECK(loaded.ok());
    const auto zones = LoadZones();
    FORBEAR_CHECK(zones.ok());
    surroundings = {loaded->bundle, *zones, loaded->places};
    tenant.id = "lender";
    borrower.id.bytes[15] = 1;
    Place home;
    home.country = "US";
    home.subdivision = "US-OH";
    home.postal_code = "43215";
    borrower.places = {home};
    ContactPoint phone;
    phone.id.bytes[15] = 1;
    phone.line = Line::kMobile;
    phone.source = PointSource::kBorrower;
    phone.number_country = "US";
    phone.number_zones = {"America/New_York"};
    borrower.contact_points = {phone};
    account.id.bytes[15] = 1;
    account.borrower = borrower.id;
    account.balance = {100'000, "USD"};
    account.due_on = ParseDay("2026-01-05").value();
    // Twenty rows: six calls this week, older calls and texts, a validation notice, a consent.
    const Instant last = ParseInstant("2026-03-09T15:00:00Z").value();
    for (int i = 0; i < 20; ++i) {
      Event& event = history.emplace_back();
      event.id.bytes[15] = static_cast<uint8_t>(i + 1);
      event.at = last - std::chrono::hours{i < 6 ? i * 20 : 200 + i * 30};
      event.accounts = {account.id};
      event.point = phone.id;
      event.channel = i % 3 == 2 && i >= 6 ? Channel::kSms : Channel::kCall;
      event.outcome = event.channel == Channel::kSms ? Outcome::kDelivered : Outcome::kNoAnswer;
      event.purpose = Purpose::kPaymentReminder;
    }
    history[18].name = EventName::kNotice;
    history[18].notice = NoticeKind::kValidationNotice;
    history[18].channel = Channel::kLetter;
    history[18].outcome.reset();
    history[19].name = EventName::kConsent;
    history[19].by = DoneBy::kBorrower;
    history[19].covers = {Covers::kChannel};
    history[19].outcome.reset();
    std::reverse(history.begin(), history.end());
    facts.contact.channel = Channel::kCall;
    facts.contact.point = phone.id;
    facts.contact.accounts = {account.id};
    facts.tenant = &tenant;
    facts.borrower = &borrower;
    facts.accounts = {&account};
    for (const Event& event : history) facts.history.push_back(&event);
    open = ParseInstant("2026-03-10T15:00:00Z").value();
    closed = ParseInstant("2026-03-11T03:00:00Z").value();
  }
};

const World& TheWorld() {
  static const World* const world = new World();
  return *world;
}

void BM_Resolve(benchmark::State& state) {
  const World& world = TheWorld();
  for (auto _ : state) {
    benchmark::DoNotOptimize(policy::Resolve(world.facts, world.surroundings));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_Resolve);

void BM_DecideAllowed(benchmark::State& state) {
  const World& world = TheWorld();
  const policy::Question question = policy::Resolve(world.facts, world.surroundings);
  FORBEAR_CHECK(policy::Decide(question, world.open).answer == Answer::kAllowed);
  Instant at = world.open;
  for (auto _ : state) {
    benchmark::DoNotOptimize(policy::Decide(question, at));
    at += Seconds{1};
    if (at > world.open + std::chrono::hours{5}) at = world.open;
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_DecideAllowed);

void BM_DecideDeferred(benchmark::State& state) {
  const World& world = TheWorld();
  const policy::Question question = policy::Resolve(world.facts, world.surroundings);
  FORBEAR_CHECK(policy::Decide(question, world.closed).answer == Answer::kDeferred);
  for (auto _ : state) benchmark::DoNotOptimize(policy::Decide(question, world.closed));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_DecideDeferred);

}  // namespace
}  // namespace forbear

BENCHMARK_MAIN();
