// Packs, calendars and places, from text to the engine's values.
//
// Whatever is wrong is said with file, line and column and a suggestion, all of it at once; a pack
// with a fault is not read at all.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "adapters/yaml/reader.h"
#include "engine/calendar/place_table.h"
#include "engine/policy/bundle.h"
#include "engine/policy/pack.h"

namespace forbear::yaml {

// One pack. Faults go to `faults`; the pack is then unusable.
policy::Pack ReadPack(std::string_view text, Faults* faults);

// One calendar file: its name is the file's.
policy::HolidayCalendar ReadCalendar(const std::string& name, std::string_view text,
                                     Faults* faults);

// Adds the places of one file to `table`.
void ReadPlaces(std::string_view text, PlaceTable* table, Faults* faults);

// E.164 prefix → zones, longest prefix wins; libphonenumber's own text form (`1201|America/New_York`).
class PhonePrefixes {
 public:
  static absl::StatusOr<PhonePrefixes> Read(std::string_view text);
  struct Match {
    std::string prefix;              // digits
    std::vector<std::string> zones;  // sorted
  };
  // nullptr: no prefix matches. `digits` is E.164 without the plus.
  const Match* Find(std::string_view digits) const;

 private:
  std::map<std::string, Match, std::less<>> by_prefix_;
};

struct LoadedPolicies {
  std::shared_ptr<const policy::Bundle> bundle;
  std::shared_ptr<const PlaceTable> places;
  std::shared_ptr<const PhonePrefixes> phone_prefixes;
  // Places whose law is known (policies/facts) but encoded by no pack that is loaded: "US-MA".
  std::vector<std::string> places_without_pack;
  std::vector<std::string> pack_files;      // sorted; relative to the directory
  std::vector<std::string> scenario_files;  // `*.scenarios.yaml`, sorted
};

// Everything under `directory`: every `<country>/*.yaml` pack, `house.yaml`, `holidays/*.yaml`,
// `places/*.yaml`. `with_overlay`: house rules bind (in `serve`); without, they are not loaded.
// kNotFound when there is no such directory or no pack in it; kInvalidArgument with all faults.
absl::StatusOr<LoadedPolicies> LoadPolicies(const std::string& directory, bool with_overlay);

// The E.164 facts of a phone that need no library: zones by prefix, country by zone.
// `zone_countries`: which countries use a zone (from places).
struct NumberFacts {
  std::string country;
  std::vector<std::string> zones;
  bool whole_country = false;
};
NumberFacts FactsOfNumber(std::string_view e164, const PhonePrefixes& prefixes,
                          const PlaceTable& places);

}  // namespace forbear::yaml
