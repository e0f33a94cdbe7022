// A decision in sentences, as a compliance officer would write them: what the answer is, each rule
// that says no with its citation, what would change it, what is left of each cap, what is owed, and
// what all of it rests on. Every language says the same, from the same data.
#pragma once

#include <string>
#include <vector>

#include "engine/calendar/zone_table.h"
#include "engine/policy/decision.h"

namespace forbear {

#define FORBEAR_TONGUES(X) \
  X(kEnglish, "en") X(kChineseTraditional, "zh-Hant") X(kChineseSimplified, "zh-Hans")
FORBEAR_WORDS(Tongue, FORBEAR_TONGUES)

}  // namespace forbear

namespace forbear::policy {

// One paragraph each, without line breaks. Instants are told on one clock: of the decision's zones
// the one that the borrower has named, else one of the home's, else another (UTC where there is
// none). Nothing personal is in a decision, so nothing is here.
std::vector<std::string> Explain(const Decision& decision, const ZoneTables& zones, Tongue tongue);

}  // namespace forbear::policy
