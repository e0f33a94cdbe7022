// Intake: what may come in, checked before a command is made of it. All violations at once, each
// with the path of its field, so that a lender mends an item in one go.
//
// Paths are those of the public contract (proto field names): `account.balance`,
// `borrower.contact_points[2].value`, `history[0].at`. Messages say what and why and never repeat
// a name, number or address.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "engine/calendar/place_table.h"
#include "engine/calendar/zone_table.h"
#include "engine/model/borrower.h"
#include "engine/model/instant.h"
#include "engine/orchestrator/command.h"

namespace forbear {

// One fault of one field.
struct Violation {
  std::string field;  // "account.balance.minor_units"
  std::string why;    // "is negative: a debt is zero or more"
  bool operator==(const Violation&) const = default;
};

// What validity depends on beside the item itself. Pointers are borrowed and never null.
struct IntakeContext {
  Instant now{};
  const ZoneTables* zones = nullptr;
  const PlaceTable* places = nullptr;
};

// Each returns every violation, in the order of the fields; empty: valid. `at` is the path of what
// is checked ("" for the request itself, "item" for a part of it).
std::vector<Violation> CheckSubmission(const SubmitAccount& item, const IntakeContext& context,
                                       std::string_view at = "");
std::vector<Violation> CheckUpdate(const UpdateAccount& update, const IntakeContext& context);
std::vector<Violation> CheckPayment(const RecordPayment& payment, const IntakeContext& context);
std::vector<Violation> CheckClose(const CloseAccount& close);
std::vector<Violation> CheckBorrowerUpdate(const UpdateBorrower& update,
                                           const IntakeContext& context);
std::vector<Violation> CheckPreferences(const SetPreferences& preferences);
// `event` as RecordEvent, RecordConsent and RevokeConsent carry it.
std::vector<Violation> CheckEvent(const Event& event, const IntakeContext& context,
                                  std::string_view at = "event");
std::vector<Violation> CheckPause(const PauseScope& scope, std::string_view reason);

// Parts, for whoever checks a Facts of his own (Evaluate, stateless).
std::vector<Violation> CheckPlace(const Place& place, const IntakeContext& context,
                                  std::string_view at);
std::vector<Violation> CheckContactPoints(const std::vector<ContactPoint>& points,
                                          const std::vector<Party>& parties, std::string_view at);
bool IsCountry(std::string_view alpha2);           // ISO 3166-1, as officially assigned; also XA
bool LooksLikeSubdivision(std::string_view code);  // "US-OH", "TW-TPE": shape alone

// The violations as one Status (kInvalidArgument), which carries them as a payload; OK when there
// are none. The two functions are each other's inverse.
absl::Status ToStatus(const std::vector<Violation>& violations);
std::vector<Violation> ViolationsOf(const absl::Status& status);
// The same payload on a Status of another code: kAlreadyExists names the fields that differ.
absl::Status WithViolations(absl::Status status, const std::vector<Violation>& violations);

}  // namespace forbear
