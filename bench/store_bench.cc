// How many commands a second the store takes with the engine's own Handle and the real packs, each
// durable before it is answered, and without a wire.
//
//   store_bench intake FOLDER COUNT [--record FILE]
//       COUNT new accounts, 1,000 of them on their way at a time
//   store_bench contacts FOLDER COUNT [--record FILE]
//       takes in COUNT accounts, then reserves, hands to a channel that does nothing, and settles
//       one contact each. Leaves FOLDER/start.db, the database before the contacts, for
//       `raw_store FILE DIR --start-from FOLDER/start.db`
//
// Prints one line of JSON. FOLDER is made and must not hold a store yet.
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <string>

#include "adapters/clock/clocks.h"
#include "adapters/keys/kek_files.h"
#include "adapters/keys/key_database.h"
#include "adapters/sqlite/sqlite_store.h"
#include "adapters/yaml/pack_reader.h"
#include "adapters/yaml/treatment.h"
#include "adapters/zones/zones.h"
#include "engine/audit/hash.h"
#include "engine/model/status.h"
#include "engine/orchestrator/handle.h"
#include "engine/orchestrator/intake.h"
#include "engine/orchestrator/orchestrator.h"

namespace forbear {
namespace {

constexpr char kTenant[] = "lender";
// On their way at once: four batches, so that the next one gathers while one is synced.
constexpr size_t kWindow = 1'000;

// Stands still at an hour when contact is open: what is measured is work, not waiting.
class StillClock : public Clock {
 public:
  Instant Now() const override { return now_; }
  std::chrono::nanoseconds Monotonic() const override {
    return std::chrono::steady_clock::now().time_since_epoch();
  }
  void Hold() override {}
  void Release() override {}
  const Instant now_ = ParseInstant("2026-03-10T15:00:00Z").value();  // 11:00 in Ohio
};

class NullChannel : public ChannelAdapter {
 public:
  Delivery Send(const Reservation&, const Outgoing&, std::chrono::milliseconds) override {
    return {DeliveryKind::kDelivered, Outcome::kDelivered, "", ""};
  }
};

std::shared_ptr<const World> MakeWorld() {
  const std::string policies = std::string(FORBEAR_SOURCE_DIR) + "/policies";
  const auto loaded = yaml::LoadPolicies(policies, true);
  FORBEAR_CHECK(loaded.ok());
  const auto zones = LoadZones();
  FORBEAR_CHECK(zones.ok());
  const auto treatment = yaml::LoadTreatment(policies + "/treatments/gentle.yaml");
  FORBEAR_CHECK(treatment.ok());
  auto world = std::make_shared<World>();
  world->surroundings = {loaded->bundle, *zones, loaded->places};
  world->treatment = *treatment;
  world->tenants[kTenant].id = kTenant;
  return world;
}

// What the lender says it has sent already: with a validation notice, contact is open.
enum class History { kNone, kValidationNotice };

// The item that grpc_intake sends.
SubmitAccount MakeItem(uint64_t number, Instant now, History history) {
  char name[32];
  std::snprintf(name, sizeof name, "B-%08llu", static_cast<unsigned long long>(number));
  SubmitAccount item;
  item.borrower.external_id = std::string(name) + "-person";
  item.borrower.name = Personal("Made Person");
  item.borrower.language = "en";
  Place home;
  home.country = "US";
  home.subdivision = "US-OH";
  home.postal_code = "43215";
  item.borrower.places = {home};
  ContactPoint mail;
  mail.id.bytes[0] = 1;
  mail.kind = PointKind::kEmail;
  mail.value = Personal(std::string(name) + "@example.com");
  mail.source = PointSource::kBorrower;
  mail.link_digest = audit::Sha256(name);
  item.borrower.contact_points = {mail};
  item.account.external_id = name;
  item.account.product = Product::kCreditCard;
  item.account.balance = {static_cast<int64_t>(10'000 + number), "USD"};
  item.account.due_on = ParseDay("2026-01-20").value();
  item.account.as_of = now - date::days(1);
  item.body_digest = audit::Sha256(item.account.external_id);
  // As many as the wire gives: one for each field of the item.
  for (const char* field :
       {"account.balance", "account.due_date", "account.external_id", "account.product",
        "account.role", "borrower.contact_points", "borrower.external_id", "borrower.language",
        "borrower.name", "borrower.places"}) {
    item.field_digests.emplace_back(field, number);
  }
  if (history == History::kNone) return item;
  // It went out by mail two months ago.
  Event notice;
  notice.id.bytes[0] = 1;
  notice.name = EventName::kNotice;
  notice.notice = NoticeKind::kValidationNotice;
  notice.channel = Channel::kLetter;
  notice.at = now - date::days(60);
  notice.received_on = Day(date::floor<date::days>(notice.at).time_since_epoch() + date::days(5));
  notice.period_ends_on = *notice.received_on + date::days(35);
  item.history = {notice};
  return item;
}

// The key store on the same disk, as `serve` has it.
struct Keys {
  Keys(const std::string& folder, Clock& clock, Randomness& randomness)
      : provider(Must(keys::KekFiles::Open(folder + "/kek", randomness, clock))),
        store(Must(keys::KeyDatabase::Open(folder + "/keys.db"))),
        ring(*provider, *store, randomness, clock) {
    if (!provider->CurrentId().ok()) (void)provider->MakeNext();
  }
  template <typename T>
  static T Must(absl::StatusOr<T> made) {
    if (!made.ok()) {
      std::fprintf(stderr, "store_bench: %s\n", std::string(made.status().message()).c_str());
      std::exit(1);
    }
    return *std::move(made);
  }

  std::unique_ptr<keys::KekFiles> provider;
  std::unique_ptr<keys::KeyDatabase> store;
  vault::KeyRing ring;
};

SqliteStore::Options MakeOptions(const std::string& folder, Handler handler, Clock& clock,
                                 Randomness& randomness, vault::KeyRing& keys) {
  return {.dir = folder + "/data",
          .origin = "bench.example/store",
          .node = "bench",
          .handler = std::move(handler),
          .clock = &clock,
          .randomness = &randomness,
          .keys = &keys};
}

std::unique_ptr<SqliteStore> MustOpen(SqliteStore::Options options) {
  auto opened = SqliteStore::Open(std::move(options));
  if (!opened.ok()) {
    std::fprintf(stderr, "store_bench: %s\n", std::string(opened.status().message()).c_str());
    std::exit(1);
  }
  return *std::move(opened);
}

// Submits `count` accounts; returns the seconds it took until the last was durable.
double TakeIn(Store& store, const CommandMaker& maker, Instant now, uint64_t count,
              History history) {
  Caller caller{.tenant = kTenant, .role = CallerRole::kLender, .id = "svc-bench"};
  const audit::Actor actor{audit::ActorKind::kService, "svc-bench", "lender"};
  std::mutex mutex;
  std::condition_variable changed;
  size_t on_the_way = 0;
  const auto began = std::chrono::steady_clock::now();
  for (uint64_t i = 0; i < count; ++i) {
    {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return on_the_way < kWindow; });
      ++on_the_way;
    }
    store.Apply(maker.Make(MakeItem(i, now, history), caller, actor),
                [&](absl::StatusOr<Applied> applied) {
                  if (!applied.ok()) {
                    std::fprintf(stderr, "store_bench: %s\n",
                                 std::string(applied.status().message()).c_str());
                    std::exit(1);
                  }
                  const std::lock_guard lock(mutex);
                  --on_the_way;
                  changed.notify_one();
                });
  }
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return on_the_way == 0; });
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  return took.count();
}

int RunIntake(const std::string& folder, uint64_t count, const std::string& record) {
  StillClock clock;
  SystemRandomness randomness;
  Keys keys(folder, clock, randomness);
  SqliteStore::Options options = MakeOptions(folder, MakeHandler(MakeWorld()), clock, randomness, keys.ring);
  options.record_statements_to = record;
  const auto store = MustOpen(std::move(options));
  const CommandMaker maker(clock, randomness);
  const double seconds = TakeIn(*store, maker, clock.Now(), count, History::kNone);
  std::printf(
      "{\"bench\": \"intake\", \"accounts\": %llu, \"seconds\": %.3f, \"per_second\": %.0f}\n",
      static_cast<unsigned long long>(count), seconds, static_cast<double>(count) / seconds);
  return store->Status().accounts == count ? 0 : 1;
}

int RunContacts(const std::string& folder, uint64_t count, const std::string& record) {
  StillClock clock;
  SystemRandomness randomness;
  Keys keys(folder, clock, randomness);
  const std::shared_ptr<const World> world = MakeWorld();
  SqliteStore::Options options = MakeOptions(folder, MakeHandler(world), clock, randomness, keys.ring);
  {
    const auto store = MustOpen(options);
    TakeIn(*store, CommandMaker(clock, randomness), clock.Now(), count, History::kValidationNotice);
  }
  // Closed: the database is whole without its WAL.
  std::filesystem::copy_file(folder + "/data/forbear.db", folder + "/start.db",
                             std::filesystem::copy_options::overwrite_existing);
  options.record_statements_to = record;
  const auto store = MustOpen(options);
  NullChannel channel;
  Orchestrator orchestrator(
      {*store,
       clock,
       randomness,
       {{Channel::kSms, &channel}, {Channel::kEmail, &channel}, {Channel::kLetter, &channel}}});
  FORBEAR_CHECK(orchestrator.Start().ok());
  uint64_t sent = 0, looked_at = 0;
  const auto began = std::chrono::steady_clock::now();
  for (;;) {
    const Round round = orchestrator.RunOnce();
    sent += round.sent;
    looked_at += round.looked_at;
    if (round.looked_at == 0) break;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  std::printf(
      "{\"bench\": \"contacts\", \"accounts\": %llu, \"sent\": %llu, \"seconds\": %.3f, "
      "\"per_second\": %.0f}\n",
      static_cast<unsigned long long>(looked_at), static_cast<unsigned long long>(sent),
      took.count(), static_cast<double>(sent) / took.count());
  if (sent == count) return 0;
  std::fprintf(stderr, "store_bench: only %llu of %llu accounts were contacted\n",
               static_cast<unsigned long long>(sent), static_cast<unsigned long long>(count));
  return 1;
}

}  // namespace
}  // namespace forbear

int main(int argc, char** argv) {
  const bool records = argc == 6 && std::strcmp(argv[4], "--record") == 0;
  if (argc != 4 && !records) {
    std::fprintf(stderr, "usage: store_bench intake|contacts FOLDER COUNT [--record FILE]\n");
    return 2;
  }
  const std::string folder = argv[2];
  std::filesystem::create_directories(folder);
  const uint64_t count = std::strtoull(argv[3], nullptr, 10);
  const std::string record = records ? argv[5] : "";
  if (std::strcmp(argv[1], "intake") == 0) return forbear::RunIntake(folder, count, record);
  if (std::strcmp(argv[1], "contacts") == 0) return forbear::RunContacts(folder, count, record);
  std::fprintf(stderr, "usage: store_bench intake|contacts FOLDER COUNT [--record FILE]\n");
  return 2;
}
