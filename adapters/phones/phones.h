// What a phone number itself tells: whether it can be one, what line it is, which country and zones
// it names. Worked out once, at the edge, when a number enters; decisions read what was stored.
//
//   const PhoneReading reading = phones.Read("+16145550101");
//   if (!reading.possible) …refuse it…;   if (!reading.valid) …warn…
//
// Nothing here looks a number up anywhere: numbers kept for fiction are possible and are accepted.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/yaml/pack_reader.h"
#include "engine/model/borrower.h"
#include "engine/model/words.h"

namespace forbear {

struct PhoneReading {
  bool possible = false;             // false: refuse it; nothing below is set
  bool valid = false;                // false: possible, but not in use; worth a warning
  std::string e164;                  // canonical
  Line line = Line::kUnknown;        // kUnknown where mobile and landline look alike
  std::string country;               // ISO 3166-1; empty: the number tells no place
  std::vector<std::string> zones;    // sorted; empty: it tells none
  bool whole_country = false;        // its prefix says no more than the country does
};

// Thread safety: every method may be called from any thread.
class Phones {
 public:
  // `prefixes` as LoadPolicies read them from policies/places. REQUIRES: not null.
  explicit Phones(std::shared_ptr<const yaml::PhonePrefixes> prefixes);

  // `text` begins with `+` and the country code; spaces, hyphens, dots and parentheses are passed
  // over, anything else makes it impossible.
  PhoneReading Read(std::string_view text) const;

  // Writes what `point`'s number tells into it: the canonical value, country, zones, and the line
  // where it was not told. Returns the reading. REQUIRES: a phone.
  PhoneReading Describe(ContactPoint& point) const;

 private:
  std::shared_ptr<const yaml::PhonePrefixes> prefixes_;
};

}  // namespace forbear
