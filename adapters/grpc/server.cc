#include "adapters/grpc/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <mutex>

#include "adapters/grpc/services.h"
#include "engine/model/status.h"
#include "grpc/health/v1/health.pb.h"

namespace forbear {
namespace {

using namespace grpc_adapter;  // NOLINT: this file puts its parts together

// Q1, as far as the transport keeps it.
constexpr int kMostMessageBytes = 1'024 * 1'024;
constexpr int kMostMetadataBytes = 8 * 1'024;
constexpr int kMostStreams = 100;            // of one connection
constexpr int kIdleMs = 5 * 60 * 1'000;
constexpr int kAgeMs = 30 * 60 * 1'000;
constexpr int kAgeGraceMs = 5 * 60 * 1'000;  // a stream that is busy then may end by itself
constexpr int kHandshakeMs = 5 * 1'000;
constexpr int kPingEveryMs = 30 * 1'000;

constexpr std::array<const char*, 5> kServices = {
    "forbear.v1.AccountService", "forbear.v1.BorrowerService", "forbear.v1.ContactService",
    "forbear.v1.AuditService", "forbear.v1.OperationsService"};

// One way in, with services of its own so that each knows by which door a call came.
struct Door {
  Door(const ListenerConfig& listener, Backend& backend)
      : authenticator(listener),
        accounts(backend, authenticator),
        borrowers(backend, authenticator),
        contacts(backend, authenticator),
        audits(backend, authenticator),
        operations(backend, authenticator) {}

  Authenticator authenticator;
  AccountServiceImpl accounts;
  BorrowerServiceImpl borrowers;
  ContactServiceImpl contacts;
  AuditServiceImpl audits;
  OperationsServiceImpl operations;
  std::string address;
  std::unique_ptr<grpc::Server> server;  // last: it stops before what it calls goes away
};

void SetServing(grpc::Server& server, bool serving) {
  grpc::HealthCheckServiceInterface* health = server.GetHealthCheckService();
  if (health == nullptr) return;
  health->SetServingStatus(serving);  // the server as a whole
  for (const char* service : kServices) health->SetServingStatus(service, serving);
}

}  // namespace

struct Server::Parts {
  explicit Parts(ServerOptions options) : backend(std::move(options)) {}
  Backend backend;
  std::vector<std::unique_ptr<Door>> doors;
  std::once_flag drained;
};

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Server::~Server() { Drain(); }

absl::StatusOr<std::unique_ptr<Server>> Server::Start(ServerOptions options) {
  FORBEAR_CHECK(options.world != nullptr && options.store != nullptr &&
                options.orchestrator != nullptr && options.clock != nullptr &&
                options.randomness != nullptr && options.phones != nullptr);
  if (options.listeners.empty()) return InvalidArgument("grpc: no listener; nobody could call");
  const std::vector<ListenerConfig> listeners = options.listeners;
  for (const ListenerConfig& listener : listeners) FORBEAR_RETURN_IF_ERROR(Check(listener));

  // Both are read when a server is built. The library registers its health service without a
  // descriptor; asking for ours links it in, so that reflection can describe what it lists.
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  FORBEAR_CHECK(grpc::health::v1::HealthCheckRequest::descriptor() != nullptr);

  auto parts = std::make_unique<Parts>(std::move(options));
  for (const ListenerConfig& listener : listeners) {
    auto door = std::make_unique<Door>(listener, parts->backend);
    FORBEAR_ASSIGN_OR_RETURN(const std::shared_ptr<grpc::ServerCredentials> credentials,
                             MakeCredentials(listener, door->authenticator));
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort(listener.address, credentials, &port);
    builder.SetMaxReceiveMessageSize(kMostMessageBytes);
    builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMostMetadataBytes);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMostStreams);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, kIdleMs);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, kAgeMs);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, kAgeGraceMs);
    builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeMs);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, kPingEveryMs);
    // Two servers on one address would share its calls by chance.
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.RegisterService(&door->accounts);
    builder.RegisterService(&door->borrowers);
    builder.RegisterService(&door->contacts);
    builder.RegisterService(&door->audits);
    builder.RegisterService(&door->operations);
    door->server = builder.BuildAndStart();
    if (door->server == nullptr || (port == 0 && !listener.address.starts_with("unix:"))) {
      return Unavailable("grpc: cannot listen on `" + listener.address +
                         "`; is the address taken?");
    }
    door->address = listener.address.starts_with("unix:")
                        ? listener.address
                        : listener.address.substr(0, listener.address.rfind(':') + 1) +
                              std::to_string(port);
    SetServing(*door->server, true);
    parts->doors.push_back(std::move(door));
  }
  return std::unique_ptr<Server>(new Server(std::move(parts)));
}

std::vector<std::string> Server::addresses() const {
  std::vector<std::string> addresses;
  for (const auto& door : parts_->doors) addresses.push_back(door->address);
  return addresses;
}

void Server::Drain(std::chrono::milliseconds patience) {
  std::call_once(parts_->drained, [&] {
    for (const auto& door : parts_->doors) SetServing(*door->server, false);
    parts_->backend.Drain();
    const auto deadline = std::chrono::system_clock::now() + patience;
    for (const auto& door : parts_->doors) door->server->Shutdown(deadline);
  });
}

}  // namespace forbear
