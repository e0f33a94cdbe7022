#include "adapters/cli/serve_command.h"

#include <pthread.h>
#include <signal.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <filesystem>
#include <iostream>
#include <map>
#include <memory>
#include <utility>

#include "adapters/cli/key_keeper.h"
#include "adapters/cli/operations_log.h"
#include "adapters/cli/policy_commands.h"
#include "adapters/cli/publisher.h"
#include "adapters/cli/version_command.h"
#include "adapters/clock/clocks.h"
#include "adapters/clock/worker.h"
#include "adapters/grpc/server.h"
#include "adapters/http/http_server.h"
#include "adapters/http/metrics.h"
#include "adapters/keys/kek_files.h"
#include "adapters/keys/key_database.h"
#include "adapters/logexport/key_files.h"
#include "adapters/outbox/outbox.h"
#include "adapters/phones/phones.h"
#include "adapters/sqlite/data_lock.h"
#include "adapters/sqlite/log_reader.h"
#include "adapters/sqlite/schema.h"
#include "adapters/sqlite/sqlite_store.h"
#include "adapters/yaml/pack_reader.h"
#include "adapters/yaml/treatment.h"
#include "adapters/zones/zones.h"
#include "engine/audit/hash.h"
#include "engine/model/status.h"
#include "engine/orchestrator/handle.h"
#include "engine/orchestrator/orchestrator.h"
#include "engine/orchestrator/replay.h"
#include "engine/policy/bundle.h"
#include "engine/ports/store_rules.h"
#include "engine/vault/key_ring.h"

namespace forbear::cli {
namespace {

absl::StatusOr<std::shared_ptr<const World>> LoadWorld(const Config& config,
                                                       const yaml::LoadedPolicies& policies) {
  auto world = std::make_shared<World>();
  FORBEAR_ASSIGN_OR_RETURN(const auto zones, LoadZones());
  world->surroundings = {policies.bundle, zones, policies.places};
  FORBEAR_ASSIGN_OR_RETURN(world->treatment, yaml::LoadTreatment(config.treatment));
  for (const auto& [channel, setting] : config.channels) {
    if (setting.queued) world->queued_channels.insert(channel);
  }
  for (const TenantSetting& tenant : config.tenants) {
    world->tenants[tenant.facts.id] = tenant.facts;
    if (!tenant.name.empty()) world->sender_names[tenant.facts.id] = tenant.name;
  }
  return std::shared_ptr<const World>(std::move(world));
}

// The clock `serve` runs on: the system's, or a simulated one that never runs behind the log.
absl::StatusOr<std::unique_ptr<PacedClock>> MakeClock(const Config& config) {
  if (config.clock.empty()) return std::make_unique<SystemClock>();
  FORBEAR_ASSIGN_OR_RETURN(const ClockSetting setting, ParseClock(config.clock));
  Instant start = setting.start;
  const auto log = sqlite::LogReader::Open(config.data);
  if (log.ok()) {
    FORBEAR_ASSIGN_OR_RETURN(const audit::LogHead head, (*log)->Head());
    start = std::max(start, head.last_time);
  } else if (!absl::IsNotFound(log.status())) {
    return log.status();
  }
  return std::make_unique<SimulatedClock>(start, setting.speed);
}

// What a node says of itself when it starts and stops; an auditor sees from one to the next whether
// rules, cadence or zone data changed.
RecordFact AboutNode(std::string kind, const World& world) {
  RecordFact fact;
  fact.kind = std::move(kind);
  fact.ref.Set("bundle", world.surroundings.bundle->digest());
  fact.ref.Set("treatment", world.treatment->digest);
  fact.data.Set("tzdata", world.surroundings.zones->version());
  fact.data.Set("version", kVersion);
  return fact;
}

// All tenants' settings in one digest: whether anything of them changed since the node last started.
std::string DigestOfTenants(const World& world) {
  std::string all;
  for (const auto& [id, tenant] : world.tenants) {
    all += id + "\n";
    for (const std::string& chunk : SettingsOf(tenant)) all += chunk + "\n";
  }
  const Bytes32 digest = audit::Sha256(all);
  return ToHex(audit::AsText(digest));
}

// The newest entry of this kind among the last few thousand; nothing when there is none so near.
std::optional<cj1::Value> NewestOfKind(const Store& store, const std::string& kind) {
  constexpr uint64_t kStep = 500;        // entries a look
  constexpr uint64_t kFarthest = 5'000;  // older ones are not worth a slow start
  const uint64_t size = store.Head().size;
  for (uint64_t back = kStep; back - kStep < size && back <= kFarthest; back += kStep) {
    EntryQuery query;
    query.first_seq = size > back ? size - back : 0;
    query.limit = kStep;
    const auto entries = store.ListEntries(query);
    if (!entries.ok()) return std::nullopt;
    for (auto entry = entries->rbegin(); entry != entries->rend(); ++entry) {
      const absl::StatusOr<cj1::Value> value = cj1::Parse(entry->bytes);
      if (!value.ok()) continue;
      const cj1::Value* found = value->Find("kind");
      if (found != nullptr && found->is_string() && found->AsString() == kind) return *value;
    }
  }
  return std::nullopt;
}

std::string Member(const std::optional<cj1::Value>& entry, const char* part, const char* name) {
  if (!entry) return "";
  const cj1::Value* object = entry->Find(part);
  const cj1::Value* value = object == nullptr ? nullptr : object->Find(name);
  return value != nullptr && value->is_string() ? value->AsString() : "";
}

using Record = std::function<absl::Status(RecordFact)>;

// The settings of all tenants, those that are none any more left out: as replay needs them.
absl::Status SaySettings(const World& world, const Record& record) {
  RecordFact changed;
  changed.kind = "tenants.changed";
  changed.data.Set("digest", DigestOfTenants(world));
  FORBEAR_RETURN_IF_ERROR(record(std::move(changed)));
  for (const auto& [id, tenant] : world.tenants) {
    const std::vector<std::string> chunks = SettingsOf(tenant);
    const size_t parts = (chunks.size() + kMostSettingsInOneEntry - 1) / kMostSettingsInOneEntry;
    for (size_t part = 0; part < parts; ++part) {
      RecordFact fact;
      fact.kind = "tenant.settings";
      fact.data.Set("of", id);
      cj1::Value some = cj1::Array();
      for (size_t i = part * kMostSettingsInOneEntry;
           i < std::min(chunks.size(), (part + 1) * kMostSettingsInOneEntry); ++i) {
        some.Append(chunks[i]);
      }
      fact.data.Set("settings", std::move(some));
      if (parts > 1) {
        fact.data.Set("part", static_cast<uint64_t>(part + 1));
        fact.data.Set("parts", static_cast<uint64_t>(parts));
      }
      FORBEAR_RETURN_IF_ERROR(record(std::move(fact)));
    }
  }
  return absl::OkStatus();
}

// What changed since the node last started, and then node.started, which the next start compares with:
// whatever ends this half way, the next start says all of it again.
absl::Status SayStarted(Orchestrator& orchestrator, const Store& store, const World& world) {
  const std::optional<cj1::Value> before = NewestOfKind(store, "node.started");
  const Record record = [&](RecordFact fact) {
    return orchestrator.ApplyAndWait(orchestrator.maker().Make(std::move(fact), "node")).status();
  };
  const std::string tenants = DigestOfTenants(world);
  if (Member(before, "data", "tenants") != tenants) {
    FORBEAR_RETURN_IF_ERROR(SaySettings(world, record));
  }
  if (Member(before, "ref", "bundle") != world.surroundings.bundle->digest()) {
    RecordFact fact;
    fact.kind = "bundle.activated";
    fact.ref.Set("bundle", world.surroundings.bundle->digest());
    cj1::Value packs = cj1::Array();
    for (const policy::Pack& pack : world.surroundings.bundle->packs()) packs.Append(pack.name);
    fact.data.Set("packs", std::move(packs));
    FORBEAR_RETURN_IF_ERROR(record(std::move(fact)));
  }
  const std::string tzdata = Member(before, "data", "tzdata");
  if (!tzdata.empty() && tzdata != world.surroundings.zones->version()) {
    RecordFact fact;
    fact.kind = "tzdata.changed";
    fact.data.Set("from", tzdata);
    fact.data.Set("to", world.surroundings.zones->version());
    FORBEAR_RETURN_IF_ERROR(record(std::move(fact)));
  }
  RecordFact started = AboutNode("node.started", world);
  started.data.Set("tenants", tenants);
  return record(std::move(started));
}

std::vector<ListenerConfig> ListenersOf(const Config& config) {
  std::vector<ListenerConfig> listeners;
  for (const Listener& one : config.listeners) {
    ListenerConfig& listener = listeners.emplace_back();
    listener.address = one.address;
    listener.insecure_loopback = one.insecure_loopback;
    if (one.identity) listener.identity = *one.identity;
    listener.certificate_file = one.cert;
    listener.key_file = one.key;
    listener.client_ca_file = one.client_ca;
    for (const KnownClient& client : config.clients) {
      listener.identities[client.san] = client.caller;
    }
  }
  return listeners;
}

absl::StatusOr<std::unique_ptr<keys::KekFiles>> OpenKeks(const Config& config,
                                                         Randomness& randomness,
                                                         const Clock& clock) {
  FORBEAR_ASSIGN_OR_RETURN(
      std::unique_ptr<keys::KekFiles> keks,
      keys::KekFiles::Open(config.keys + "/" + logexport::kKekFolder, randomness, clock));
  // Found out now, and not when the first borrower comes.
  FORBEAR_RETURN_IF_ERROR(keks->CurrentId().status());
  return keks;
}

absl::StatusOr<std::unique_ptr<keys::KeyDatabase>> OpenKeyStore(const Config& config) {
  // Who has the folder is told of the folder, not of a file in it; and it is made when missing.
  FORBEAR_RETURN_IF_ERROR(sqlite::DataLock::Take(config.data).status());
  const std::string path = config.data + "/" + keys::kKeyDatabaseFile;
  std::error_code error;
  if (std::filesystem::exists(config.data + "/" + sqlite::kDatabaseFile, error) &&
      !std::filesystem::exists(path, error)) {
    return FailedPrecondition("key store `" + path +
                              "`: not there, and the data it belongs to is; bring it back, for a new "
                              "one opens nothing of it");
  }
  return keys::KeyDatabase::Open(path);
}

// Two batches that crashed between key store and log, twice over: more are no orphans but the keys of
// people whom an older copy of the data has forgotten.
constexpr size_t kMostOrphans = 4 * kMostCommandsInBatch;

// Keys that a crash left between key store and log are deleted; every borrower must have one.
absl::Status SweepKeys(vault::KeyRing& ring, keys::KeyDatabase& key_store,
                       const SqliteStore& store) {
  FORBEAR_ASSIGN_OR_RETURN(const std::vector<BorrowerId> borrowers, store.BorrowerIds());
  const auto known = [&](const WrappedKey& key) {
    return std::binary_search(borrowers.begin(), borrowers.end(), key.borrower);
  };
  size_t with_key = 0, orphans = 0;
  FORBEAR_RETURN_IF_ERROR(
      key_store.ForEach([&](const WrappedKey& key) { ++(known(key) ? with_key : orphans); }));
  if (with_key < borrowers.size()) {
    return FailedPrecondition("key store: lacks the keys of " +
                              std::to_string(borrowers.size() - with_key) +
                              " borrowers; bring the keys.db that belongs to this data");
  }
  if (orphans > kMostOrphans) {
    return FailedPrecondition("key store: has the keys of " + std::to_string(orphans) +
                              " borrowers whom this data does not know; bring the data that belongs "
                              "to it, and delete no key");
  }
  return orphans == 0 ? absl::OkStatus() : ring.Sweep(known).status();
}

// Signals are taken by one thread that waits for them; every other thread is born deaf to them.
sigset_t BlockStopSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return set;
}

absl::Status Serve(const Config& config) {
  FORBEAR_RETURN_IF_ERROR(CheckConfig(config));
  const sigset_t stop_signals = BlockStopSignals();
  FORBEAR_ASSIGN_OR_RETURN(const yaml::LoadedPolicies policies,
                           yaml::LoadPolicies(config.policies, true));
  FORBEAR_ASSIGN_OR_RETURN(const std::shared_ptr<const World> world, LoadWorld(config, policies));
  FORBEAR_ASSIGN_OR_RETURN(logexport::Signer signer,
                           logexport::Signer::Open(config.keys + "/" + logexport::kLogKeyFile,
                                                   config.keys + "/signer.state"));
  FORBEAR_ASSIGN_OR_RETURN(const Bytes32 index_key,
                           logexport::ReadIndexKey(config.keys + "/" + logexport::kIndexKeyFile));
  const Phones phones(policies.phone_prefixes);
  FORBEAR_ASSIGN_OR_RETURN(const std::unique_ptr<PacedClock> clock, MakeClock(config));
  SystemRandomness randomness;

  // A simulated clock stands still until the house is open.
  std::optional<ClockHold> until_ready(std::in_place, *clock);

  FORBEAR_ASSIGN_OR_RETURN(const std::unique_ptr<keys::KekFiles> keks,
                           OpenKeks(config, randomness, *clock));
  FORBEAR_ASSIGN_OR_RETURN(const std::unique_ptr<keys::KeyDatabase> key_store,
                           OpenKeyStore(config));
  vault::KeyRing ring(*keks, *key_store, randomness, *clock);
  if (const absl::Status locked = ring.LockedMemory(); !locked.ok()) {
    LogEvent(Level::kWarning, "keys_not_locked", {{"why", std::string(FromAbsl(locked.message()))}});
  }

  SqliteStore::Options options;
  options.dir = config.data;
  options.keys = &ring;
  options.origin = signer.verifier().name;
  options.node = config.node;
  options.handler = MakeHandler(world);
  options.clock = clock.get();
  options.randomness = &randomness;
  FORBEAR_ASSIGN_OR_RETURN(const std::unique_ptr<SqliteStore> store, SqliteStore::Open(options));

  std::map<Channel, std::chrono::milliseconds> takes;
  std::map<Channel, uint32_t> per_second;
  for (const auto& [channel, setting] : config.channels) {
    takes[channel] = setting.takes;
    if (setting.per_second) per_second[channel] = *setting.per_second;
  }
  FORBEAR_ASSIGN_OR_RETURN(const std::unique_ptr<Outbox> outbox,
                           Outbox::Open(config.outbox, *clock, Outbox::Sync::kNever, takes));
  std::map<Channel, ChannelAdapter*> channels;
  for (const Channel channel : {Channel::kSms, Channel::kEmail, Channel::kLetter}) {
    channels[channel] = outbox.get();
  }
  Orchestrator orchestrator({*store, *clock, randomness, channels, per_second});
  FORBEAR_RETURN_IF_ERROR(orchestrator.Start());
  FORBEAR_RETURN_IF_ERROR(SayStarted(orchestrator, *store, *world));

  std::optional<logexport::Exporter> exporter;
  if (!config.export_dir.empty()) {
    FORBEAR_ASSIGN_OR_RETURN(
        logexport::Exporter opened,
        logexport::Exporter::Open(config.export_dir, logexport::Existing::kFromCheckpoint));
    exporter.emplace(std::move(opened));
  }
  std::atomic<bool> healthy{true};
  Publisher publisher(*store, std::move(signer), std::move(exporter), [&](absl::Status) {
    // The log and what was signed of it disagree: no contact until somebody has looked.
    healthy = false;
    orchestrator.Stop();
  });
  // A fork or a rollback is found before the first contact, not a second after it.
  FORBEAR_RETURN_IF_ERROR(publisher.PublishOnce());
  // Only now: beside a store that was rolled back, the keys of borrowers it has forgotten are not orphans.
  FORBEAR_RETURN_IF_ERROR(SweepKeys(ring, *key_store, *store));
  publisher.Start();
  KeyKeeper keeper(*keks, ring, *clock, [&](std::string kind, cj1::Value data) {
    RecordFact fact;
    fact.kind = std::move(kind);
    fact.data = std::move(data);
    return orchestrator.ApplyAndWait(orchestrator.maker().Make(std::move(fact), "node")).status();
  });
  keeper.LookOnce();
  keeper.Start();

  Metrics metrics;
  ServerOptions server_options;
  server_options.listeners = ListenersOf(config);
  server_options.world = world;
  server_options.store = store.get();
  server_options.orchestrator = &orchestrator;
  server_options.clock = clock.get();
  server_options.randomness = &randomness;
  server_options.index_key = index_key;
  server_options.phones = &phones;
  server_options.version = kVersion;
  server_options.on_call = [&metrics](std::string_view method, std::string_view code,
                                      std::chrono::nanoseconds took) {
    metrics.Rpc(method, code, took);
  };
  server_options.newest_checkpoint = [&store] { return store->NewestCheckpoint(); };
  server_options.open_log = [&store] { return store->OpenLog(); };
  FORBEAR_ASSIGN_OR_RETURN(const std::unique_ptr<Server> server,
                           Server::Start(std::move(server_options)));

  std::unique_ptr<HttpServer> http;
  if (!config.http.empty()) {
    FORBEAR_ASSIGN_OR_RETURN(
        http,
        HttpServer::Start(config.http, {[&] { return healthy && !store->Status().writes_refused; },
                                        [&] {
                                          metrics.Set(store->Status(), orchestrator.tally());
                                          return metrics.Text();
                                        }}));
  }

  Worker worker(orchestrator, *clock, [](const Round& round) {
    if (round.failed == 0 && round.store.ok()) return;
    LogEvent(Level::kWarning, "round_failed",
             {{"failed", std::to_string(round.failed)},
              {"code", absl::StatusCodeToString(round.store.code())}});
  });
  worker.Start();
  LogEvent(Level::kInfo, "ready",
           {{"node", config.node},
            {"bundle", world->surroundings.bundle->digest()},
            {"tzdata", world->surroundings.zones->version()},
            {"log_size", std::to_string(store->Head().size)}});
  std::string ready = "forbear: ready grpc=" + server->addresses().front();
  if (http != nullptr) ready += " http=" + http->address();
  std::cout << ready << std::endl;  // flushed: somebody waits for this line
  until_ready.reset();

  int signal_number = 0;
  sigwait(&stop_signals, &signal_number);

  // Nobody is answered half: calls that run are finished, then the last round settles.
  LogEvent(Level::kInfo, "draining", {{"node", config.node}});
  server->Drain();
  worker.Stop();
  keeper.Stop();
  const absl::Status said =
      orchestrator
          .ApplyAndWait(orchestrator.maker().Make(AboutNode("node.stopped", *world), "node"))
          .status();
  const absl::Status published = publisher.Stop();
  if (http != nullptr) http->Stop();
  LogEvent(Level::kInfo, "stopped", {{"log_size", std::to_string(store->Head().size)}});
  // A full disk keeps the last word from being written; that is no failure of stopping.
  if (!said.ok() && !absl::IsUnavailable(said)) return said;
  return published;
}

}  // namespace

int RunServe(const Config& config) {
  const absl::Status status = Serve(config);
  if (status.ok()) return kOk;
  std::cerr << "forbear: serve: " << status.message() << "\n";
  return absl::IsInvalidArgument(status) || absl::IsNotFound(status) ? kWrongUse : kFailed;
}

void AddServeCommand(CLI::App& app, int* exit_code) {
  CLI::App* command = app.add_subcommand("serve", "the service");
  struct Settings {
    std::string file;
    std::map<std::string, std::string> values;
    std::string grpc;
  };
  auto settings = std::make_shared<Settings>();
  command->add_option("--config", settings->file, "a configuration file")
      ->envname("FORBEAR_CONFIG");
  const struct {
    const char* flag;
    const char* variable;
    const char* what;
  } rows[] = {
      {"node", "FORBEAR_NODE", "this node's name in the log"},
      {"data", "FORBEAR_DATA", "the data directory"},
      {"policies", "FORBEAR_POLICIES", "the policies directory"},
      {"keys", "FORBEAR_KEYS", "the keys directory"},
      {"treatment", "FORBEAR_TREATMENT", "the treatment file"},
      {"outbox", "FORBEAR_OUTBOX", "where messages are put"},
      {"export", "FORBEAR_EXPORT", "where the log is exported to, continuously"},
      {"http", "FORBEAR_HTTP", "HOST:PORT of health and metrics"},
      {"clock", "FORBEAR_CLOCK", "START[,xSPEED]: run on a simulated clock"},
  };
  for (const auto& row : rows) {
    command->add_option(std::string("--") + row.flag, settings->values[row.flag], row.what)
        ->envname(row.variable);
  }
  command->add_option("--grpc", settings->grpc, "HOST:PORT of the first listener")
      ->envname("FORBEAR_GRPC");
  command->callback([settings, exit_code] {
    Config config;
    if (!settings->file.empty()) {
      const absl::StatusOr<Config> read = ReadConfig(settings->file);
      if (!read.ok()) {
        std::cerr << "forbear: " << read.status().message() << "\n";
        *exit_code = kWrongUse;
        return;
      }
      config = *read;
    }
    const std::map<std::string, std::string*> into = {
        {"node", &config.node},           {"data", &config.data},
        {"policies", &config.policies},   {"keys", &config.keys},
        {"treatment", &config.treatment}, {"outbox", &config.outbox},
        {"export", &config.export_dir},   {"http", &config.http},
        {"clock", &config.clock}};
    for (const auto& [name, value] : settings->values) {
      if (!value.empty()) *into.at(name) = value;
    }
    if (!settings->grpc.empty() && !config.listeners.empty()) {
      config.listeners.front().address = settings->grpc;
    }
    *exit_code = RunServe(config);
  });
}

}  // namespace forbear::cli
