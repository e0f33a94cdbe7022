#include "adapters/phones/phones.h"

#include <phonenumbers/phonenumberutil.h>

#include <utility>

#include "engine/model/status.h"

namespace forbear {
namespace {

using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

// E.164 numbers have at most fifteen digits; nobody writes more than this many separators.
constexpr size_t kMaxWritten = 40;

Line LineOf(PhoneNumberUtil::PhoneNumberType type) {
  switch (type) {
    case PhoneNumberUtil::MOBILE:
    case PhoneNumberUtil::PAGER:
      return Line::kMobile;
    case PhoneNumberUtil::FIXED_LINE:
      return Line::kLandline;
    case PhoneNumberUtil::TOLL_FREE:
      return Line::kTollFree;
    case PhoneNumberUtil::PREMIUM_RATE:
    case PhoneNumberUtil::SHARED_COST:
      return Line::kPremium;
    case PhoneNumberUtil::PERSONAL_NUMBER:
    case PhoneNumberUtil::UAN:
      return Line::kPersonalNumber;
    case PhoneNumberUtil::VOIP:
      return Line::kVoip;
    case PhoneNumberUtil::FIXED_LINE_OR_MOBILE:
    case PhoneNumberUtil::VOICEMAIL:
    case PhoneNumberUtil::UNKNOWN:
      break;
  }
  return Line::kUnknown;
}

// Country codes that belong to no country: +870 is satellite telephony, +88x satellite and other
// networks, +800 is free, +808 shared cost, +878 personal, +979 premium (ITU-T E.164 annex D).
Line LineOfCode(int country_code) {
  switch (country_code) {
    case 800:
      return Line::kTollFree;
    case 808:
    case 979:
      return Line::kPremium;
    case 870:
    case 881:
      return Line::kSatellite;
    case 878:
      return Line::kPersonalNumber;
    default:
      return Line::kUnknown;
  }
}

// Lines whose numbers follow a person or a payer, not a place (domain.md, Which local time).
bool TellsNoPlace(Line line) {
  switch (line) {
    case Line::kTollFree:
    case Line::kPremium:
    case Line::kPersonalNumber:
    case Line::kSatellite:
      return true;
    case Line::kUnknown:
    case Line::kMobile:
    case Line::kLandline:
    case Line::kVoip:
      return false;
  }
  return false;
}

// `+` and digits, or empty when it holds anything that is not a digit or a separator.
std::string Squeeze(std::string_view text) {
  if (text.empty() || text.front() != '+' || text.size() > kMaxWritten) return "";
  std::string squeezed = "+";
  for (const char c : text.substr(1)) {
    if (c >= '0' && c <= '9') {
      squeezed.push_back(c);
    } else if (c != ' ' && c != '-' && c != '.' && c != '(' && c != ')') {
      return "";
    }
  }
  return squeezed;
}

}  // namespace

Phones::Phones(std::shared_ptr<const yaml::PhonePrefixes> prefixes)
    : prefixes_(std::move(prefixes)) {
  FORBEAR_CHECK(prefixes_ != nullptr);
}

PhoneReading Phones::Read(std::string_view text) const {
  PhoneReading reading;
  const std::string squeezed = Squeeze(text);
  if (squeezed.empty()) return reading;

  const PhoneNumberUtil& util = *PhoneNumberUtil::GetInstance();
  PhoneNumber number;
  if (util.Parse(squeezed, "ZZ", &number) != PhoneNumberUtil::NO_PARSING_ERROR) return reading;
  // A number that can be dialled only within its town cannot be dialled by us.
  if (util.IsPossibleNumberWithReason(number) != PhoneNumberUtil::IS_POSSIBLE) return reading;

  reading.possible = true;
  reading.e164.reserve(squeezed.size());
  util.Format(number, PhoneNumberUtil::E164, &reading.e164);

  std::string region;
  util.GetRegionCodeForNumber(number, &region);
  // A number of no type is one that its region's plan has no room for. Asking for the type is asking
  // for validity, and cheaper than asking for both.
  const PhoneNumberUtil::PhoneNumberType type = util.GetNumberType(number);
  reading.valid = type != PhoneNumberUtil::UNKNOWN;
  reading.line = LineOfCode(number.country_code());
  if (reading.line == Line::kUnknown) reading.line = LineOf(type);
  if (TellsNoPlace(reading.line)) return reading;

  // Of a number that is not in use nobody knows the region within a shared country code. The main
  // one then binds: a pack more is stricter than a pack less.
  if (region.empty() || region == "ZZ") {
    util.GetRegionCodeForCountryCode(number.country_code(), &region);
  }
  // `001` is no country: a network that spans several.
  if (region.size() != 2 || region == "ZZ") return reading;
  reading.country = region;
  const auto* match = prefixes_->Find(std::string_view(reading.e164).substr(1));
  if (match == nullptr) return reading;
  reading.zones = match->zones;
  // A longer prefix that names every zone of its calling code names no more than the country.
  const auto* whole = prefixes_->Find(std::to_string(number.country_code()));
  reading.whole_country = whole != nullptr && whole->zones == match->zones;
  return reading;
}

PhoneReading Phones::Describe(ContactPoint& point) const {
  PhoneReading reading = Read(point.value.Reveal(RevealFor::kStoring));
  if (!reading.possible) return reading;
  point.value = Personal(reading.e164);
  // What the lender knows of the line wins for consent, but a number that follows no place tells
  // none whatever it is called.
  if (point.line == Line::kUnknown) point.line = reading.line;
  const bool tells = !TellsNoPlace(point.line);
  point.number_country = tells ? reading.country : "";
  point.number_zones = tells ? reading.zones : std::vector<std::string>();
  point.number_is_whole_country = tells && reading.whole_country;
  return reading;
}

}  // namespace forbear
