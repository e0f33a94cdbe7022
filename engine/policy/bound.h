// What Decide reads: every rule that may bind this contact, as signals over time.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/policy/bundle.h"
#include "engine/policy/decision.h"
#include "engine/policy/signal.h"

namespace forbear::policy {

// What a clause rests on within [from, to): a word, and when it came about.
struct FactSpan {
  Instant from = kFirstInstant;
  Instant to = kEndOfTime;
  std::string what;
  Instant at{};
};

// One way in which a rule is violated.
struct Clause {
  Signal violated;
  Reason reason = Reason::kUnknownFact;
  std::string needs;
  std::vector<FactSpan> facts = {};  // empty: it rests on no one fact
  bool suggested = false;            // ours, though the rule is law's
  bool aside = false;                // the overlay has set it aside: it denies nothing
};

// A cap's count in the zone where it is fullest.
struct BoundBudget {
  int limit = 0;
  std::vector<Instant> leaves;  // when each counted event leaves the window, sorted
  std::string scope, window;    // in words
};

struct BoundObligation {
  Signal owed;
  std::string duty;
  std::optional<Instant> due_at;
};

struct BoundRule {
  std::string_view id;  // inside the bundle
  RuleKind kind = RuleKind::kContactHours;
  Effect effect = Effect::kProhibition;
  bool suggested = false;
  std::shared_ptr<const std::vector<Citation>> cites;
  SetAsideHow aside_how = SetAsideHow::kWarned;  // of the clauses that are set aside
  Signal gate;                   // in force, applies, no exception holds
  std::vector<Clause> clauses;   // any of them, behind the gate, denies
  std::vector<BoundBudget> budgets;
  std::vector<BoundObligation> obligations;

  // The number of the first clause violated at `at`, of those set aside or of the others; -1: none.
  // REQUIRES: the gate holds.
  int Violated(Instant at, bool aside) const;
  bool Denies(Instant at) const { return gate.Holds(at) && Violated(at, false) >= 0; }
  Instant NextChange(Instant at) const;
  // The first instant ≥ `at` when the rule does not deny; kEndOfTime: waiting never helps.
  Instant OpensAt(Instant at) const;
};

class BoundQuestion {
 public:
  std::vector<BoundRule> rules;  // sorted by id
  // Every rule in force whose `applies` may hold, also those that an exception spares for good or
  // whose body nothing has violated: what coverage by scenarios is counted by. Each once, in no order.
  std::vector<const Rule*> considered;
  std::shared_ptr<const Grounds> grounds;
  std::shared_ptr<const Bundle> bundle;
};

}  // namespace forbear::policy
