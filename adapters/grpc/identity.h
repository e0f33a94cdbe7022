// Who is calling: the one place where a connection becomes a Caller (security.md A1, A3).
//
// A connection has client certificates, and the configuration says which name in one is whom; or it
// came in on a loopback address that the configuration lets in without them, as one fixed identity.
// Nothing that a request carries takes part.
#pragma once

#include <grpcpp/security/auth_context.h>
#include <grpcpp/security/auth_metadata_processor.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_context.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/orchestrator/command.h"

namespace forbear::grpc_adapter {

// One way in. Either certificates or `insecure_loopback`, never both, never neither.
struct ListenerConfig {
  std::string address;                     // "127.0.0.1:7443"; port 0 picks a free one
  bool insecure_loopback = false;
  Caller identity;                         // with insecure_loopback: everybody who calls here
  // With certificates: PEM files, and exact subject alternative name -> who that is.
  std::string certificate_file, key_file, client_ca_file;
  std::map<std::string, Caller> identities;
};

// kInvalidArgument, saying what to do: plain text elsewhere than on a loopback address or a Unix
// socket, a missing file name, an identity without id, a role without a tenant (auditors of every
// tenant apart) or an operator with one, an id or tenant that may not stand in the log in clear.
absl::Status Check(const ListenerConfig& listener);
absl::Status CheckIdentity(const Caller& caller);
// True for addresses that no other machine reaches: 127.0.0.0/8, ::1, localhost, unix:.
bool IsLoopback(std::string_view address);

class Authenticator {
 public:
  // REQUIRES: Check(listener).ok().
  explicit Authenticator(const ListenerConfig& listener);

  // kUnauthenticated when nobody is known by what the connection shows; it does not say why.
  absl::StatusOr<Caller> Authenticate(const grpc::AuthContext& connection) const;

  // With certificates: refuses every method but health to whom Authenticate does not know, before a
  // service sees the call. This is what keeps reflection from strangers.
  std::shared_ptr<grpc::AuthMetadataProcessor> Gatekeeper() const;

 private:
  bool insecure_loopback_;
  Caller loopback_identity_;
  std::shared_ptr<const std::map<std::string, Caller>> identities_;
};

// The certificate side of a listener, which reads its files again when they change. kUnavailable
// when they cannot be read now.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeCredentials(
    const ListenerConfig& listener, const Authenticator& authenticator);

}  // namespace forbear::grpc_adapter
