// Zones are values: a table of transitions from 1970 to 2037, built at the edge and carried inward.
//
// Instant to local always works. Local to instant may not exist, or exist twice: the functions
// below say which they choose. Nothing here reads a file or knows the system's zone.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/instant.h"

namespace forbear {

struct ZoneTransition {
  Instant at;             // from this instant on …
  Seconds offset{0};      // … local time is UTC plus this
};

class ZoneTable {
 public:
  // REQUIRES: `transitions` sorted by instant, the first at kFirstInstant.
  ZoneTable(std::string name, std::vector<ZoneTransition> transitions);

  const std::string& name() const { return name_; }
  const std::vector<ZoneTransition>& transitions() const { return transitions_; }

  LocalTime ToLocal(Instant at) const { return LocalTime{(at + OffsetAt(at)).time_since_epoch()}; }
  // The local day whose start has come and the next one's has not: the wall clock's date, but while a
  // date is shown that the clock will leave again for the one before.
  Day DayOf(Instant at) const {
    const Day shown = date::floor<date::days>(ToLocal(at));
    return dates_return_ && StartOfDay(shown) > at ? shown - date::days{1} : shown;
  }
  Seconds OffsetAt(Instant at) const;
  // The first transition after `at`, or kEndOfTime.
  Instant NextTransition(Instant at) const;

  // The first instant ≥ `from` whose wall-clock reading is ≥ `reading`. In a gap that is the
  // instant the clock jumps; of a repeated reading it is the first showing, if `from` is no later.
  Instant FirstAtOrAfter(LocalTime reading, Instant from) const;

  // The instant from which on it is never again the day before: local midnight; where midnight is
  // skipped, the instant of the jump; where it is shown twice, the second showing. A day that a zone
  // skipped whole begins when the next one does.
  Instant StartOfDay(Day day) const;

 private:
  size_t IndexAt(Instant at) const;

  std::string name_;
  std::vector<ZoneTransition> transitions_;
  bool dates_return_ = false;  // some transition sets the clock back into the day before
};

// All zones a deployment knows, with the version of the data they came from.
class ZoneTables {
 public:
  ZoneTables() = default;
  ZoneTables(std::string version, std::map<std::string, std::shared_ptr<const ZoneTable>> zones)
      : version_(std::move(version)), zones_(std::move(zones)) {}

  const std::string& version() const { return version_; }  // "2025b"
  // nullptr: no such zone.
  std::shared_ptr<const ZoneTable> Find(std::string_view name) const {
    const auto it = zones_.find(std::string(name));
    return it == zones_.end() ? nullptr : it->second;
  }
  const std::map<std::string, std::shared_ptr<const ZoneTable>>& all() const { return zones_; }

 private:
  std::string version_ = "unknown";
  std::map<std::string, std::shared_ptr<const ZoneTable>> zones_;
};

}  // namespace forbear
