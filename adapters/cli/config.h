// The settings of `serve`: a YAML file, FORBEAR_… variables and flags; a flag wins over a variable,
// a variable over the file. An unknown key is an error with its line, never a setting in silence.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/model/borrower.h"
#include "engine/model/instant.h"
#include "engine/orchestrator/command.h"
#include "engine/policy/facts.h"

namespace forbear::cli {

// One gRPC address. Either certificates, or a loopback address where everybody is `identity`.
struct Listener {
  std::string address;  // HOST:PORT; port 0 picks a free one
  bool insecure_loopback = false;
  std::optional<Caller> identity;    // with insecure_loopback
  std::string cert, key, client_ca;  // files, PEM; without insecure_loopback
};

// A subject alternative name of a client certificate, and who that is.
struct KnownClient {
  std::string san;
  Caller caller;
};

struct TenantSetting {
  policy::TenantFacts facts;
  std::string name;  // how it signs its messages; empty: its id
};

// How a channel hands over (security.md C2).
struct ChannelSetting {
  bool queued = false;  // judged again when its turn comes
  std::optional<uint32_t>
      per_second;  // with `queued`: turns in one second of the clock; absent: no limit
  std::chrono::milliseconds takes{0};  // how long the outbox pretends that its far side takes
};
// Past this a `per_second` is no limit worth keeping turns for.
inline constexpr int64_t kMostPerSecond = 10'000;
// Half of what a send may take (dispatcher.h), so that a pretended wait is never in doubt.
inline constexpr int64_t kMostTakesMs = 5'000;

struct Config {
  std::string node = "n1";
  std::string data, policies, keys, treatment, outbox, export_dir;
  std::string http;   // HOST:PORT; empty: no HTTP port
  std::string clock;  // START[,xSPEED]; empty: the system's clock
  std::vector<Listener> listeners;
  std::vector<KnownClient> clients;
  std::vector<TenantSetting> tenants;
  std::map<Channel, ChannelSetting> channels;  // of sms, email and letter; absent: at once
};

// Reads the file. kInvalidArgument with file, line and column.
absl::StatusOr<Config> ReadConfig(const std::string& path);

// Checks what `serve` needs and says what is missing and how to give it.
absl::Status CheckConfig(const Config& config);

// "2026-03-02T00:00:00Z,x14400" in its parts; speed 1 … 1,000,000, 1 when absent.
struct ClockSetting {
  Instant start;
  int64_t speed = 1;
};
absl::StatusOr<ClockSetting> ParseClock(const std::string& text);

}  // namespace forbear::cli
