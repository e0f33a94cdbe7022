// T1, T2, A1: who may listen how, and who is let in by which certificate. Certificates are made here.
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <grpcpp/impl/codegen/client_unary_call.h>

#include <fstream>

#include "tests/adapters/grpc/service_house.h"
#include "tests/engine/vault/ring_in_memory.h"

namespace forbear::service_house {
namespace {

using grpc_adapter::Check;
using grpc_adapter::IsLoopback;

TEST(Listeners, ArePlainOnlyOnLoopback) {
  const struct {
    const char* address;
    bool loopback;
  } rows[] = {{"127.0.0.1:7443", true},      {"127.8.9.10:0", true},
              {"[::1]:7443", true},          {"localhost:7443", true},
              {"unix:/run/forbear.sock", true}, {"0.0.0.0:7443", false},
              {"[::]:7443", false},          {"192.0.2.1:7443", false},
              {"127.example.com:7443", false}, {"127.0.0.1.example.com:7443", false},
              {"localhost.example.com:1", false}, {"example.com:7443", false},
              {"7443", false}};
  for (const auto& row : rows) {
    EXPECT_EQ(IsLoopback(row.address), row.loopback) << row.address;
    ListenerConfig listener;
    listener.address = row.address;
    listener.insecure_loopback = true;
    listener.identity = As(CallerRole::kLender, "acme");
    EXPECT_EQ(Check(listener).ok(), row.loopback) << row.address;
  }
}

TEST(Listeners, HaveCertificatesOrAreInsecureByNameAndNeverBoth) {
  ListenerConfig neither;
  neither.address = "127.0.0.1:0";
  EXPECT_FALSE(Check(neither).ok()) << "plain text needs its own word, also on loopback";

  ListenerConfig tls;
  tls.address = "0.0.0.0:0";
  tls.certificate_file = "c";
  tls.key_file = "k";
  tls.client_ca_file = "a";
  EXPECT_FALSE(Check(tls).ok()) << "nobody is known";
  tls.identities["lender.example"] = As(CallerRole::kLender, "acme");
  EXPECT_TRUE(Check(tls).ok());
  tls.insecure_loopback = true;
  EXPECT_FALSE(Check(tls).ok());
}

TEST(Identities, BelongToATenantUnlessTheyAreOperators) {
  const struct {
    const char* why;
    Caller caller;
    bool good;
  } rows[] = {
      {"a lender", {"acme", CallerRole::kLender, "l1"}, true},
      {"a lender of nobody", {"", CallerRole::kLender, "l1"}, false},
      {"an operator", {"", CallerRole::kOperator, "o1"}, true},
      {"an operator of a tenant", {"acme", CallerRole::kOperator, "o1"}, false},
      {"an auditor of every tenant", {"", CallerRole::kAuditor, "a1"}, true},
      {"an officer of every tenant", {"", CallerRole::kOfficer, "a1"}, false},
      {"no id", {"acme", CallerRole::kLender, ""}, false},
      {"a mail address as id", {"acme", CallerRole::kLender, "jane@example.com"}, false},
      {"a phone number as id", {"acme", CallerRole::kLender, "16145550101"}, false},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(grpc_adapter::CheckIdentity(row.caller).ok(), row.good) << row.why;
  }
}

// ---- Certificates ------------------------------------------------------------------------------

struct Pair {
  EVP_PKEY* key = nullptr;
  X509* certificate = nullptr;
};

// A certificate for `names`, signed by `issuer` or by itself.
Pair MakeCertificate(const std::string& common_name, const std::vector<std::string>& names,
                     const Pair* issuer, int lasts_seconds = 3600) {
  Pair made;
  made.key = EVP_EC_gen("P-256");
  made.certificate = X509_new();
  X509_set_version(made.certificate, 2);
  static long serial = 1;
  ASN1_INTEGER_set(X509_get_serialNumber(made.certificate), serial++);
  X509_gmtime_adj(X509_getm_notBefore(made.certificate), -7200);
  X509_gmtime_adj(X509_getm_notAfter(made.certificate), lasts_seconds);
  X509_set_pubkey(made.certificate, made.key);
  X509_NAME* name = X509_get_subject_name(made.certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1, 0);
  X509_set_issuer_name(made.certificate,
                       issuer == nullptr ? name : X509_get_subject_name(issuer->certificate));
  const auto add = [&](int nid, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, made.certificate, made.certificate, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
    X509_add_ext(made.certificate, extension, -1);
    X509_EXTENSION_free(extension);
  };
  if (issuer == nullptr) add(NID_basic_constraints, "critical,CA:TRUE");
  if (!names.empty()) {
    std::string value;
    for (const std::string& each : names) {
      const bool address = each.find_first_not_of("0123456789.") == std::string::npos;
      value += std::string(value.empty() ? "" : ",") + (address ? "IP:" : "DNS:") + each;
    }
    add(NID_subject_alt_name, value);
  }
  X509_sign(made.certificate, issuer == nullptr ? made.key : issuer->key, EVP_sha256());
  return made;
}

std::string CertificateText(const Pair& pair) {
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(bio, pair.certificate);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<size_t>(size));
  BIO_free(bio);
  return text;
}

std::string KeyText(const Pair& pair) {
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(bio, pair.key, nullptr, nullptr, 0, nullptr, nullptr);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<size_t>(size));
  BIO_free(bio);
  return text;
}

class Certificates : public testing::Test {
 protected:
  void SetUp() override {
    ca_ = MakeCertificate("Test CA", {}, nullptr);
    const Pair server = MakeCertificate("server", {"127.0.0.1"}, &ca_);
    Write("ca.pem", CertificateText(ca_));
    Write("server.pem", CertificateText(server));
    Write("server.key", KeyText(server));

    const Policies& policies = Policies::Get();
    store_ = std::make_unique<MemoryStore>(
        MemoryStore::Options{.origin = "audit.example/test",
                             .node = "n1",
                             .handler = MakeHandler(policies.world),
                             .clock = &clock_,
                             .randomness = &randomness_,
                             .keys = &keys_.ring});
    orchestrator_ = std::make_unique<Orchestrator>(
        OrchestratorParts{*store_, clock_, randomness_, {}});
    ASSERT_TRUE(orchestrator_->Start().ok());
    ServerOptions options;
    ListenerConfig listener;
    listener.address = "127.0.0.1:0";  // a bare machine need not know a name for it
    listener.certificate_file = folder_.path() + "/server.pem";
    listener.key_file = folder_.path() + "/server.key";
    listener.client_ca_file = folder_.path() + "/ca.pem";
    listener.identities["lender.acme.example"] = As(CallerRole::kLender, "acme");
    listener.identities["auditor.acme.example"] = As(CallerRole::kAuditor, "acme");
    options.listeners.push_back(listener);
    options.world = policies.world;
    options.store = store_.get();
    options.orchestrator = orchestrator_.get();
    options.clock = &clock_;
    options.randomness = &randomness_;
    options.phones = policies.phones.get();
    auto server_or = Server::Start(std::move(options));
    ASSERT_TRUE(server_or.ok()) << server_or.status();
    server_ = *std::move(server_or);
  }

  void Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_.path() + "/" + name) << text;
  }

  // How GetStatus ends for a client with this certificate; without one when it is null.
  grpc::Status Call(const Pair* client) {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = CertificateText(ca_);
    if (client != nullptr) {
      options.pem_cert_chain = CertificateText(*client);
      options.pem_private_key = KeyText(*client);
    }
    return CallWith(grpc::SslCredentials(options));
  }
  grpc::Status CallWith(const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
    v1::GetStatusResponse response;
    return v1::OperationsService::NewStub(
               grpc::CreateChannel(server_->addresses()[0], credentials))
        ->GetStatus(&context, v1::GetStatusRequest(), &response);
  }

  Folder folder_;
  StandingClock clock_{Utc("2026-03-02T18:00:00Z")};
  LockedRandomness randomness_;
  vault::RingInMemory keys_{clock_, randomness_};
  Pair ca_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Orchestrator> orchestrator_;
  std::unique_ptr<Server> server_;
};

TEST_F(Certificates, LetInWhomTheConfigurationKnowsByExactName) {
  const Pair lender = MakeCertificate("x", {"lender.acme.example"}, &ca_);
  const grpc::Status status = Call(&lender);
  EXPECT_TRUE(status.ok()) << status.error_message();
}

TEST_F(Certificates, OfNobodyKnownAreRefusedInOneWay) {
  const struct {
    const char* why;
    std::vector<std::string> names;
  } rows[] = {
      {"another name", {"stranger.example"}},
      {"a name below a known one", {"x.lender.acme.example"}},
      {"no name", {}},
      {"two callers in one certificate", {"lender.acme.example", "auditor.acme.example"}},
  };
  for (const auto& row : rows) {
    // The common name is no identity.
    const Pair client = MakeCertificate("lender.acme.example", row.names, &ca_);
    const grpc::Status status = Call(&client);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED) << row.why;
  }
}

TEST_F(Certificates, AreRequiredAndVerifiedBeforeAnythingIsRead) {
  EXPECT_EQ(Call(nullptr).error_code(), grpc::StatusCode::UNAVAILABLE) << "no certificate";
  const Pair foreign_ca = MakeCertificate("Other CA", {}, nullptr);
  const Pair foreign = MakeCertificate("x", {"lender.acme.example"}, &foreign_ca);
  EXPECT_EQ(Call(&foreign).error_code(), grpc::StatusCode::UNAVAILABLE) << "another issuer";
  const Pair expired = MakeCertificate("x", {"lender.acme.example"}, &ca_, -3600);
  EXPECT_EQ(Call(&expired).error_code(), grpc::StatusCode::UNAVAILABLE) << "expired";
  EXPECT_EQ(CallWith(grpc::InsecureChannelCredentials()).error_code(),
            grpc::StatusCode::UNAVAILABLE)
      << "plain text";
}

TEST_F(Certificates, OfStrangersDoNotReachReflectionButReachHealth) {
  const Pair stranger = MakeCertificate("x", {"stranger.example"}, &ca_);
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = CertificateText(ca_);
  options.pem_cert_chain = CertificateText(stranger);
  options.pem_private_key = KeyText(stranger);
  const auto channel =
      grpc::CreateChannel(server_->addresses()[0], grpc::SslCredentials(options));
  const auto call = [&](const char* path) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
    google::rpc::Status nothing, response;  // an empty message of some type
    return grpc::internal::BlockingUnaryCall(
        channel.get(),
        grpc::internal::RpcMethod(path, grpc::internal::RpcMethod::NORMAL_RPC, channel), &context,
        nothing, &response);
  };
  EXPECT_TRUE(call("/grpc.health.v1.Health/Check").ok());
  EXPECT_EQ(call("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo").error_code(),
            grpc::StatusCode::UNAUTHENTICATED);
}

TEST(Server, RefusesToStartOnAnAddressThatIsTaken) {
  House house;
  ServerOptions options;
  ListenerConfig listener;
  listener.address = house.server().addresses()[0];
  listener.insecure_loopback = true;
  listener.identity = As(CallerRole::kLender, "acme");
  options.listeners.push_back(listener);
  options.world = Policies::Get().world;
  options.store = &house.store();
  StandingClock clock(Utc("2026-03-02T18:00:00Z"));
  LockedRandomness randomness;
  vault::RingInMemory keys(clock, randomness);
  MemoryStore store({.origin = "audit.example/test",
                     .node = "n1",
                     .handler = MakeHandler(Policies::Get().world),
                     .clock = &clock,
                     .randomness = &randomness,
                     .keys = &keys.ring});
  Orchestrator orchestrator({store, clock, randomness, {}});
  options.orchestrator = &orchestrator;
  options.clock = &clock;
  options.randomness = &randomness;
  options.phones = Policies::Get().phones.get();
  EXPECT_EQ(Server::Start(std::move(options)).status().code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace forbear::service_house
