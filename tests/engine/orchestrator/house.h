// A small house in the made-up place XA: rules, a cadence, a store in memory, a clock moved by
// hand and a channel that does as it is told. What the tests of the orchestrator live in.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/memory/memory_store.h"
#include "engine/audit/cj1.h"
#include "engine/orchestrator/handle.h"
#include "engine/orchestrator/orchestrator.h"
#include "tests/engine/policy/world.h"
#include "tests/engine/vault/ring_in_memory.h"

namespace forbear::house {

using policy::OnDay;
using policy::Utc;

// Moves only when told to. Monotonic time is moved apart from wall time.
class HandClock : public Clock {
 public:
  explicit HandClock(Instant now) : now_(now) {}
  Instant Now() const override { return now_; }
  std::chrono::nanoseconds Monotonic() const override { return monotonic_; }
  void Hold() override { ++holds_; }
  void Release() override { --holds_; }

  void Set(Instant now) { now_ = now; }
  void Advance(Seconds by) {
    now_ += by;
    monotonic_ += by;
  }
  void AdvanceMonotonic(std::chrono::nanoseconds by) { monotonic_ += by; }
  int holds() const { return holds_; }

 private:
  Instant now_;
  std::chrono::nanoseconds monotonic_{0};
  int holds_ = 0;
};

// splitmix64.
class SeededRandomness : public Randomness {
 public:
  explicit SeededRandomness(uint64_t seed) : state_(seed) {}
  void Fill(std::span<uint8_t> bytes) override {
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(Next());
  }
  uint64_t Next() {
    state_ += 0x9e3779b97f4a7c15;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  // 0 … below-1.
  uint64_t Below(uint64_t below) { return Next() % below; }

 private:
  uint64_t state_;
};

// Writes down every call, and answers as `answer` says.
class ScriptedChannel : public ChannelAdapter {
 public:
  struct Call {
    AttemptId attempt;
    Outgoing outgoing;
  };
  Delivery Send(const Reservation& reservation, const Outgoing& outgoing,
                std::chrono::milliseconds timeout) override {
    calls.push_back({reservation.attempt(), outgoing});
    return answer ? answer(outgoing, timeout) : Delivered();
  }
  static Delivery Delivered() {
    return {DeliveryKind::kDelivered, Outcome::kDelivered, "provider-1", ""};
  }
  static Delivery Refused() { return {DeliveryKind::kRefused, Outcome::kDelivered, "", "down"}; }
  static Delivery Lost() { return {DeliveryKind::kInDoubt, Outcome::kDelivered, "", "timeout"}; }

  std::vector<Call> calls;
  std::function<Delivery(const Outgoing&, std::chrono::milliseconds)> answer;
};

// XA: 08:00 to 21:00, one message a day and three in seven days for a person, texts only with
// consent and a way out, silence after a cease request, and about a debt after a dispute.
inline std::shared_ptr<const policy::Bundle> TestBundle() {
  using namespace policy;  // NOLINT: the pack language
  Pack pack;
  pack.name = "xa";
  pack.jurisdiction = "XA";
  pack.rules.push_back(HoursRule("xa.hours", 8, 21));
  pack.rules.push_back(CapRule("xa.one-a-day", 1, WindowUnit::kCalendarDay, 1));
  pack.rules.push_back(CapRule("xa.three-in-seven", 3, WindowUnit::kRollingDays, 7));
  ConsentRequired consent;
  consent.consent.covers = {Covers::kChannel};
  Rule texts = MakeRule("xa.text-consent", RuleKind::kConsentRequired, consent);
  texts.applies = ChannelIs({Channel::kSms});
  pack.rules.push_back(texts);
  OptOut way_out;
  way_out.scope = static_cast<Scopes>(Scope::kPerson) | static_cast<Scopes>(Scope::kChannel);
  pack.rules.push_back(MakeRule("xa.opt-out", RuleKind::kOptOut, way_out));
  StopContact cease;
  cease.standing = EventFilter(EventName::kCeaseRequest);
  pack.rules.push_back(MakeRule("xa.cease", RuleKind::kStopContact, cease));
  StopContact dispute;
  dispute.standing = EventFilter(EventName::kDispute);
  dispute.scope = static_cast<Scopes>(Scope::kDebt);
  pack.rules.push_back(MakeRule("xa.dispute", RuleKind::kStopContact, dispute));
  for (const Rule& rule : pack.rules) pack.digest_bytes += rule.id + "\n";
  const auto bundle = Compile({pack}, {}, "");
  FORBEAR_CHECK(bundle.ok());
  return *bundle;
}

// Steps at 3, 30 and 60 days past due, one of them followed after seven days; texts first, then
// mail, then letters.
inline std::shared_ptr<const Treatment> TestTreatment() {
  Treatment treatment;
  treatment.name = "test";
  treatment.digest = "sha256:" + std::string(64, 'a');
  treatment.default_language = "en";
  treatment.min_days_between = 2;
  treatment.repeat_last_every_days = 30;
  Template note;
  note.id = "note";
  for (const Channel channel : {Channel::kSms, Channel::kEmail, Channel::kLetter}) {
    ChannelText words;
    words.message.opt_out = OptOutOffer::kReplyStop;
    words.message.mentions_debt = true;
    words.texts = {{"en", "{{name}}: {{amount}} was due on {{due_date}}. {{sender}}"},
                   {"zh-TW", "{{name}}：{{amount}}"}};
    note.channels[channel] = words;
  }
  treatment.templates[note.id] = note;
  const std::vector<Channel> channels = {Channel::kSms, Channel::kEmail, Channel::kLetter};
  treatment.steps = {{3, std::nullopt, channels, "note"},
                     {std::nullopt, 7, channels, "note"},
                     {30, std::nullopt, channels, "note"},
                     {60, std::nullopt, channels, "note"}};
  return std::make_shared<const Treatment>(std::move(treatment));
}

inline std::shared_ptr<const World> TestWorld() {
  auto world = std::make_shared<World>();
  world->surroundings = {TestBundle(), policy::TestZones(), policy::TestPlaces()};
  world->treatment = TestTreatment();
  policy::TenantFacts tenant;
  tenant.id = "lender";
  world->tenants["lender"] = tenant;
  world->sender_names["lender"] = "Lender Ltd";
  return world;
}

inline ContactPoint MakePoint(uint8_t id, PointKind kind, std::string value) {
  ContactPoint point;
  point.id = policy::NumberedId<ContactPointId>(id);
  point.kind = kind;
  point.value = Personal(std::move(value));
  point.source = PointSource::kBorrower;
  if (kind == PointKind::kPhone) {
    point.line = Line::kMobile;
    point.number_country = "XA";
    point.number_zones = {"XA/North"};
  }
  return point;
}

// A borrower in XA-N with a mobile (1), a mailbox (2) and an address (3), whose account (9) has
// been due since 2026-01-26: 35 days past due on 2026-03-02.
inline SubmitAccount Item(const std::string& account, const std::string& borrower) {
  SubmitAccount item;
  item.borrower.external_id = borrower;
  item.borrower.name = Personal("Ada Example");
  Place home;
  home.country = "XA";
  home.subdivision = "XA-N";
  item.borrower.places = {home};
  item.borrower.contact_points = {MakePoint(1, PointKind::kPhone, "+99912345678" + borrower),
                                  MakePoint(2, PointKind::kEmail, borrower + "@example.com"),
                                  MakePoint(3, PointKind::kPostal, "1 Example Street")};
  item.account.id = policy::NumberedId<AccountId>(9);
  item.account.external_id = account;
  item.account.balance = {123'456, "USD"};
  item.account.due_on = OnDay("2026-01-26");
  item.account.as_of = Utc("2026-03-01T00:00:00Z");
  item.body_digest[0] = 1;
  item.field_digests = {{"account.balance", 1}, {"borrower.name", 2}};
  return item;
}

inline Event ConsentToTexts() {
  Event event;
  event.name = EventName::kConsent;
  event.at = Utc("2026-01-02T10:00:00Z");
  event.by = DoneBy::kBorrower;
  event.covers = {Covers::kChannel};
  event.channels = {Channel::kSms};
  event.points = {policy::NumberedId<ContactPointId>(1)};
  event.consent_form = ConsentForm::kExpressWritten;
  event.via = Via::kPortal;
  return event;
}

inline Event Said(EventName name, Instant at) {
  Event event;
  event.name = name;
  event.at = at;
  event.by = DoneBy::kBorrower;
  event.via = Via::kEmail;
  return event;
}

// One entry of the log, read back from its canonical bytes.
struct Entry {
  uint64_t seq = 0;
  std::string kind;
  cj1::Value value;
  cj1::Value facts = cj1::Object();  // what its seal holds

  const cj1::Value* Data(std::string_view name) const { return Member("data", name); }
  const cj1::Value* Ref(std::string_view name) const { return Member("ref", name); }
  std::string Word(std::string_view name) const {
    const cj1::Value* found = Data(name);
    return found == nullptr || !found->is_string() ? "" : found->AsString();
  }

 private:
  const cj1::Value* Member(const char* part, std::string_view name) const {
    const cj1::Value* object = value.Find(part);
    return object == nullptr ? nullptr : object->Find(name);
  }
};

// Noon in North on Monday 2 March 2026, when the tests begin.
inline const Instant kNoon = Utc("2026-03-02T17:00:00Z");

struct House {
  explicit House(uint64_t seed = 1, std::shared_ptr<const World> its_world = TestWorld())
      : world(std::move(its_world)),
        randomness(seed),
        store({.origin = "audit.example/test",
               .node = "n1",
               .handler = MakeHandler([this] { return world; }),
               .clock = &clock,
               .randomness = &randomness,
               .keys = &keys.ring,
               .handling = MemoryStore::Handling::kTwice}),
        maker(clock, randomness) {
    FORBEAR_CHECK(Restart().ok());
  }

  // The same with mail queued, `a_second` messages a second.
  void QueueMail(uint32_t a_second) {
    auto other = std::make_shared<World>(*world);
    other->queued_channels = {Channel::kEmail};
    world = other;
    per_second = {{Channel::kEmail, a_second}};
    FORBEAR_CHECK(Restart().ok());
  }

  // The process ends and begins again over the same store.
  absl::Status Restart() {
    orchestrator = std::make_unique<Orchestrator>(OrchestratorParts{
        store,
        clock,
        randomness,
        {{Channel::kSms, &channel}, {Channel::kEmail, &channel}, {Channel::kLetter, &channel}},
        per_second});
    return orchestrator->Start();
  }

  Command As(CommandBody body, CallerRole role = CallerRole::kLender,
             std::string tenant = "lender") const {
    return maker.Make(std::move(body), {std::move(tenant), role, "tester"},
                      {audit::ActorKind::kService, "tester", std::string(ToWord(role))});
  }
  absl::StatusOr<Applied> Do(CommandBody body, CallerRole role = CallerRole::kLender,
                             std::string tenant = "lender") {
    return orchestrator->ApplyAndWait(As(std::move(body), role, std::move(tenant)));
  }
  // REQUIRES: it is accepted.
  CommandResult Submit(const SubmitAccount& item) {
    const absl::StatusOr<Applied> applied = Do(item);
    FORBEAR_CHECK(applied.ok());
    return applied->result;
  }

  std::vector<Entry> Entries(const std::string& kind_prefix = "") const {
    std::vector<Entry> entries;
    EntryQuery query;
    query.limit = 100'000;
    const auto stored = store.ListEntries(query);
    FORBEAR_CHECK(stored.ok());
    for (const StoredEntry& each : *stored) {
      Entry entry;
      entry.seq = each.seq;
      auto parsed = cj1::Parse(each.bytes);
      FORBEAR_CHECK(parsed.ok());
      entry.value = *std::move(parsed);
      entry.kind = entry.value.Find("kind")->AsString();
      if (const cj1::Value* seal = entry.value.Find("seal")) entry.facts = Open(entry, *seal);
      if (entry.kind.starts_with(kind_prefix)) entries.push_back(std::move(entry));
    }
    return entries;
  }
  cj1::Value Open(const Entry& entry, const cj1::Value& seal) const {
    const auto key = keys.ring.Find(*BorrowerId::Parse(entry.value.Find("borrower")->AsString()));
    FORBEAR_CHECK(key.ok());
    const auto facts = vault::OpenEntry(**key, seal,
                                        {entry.value.Find("log")->AsString(),
                                         entry.value.Find("id")->AsString(), entry.kind});
    FORBEAR_CHECK(facts.ok());
    return *facts;
  }
  std::vector<std::string> Kinds(const std::string& kind_prefix = "") const {
    std::vector<std::string> kinds;
    for (const Entry& entry : Entries(kind_prefix)) kinds.push_back(entry.kind);
    return kinds;
  }
  BorrowerFile File(const BorrowerId& id) const {
    const auto file = store.ReadBorrower("lender", id);
    FORBEAR_CHECK(file.ok() && *file != nullptr);
    return **file;
  }
  Plan PlanOf(const CommandResult& submitted) const {
    for (const Plan& plan : File(submitted.borrower).plans) {
      if (plan.account == submitted.account) return plan;
    }
    FORBEAR_CHECK(false);
    return {};
  }

  std::shared_ptr<const World> world;
  HandClock clock{kNoon};
  SeededRandomness randomness;
  mutable vault::RingInMemory keys{clock, randomness};
  ScriptedChannel channel;
  std::map<Channel, uint32_t> per_second;
  MemoryStore store;
  CommandMaker maker;
  std::unique_ptr<Orchestrator> orchestrator;
};

}  // namespace forbear::house
