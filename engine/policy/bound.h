// What Decide reads: every rule that may bind this contact, as signals over time.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/policy/arena.h"
#include "engine/policy/bundle.h"
#include "engine/policy/decision.h"
#include "engine/policy/signal.h"

namespace forbear::policy {

// Words in up to three pieces, put together when somebody reads them. What the pieces are of outlives
// the Question's arena: literals, the bundle, or the arena itself.
struct Phrase {
  std::string_view before, word, after;

  // NOLINTNEXTLINE(google-explicit-constructor): a literal is a phrase.
  Phrase(const char* text) : before(text) {}
  Phrase(std::string_view first, std::string_view second, std::string_view third = {})
      : before(first), word(second), after(third) {}
  std::string Text() const { return std::string(before).append(word).append(after); }
};

// What a clause rests on within [from, to): a word, and when it came about.
struct FactSpan {
  Instant from = kFirstInstant;
  Instant to = kEndOfTime;
  std::string_view what;
  Instant at{};
};

// One way in which a rule is violated.
struct Clause {
  Signal violated;
  Reason reason = Reason::kUnknownFact;
  Phrase needs;
  Kept<FactSpan> facts = {};   // empty: it rests on no one fact
  bool suggested = false;      // ours, though the rule is law's
  bool aside = false;          // the overlay has set it aside: it denies nothing
};

// A cap's count in the zone where it is fullest.
struct BoundBudget {
  int limit = 0;
  Kept<Instant> leaves;        // when each counted event leaves the window, sorted
  Scopes scope = 0;
  const Window* window = nullptr;  // in the bundle
};

struct BoundObligation {
  Signal owed;
  Phrase duty;
  std::optional<Instant> due_at;
};

// What is said of a rule while it is being bound.
struct Draft {
  std::vector<Clause> clauses;
  std::vector<BoundBudget> budgets;
  std::vector<BoundObligation> obligations;
};

// What it is made of lies in the bundle and in the Question's arena.
struct BoundRule {
  std::string_view id;
  uint32_t rank = 0;             // its place among all ids, in their order
  RuleKind kind = RuleKind::kContactHours;
  Effect effect = Effect::kProhibition;
  bool suggested = false;
  SetAsideHow aside_how = SetAsideHow::kWarned;  // of the clauses that are set aside
  const std::vector<Citation>* cites = nullptr;
  Signal gate;                   // in force, applies, no exception holds
  Kept<Clause> clauses;          // any of them, behind the gate, denies
  Kept<BoundBudget> budgets;
  Kept<BoundObligation> obligations;

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
  Arena arena;                   // of everything below
  std::vector<BoundRule> rules;  // sorted by id
  // Every rule in force whose `applies` may hold, also those that an exception spares for good or
  // whose body nothing has violated: what coverage by scenarios is counted by. Each once, in no order.
  std::vector<const Rule*> considered;
  std::shared_ptr<const Grounds> grounds;
  std::shared_ptr<const Bundle> bundle;
  std::shared_ptr<const ZoneTables> zones;
};

}  // namespace forbear::policy
