#include "adapters/http/http_server.h"

#include <httplib.h>

#include <charconv>
#include <thread>

#include "engine/model/status.h"

namespace forbear {

struct HttpServer::Parts {
  httplib::Server server;
  HttpAnswers answers;
  std::string address;
  std::thread thread;
};

absl::StatusOr<HostPort> ParseHostPort(const std::string& address) {
  const size_t colon = address.rfind(':');
  HostPort parsed;
  if (colon != std::string::npos) {
    parsed.host = address.substr(0, colon);
    const std::string port = address.substr(colon + 1);
    const auto [end, error] =
        std::from_chars(port.data(), port.data() + port.size(), parsed.port);
    if (error == std::errc() && end == port.data() + port.size() && parsed.port >= 0 &&
        parsed.port <= 65535 && !parsed.host.empty()) {
      if (parsed.host.front() == '[' && parsed.host.back() == ']') {
        parsed.host = parsed.host.substr(1, parsed.host.size() - 2);
      }
      return parsed;
    }
  }
  return InvalidArgument("`" + address + "` is no address; want HOST:PORT, as in 127.0.0.1:0");
}

bool IsLoopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

HttpServer::HttpServer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
HttpServer::~HttpServer() { Stop(); }
const std::string& HttpServer::address() const { return parts_->address; }

void HttpServer::Stop() {
  if (!parts_->thread.joinable()) return;
  parts_->server.stop();
  parts_->thread.join();
}

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(const std::string& address,
                                                              HttpAnswers answers) {
  FORBEAR_ASSIGN_OR_RETURN(const HostPort where, ParseHostPort(address));
  if (!IsLoopback(where.host)) {
    return InvalidArgument("http address `" + address +
                           "` is not loopback: nobody is asked who they are here; use 127.0.0.1");
  }
  auto parts = std::make_unique<Parts>();
  parts->answers = std::move(answers);
  Parts* const raw = parts.get();
  // Three small pages: two threads serve them, and none waits for the engine.
  parts->server.new_task_queue = [] { return new httplib::ThreadPool(2); };
  parts->server.Get("/healthz", [](const httplib::Request&, httplib::Response& response) {
    response.set_content("ok\n", "text/plain");
  });
  parts->server.Get("/readyz", [raw](const httplib::Request&, httplib::Response& response) {
    const bool ready = raw->answers.ready();
    response.status = ready ? 200 : 503;
    response.set_content(ready ? "ready\n" : "not ready\n", "text/plain");
  });
  parts->server.Get("/metrics", [raw](const httplib::Request&, httplib::Response& response) {
    response.set_content(raw->answers.metrics(), "text/plain; version=0.0.4");
  });
  int port = where.port;
  if (port == 0) {
    port = parts->server.bind_to_any_port(where.host);
  } else if (!parts->server.bind_to_port(where.host, port)) {
    port = -1;
  }
  if (port <= 0) {
    return Unavailable("cannot listen on `" + address + "`: the port is taken; choose another");
  }
  parts->address = where.host + ":" + std::to_string(port);
  parts->thread = std::thread([raw] { raw->server.listen_after_bind(); });
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(parts)));
}

}  // namespace forbear
