#include <algorithm>

#include "engine/model/status.h"
#include "engine/policy/bound.h"
#include "engine/policy/question.h"

namespace forbear::policy {

const Clause* BoundRule::Denying(Instant at) const {
  if (!gate.Holds(at)) return nullptr;
  for (const Clause& clause : clauses) {
    if (clause.violated.Holds(at)) return &clause;
  }
  return nullptr;
}

Instant BoundRule::NextChange(Instant at) const {
  Instant next = gate.NextChange(at);
  for (const Clause& clause : clauses) next = std::min(next, clause.violated.NextChange(at));
  return next;
}

Instant BoundRule::OpensAt(Instant at) const {
  while (at < kEndOfTime && Denying(at) != nullptr) at = NextChange(at);
  return at;
}

namespace {

// The first instant ≥ `at` when no rule denies: the largest of the rules' own openings, and again
// from there until it stays (policy-language.md section 6).
Instant FirstCommonOpening(const std::vector<BoundRule>& rules, Instant at) {
  for (;;) {
    Instant latest = at;
    for (const BoundRule& rule : rules) latest = std::max(latest, rule.OpensAt(latest));
    if (latest == at || latest >= kEndOfTime) return latest;
    at = latest;
  }
}

Denial Explain(const BoundRule& rule, const Clause& clause, Instant at) {
  Denial denial;
  denial.rule = rule.id;
  denial.kind = rule.kind;
  denial.effect = rule.effect;
  denial.suggested = rule.suggested;
  denial.reason = clause.reason;
  denial.needs = clause.needs;
  denial.cites = *rule.cites;
  const Instant opens = rule.OpensAt(at);
  if (opens < kEndOfTime) denial.opens_at = opens;
  return denial;
}

}  // namespace

Decision Decide(const Question& question, Instant at) {
  FORBEAR_CHECK(at >= kFirstInstant && at < kEndOfTime);
  const BoundQuestion& bound = question.bound();
  Decision decision;
  decision.at = at;
  decision.grounds = bound.grounds;
  for (const BoundRule& rule : bound.rules) {
    if (const Clause* clause = rule.Denying(at)) {
      decision.denials.push_back(Explain(rule, *clause, at));
    }
    if (!rule.budgets.empty() && rule.gate.Holds(at)) {
      for (const BoundBudget& budget : rule.budgets) {
        const auto first = std::upper_bound(budget.leaves.begin(), budget.leaves.end(), at);
        Budget& used = decision.budgets.emplace_back();
        used.rule = rule.id;
        used.used = static_cast<int>(budget.leaves.end() - first);
        used.limit = budget.limit;
        if (first != budget.leaves.end() && *first < kEndOfTime) used.next_frees_at = *first;
      }
    }
    for (const BoundObligation& obligation : rule.obligations) {
      if (!rule.gate.Holds(at) || !obligation.owed.Holds(at)) continue;
      decision.obligations.push_back({rule.id, obligation.duty, obligation.due_at});
    }
  }
  if (decision.denials.empty()) {
    decision.answer = Answer::kAllowed;
    return decision;
  }
  const Instant opening = FirstCommonOpening(bound.rules, at);
  if (opening < kEndOfTime) {
    decision.answer = Answer::kDeferred;
    decision.next_allowed_at = opening;
  }
  return decision;
}

uint64_t AnswerDigest(const Decision& decision) {
  // FNV-1a: a change detector within one deployment, not a security boundary.
  uint64_t hash = 14695981039346656037ULL;
  const auto mix = [&hash](std::string_view text) {
    for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 1099511628211ULL;
    hash = (hash ^ 0xffU) * 1099511628211ULL;
  };
  mix(ToWord(decision.answer));
  for (const Denial& denial : decision.denials) mix(denial.rule);
  if (decision.grounds != nullptr) mix(decision.grounds->bundle_digest);
  return hash == 0 ? 1 : hash;  // 0 means "none logged yet"
}

}  // namespace forbear::policy
