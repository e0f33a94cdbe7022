#include "engine/policy/signal.h"

#include <algorithm>
#include <utility>

namespace forbear::policy {

Signal Signal::Steps(Tri before, std::vector<Step> steps) {
  Signal signal;
  signal.value_ = before;
  Tri last = before;
  for (const Step& step : steps) {
    if (step.value == last) continue;
    // Two steps at one instant: the later one is meant.
    if (!signal.steps_.empty() && signal.steps_.back().at == step.at) {
      signal.steps_.back().value = step.value;
    } else {
      signal.steps_.push_back(step);
    }
    last = step.value;
  }
  signal.kind_ = signal.steps_.empty() ? Kind::kConstant : Kind::kSteps;
  return signal;
}

Signal Signal::During(Instant from, Instant to) {
  if (from >= to) return Always(false);
  Signal signal;
  const bool at_once = from <= kFirstInstant;
  signal.value_ = TriOf(at_once);
  if (!at_once) signal.steps_.push_back({from, Tri::kYes});
  if (to < kEndOfTime) signal.steps_.push_back({to, Tri::kNo});
  signal.kind_ = signal.steps_.empty() ? Kind::kConstant : Kind::kSteps;
  return signal;
}

Signal Signal::Weekly(WeeklyQuestion question) {
  if (question.zones.empty()) return Signal(Tri::kUnknown);
  if (question.rows.empty()) return Always(false);
  Signal signal;
  signal.kind_ = Kind::kWeekly;
  signal.weekly_ = std::make_shared<const WeeklyQuestion>(std::move(question));
  return signal;
}

Signal Signal::Combine(Kind kind, Tri constant, std::vector<Signal> parts) {
  const Tri strongest = kind == Kind::kAnd ? Tri::kNo : Tri::kYes;
  if (constant == strongest || parts.empty()) return Signal(constant);
  if (constant == Tri::kUnknown) parts.emplace_back(constant);
  if (parts.size() == 1) return std::move(parts.front());
  Signal signal;
  signal.kind_ = kind;
  signal.parts_ = std::move(parts);
  return signal;
}

void Signal::All::Add(Signal part) {
  if (part.IsConstant()) {
    constant_ = std::min(constant_, part.value_);
  } else if (constant_ != Tri::kNo) {
    parts_.push_back(std::move(part));
  }
}

void Signal::Any::Add(Signal part) {
  if (part.IsConstant()) {
    constant_ = std::max(constant_, part.value_);
  } else if (constant_ != Tri::kYes) {
    parts_.push_back(std::move(part));
  }
}

Signal Signal::And(std::vector<Signal> parts) {
  All all;
  for (Signal& part : parts) all.Add(std::move(part));
  return std::move(all).Take();
}

Signal Signal::And(Signal a, Signal b) {
  if (a.AlwaysYes() || b.Never()) return b;
  if (b.AlwaysYes() || a.Never()) return a;
  All all;
  all.Add(std::move(a));
  all.Add(std::move(b));
  return std::move(all).Take();
}

Signal Signal::Or(std::vector<Signal> parts) {
  Any any;
  for (Signal& part : parts) any.Add(std::move(part));
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
    part.value_ = Flip(part.value_);
    for (Step& step : part.steps_) step.value = Flip(step.value);
    return part;
  }
  Signal signal;
  signal.kind_ = Kind::kNot;
  signal.parts_.push_back(std::move(part));
  return signal;
}

Signal Signal::Definite(Signal part, bool unknown_is_yes) {
  const Tri unknown = TriOf(unknown_is_yes);
  if (part.IsConstant()) return Signal(Settle(part.value_, unknown));
  if (part.kind_ == Kind::kSteps) {
    const auto is_unknown = [](const Step& step) { return step.value == Tri::kUnknown; };
    if (part.value_ != Tri::kUnknown && std::none_of(part.steps_.begin(), part.steps_.end(), is_unknown)) {
      return part;
    }
    std::vector<Step> steps(part.steps_.begin(), part.steps_.end());
    for (Step& step : steps) step.value = Settle(step.value, unknown);
    return Steps(Settle(part.value_, unknown), std::move(steps));
  }
  Signal signal;
  signal.kind_ = Kind::kDefinite;
  signal.value_ = unknown;
  signal.parts_.push_back(std::move(part));
  return signal;
}

Tri Signal::At(Instant at) const {
  switch (kind_) {
    case Kind::kConstant:
      return value_;
    case Kind::kSteps: {
      Tri value = value_;
      for (const Step& step : steps_) {
        if (step.at > at) break;
        value = step.value;
      }
      return value;
    }
    case Kind::kWeekly: {
      const bool all = weekly_->mode == WeeklyQuestion::Mode::kHoldsInAllZones;
      bool some_zone = false;
      for (const ZoneSpan& span : weekly_->zones) {
        if (at < span.from || at >= span.until) continue;
        some_zone = true;
        const bool holds =
            AnyRowHolds(weekly_->rows, span.zone->ToLocal(at), weekly_->kind_of);
        if (holds != all) return TriOf(!all);
      }
      return some_zone ? TriOf(all) : Tri::kUnknown;
    }
    case Kind::kAnd: {
      Tri value = Tri::kYes;
      for (const Signal& part : parts_) {
        value = std::min(value, part.At(at));
        if (value == Tri::kNo) break;
      }
      return value;
    }
    case Kind::kOr: {
      Tri value = Tri::kNo;
      for (const Signal& part : parts_) {
        value = std::max(value, part.At(at));
        if (value == Tri::kYes) break;
      }
      return value;
    }
    case Kind::kNot:
      return Flip(parts_.front().At(at));
    case Kind::kDefinite:
      return Settle(parts_.front().At(at), value_);
  }
  return Tri::kUnknown;
}

Instant Signal::NextChange(Instant at) const {
  switch (kind_) {
    case Kind::kConstant:
      return kEndOfTime;
    case Kind::kSteps: {
      for (const Step& step : steps_) {
        if (step.at > at) return std::min(step.at, kEndOfTime);
      }
      return kEndOfTime;
    }
    case Kind::kWeekly: {
      Instant next = kEndOfTime;
      for (const ZoneSpan& span : weekly_->zones) {
        if (span.from > at) next = std::min(next, span.from);
        if (span.until > at) next = std::min(next, span.until);
        if (at < span.from || at >= span.until) continue;
        next = std::min(next, NextWeeklyChange(weekly_->rows, *span.zone, at));
      }
      return next;
    }
    case Kind::kAnd:
    case Kind::kOr:
    case Kind::kNot:
    case Kind::kDefinite: {
      Instant next = kEndOfTime;
      for (const Signal& part : parts_) next = std::min(next, part.NextChange(at));
      return next;
    }
  }
  return kEndOfTime;
}

}  // namespace forbear::policy
