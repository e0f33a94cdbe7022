// When a contact is open over a stretch of time, and which rules close the rest: what an officer
// sees of a week.
#pragma once

#include <string>
#include <vector>

#include "engine/policy/question.h"

namespace forbear::policy {

// From `from`, inclusive, to `until`, exclusive, nothing changes.
struct OpenSpan {
  Instant from{}, until{};
  std::vector<std::string> closed_by;  // ids of the rules that deny, sorted; empty: open
  bool operator==(const OpenSpan&) const = default;
};

// The whole of [from, until) in spans without gap; neighbours differ. REQUIRES: kFirstInstant ≤
// from < until ≤ kEndOfTime.
std::vector<OpenSpan> SpansOf(const Question& question, Instant from, Instant until);

}  // namespace forbear::policy
