// What may stand in clear in an audit entry about a borrower's affairs: ids, words of closed
// vocabularies, instants, jurisdictions, rules. What is known of the person is sealed (facts_codec.h);
// never clear is a name, number, address, lender's own id or free text (audit-log.md section 2).
#pragma once

#include <string>
#include <vector>

#include "engine/audit/cj1.h"
#include "engine/policy/decision.h"

namespace forbear {

// Sets `name` to `text` if it may stand in clear; leaves it out otherwise.
void SetClear(cj1::Value& object, const char* name, std::string_view text);

// Answer, grounds, denials, obligations. Does not say about which contact.
cj1::Value DescribeDecision(const policy::Decision& decision);

// Ids as a sorted array of hex.
template <typename Id>
cj1::Value SortedHex(const std::vector<Id>& ids) {
  std::vector<Id> sorted = ids;
  std::sort(sorted.begin(), sorted.end());
  cj1::Value array = cj1::Array();
  for (const Id& id : sorted) array.Append(id.Hex());
  return array;
}

// The places a decision found, each once, sorted.
std::vector<std::string> Names(const std::vector<policy::Because>& places);

}  // namespace forbear
