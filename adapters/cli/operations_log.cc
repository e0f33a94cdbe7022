#include "adapters/cli/operations_log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "engine/model/status.h"

namespace forbear::cli {
namespace {

constexpr std::array kAllowedFields = {
    std::string_view{"accounts"}, std::string_view{"address"}, std::string_view{"asleep"},
    std::string_view{"bundle"},   std::string_view{"code"},    std::string_view{"count"},
    std::string_view{"failed"},   std::string_view{"in_doubt"}, std::string_view{"log_size"},
    std::string_view{"looked_at"}, std::string_view{"node"},   std::string_view{"packs"},
    std::string_view{"path"},     std::string_view{"released"}, std::string_view{"sent"},
    std::string_view{"treatment"}, std::string_view{"tzdata"}, std::string_view{"version"},
    std::string_view{"why"},
};

spdlog::logger& Logger() {
  static spdlog::logger* const logger = [] {
    auto* made = new spdlog::logger("forbear", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    return made;
  }();
  return *logger;
}

}  // namespace

void LogEvent(Level level, std::string_view event, LogFields fields) {
  nlohmann::ordered_json line;
  line["level"] = level == Level::kInfo ? "info" : level == Level::kWarning ? "warning" : "error";
  line["event"] = event;
  for (const auto& [name, value] : fields) {
    FORBEAR_CHECK(std::find(kAllowedFields.begin(), kAllowedFields.end(), name) !=
                  kAllowedFields.end());
    line[std::string(name)] = value;
  }
  Logger().log(level == Level::kError     ? spdlog::level::err
               : level == Level::kWarning ? spdlog::level::warn
                                          : spdlog::level::info,
               "{}", line.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace));
}

}  // namespace forbear::cli
