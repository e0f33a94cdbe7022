#include "adapters/cli/config.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <set>

#include "adapters/http/http_server.h"
#include "adapters/yaml/reader.h"
#include "engine/model/status.h"

namespace forbear::cli {
namespace {

using yaml::Faults;
using yaml::MapReader;
using yaml::Node;

std::string Text(const Node* node, Faults* faults) {
  return node == nullptr ? std::string() : yaml::ReadText(*node, faults).value_or("");
}

Caller ReadCaller(const Node& node, Faults* faults, std::initializer_list<const char*> also = {}) {
  Caller caller;
  MapReader map(node, "the identity", faults);
  for (const char* key : also) map.Get(key);
  caller.tenant = Text(map.Get("tenant"), faults);
  caller.id = Text(map.Need("id"), faults);
  if (const Node* role = map.Need("role")) {
    const std::string word = Text(role, faults);
    if (const auto known = ParseWord<CallerRole>(word)) {
      caller.role = *known;
    } else {
      faults->Add(*role,
                  yaml::Unknown("role", word,
                                {AllWords<CallerRole>().begin(), AllWords<CallerRole>().end()}));
    }
  }
  // Only operators, and auditors of every tenant, may be of none (security.md R3).
  if (caller.tenant.empty() && caller.role != CallerRole::kOperator &&
      caller.role != CallerRole::kAuditor) {
    faults->Add(node, "an identity without a tenant; add `tenant`");
  }
  if (!audit::MayStandInClear(caller.id)) {
    faults->Add(node,
                "an `id` that may not stand in the log: use letters, digits and . _ -, no "
                "mail address or phone number");
  }
  return caller;
}

Place ReadPlace(const Node& node, Faults* faults) {
  Place place;
  place.kind = TiedTo::kNone;
  MapReader map(node, "the place", faults);
  place.country = Text(map.Need("country"), faults);
  place.subdivision = Text(map.Get("subdivision"), faults);
  place.city = Text(map.Get("city"), faults);
  return place;
}

TenantSetting ReadTenant(const Node& node, Faults* faults) {
  TenantSetting tenant;
  MapReader map(node, "the tenant", faults);
  tenant.facts.id = Text(map.Need("id"), faults);
  tenant.name = Text(map.Get("name"), faults);
  for (const auto& [key, places] :
       {std::pair<const char*, std::vector<Place>*>{"seats", &tenant.facts.seats},
        {"fallback_places", &tenant.facts.fallback_places}}) {
    if (const Node* list = map.Get(key)) {
      for (const Node* item : yaml::ReadList(*list)) places->push_back(ReadPlace(*item, faults));
    }
  }
  if (const Node* kind = map.Get("kind")) {
    const std::string word = Text(kind, faults);
    if (const auto known = ParseWord<FirmKind>(word)) {
      tenant.facts.kind = *known;
    } else {
      faults->Add(*kind, yaml::Unknown("kind of firm", word,
                                       {AllWords<FirmKind>().begin(), AllWords<FirmKind>().end()}));
    }
  }
  for (const auto& [key, words] :
       {std::pair<const char*, std::optional<std::vector<std::string>>*>{"licences",
                                                                        &tenant.facts.licences},
        {"member_of", &tenant.facts.member_of}}) {
    const Node* list = map.Get(key);
    if (list == nullptr) continue;
    words->emplace();
    for (const Node* item : yaml::ReadList(*list)) (*words)->push_back(Text(item, faults));
    std::sort((*words)->begin(), (*words)->end());
  }
  if (const Node* declared = map.Get("declared")) {
    for (const auto& [question, answer] : declared->members) {
      policy::DeclaredAnswer value;
      if (answer.text == "true" || answer.text == "false") {
        value.flag = answer.text == "true";
      } else if (const absl::StatusOr<Day> day = ParseDay(answer.text); day.ok()) {
        value.day = *day;
      } else {
        value.number = yaml::ReadInteger(answer, faults);
      }
      tenant.facts.declared[question.text] = value;
    }
  }
  return tenant;
}

Listener ReadListener(const Node& node, Faults* faults) {
  Listener listener;
  MapReader map(node, "the listener", faults);
  listener.address = Text(map.Need("address"), faults);
  if (const Node* insecure = map.Get("insecure_loopback")) {
    listener.insecure_loopback = yaml::ReadBool(*insecure, faults).value_or(false);
  }
  if (const Node* identity = map.Get("identity")) listener.identity = ReadCaller(*identity, faults);
  if (const Node* tls = map.Get("tls")) {
    MapReader files(*tls, "`tls`", faults);
    listener.cert = Text(files.Need("cert"), faults);
    listener.key = Text(files.Need("key"), faults);
    listener.client_ca = Text(files.Need("client_ca"), faults);
  }
  if (listener.insecure_loopback == !listener.cert.empty()) {
    faults->Add(node, "a listener has either `tls` or `insecure_loopback: true`");
  }
  if (listener.insecure_loopback != listener.identity.has_value()) {
    faults->Add(node,
                "`insecure_loopback` and `identity` come together; with `tls` the client's "
                "certificate says who it is");
  }
  return listener;
}

std::optional<int64_t> ReadBetween(const Node& node, int64_t least, int64_t most, Faults* faults) {
  const std::optional<int64_t> number = yaml::ReadInteger(node, faults);
  if (!number || (*number >= least && *number <= most)) return number;
  faults->Add(node,
              "a number out of range: " + std::to_string(least) + " to " + std::to_string(most));
  return std::nullopt;
}

void ReadChannel(const Node& name, const Node& node, Config* config, Faults* faults) {
  const std::optional<Channel> channel = ParseWord<Channel>(name.text);
  if (channel != Channel::kSms && channel != Channel::kEmail && channel != Channel::kLetter) {
    faults->Add(name, yaml::Unknown("channel", name.text, {"sms", "email", "letter"}));
    return;
  }
  ChannelSetting setting;
  MapReader map(node, "the channel", faults);
  if (const Node* dispatch = map.Get("dispatch")) {
    const std::string word = Text(dispatch, faults);
    setting.queued = word == "queued";
    if (word != "queued" && word != "at_once") {
      faults->Add(*dispatch, yaml::Unknown("dispatch", word, {"at_once", "queued"}));
    }
  }
  if (const Node* rate = map.Get("per_second")) {
    if (const auto number = ReadBetween(*rate, 1, kMostPerSecond, faults)) {
      setting.per_second = static_cast<uint32_t>(*number);
    }
    if (!setting.queued) faults->Add(*rate, "a rate needs turns to keep; add `dispatch: queued`");
  }
  if (const Node* takes = map.Get("takes_ms")) {
    setting.takes =
        std::chrono::milliseconds(ReadBetween(*takes, 0, kMostTakesMs, faults).value_or(0));
  }
  config->channels[*channel] = setting;
}

}  // namespace

absl::StatusOr<Config> ReadConfig(const std::string& path) {
  FORBEAR_ASSIGN_OR_RETURN(const std::string text, yaml::ReadFile(path));
  Faults faults(path);
  const Node root = yaml::Parse(text, &faults);
  Config config;
  if (faults.empty() && !root.is_null()) {
    MapReader map(root, "the configuration", &faults);
    for (const auto& [key, into] : {std::pair<const char*, std::string*>{"node", &config.node},
                                    {"data", &config.data},
                                    {"policies", &config.policies},
                                    {"keys", &config.keys},
                                    {"treatment", &config.treatment},
                                    {"outbox", &config.outbox},
                                    {"export", &config.export_dir},
                                    {"http", &config.http},
                                    {"clock", &config.clock}}) {
      if (const Node* value = map.Get(key)) *into = Text(value, &faults);
    }
    if (const Node* listeners = map.Get("listeners")) {
      for (const Node* item : yaml::ReadList(*listeners)) {
        config.listeners.push_back(ReadListener(*item, &faults));
      }
    }
    if (const Node* clients = map.Get("identities")) {
      for (const Node* item : yaml::ReadList(*clients)) {
        KnownClient client;
        client.caller = ReadCaller(*item, &faults, {"san"});
        const Node* san = item->Find("san");
        if (san == nullptr) {
          faults.Add(*item, "an identity without `san`, the name in its certificate; add it");
        } else {
          client.san = Text(san, &faults);
        }
        config.clients.push_back(std::move(client));
      }
    }
    if (const Node* channels = map.Get("channels")) {
      for (const auto& [name, node] : channels->members) {
        ReadChannel(name, node, &config, &faults);
      }
    }
    if (const Node* tenants = map.Get("tenants")) {
      std::set<std::string> ids;
      for (const Node* item : yaml::ReadList(*tenants)) {
        TenantSetting tenant = ReadTenant(*item, &faults);
        if (!ids.insert(tenant.facts.id).second)
          faults.Add(*item, "a tenant of this id stands above");
        config.tenants.push_back(std::move(tenant));
      }
    }
  }
  FORBEAR_RETURN_IF_ERROR(faults.ToStatus());
  return config;
}

absl::Status CheckConfig(const Config& config) {
  const struct {
    const char* name;
    const std::string& value;
  } needed[] = {{"data", config.data},
                {"policies", config.policies},
                {"keys", config.keys},
                {"treatment", config.treatment},
                {"outbox", config.outbox}};
  for (const auto& row : needed) {
    if (row.value.empty()) {
      return InvalidArgument(std::string("no `") + row.name + "`: give --" + row.name +
                             " or write it into the configuration");
    }
  }
  if (config.listeners.empty()) {
    return InvalidArgument("no `listeners`: nobody could call; add one to the configuration");
  }
  for (const Listener& listener : config.listeners) {
    FORBEAR_ASSIGN_OR_RETURN(const HostPort where, ParseHostPort(listener.address));
    if (listener.insecure_loopback && !IsLoopback(where.host)) {
      return InvalidArgument("listener `" + listener.address +
                             "`: plain text is only for loopback; use `tls` or 127.0.0.1");
    }
    for (const std::string& file : {listener.cert, listener.key, listener.client_ca}) {
      if (!file.empty() && !std::filesystem::exists(file)) {
        return InvalidArgument("listener `" + listener.address + "`: no file `" + file +
                               "`; mend the path");
      }
    }
  }
  if (!std::filesystem::is_directory(config.keys)) {
    return InvalidArgument("no keys directory `" + config.keys +
                           "`; make one with `forbear keys generate`");
  }
  if (!config.clock.empty()) return ParseClock(config.clock).status();
  return absl::OkStatus();
}

absl::StatusOr<ClockSetting> ParseClock(const std::string& text) {
  const size_t comma = text.find(',');
  ClockSetting setting;
  FORBEAR_ASSIGN_OR_RETURN(setting.start, ParseInstant(text.substr(0, comma)));
  if (comma == std::string::npos) return setting;
  const std::string speed = text.substr(comma + 1);
  constexpr int64_t kFastest = 1'000'000;  // a day in less than a tenth of a second
  const char* begin = speed.data() + 1;
  const char* end = speed.data() + speed.size();
  if (speed.size() < 2 || speed.front() != 'x' ||
      std::from_chars(begin, end, setting.speed).ptr != end || setting.speed < 1 ||
      setting.speed > kFastest) {
    return InvalidArgument("`" + text +
                           "`: want START or START,xSPEED with a speed from 1 to 1000000");
  }
  return setting;
}

}  // namespace forbear::cli
