#include "engine/audit/report.h"

#include <set>

#include "engine/audit/entry_filter.h"

namespace forbear::audit {

void EntryReport::Count(const cj1::Value& entry) {
  ++entries;
  const cj1::Value* kind = entry.Find("kind");
  if (kind == nullptr || !kind->is_string()) return;
  ++kinds[kind->AsString()];

  uint64_t AnswerCounts::*answer = nullptr;
  if (kind->AsString() == "decision.allowed") {
    answer = &AnswerCounts::allowed;
  } else if (kind->AsString() == "decision.deferred") {
    answer = &AnswerCounts::deferred;
  } else if (kind->AsString() == "decision.denied") {
    answer = &AnswerCounts::denied;
  } else {
    return;
  }
  ++(answers.*answer);

  std::set<std::string> rules;
  ForEachDenyingRule(entry, [&](const std::string& rule) { rules.insert(rule); });
  for (const std::string& rule : rules) ++denying_rules[rule];

  const cj1::Value* data = entry.Find("data");
  const cj1::Value* channel = data == nullptr ? nullptr : data->Find("channel");
  const std::string way = channel != nullptr && channel->is_string() ? channel->AsString() : "";
  const cj1::Value* named = data == nullptr ? nullptr : data->Find("jurisdictions");
  std::set<std::string> jurisdictions;
  if (named != nullptr && named->is_array()) {
    for (const cj1::Value& place : named->AsArray()) {
      if (place.is_string()) jurisdictions.insert(place.AsString());
    }
  }
  if (jurisdictions.empty()) jurisdictions.insert("");
  for (const std::string& place : jurisdictions) ++(places[{place, way}].*answer);
}

}  // namespace forbear::audit
