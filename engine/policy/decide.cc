#include <algorithm>

#include "engine/model/status.h"
#include "engine/policy/bound.h"
#include "engine/policy/question.h"

namespace forbear::policy {

int BoundRule::Violated(Instant at, bool aside) const {
  for (size_t i = 0; i < clauses.size(); ++i) {
    if (clauses[i].aside == aside && clauses[i].violated.Holds(at)) return static_cast<int>(i);
  }
  return -1;
}

Instant BoundRule::NextChange(Instant at) const {
  Instant next = gate.NextChange(at);
  for (const Clause& clause : clauses) {
    if (!clause.aside) next = std::min(next, clause.violated.NextChange(at));
  }
  return next;
}

Instant BoundRule::OpensAt(Instant at) const {
  while (at < kEndOfTime && Denies(at)) at = NextChange(at);
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

std::string ScopeWords(Scopes scopes) {
  static constexpr std::string_view kNames[] = {"person", "debt",  "creditor", "point",
                                                "channel", "place", "purpose", "tenant"};
  std::string words;
  for (size_t bit = 0; bit < std::size(kNames); ++bit) {
    if ((scopes >> bit & 1) == 0) continue;
    if (!words.empty()) words += ", ";
    words += kNames[bit];
  }
  return words;
}

std::string WindowWords(const Window& window) {
  static constexpr std::string_view kUnits[] = {
      "rolling_hours", "rolling_days",  "consecutive_days", "calendar_day",
      "calendar_week", "calendar_month", "since_ever",      "since_event"};
  const std::string unit(kUnits[static_cast<size_t>(window.unit)]);
  const bool counted = window.unit != WindowUnit::kSinceEver && window.unit != WindowUnit::kSinceEvent;
  return counted ? std::to_string(window.n) + " " + unit : unit;
}

std::optional<Instant> Maybe(Instant at) {
  if (at >= kEndOfTime) return std::nullopt;
  return at;
}

Denial Explain(const BoundRule& rule, const Verdict::No& no, Instant at) {
  const Clause& clause = rule.clauses[no.clause];
  Denial denial;
  denial.rule = std::string(rule.id);
  denial.kind = rule.kind;
  denial.effect = rule.effect;
  denial.suggested = rule.suggested || clause.suggested;
  denial.reason = clause.reason;
  denial.needs = clause.needs.Text();
  denial.cites = *rule.cites;
  for (const Clause& other : rule.clauses) {
    if (other.aside != clause.aside || other.reason != clause.reason) continue;
    if (other.needs.word.empty() || !other.violated.Holds(at)) continue;
    denial.named.emplace_back(other.needs.word);
  }
  std::sort(denial.named.begin(), denial.named.end());
  denial.named.erase(std::unique(denial.named.begin(), denial.named.end()), denial.named.end());
  denial.opens_at = Maybe(no.opens_at);
  // Of several facts the one that holds longest, and of those the newest.
  const FactSpan* rests_on = nullptr;
  for (const FactSpan& span : clause.facts) {
    if (at < span.from || at >= span.to) continue;
    if (rests_on == nullptr || span.to > rests_on->to ||
        (span.to == rests_on->to && span.at > rests_on->at)) {
      rests_on = &span;
    }
  }
  if (rests_on != nullptr) {
    denial.fact = std::string(rests_on->what);
    denial.fact_at = rests_on->at;
  }
  return denial;
}

}  // namespace

void Judge(const Question& question, Instant at, Verdict* verdict) {
  FORBEAR_CHECK(at >= kFirstInstant && at < kEndOfTime);
  const std::vector<BoundRule>& rules = question.bound().rules;
  verdict->at = at;
  verdict->next_allowed_at = Verdict::kNever;
  verdict->denials.clear();
  verdict->set_aside.clear();
  verdict->budgets.clear();
  verdict->obligations.clear();
  for (size_t i = 0; i < rules.size(); ++i) {
    const BoundRule& rule = rules[i];
    if (!rule.gate.Holds(at)) continue;
    const auto number = static_cast<uint16_t>(i);
    if (const int clause = rule.Violated(at, false); clause >= 0) {
      verdict->denials.push_back({number, static_cast<uint16_t>(clause), rule.OpensAt(at)});
    }
    if (const int clause = rule.Violated(at, true); clause >= 0) {
      verdict->set_aside.push_back({number, static_cast<uint16_t>(clause), Verdict::kNever});
    }
    for (size_t b = 0; b < rule.budgets.size(); ++b) {
      const Kept<Instant>& leaves = rule.budgets[b].leaves;
      const auto first = std::upper_bound(leaves.begin(), leaves.end(), at);
      verdict->budgets.push_back({number, static_cast<uint16_t>(b),
                                  static_cast<int32_t>(leaves.end() - first),
                                  first == leaves.end() ? Verdict::kNever : *first});
    }
    for (size_t o = 0; o < rule.obligations.size(); ++o) {
      if (!rule.obligations[o].owed.Holds(at)) continue;
      verdict->obligations.push_back({number, static_cast<uint16_t>(o)});
    }
  }
  if (verdict->denials.empty()) {
    verdict->answer = Answer::kAllowed;
    return;
  }
  verdict->next_allowed_at = FirstCommonOpening(rules, at);
  verdict->answer =
      verdict->next_allowed_at < Verdict::kNever ? Answer::kDeferred : Answer::kDenied;
}

Decision Render(const Question& question, const Verdict& verdict) {
  const BoundQuestion& bound = question.bound();
  Decision decision;
  decision.answer = verdict.answer;
  decision.at = verdict.at;
  decision.grounds = bound.grounds;
  decision.next_allowed_at = Maybe(verdict.next_allowed_at);
  for (const Verdict::No& no : verdict.denials) {
    decision.denials.push_back(Explain(bound.rules[no.rule], no, verdict.at));
  }
  for (const Verdict::No& no : verdict.set_aside) {
    const BoundRule& rule = bound.rules[no.rule];
    decision.set_aside.push_back({rule.aside_how, Explain(rule, no, verdict.at)});
  }
  for (const Verdict::Count& count : verdict.budgets) {
    const BoundRule& rule = bound.rules[count.rule];
    const BoundBudget& budget = rule.budgets[count.budget];
    decision.budgets.push_back({std::string(rule.id), ScopeWords(budget.scope),
                                WindowWords(*budget.window), count.used, budget.limit,
                                Maybe(count.next_frees_at), *rule.cites});
  }
  for (const Verdict::Duty& duty : verdict.obligations) {
    const BoundRule& rule = bound.rules[duty.rule];
    const BoundObligation& owed = rule.obligations[duty.obligation];
    Obligation obligation{std::string(rule.id), owed.duty.Text(), owed.due_at, *rule.cites};
    // Several accounts of one contact owe the same thing once.
    if (std::find(decision.obligations.begin(), decision.obligations.end(), obligation) ==
        decision.obligations.end()) {
      decision.obligations.push_back(std::move(obligation));
    }
  }
  return decision;
}

Decision Decide(const Question& question, Instant at) {
  Verdict verdict;
  Judge(question, at, &verdict);
  return Render(question, verdict);
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
