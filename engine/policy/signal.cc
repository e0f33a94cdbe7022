#include "engine/policy/signal.h"

#include <algorithm>
#include <utility>

namespace forbear::policy {

Signal Signal::OfSteps(Tri before, absl::Span<const Step> steps) {
  Signal signal;
  signal.value_ = before;
  if (steps.empty()) return signal;
  signal.kind_ = Kind::kSteps;
  const Kept<Step> kept = Arena::Current().Keep<Step>(steps);
  signal.made_of_ = kept.begin();
  signal.count_ = static_cast<uint32_t>(kept.size());
  return signal;
}

Signal Signal::Steps(Tri before, absl::Span<const Step> steps) {
  absl::InlinedVector<Step, 8> changes;
  Tri last = before;
  for (const Step& step : steps) {
    if (step.value == last) continue;
    // Two steps at one instant: the later one is meant.
    if (!changes.empty() && changes.back().at == step.at) {
      changes.back().value = step.value;
    } else {
      changes.push_back(step);
    }
    last = step.value;
  }
  return OfSteps(before, changes);
}

Signal Signal::During(Instant from, Instant to) {
  if (from >= to) return Always(false);
  const bool at_once = from <= kFirstInstant;
  absl::InlinedVector<Step, 2> steps;
  if (!at_once) steps.push_back({from, Tri::kYes});
  if (to < kEndOfTime) steps.push_back({to, Tri::kNo});
  return OfSteps(TriOf(at_once), steps);
}

Signal Signal::Weekly(WeeklyQuestion question) {
  if (question.zones.empty()) return Signal(Tri::kUnknown);
  if (question.rows.empty()) return Always(false);
  Signal signal;
  signal.kind_ = Kind::kWeekly;
  signal.made_of_ = Arena::Current().Own(std::move(question));
  return signal;
}

Signal Signal::Around(Kind kind, Tri value, Signal part) {
  Signal signal;
  signal.kind_ = kind;
  signal.value_ = value;
  signal.made_of_ = Arena::Current().KeepOne(part).begin();
  signal.count_ = 1;
  return signal;
}

Signal Signal::Combine(Kind kind, Tri constant, Parts parts) {
  const Tri strongest = kind == Kind::kAnd ? Tri::kNo : Tri::kYes;
  if (constant == strongest || parts.empty()) return Signal(constant);
  if (constant == Tri::kUnknown) parts.emplace_back(constant);
  if (parts.size() == 1) return parts.front();
  Signal signal;
  signal.kind_ = kind;
  const Kept<Signal> kept = Arena::Current().Keep<Signal>(parts);
  signal.made_of_ = kept.begin();
  signal.count_ = static_cast<uint32_t>(kept.size());
  return signal;
}

void Signal::All::Add(Signal part) {
  if (part.IsConstant()) {
    constant_ = std::min(constant_, part.value_);
  } else if (constant_ != Tri::kNo) {
    parts_.push_back(part);
  }
}

void Signal::Any::Add(Signal part) {
  if (part.IsConstant()) {
    constant_ = std::max(constant_, part.value_);
  } else if (constant_ != Tri::kYes) {
    parts_.push_back(part);
  }
}

Signal Signal::And(absl::Span<const Signal> parts) {
  All all;
  for (const Signal& part : parts) all.Add(part);
  return std::move(all).Take();
}

Signal Signal::And(Signal a, Signal b) {
  if (a.AlwaysYes() || b.Never()) return b;
  if (b.AlwaysYes() || a.Never()) return a;
  All all;
  all.Add(a);
  all.Add(b);
  return std::move(all).Take();
}

Signal Signal::Or(Signal a, Signal b) {
  Any any;
  any.Add(a);
  any.Add(b);
  return std::move(any).Take();
}

Signal Signal::Or(absl::Span<const Signal> parts) {
  Any any;
  for (const Signal& part : parts) any.Add(part);
  return std::move(any).Take();
}

namespace {

Tri Flip(Tri value) {
  switch (value) {
    case Tri::kNo:
      return Tri::kYes;
    case Tri::kYes:
      return Tri::kNo;
    case Tri::kUnknown:
      return Tri::kUnknown;
  }
  return Tri::kUnknown;
}

Tri Settle(Tri value, Tri unknown) { return value == Tri::kUnknown ? unknown : value; }

}  // namespace

Signal Signal::Not(Signal part) {
  if (part.IsConstant()) return Signal(Flip(part.value_));
  if (part.kind_ == Kind::kSteps) {
    absl::InlinedVector<Step, 8> steps(part.steps().begin(), part.steps().end());
    for (Step& step : steps) step.value = Flip(step.value);
    return OfSteps(Flip(part.value_), steps);
  }
  return Around(Kind::kNot, Tri::kNo, part);
}

Signal Signal::Definite(Signal part, bool unknown_is_yes) {
  const Tri unknown = TriOf(unknown_is_yes);
  if (part.IsConstant()) return Signal(Settle(part.value_, unknown));
  if (part.kind_ == Kind::kSteps) {
    const auto is_unknown = [](const Step& step) { return step.value == Tri::kUnknown; };
    if (part.value_ != Tri::kUnknown &&
        std::none_of(part.steps().begin(), part.steps().end(), is_unknown)) {
      return part;
    }
    absl::InlinedVector<Step, 8> steps(part.steps().begin(), part.steps().end());
    for (Step& step : steps) step.value = Settle(step.value, unknown);
    return Steps(Settle(part.value_, unknown), steps);
  }
  return Around(Kind::kDefinite, unknown, part);
}

Tri Signal::At(Instant at) const {
  switch (kind_) {
    case Kind::kConstant:
      return value_;
    case Kind::kSteps: {
      Tri value = value_;
      for (const Step& step : steps()) {
        if (step.at > at) break;
        value = step.value;
      }
      return value;
    }
    case Kind::kWeekly: {
      const bool all = weekly().mode == WeeklyQuestion::Mode::kHoldsInAllZones;
      bool some_zone = false;
      for (const ZoneSpan& span : weekly().zones) {
        if (at < span.from || at >= span.until) continue;
        some_zone = true;
        const bool holds =
            AnyRowHolds(weekly().rows, span.zone->ToLocal(at), *weekly().kind_of);
        if (holds != all) return TriOf(!all);
      }
      return some_zone ? TriOf(all) : Tri::kUnknown;
    }
    case Kind::kAnd: {
      Tri value = Tri::kYes;
      for (const Signal& part : parts()) {
        value = std::min(value, part.At(at));
        if (value == Tri::kNo) break;
      }
      return value;
    }
    case Kind::kOr: {
      Tri value = Tri::kNo;
      for (const Signal& part : parts()) {
        value = std::max(value, part.At(at));
        if (value == Tri::kYes) break;
      }
      return value;
    }
    case Kind::kNot:
      return Flip(parts().front().At(at));
    case Kind::kDefinite:
      return Settle(parts().front().At(at), value_);
  }
  return Tri::kUnknown;
}

Instant Signal::NextChange(Instant at) const {
  switch (kind_) {
    case Kind::kConstant:
      return kEndOfTime;
    case Kind::kSteps: {
      for (const Step& step : steps()) {
        if (step.at > at) return std::min(step.at, kEndOfTime);
      }
      return kEndOfTime;
    }
    case Kind::kWeekly: {
      Instant next = kEndOfTime;
      for (const ZoneSpan& span : weekly().zones) {
        if (span.from > at) next = std::min(next, span.from);
        if (span.until > at) next = std::min(next, span.until);
        if (at < span.from || at >= span.until) continue;
        next = std::min(next, NextWeeklyChange(weekly().rows, *span.zone, at));
      }
      return next;
    }
    case Kind::kAnd:
    case Kind::kOr:
    case Kind::kNot:
    case Kind::kDefinite: {
      Instant next = kEndOfTime;
      for (const Signal& part : parts()) next = std::min(next, part.NextChange(at));
      return next;
    }
  }
  return kEndOfTime;
}

}  // namespace forbear::policy
