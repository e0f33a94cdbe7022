// A Signal is a question about time that has been answered for all time at once.
//
// Everything a rule asks comes down to a value that is constant between known instants: a consent
// is live from one instant to another, a cap is full until one, hours open and close every day.
// `At` reads the value; `NextChange` names an instant at or before which it cannot change, so
// that walking from change to change finds the first opening exactly and never steps over one.
//
// Three values: No < Unknown < Yes. *And* takes the least, *or* the greatest (policy-language.md
// section 2); where an unknown falls is decided where the signal is used, with `Definite`.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/types/span.h"
#include "engine/calendar/weekly.h"
#include "engine/calendar/zone_table.h"
#include "engine/model/instant.h"
#include "engine/policy/arena.h"

namespace forbear::policy {

enum class Tri : uint8_t { kNo, kUnknown, kYes };
inline Tri TriOf(bool value) { return value ? Tri::kYes : Tri::kNo; }

// A zone of a set, for as long as it belongs to it: [from, until).
struct ZoneSpan {
  const ZoneTable* zone = nullptr;
  Instant from = kFirstInstant;
  Instant until = kEndOfTime;
};

// Weekly rows on the clocks of a zone set.
struct WeeklyQuestion {
  enum class Mode : uint8_t { kHoldsInAllZones, kHoldsInAnyZone };
  Mode mode = Mode::kHoldsInAllZones;
  std::vector<WeeklyRow> rows;
  std::vector<ZoneSpan> zones;  // no zone at an instant: Unknown
  const DayKind* kind_of = nullptr;
};

// A value: what it is made of lies in the arena in use where it was made (Arena::Use), and it must not
// outlive that. Constants need none.
class Signal {
 public:
  struct Step {
    Instant at;
    Tri value = Tri::kNo;
  };

  Signal() = default;  // No, always
  explicit Signal(Tri value) : kind_(Kind::kConstant), value_(value) {}

  static Signal Always(bool value) { return Signal(TriOf(value)); }
  // `before` until the first step, then each step's value. Steps in order of time.
  static Signal Steps(Tri before, absl::Span<const Step> steps);
  // Yes within [from, to), No elsewhere. Empty when from ≥ to.
  static Signal During(Instant from, Instant to);
  static Signal Weekly(WeeklyQuestion question);

  static Signal And(absl::Span<const Signal> parts);
  static Signal And(Signal a, Signal b);
  static Signal Or(absl::Span<const Signal> parts);
  static Signal Or(Signal a, Signal b);

  // Gathers parts one by one; what is constant is folded away at once.
  class All;
  class Any;
  static Signal Not(Signal part);
  // Reads Unknown as Yes or No.
  static Signal Definite(Signal part, bool unknown_is_yes);

  Tri At(Instant at) const;
  bool Holds(Instant at) const { return At(at) == Tri::kYes; }
  // The first instant after `at` at which the value may differ; kEndOfTime when it never will.
  Instant NextChange(Instant at) const;

  bool IsConstant() const { return kind_ == Kind::kConstant; }
  bool Never() const { return IsConstant() && value_ == Tri::kNo; }
  bool AlwaysYes() const { return IsConstant() && value_ == Tri::kYes; }

 private:
  enum class Kind : uint8_t { kConstant, kSteps, kWeekly, kAnd, kOr, kNot, kDefinite };

  using Parts = absl::InlinedVector<Signal, 8>;
  // `parts` are not constant.
  static Signal Combine(Kind kind, Tri constant, Parts parts);
  // One part, whose value is read in another way.
  static Signal Around(Kind kind, Tri value, Signal part);
  static Signal OfSteps(Tri before, absl::Span<const Step> steps);

  absl::Span<const Step> steps() const { return {static_cast<const Step*>(made_of_), count_}; }
  absl::Span<const Signal> parts() const { return {static_cast<const Signal*>(made_of_), count_}; }
  const WeeklyQuestion& weekly() const { return *static_cast<const WeeklyQuestion*>(made_of_); }

  Kind kind_ = Kind::kConstant;
  Tri value_ = Tri::kNo;  // of a constant, before the first step, or for unknown in kDefinite
  uint32_t count_ = 0;    // of steps, of parts
  const void* made_of_ = nullptr;
};

class Signal::All {
 public:
  void Add(Signal part);
  // No whatever else is added.
  bool Never() const { return constant_ == Tri::kNo; }
  Signal Take() && { return Combine(Kind::kAnd, constant_, std::move(parts_)); }

 private:
  Tri constant_ = Tri::kYes;
  Parts parts_;
};

class Signal::Any {
 public:
  void Add(Signal part);
  Signal Take() && { return Combine(Kind::kOr, constant_, std::move(parts_)); }

 private:
  Tri constant_ = Tri::kNo;
  Parts parts_;
};

}  // namespace forbear::policy
