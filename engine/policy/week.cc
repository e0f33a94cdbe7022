#include "engine/policy/week.h"

#include <algorithm>

#include "engine/policy/bound.h"

namespace forbear::policy {

std::vector<OpenSpan> SpansOf(const Question& question, Instant from, Instant until) {
  std::vector<OpenSpan> spans;
  for (Instant at = from; at < until;) {
    OpenSpan span{at, until, {}};
    for (const BoundRule& rule : question.bound().rules) {
      if (rule.Denies(at)) span.closed_by.emplace_back(rule.id);
      span.until = std::min(span.until, rule.NextChange(at));
    }
    at = span.until;
    if (!spans.empty() && spans.back().closed_by == span.closed_by) {
      spans.back().until = span.until;
    } else {
      spans.push_back(std::move(span));
    }
  }
  return spans;
}

}  // namespace forbear::policy
