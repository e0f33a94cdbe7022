// Borrowers, their places and contact points: what is known of a person who owes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/model/ids.h"
#include "engine/model/instant.h"
#include "engine/model/personal.h"
#include "engine/model/weekly_slot.h"
#include "engine/model/words.h"

namespace forbear {

// Limits refused at intake by name (audit-log.md section 2, Replay).
inline constexpr size_t kMaxContactPoints = 32;  // of one borrower
inline constexpr size_t kMaxLiveConsents = 64;   // of one borrower
inline constexpr size_t kMaxAccounts = 64;       // of one borrower
inline constexpr size_t kMaxPlaces = 8;          // addresses of one borrower: law asks for current ones

// A current address, as far as rules need it. The street is personal and is no fact of a decision.
struct Place {
  TiedTo kind = TiedTo::kHome;
  std::string country;      // ISO 3166-1 alpha-2, always
  std::string subdivision;  // ISO 3166-2 ("US-OH"); empty: unknown
  std::string city;         // empty: unknown
  std::string postal_code;  // empty: unknown
  std::string zone;         // IANA; empty: every zone of the subdivision or country counts
  bool operator==(const Place&) const = default;
};

// One phone number, e-mail address, postal address, social or app identity.
struct ContactPoint {
  ContactPointId id;
  PointKind kind = PointKind::kPhone;
  Personal value;  // E.164, mail address, street lines, handle; canonical
  Line line = Line::kUnknown;
  Relation owner = Relation::kBorrower;
  Id128 party;  // which party owns it, when `owner` is a party's relation; zero: not told
  TiedTo tied_to = TiedTo::kNone;
  bool shared = false;    // others of the household use it
  bool verified = false;
  PointSource source = PointSource::kUnknown;

  // What the number itself tells, worked out at the edge when it was stored (phones only).
  std::string number_country;            // ISO 3166-1; empty: tells none (toll-free, premium …)
  std::vector<std::string> number_zones; // IANA, sorted; empty: tells none
  bool number_is_whole_country = false;  // the prefix names only a country

  // HMAC-SHA-256(tenant index key, canonical value): equality without the value. Equal digests
  // link borrowers of one tenant as possibly the same person. All zero: none.
  Bytes32 link_digest{};
};

// Everybody else in the story.
struct Party {
  Id128 id;
  Relation relation = Relation::kUnidentified;
  std::optional<Day> born_on;
};

struct Borrower {
  BorrowerId id;            // random pseudonym, derived from nothing
  std::string tenant;
  std::string external_id;  // the lender's own borrower id, unique in the tenant
  Personal name;
  std::optional<Day> born_on;
  std::string language;     // BCP 47; empty: unknown
  std::string declared_zone;               // IANA zone the borrower gave; empty: none
  std::optional<Instant> declared_zone_at; // when they gave it
  std::vector<Place> places;
  std::vector<ContactPoint> contact_points;
  std::vector<Party> parties;
  std::optional<std::vector<WeeklySlot>> work_hours;  // when they are at work; absent: not known
  std::vector<Channel> refused_channels;   // SetPreferences: channels the borrower does not want
  uint64_t version = 0;                    // grows with every change
};

}  // namespace forbear
