// A whole service in one process: the real packs and house rules, a store, an orchestrator without
// channels, and a gRPC server with one door for every role of two tenants. What the tests of the wire
// live in. Time moves only when told to.
#pragma once

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "adapters/grpc/server.h"
#include "adapters/memory/memory_store.h"
#include "adapters/sqlite/sqlite_store.h"
#include "adapters/yaml/pack_reader.h"
#include "adapters/yaml/treatment.h"
#include "adapters/zones/zones.h"
#include "engine/audit/checkpoint.h"
#include "engine/audit/cj1.h"
#include "engine/audit/hash.h"
#include "engine/model/status.h"
#include "engine/orchestrator/handle.h"
#include "forbear/v1/account_service.grpc.pb.h"
#include "forbear/v1/audit_service.grpc.pb.h"
#include "forbear/v1/borrower_service.grpc.pb.h"
#include "forbear/v1/contact_service.grpc.pb.h"
#include "forbear/v1/operations_service.grpc.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "tests/engine/vault/ring_in_memory.h"

namespace forbear::service_house {

namespace v1 = ::forbear::v1;

inline Instant Utc(std::string_view text) { return ParseInstant(text).value(); }

// Thread-safe, unlike those of the engine's own tests: gRPC calls from where it likes.
class StandingClock : public Clock {
 public:
  explicit StandingClock(Instant now) : now_(now) {}
  Instant Now() const override { return now_.load(); }
  std::chrono::nanoseconds Monotonic() const override { return now_.load().time_since_epoch(); }
  void Hold() override {}
  void Release() override {}
  void Set(Instant now) { now_ = now; }

 private:
  std::atomic<Instant> now_;
};

class LockedRandomness : public Randomness {
 public:
  void Fill(std::span<uint8_t> bytes) override {
    const std::lock_guard lock(mutex_);
    for (uint8_t& byte : bytes) {
      state_ += 0x9e3779b97f4a7c15;
      uint64_t z = state_;
      z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
      byte = static_cast<uint8_t>(z >> 56);
    }
  }

 private:
  std::mutex mutex_;
  uint64_t state_ = 20260302;
};

// What is read from disk once for all tests.
struct Policies {
  std::shared_ptr<const World> world;
  std::unique_ptr<Phones> phones;

  static const Policies& Get() {
    static const Policies* const policies = [] {
      auto* made = new Policies;
      const std::string root = FORBEAR_SOURCE_DIR "/policies";
      const auto loaded = yaml::LoadPolicies(root, /*with_overlay=*/true);
      FORBEAR_CHECK(loaded.ok());
      auto world = std::make_shared<World>();
      world->surroundings = {loaded->bundle, LoadZones().value(), loaded->places};
      for (const char* tenant : {"acme", "nova"}) {
        world->tenants[tenant].id = tenant;
        world->tenants[tenant].licences = std::vector<std::string>{"tw_authorised_collector"};
      }
      for (const auto& file : std::filesystem::directory_iterator(root + "/treatments")) {
        if (file.path().extension() != ".yaml") continue;
        const auto treatment = yaml::LoadTreatment(file.path());
        FORBEAR_CHECK(treatment.ok());
        world->treatment = *treatment;
      }
      made->world = world;
      made->phones = std::make_unique<Phones>(loaded->phone_prefixes);
      return made;
    }();
    return *policies;
  }
};

inline Caller As(CallerRole role, std::string tenant) {
  Caller caller;
  caller.role = role;
  caller.id = std::string(ToWord(role)) + "-" + (tenant.empty() ? "ops" : tenant);
  caller.tenant = std::move(tenant);
  return caller;
}

// A folder that goes away with the test.
class Folder {
 public:
  Folder() {
    std::string name = testing::TempDir() + "forbear-grpc-XXXXXX";
    FORBEAR_CHECK(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class House {
 public:
  // Every role of `acme`, a lender and an officer of `other`, an auditor of every tenant, an
  // operator.
  static std::vector<Caller> Everybody() {
    std::vector<Caller> callers;
    for (const CallerRole role : {CallerRole::kLender, CallerRole::kDialler, CallerRole::kOfficer,
                                  CallerRole::kAuditor}) {
      callers.push_back(As(role, "acme"));
    }
    callers.push_back(As(CallerRole::kLender, "other"));
    callers.push_back(As(CallerRole::kOfficer, "other"));
    callers.push_back(As(CallerRole::kAuditor, ""));
    callers.push_back(As(CallerRole::kOperator, ""));
    return callers;
  }

  // In memory; or on disk, in `data`, when that is not empty.
  explicit House(const std::string& data = "") { Open(data); }
  ~House() { Close(); }

  void Open(const std::string& data) {
    const Policies& policies = Policies::Get();
    std::function<std::unique_ptr<audit::EntrySource>()> open_log;
    if (data.empty()) {
      auto made = std::make_unique<MemoryStore>(
          MemoryStore::Options{.origin = "audit.example/test",
                               .node = "n1",
                               .handler = MakeHandler(policies.world),
                               .clock = &clock,
                               .randomness = &randomness,
                               .keys = &keys.ring,
                               .handling = MemoryStore::Handling::kTwice});
      open_log = [store = made.get()] { return store->OpenLog(); };
      store_ = std::move(made);
    } else {
      auto opened = SqliteStore::Open({.dir = data,
                                       .origin = "audit.example/test",
                                       .node = "n1",
                                       .handler = MakeHandler(policies.world),
                                       .clock = &clock,
                                       .randomness = &randomness,
                                       .keys = &keys.ring});
      FORBEAR_CHECK(opened.ok());
      open_log = [store = opened->get()] { return store->OpenLog(); };
      store_ = *std::move(opened);
    }
    orchestrator_ = std::make_unique<Orchestrator>(
        OrchestratorParts{*store_, clock, randomness, {}});
    FORBEAR_CHECK(orchestrator_->Start().ok());
    ServerOptions options;
    for (const Caller& caller : Everybody()) {
      ListenerConfig listener;
      listener.address = "127.0.0.1:0";
      listener.insecure_loopback = true;
      listener.identity = caller;
      options.listeners.push_back(std::move(listener));
    }
    options.world = policies.world;
    options.store = store_.get();
    options.orchestrator = orchestrator_.get();
    options.clock = &clock;
    options.randomness = &randomness;
    options.phones = policies.phones.get();
    options.index_key.fill(7);
    options.version = "test";
    options.open_log = std::move(open_log);
    options.newest_checkpoint = [this]() -> absl::StatusOr<std::string> {
      const std::lock_guard lock(checkpoint_mutex_);
      if (checkpoint_.empty()) return NotFound("none yet");
      return checkpoint_;
    };
    auto server = Server::Start(std::move(options));
    FORBEAR_CHECK(server.ok());
    server_ = *std::move(server);
    const std::vector<std::string> addresses = server_->addresses();
    const std::vector<Caller> everybody = Everybody();
    for (size_t i = 0; i < everybody.size(); ++i) {
      channels_[everybody[i].id] =
          grpc::CreateChannel(addresses[i], grpc::InsecureChannelCredentials());
    }
  }

  void Close() {
    channels_.clear();
    server_.reset();
    orchestrator_.reset();
    store_.reset();
  }

  std::shared_ptr<grpc::Channel> To(CallerRole role, const std::string& tenant = "acme") {
    return channels_.at(As(role, tenant).id);
  }
  std::unique_ptr<v1::AccountService::Stub> Accounts(CallerRole role = CallerRole::kLender,
                                                     const std::string& tenant = "acme") {
    return v1::AccountService::NewStub(To(role, tenant));
  }
  std::unique_ptr<v1::BorrowerService::Stub> Borrowers(CallerRole role = CallerRole::kLender,
                                                       const std::string& tenant = "acme") {
    return v1::BorrowerService::NewStub(To(role, tenant));
  }
  std::unique_ptr<v1::ContactService::Stub> Contacts(CallerRole role = CallerRole::kLender,
                                                     const std::string& tenant = "acme") {
    return v1::ContactService::NewStub(To(role, tenant));
  }
  std::unique_ptr<v1::AuditService::Stub> Audit(CallerRole role = CallerRole::kOfficer,
                                                const std::string& tenant = "acme") {
    return v1::AuditService::NewStub(To(role, tenant));
  }
  std::unique_ptr<v1::OperationsService::Stub> Operations(CallerRole role,
                                                          const std::string& tenant = "acme") {
    return v1::OperationsService::NewStub(To(role, tenant));
  }

  // A checkpoint of all entries so far, as the signer would make it.
  std::string Sign() {
    const audit::LogHead head = store_->Head();
    const std::lock_guard lock(checkpoint_mutex_);
    checkpoint_ = Key().Sign({head.origin, {head.size, head.root}});
    return checkpoint_;
  }
  static const audit::SigningKey& Key() {
    static const audit::SigningKey key =
        audit::SigningKey::FromSeed("audit.example/test", Bytes32{7}).value();
    return key;
  }

  // One entry of this kind, in a tenant's name; its number.
  uint64_t Record(const std::string& tenant, RecordFact fact) {
    const auto applied = store_->ApplyAndWait(orchestrator_->maker().Make(
        std::move(fact), As(CallerRole::kLender, tenant),
        {.kind = audit::ActorKind::kService, .id = "svc", .role = "lender"}));
    FORBEAR_CHECK(applied.ok());
    return applied->result.receipts.at(0).seq;
  }

  Store& store() { return *store_; }
  Server& server() { return *server_; }

  // Kinds of all entries of the log, in order.
  std::vector<std::string> EntryKinds() {
    std::vector<std::string> kinds;
    const auto entries = store_->ListEntries({.limit = 10'000});
    FORBEAR_CHECK(entries.ok());
    for (const StoredEntry& entry : *entries) {
      kinds.push_back(cj1::Parse(entry.bytes).value().Find("kind")->AsString());
    }
    return kinds;
  }
  int CountEntries(const std::string& kind) {
    const std::vector<std::string> kinds = EntryKinds();
    return static_cast<int>(std::count(kinds.begin(), kinds.end(), kind));
  }

  StandingClock clock{Utc("2026-03-02T18:00:00Z")};
  LockedRandomness randomness;
  vault::RingInMemory keys{clock, randomness};

 private:
  std::unique_ptr<Store> store_;
  std::unique_ptr<Orchestrator> orchestrator_;
  std::unique_ptr<Server> server_;
  std::map<std::string, std::shared_ptr<grpc::Channel>> channels_;
  std::mutex checkpoint_mutex_;
  std::string checkpoint_;  // empty: none was signed yet
};

inline void Set(google::protobuf::Timestamp* time, std::string_view text) {
  time->set_seconds(Utc(text).time_since_epoch().count());
}

// One overdue account of a made person in Ohio, whole and valid.
inline v1::AccountSubmission Submission(const std::string& account = "A-1",
                                        const std::string& borrower = "B-1") {
  v1::AccountSubmission submission;
  v1::Account* a = submission.mutable_account();
  a->set_external_id(account);
  a->set_role(v1::ROLE_THIRD_PARTY_COLLECTOR);
  a->set_product(v1::PRODUCT_CREDIT_CARD);
  a->mutable_balance()->set_minor_units(120'050);
  a->mutable_balance()->set_currency("USD");
  a->set_due_date("2026-01-15");
  a->set_original_creditor("Example Bank");
  v1::Borrower* b = submission.mutable_borrower();
  b->set_external_id(borrower);
  b->set_name("Jane Mary Doe");
  b->set_birth_date("1960-05-04");
  b->set_language("en");
  v1::Place* home = b->add_places();
  home->set_kind(v1::TIED_TO_HOME);
  home->set_country("US");
  home->set_subdivision("US-OH");
  home->set_city("Columbus");
  home->set_postal_code("43215");
  v1::ContactPoint* phone = b->add_contact_points();
  phone->set_id("p1");
  phone->set_kind(v1::POINT_KIND_PHONE);
  phone->set_value("+16145550101");
  phone->set_line(v1::LINE_MOBILE);
  phone->set_source(v1::POINT_SOURCE_BORROWER);
  v1::ContactPoint* mail = b->add_contact_points();
  mail->set_id("e1");
  mail->set_kind(v1::POINT_KIND_EMAIL);
  mail->set_value(borrower + "@example.com");
  mail->set_source(v1::POINT_SOURCE_BORROWER);
  v1::Event* consent = submission.add_history();
  consent->set_name(v1::EVENT_NAME_CONSENT);
  Set(consent->mutable_event_time(), "2026-01-20T15:00:00Z");
  consent->set_via(v1::VIA_PORTAL);
  consent->add_covers(v1::COVERS_CHANNEL);
  consent->set_consent_form(v1::CONSENT_FORM_EXPRESS_WRITTEN);
  consent->add_channels(v1::CHANNEL_EMAIL);
  consent->add_contact_points("e1");
  Set(submission.mutable_as_of(), "2026-03-01T00:00:00Z");
  return submission;
}

inline v1::SubmitAccountRequest SubmitRequest(const std::string& request_id,
                                              v1::AccountSubmission submission = Submission()) {
  v1::SubmitAccountRequest request;
  request.set_request_id(request_id);
  *request.mutable_submission() = std::move(submission);
  return request;
}

// The details of an error.
struct Details {
  google::rpc::Status status;
  google::rpc::ErrorInfo info;
  std::vector<std::string> fields;  // of BadRequest, in order
  bool retry = false;

  explicit Details(google::rpc::Status from) : status(std::move(from)) {
    for (const google::protobuf::Any& any : status.details()) {
      google::rpc::BadRequest bad;
      google::rpc::RetryInfo wait;
      if (any.UnpackTo(&info)) continue;
      if (any.UnpackTo(&bad)) {
        for (const auto& violation : bad.field_violations()) fields.push_back(violation.field());
      }
      if (any.UnpackTo(&wait)) retry = true;
    }
  }
  static Details Of(const grpc::Status& status) {
    google::rpc::Status rpc;
    EXPECT_TRUE(rpc.ParseFromString(status.error_details()));
    return Details(std::move(rpc));
  }
};

}  // namespace forbear::service_house
