// `forbear policy calendar`: the week of a place, in its own time: when a contact is open, and
// which rules close the rest.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "engine/model/words.h"

namespace CLI {
class App;
}  // namespace CLI

namespace forbear::cli {

struct CalendarCall {
  std::string policies = "policies";
  std::vector<std::string> at;  // "US-MA", "US-NY-NYC": an address in each
  Channel channel = Channel::kCall;
  Role role = Role::kThirdPartyCollector;
  std::string week;  // a day of the week, "2026-11-23"
  std::string zone;  // which zone's clock is drawn; empty: the first of the set by name
  bool without_house = false;
  std::string format = "text";  // text, svg, json
};

// What is asked about: a reminder about a card debt to the borrower's own contact point there,
// decently worded, with what law wants to come first (consents, notices) long given and nothing in
// the history. Exit code; a place without a pack or data, or a date that is none, is wrong use.
int RunPolicyCalendar(const CalendarCall& call, std::ostream& out, std::ostream& err);

// Adds the command under `policy`.
void AddCalendarCommand(CLI::App& policy, int* exit_code);

}  // namespace forbear::cli
