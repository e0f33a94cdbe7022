// What a span of the log comes to, in numbers: the counts that a supervisor asks for first. Nobody
// is named in them and nothing is judged; each can be counted again from the entries.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "engine/audit/cj1.h"

namespace forbear::audit {

// Decisions by answer.
struct AnswerCounts {
  uint64_t allowed = 0;
  uint64_t deferred = 0;
  uint64_t denied = 0;
  bool operator==(const AnswerCounts&) const = default;
};

struct EntryReport {
  uint64_t entries = 0;
  std::map<std::string, uint64_t> kinds;
  // Of the entries `decision.allowed`, `decision.deferred` and `decision.denied`.
  AnswerCounts answers;
  // Decisions that a rule denied; one that several rules denied counts for each, once.
  std::map<std::string, uint64_t> denying_rules;
  // Decisions by (jurisdiction, channel). One under the law of several places counts for each, so
  // these do not add up to `answers`. Either is empty when the decision names none.
  std::map<std::pair<std::string, std::string>, AnswerCounts> places;

  // Counts one entry, read from its bytes.
  void Count(const cj1::Value& entry);
};

}  // namespace forbear::audit
