#include "engine/calendar/place_table.h"

#include <algorithm>
#include <cctype>

namespace forbear {
namespace {

std::string Lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

const PostalZones* LongestPrefix(const SubdivisionZones& subdivision, const std::string& code) {
  const PostalZones* best = nullptr;
  for (const PostalZones& row : subdivision.postal) {
    if (code.compare(0, row.prefix.size(), row.prefix) != 0) continue;
    if (best == nullptr || row.prefix.size() > best->prefix.size()) best = &row;
  }
  return best;
}

}  // namespace

std::vector<std::string> PlaceTable::ZonesOf(const Place& place) const {
  if (!place.zone.empty()) return {place.zone};
  if (!place.subdivision.empty()) {
    const auto subdivision = subdivisions.find(place.subdivision);
    if (subdivision != subdivisions.end()) {
      if (!place.postal_code.empty()) {
        const PostalZones* row = LongestPrefix(subdivision->second, place.postal_code);
        if (row != nullptr) return row->zones;
      }
      return subdivision->second.zones;
    }
  }
  const auto country = countries.find(place.country);
  return country == countries.end() ? std::vector<std::string>{} : country->second;
}

bool PlaceTable::KnownDownToZone(const Place& place) const {
  return ZonesOf(place).size() == 1;
}

std::vector<std::string> PlaceTable::JurisdictionsOf(const Place& place) const {
  std::vector<std::string> found;
  if (place.country.empty()) return found;
  found.push_back(place.country);
  if (place.subdivision.empty()) return found;
  found.push_back(place.subdivision);
  const auto names = cities.find(place.subdivision);
  if (names == cities.end() || place.city.empty()) return found;
  const auto city = names->second.find(Lower(place.city));
  if (city != names->second.end()) found.push_back(place.subdivision + "-" + city->second);
  return found;
}

}  // namespace forbear
