// The settings of `serve`: what is read, and that nothing wrong is read in silence.
#include "adapters/cli/config.h"

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

namespace forbear::cli {
namespace {

using testing::HasSubstr;

absl::StatusOr<Config> Read(const std::string& text) {
  const std::string path = (std::filesystem::temp_directory_path() /
                            ("forbear-config-" + std::to_string(::getpid()) + ".yaml"))
                               .string();
  std::ofstream(path) << text;
  absl::StatusOr<Config> config = ReadConfig(path);
  std::filesystem::remove(path);
  return config;
}

TEST(ReadConfig, TakesEverySetting) {
  const auto config = Read(R"(node: n7
data: /d
policies: /p
keys: /k
treatment: /t.yaml
outbox: /o
export: /e
http: 127.0.0.1:0
clock: 2026-03-02T00:00:00Z,x60
listeners:
  - {address: '127.0.0.1:1', insecure_loopback: true, identity: {tenant: demo, role: lender, id: svc}}
  - {address: '0.0.0.0:2', tls: {cert: c.pem, key: k.pem, client_ca: ca.pem}}
identities:
  - {san: app.example, tenant: demo, role: officer, id: app}
tenants:
  - {id: demo, name: Demo Ltd, fallback_places: [{country: TW}], declared: {court_permission: false}}
channels:
  sms: {dispatch: queued, per_second: 50, takes_ms: 20}
  email: {dispatch: at_once}
)");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->node, "n7");
  EXPECT_EQ(config->export_dir, "/e");
  ASSERT_EQ(config->listeners.size(), 2u);
  EXPECT_EQ(config->listeners[0].identity->role, CallerRole::kLender);
  EXPECT_EQ(config->listeners[1].client_ca, "ca.pem");
  ASSERT_EQ(config->clients.size(), 1u);
  EXPECT_EQ(config->clients[0].caller.tenant, "demo");
  ASSERT_EQ(config->tenants.size(), 1u);
  EXPECT_EQ(config->tenants[0].facts.fallback_places.at(0).country, "TW");
  EXPECT_EQ(config->tenants[0].facts.declared.at("court_permission").flag, false);
  EXPECT_TRUE(config->channels.at(Channel::kSms).queued);
  EXPECT_EQ(config->channels.at(Channel::kSms).per_second, 50u);
  EXPECT_EQ(config->channels.at(Channel::kSms).takes, std::chrono::milliseconds(20));
  EXPECT_FALSE(config->channels.at(Channel::kEmail).queued);
}

TEST(ReadConfig, RefusesWhatItDoesNotKnowNamingTheLine) {
  const struct {
    const char* why;
    const char* text;
    const char* says;
  } rows[] = {
      {"an unknown key", "data: /d\npolicys: /p\n", ":2:1: "},
      {"an unknown role",
       "listeners:\n  - {address: 'a:1', insecure_loopback: true, identity: {tenant: t, role: "
       "boss, "
       "id: x}}\n",
       "boss"},
      {"plain text and certificates at once",
       "listeners:\n  - {address: 'a:1', insecure_loopback: true, tls: {cert: c, key: k, "
       "client_ca: "
       "a}}\n",
       "either"},
      {"a lender of no tenant",
       "listeners:\n  - {address: 'a:1', insecure_loopback: true, identity: {role: lender, id: "
       "x}}\n",
       "without a tenant"},
      {"an identity that may not stand in the log",
       "identities:\n  - {san: a, tenant: t, role: lender, id: 'ada@example.com'}\n", "`id`"},
      {"an identity without a name in a certificate",
       "identities:\n  - {tenant: t, role: lender, id: x}\n", "`san`"},
      {"two tenants of one id", "tenants:\n  - {id: a}\n  - {id: a}\n", ":3:"},
      {"a channel that no adapter serves", "channels:\n  visit: {}\n", "visit"},
      {"a dispatch that is none", "channels:\n  sms: {dispatch: sometime}\n", "sometime"},
      {"a rate without turns", "channels:\n  sms: {per_second: 3}\n", "dispatch: queued"},
      {"a rate of nothing", "channels:\n  sms: {dispatch: queued, per_second: 0}\n", "1 to 10000"},
      {"a wait past a send's time", "channels:\n  sms: {takes_ms: 5001}\n", "0 to 5000"},
  };
  for (const auto& row : rows) {
    const absl::Status status = Read(row.text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << row.why;
    EXPECT_THAT(std::string(status.message()), HasSubstr(row.says)) << row.why;
  }
}

TEST(CheckConfig, SaysWhatIsMissingAndHowToGiveIt) {
  Config config;
  EXPECT_THAT(std::string(CheckConfig(config).message()), HasSubstr("--data"));
  config.data = config.policies = config.keys = config.treatment = config.outbox = "/x";
  EXPECT_THAT(std::string(CheckConfig(config).message()), HasSubstr("listeners"));
  config.listeners.push_back({.address = "0.0.0.0:1", .insecure_loopback = true});
  EXPECT_THAT(std::string(CheckConfig(config).message()), HasSubstr("loopback"));
}

TEST(ParseClock, ReadsAStartAndASpeed) {
  const auto plain = ParseClock("2026-03-02T00:00:00Z");
  ASSERT_TRUE(plain.ok());
  EXPECT_EQ(plain->speed, 1);
  const auto fast = ParseClock("2026-03-02T00:00:00Z,x14400");
  ASSERT_TRUE(fast.ok());
  EXPECT_EQ(fast->speed, 14400);
  for (const char* bad : {"", "noon", "2026-03-02T00:00:00Z,14400", "2026-03-02T00:00:00Z,x0",
                          "2026-03-02T00:00:00Z,x1000001", "2026-03-02T00:00:00Z,x-1"}) {
    EXPECT_FALSE(ParseClock(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace forbear::cli
