// Which zones a place has: countries, subdivisions, and where the data go that deep, postal codes.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/model/borrower.h"

namespace forbear {

struct PostalZones {
  std::string prefix;               // of the postal code: "325"
  std::vector<std::string> zones;
};

struct SubdivisionZones {
  std::vector<std::string> zones;   // every zone in use there, sorted
  std::vector<PostalZones> postal;  // longest prefix wins
};

struct PlaceTable {
  std::map<std::string, std::vector<std::string>> countries;        // "US" -> zones
  std::map<std::string, SubdivisionZones> subdivisions;             // "US-TN" -> …
  std::map<std::string, std::map<std::string, std::string>> cities; // "US-NY" -> city name, lower case -> "NYC"

  // Older names of zones, as lists from elsewhere still write them -> the names used here.
  std::map<std::string, std::string> aliases;

  // Every zone the place may be in, sorted: its declared zone, else by postal code, else of the
  // subdivision, else of the country. Empty: nothing known.
  std::vector<std::string> ZonesOf(const Place& place) const;
  // True when ZonesOf names one zone.
  bool KnownDownToZone(const Place& place) const;
  // The jurisdictions of a place, coarsest first: "US", "US-NY", "US-NY-NYC".
  std::vector<std::string> JurisdictionsOf(const Place& place) const;
};

}  // namespace forbear
