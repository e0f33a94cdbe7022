#include "adapters/zones/zones.h"

#include <date/tz.h>

#include <fstream>
#include <stdexcept>
#include <string>

#include "engine/model/status.h"

namespace forbear {
namespace {

constexpr char kZoneInfo[] = "/usr/share/zoneinfo";

std::string VersionOfSystem() {
  std::ifstream file(std::string(kZoneInfo) + "/tzdata.zi");
  std::string line;
  if (!std::getline(file, line)) return "unknown";
  constexpr std::string_view kPrefix = "# version ";
  return line.starts_with(kPrefix) ? line.substr(kPrefix.size()) : "unknown";
}

std::shared_ptr<const ZoneTable> TableOf(const std::string& name, const date::time_zone& zone) {
  std::vector<ZoneTransition> transitions;
  for (Instant at = kFirstInstant; at < kEndOfTime;) {
    const date::sys_info info = zone.get_info(at);
    if (transitions.empty() || transitions.back().offset != info.offset) {
      transitions.push_back({at, info.offset});
    }
    if (info.end <= at) break;
    at = info.end;
  }
  return std::make_shared<const ZoneTable>(name, std::move(transitions));
}

}  // namespace

absl::StatusOr<std::shared_ptr<const ZoneTables>> LoadZones() {
  std::map<std::string, std::shared_ptr<const ZoneTable>> tables;
  try {
    const date::tzdb& database = date::get_tzdb();
    for (const date::time_zone& zone : database.zones) {
      const std::string name = zone.name();
      // Copies of the same data with leap seconds, or a fixed order; no place uses them.
      if (name.starts_with("right/") || name.starts_with("posix/")) continue;
      tables[name] = TableOf(name, zone);
    }
  } catch (const std::exception& error) {
    return Unavailable(std::string("no time zone data: ") + error.what() + "; install tzdata");
  }
  if (tables.empty()) return Unavailable("no time zone data: the database is empty; install tzdata");
  return std::make_shared<const ZoneTables>(VersionOfSystem(), std::move(tables));
}

}  // namespace forbear
