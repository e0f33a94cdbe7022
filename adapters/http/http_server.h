// The internal HTTP port: /healthz, /readyz and /metrics, on a loopback address.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace forbear {

struct HttpAnswers {
  std::function<bool()> ready;           // /readyz: 200 or 503
  std::function<std::string()> metrics;  // /metrics
};

class HttpServer {
 public:
  // Listens on HOST:PORT; port 0 picks a free one. kInvalidArgument for an address that is none or
  // not loopback (this port has no identities yet), kUnavailable when it is taken.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(const std::string& address,
                                                           HttpAnswers answers);
  ~HttpServer();
  const std::string& address() const;  // with the port it got
  void Stop();

 private:
  struct Parts;
  explicit HttpServer(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

// "127.0.0.1:8080" or "[::1]:8080" in its parts. kInvalidArgument otherwise.
struct HostPort {
  std::string host;
  int port = 0;
};
absl::StatusOr<HostPort> ParseHostPort(const std::string& address);
// True for 127.0.0.0/8, ::1 and localhost.
bool IsLoopback(const std::string& host);

}  // namespace forbear
