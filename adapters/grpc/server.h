// The gRPC side of `serve`: five services, health and reflection, on one or several addresses.
//
//   auto server = Server::Start({.listeners = …, .world = …, .store = &store, …});
//   …
//   (*server)->Drain();   // SIGTERM: before the orchestrator stops and the store closes
//
// Each listener is a way in of its own, with its own idea of who calls; all of them speak to the same
// engine.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "adapters/grpc/identity.h"
#include "adapters/phones/phones.h"
#include "engine/audit/source.h"
#include "engine/orchestrator/orchestrator.h"
#include "engine/orchestrator/world.h"
#include "engine/ports/clock.h"
#include "engine/ports/randomness.h"
#include "engine/ports/store.h"

namespace forbear {

using grpc_adapter::ListenerConfig;

struct ServerOptions {
  std::vector<ListenerConfig> listeners;      // at least one
  std::shared_ptr<const World> world;         // not null
  Store* store = nullptr;                     // borrowed, as all that follow; none is null …
  Orchestrator* orchestrator = nullptr;
  Clock* clock = nullptr;
  Randomness* randomness = nullptr;
  const Phones* phones = nullptr;
  // Keys the digests that link borrowers, and page tokens. Read from index.key.
  Bytes32 index_key{};
  // The newest signed checkpoint, whole; kNotFound when there is none yet. May be empty: then
  // GetCheckpoint says so.
  std::function<absl::StatusOr<std::string>()> newest_checkpoint;
  // The log's entries and tiles, one source a call. May be empty: then no proof is made.
  std::function<std::unique_ptr<audit::EntrySource>()> open_log;
  // Called once for every call answered: `AccountService/SubmitAccount`, `OK`. May be empty.
  std::function<void(std::string_view method, std::string_view code, std::chrono::nanoseconds took)>
      on_call;
  std::string version;                        // of the program, for GetStatus
};

class Server {
 public:
  // Begins to answer. kInvalidArgument for a listener that may not be (Check in identity.h),
  // kUnavailable when an address is taken or certificates cannot be read; nothing listens then.
  static absl::StatusOr<std::unique_ptr<Server>> Start(ServerOptions options);
  ~Server();

  // The listeners' addresses with the ports they got, in the order of the options.
  std::vector<std::string> addresses() const;

  // Health says NOT_SERVING, streams take nothing more and end with UNAVAILABLE once what they have
  // acknowledged is sent, calls that run are answered. Blocks until then, at most `patience`; calls
  // that take longer are cut off. Calling it again does nothing.
  void Drain(std::chrono::milliseconds patience = std::chrono::seconds(10));

 private:
  struct Parts;
  explicit Server(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace forbear
