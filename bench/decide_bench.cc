// How many answers a second: Resolve, Judge (an answer in numbers, in memory that is used again) and
// Decide (the same in words) over the real packs of the United States and of one state with the house
// rules; one borrower in two zones with twenty rows of history. Beside the rate: the slowest call of a
// hundred, and how often a call asked for memory.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <new>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "adapters/cli/decide_command.h"
#include "adapters/cli/proto_json.h"
#include "adapters/yaml/pack_reader.h"
#include "adapters/zones/zones.h"
#include "engine/model/status.h"
#include "engine/policy/bundle.h"
#include "engine/policy/question.h"
#include "forbear/v1/contact_service.pb.h"

namespace {
// One thread measures; nothing else counts.
uint64_t allocations = 0;
}  // namespace

// Not inlined: gcc would see a free of what a library allocated with new.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

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
    home.subdivision = "US-NY";
    home.city = "Albany";
    home.postal_code = "12207";
    borrower.places = {home};
    ContactPoint phone;
    phone.id.bytes[15] = 1;
    phone.line = Line::kMobile;
    phone.source = PointSource::kBorrower;
    phone.number_country = "US";
    phone.number_zones = {"America/Chicago"};
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
    facts.papers_in_order_by_default = true;
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

// Times every call on its own too, since a mean hides the slow ones; reading the clock twice costs
// some forty nanoseconds of what p99 says.
template <typename Call>
void Measure(benchmark::State& state, Call call) {
  for (int i = 0; i < 1'000; ++i) call();
  const uint64_t before = allocations;
  for (auto _ : state) call();
  const uint64_t asked = allocations - before;
  state.SetItemsProcessed(state.iterations());
  state.counters["allocations"] = static_cast<double>(asked) / static_cast<double>(state.iterations());
  std::vector<int64_t> nanoseconds(100'000);
  for (int64_t& one : nanoseconds) {
    const auto began = std::chrono::steady_clock::now();
    call();
    one = (std::chrono::steady_clock::now() - began).count();
  }
  std::sort(nanoseconds.begin(), nanoseconds.end());
  state.counters["p99_ns"] = static_cast<double>(nanoseconds[nanoseconds.size() * 99 / 100]);
}

void MeasureJudge(benchmark::State& state, Instant from, Answer answer) {
  const World& world = TheWorld();
  const policy::Question question = policy::Resolve(world.facts, world.surroundings);
  policy::Verdict verdict;
  Instant at = from;
  policy::Judge(question, at, &verdict);
  if (verdict.answer != answer) {
    // Law has moved under the made-up borrower: say which rule it is.
    std::string denying = "another answer than the benchmark is about:";
    for (const policy::Denial& denial : policy::Render(question, verdict).denials) {
      denying += " " + denial.rule;
    }
    state.SkipWithError(denying.c_str());
    return;
  }
  Measure(state, [&] {
    policy::Judge(question, at, &verdict);
    benchmark::DoNotOptimize(verdict);
    at += Seconds{1};
    if (at > from + std::chrono::hours{2}) at = from;
  });
}
void BM_JudgeAllowed(benchmark::State& state) {
  MeasureJudge(state, TheWorld().open, Answer::kAllowed);
}
BENCHMARK(BM_JudgeAllowed);

// With the search for the next opening.
void BM_JudgeDeferred(benchmark::State& state) {
  MeasureJudge(state, TheWorld().closed, Answer::kDeferred);
}
BENCHMARK(BM_JudgeDeferred);

void BM_DecideAllowed(benchmark::State& state) {
  const World& world = TheWorld();
  const policy::Question question = policy::Resolve(world.facts, world.surroundings);
  Measure(state, [&] { benchmark::DoNotOptimize(policy::Decide(question, world.open)); });
}
BENCHMARK(BM_DecideAllowed);

void BM_DecideDeferred(benchmark::State& state) {
  const World& world = TheWorld();
  const policy::Question question = policy::Resolve(world.facts, world.surroundings);
  Measure(state, [&] { benchmark::DoNotOptimize(policy::Decide(question, world.closed)); });
}
BENCHMARK(BM_DecideDeferred);

// All packs of the policies directory, checked against each other; reading the files is not in it.
void BM_CompilePacks(benchmark::State& state) {
  const auto& bundle = *TheWorld().surroundings.bundle;
  for (auto _ : state) {
    benchmark::DoNotOptimize(policy::Compile(bundle.packs(), bundle.calendars(), bundle.overlay()));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_CompilePacks);

// ---- `forbear decide`: the question of examples/, a thousand times ----

struct Asked {
  cli::DecideWorld world;
  Phones phones;
  std::string line;    // JSON, with its line end
  std::string binary;  // the same as a frame

  static constexpr int kQuestions = 1'000;
  std::string lines, frames;

  Asked() : phones(LoadedPrefixes()) {
    world = {TheWorld().surroundings, &phones};
    std::ifstream file(std::string(FORBEAR_SOURCE_DIR) + "/examples/questions/call-at-night.json");
    line = nlohmann::json::parse(file).dump() + "\n";
    v1::EvaluateRequest request;
    FORBEAR_CHECK(cli::FromJson(line, &request).ok());
    const std::string bytes = request.SerializeAsString();
    for (size_t size = bytes.size(); size > 0 || binary.empty(); size >>= 7) {
      binary.push_back(static_cast<char>((size & 0x7f) | (size >= 0x80 ? 0x80 : 0)));
    }
    binary += bytes;
    for (int i = 0; i < kQuestions; ++i) {
      lines += line;
      frames += binary;
    }
  }
  static std::shared_ptr<const yaml::PhonePrefixes> LoadedPrefixes() {
    return yaml::LoadPolicies(std::string(FORBEAR_SOURCE_DIR) + "/policies", true)->phone_prefixes;
  }
};

const Asked& TheAsked() {
  static const Asked* const asked = new Asked();
  return *asked;
}

// Reading alone: what a line costs before anything is decided.
void BM_ReadJsonLine(benchmark::State& state) {
  const Asked& asked = TheAsked();
  v1::EvaluateRequest request;
  for (auto _ : state) {
    request.Clear();
    FORBEAR_CHECK(cli::FromJson(asked.line, &request).ok());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_ReadJsonLine);

void BM_DecideJsonLines(benchmark::State& state) {
  const Asked& asked = TheAsked();
  for (auto _ : state) {
    std::istringstream in(asked.lines);
    std::ostringstream out;
    FORBEAR_CHECK(cli::DecideLines(asked.world, in, out));
  }
  state.SetItemsProcessed(state.iterations() * Asked::kQuestions);
}
BENCHMARK(BM_DecideJsonLines);

void BM_DecideBinary(benchmark::State& state) {
  const Asked& asked = TheAsked();
  for (auto _ : state) {
    std::istringstream in(asked.frames);
    std::ostringstream out, err;
    FORBEAR_CHECK(cli::DecideBinary(asked.world, in, out, err));
  }
  state.SetItemsProcessed(state.iterations() * Asked::kQuestions);
}
BENCHMARK(BM_DecideBinary);

}  // namespace
}  // namespace forbear

BENCHMARK_MAIN();
