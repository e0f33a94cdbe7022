#include "adapters/grpc/identity.h"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <fstream>
#include <string_view>
#include <utility>

#include "engine/audit/entry.h"
#include "engine/model/status.h"

namespace forbear::grpc_adapter {
namespace {

// How often certificate files are looked at again (security.md T3).
constexpr unsigned kReloadSeconds = 60;
constexpr std::string_view kHealthMethods = "/grpc.health.v1.Health/";

// One answer for every way of not being known (security.md A6).
absl::Status NobodyKnown() {
  return absl::UnauthenticatedError(
      "no identity: the client certificate names nobody we know; ask the operator");
}

absl::StatusOr<Caller> FindCaller(const std::map<std::string, Caller>& identities,
                                  const grpc::AuthContext& connection) {
  if (!connection.IsPeerAuthenticated()) return NobodyKnown();
  const Caller* found = nullptr;
  for (const grpc::string_ref& name : connection.FindPropertyValues("x509_subject_alternative_name")) {
    const auto known = identities.find(std::string(name.data(), name.size()));
    if (known == identities.end()) continue;
    // Two names of one certificate that are two callers would leave the choice to their order.
    if (found != nullptr) return NobodyKnown();
    found = &known->second;
  }
  if (found == nullptr) return NobodyKnown();
  return *found;
}

class CertificateGatekeeper : public grpc::AuthMetadataProcessor {
 public:
  explicit CertificateGatekeeper(std::shared_ptr<const std::map<std::string, Caller>> identities)
      : identities_(std::move(identities)) {}
  bool IsBlocking() const override { return false; }  // a look into a map
  grpc::Status Process(const InputMetadata& metadata, grpc::AuthContext* connection,
                       OutputMetadata*, OutputMetadata*) override {
    const auto path = metadata.find(":path");
    if (path != metadata.end() && path->second.starts_with(grpc::string_ref(
                                      kHealthMethods.data(), kHealthMethods.size()))) {
      return grpc::Status::OK;
    }
    if (!FindCaller(*identities_, *connection).ok()) {
      return grpc::Status(grpc::StatusCode::UNAUTHENTICATED,
                          std::string(FromAbsl(NobodyKnown().message())));
    }
    return grpc::Status::OK;
  }

 private:
  std::shared_ptr<const std::map<std::string, Caller>> identities_;
};

bool CanRead(const std::string& path) { return std::ifstream(path, std::ios::binary).good(); }

}  // namespace

bool IsLoopback(std::string_view address) {
  if (address.starts_with("unix:")) return true;
  const size_t colon = address.rfind(':');
  if (colon == std::string_view::npos) return false;
  std::string_view host = address.substr(0, colon);
  if (host.starts_with("[") && host.ends_with("]")) host = host.substr(1, host.size() - 2);
  if (host == "localhost" || host == "::1") return true;
  // 127.0.0.0/8 in dotted form, nothing that only begins so (`127.example.com`).
  if (!host.starts_with("127.")) return false;
  int dots = 0;
  for (const char c : host) {
    if (c == '.') {
      ++dots;
    } else if (c < '0' || c > '9') {
      return false;
    }
  }
  return dots == 3;
}

absl::Status CheckIdentity(const Caller& caller) {
  if (!audit::MayStandInClear(caller.id)) {
    return InvalidArgument(
        "identity: `id` is empty or may not stand in the log; use letters, digits, `.`, `_`, `-`");
  }
  if (caller.role == CallerRole::kOperator) {
    if (!caller.tenant.empty()) {
      return InvalidArgument("identity `" + caller.id +
                             "`: an operator belongs to no tenant; remove `tenant`");
    }
    return absl::OkStatus();
  }
  // An auditor may be given every tenant (security.md R3); it then reads the log and nothing else.
  if (caller.role == CallerRole::kAuditor && caller.tenant.empty()) return absl::OkStatus();
  if (!audit::MayStandInClear(caller.tenant)) {
    return InvalidArgument("identity `" + caller.id +
                           "`: `tenant` is empty or may not stand in the log; give its id");
  }
  return absl::OkStatus();
}

absl::Status Check(const ListenerConfig& listener) {
  const std::string who = "grpc listener `" + listener.address + "`: ";
  if (listener.address.empty()) return InvalidArgument("grpc: no address; give `HOST:PORT`");
  const bool any_file = !listener.certificate_file.empty() || !listener.key_file.empty() ||
                        !listener.client_ca_file.empty();
  if (listener.insecure_loopback) {
    if (!IsLoopback(listener.address)) {
      return InvalidArgument(who + "`insecure_loopback` is for 127.0.0.0/8, [::1], localhost and "
                                   "unix sockets alone; use certificates here");
    }
    if (any_file) {
      return InvalidArgument(who + "has certificates and `insecure_loopback`; choose one");
    }
    return CheckIdentity(listener.identity);
  }
  if (listener.certificate_file.empty() || listener.key_file.empty() ||
      listener.client_ca_file.empty()) {
    return InvalidArgument(who + "needs `tls` with `cert`, `key` and `client_ca`, or "
                                 "`insecure_loopback: true` on a loopback address");
  }
  if (listener.identities.empty()) {
    return InvalidArgument(who + "knows no identities, so nobody could call; list some");
  }
  for (const auto& [name, caller] : listener.identities) {
    if (name.empty()) return InvalidArgument(who + "an identity has an empty `san`; fill it in");
    FORBEAR_RETURN_IF_ERROR(CheckIdentity(caller));
  }
  return absl::OkStatus();
}

Authenticator::Authenticator(const ListenerConfig& listener)
    : insecure_loopback_(listener.insecure_loopback),
      loopback_identity_(listener.identity),
      identities_(std::make_shared<const std::map<std::string, Caller>>(listener.identities)) {
  FORBEAR_CHECK(Check(listener).ok());
}

absl::StatusOr<Caller> Authenticator::Authenticate(const grpc::AuthContext& connection) const {
  if (insecure_loopback_) return loopback_identity_;
  return FindCaller(*identities_, connection);
}

std::shared_ptr<grpc::AuthMetadataProcessor> Authenticator::Gatekeeper() const {
  return std::make_shared<CertificateGatekeeper>(identities_);
}

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeCredentials(
    const ListenerConfig& listener, const Authenticator& authenticator) {
  if (listener.insecure_loopback) return grpc::InsecureServerCredentials();
  for (const std::string* path :
       {&listener.certificate_file, &listener.key_file, &listener.client_ca_file}) {
    if (!CanRead(*path)) {
      return Unavailable("tls: cannot read `" + *path + "`; check its name and permissions");
    }
  }
  grpc::experimental::TlsServerCredentialsOptions options(
      std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
          listener.key_file, listener.certificate_file, listener.client_ca_file, kReloadSeconds));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  std::shared_ptr<grpc::ServerCredentials> credentials =
      grpc::experimental::TlsServerCredentials(options);
  if (credentials == nullptr) return Unavailable("tls: certificates cannot be used; check the files");
  credentials->SetAuthMetadataProcessor(authenticator.Gatekeeper());
  return credentials;
}

}  // namespace forbear::grpc_adapter
