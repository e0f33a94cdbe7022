// Recorded contacts, each decided under two bundles, and what came out otherwise, counted.
//
// A contact opens at an instant: the one asked about when it is allowed, a later one when it is
// deferred, never when it is denied. It is decided otherwise when it opens at another instant. What
// made the difference is then plain: at the earlier of the two instants one bundle lets it through
// and the other does not, and the rules that deny it there are the answer.
//
//   const Simulation simulation = Simulate(in_force, proposed, in);
//
// What is kept here holds no personal data: line numbers, rules, places and channels.
#pragma once

#include <array>
#include <cstdint>
#include <iosfwd>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "adapters/cli/evaluate_lines.h"
#include "engine/model/words.h"
#include "engine/policy/decision.h"

namespace forbear {

#define FORBEAR_SHIFTS(X)         \
  X(kUnchanged, "unchanged")      \
  X(kHeldBack, "newly_held_back") \
  X(kLetThrough, "newly_let_through") X(kLater, "later") X(kSooner, "sooner")
// kHeldBack and kLetThrough: allowed under one bundle and not under the other, at the instant asked
// about. kLater and kSooner: under neither, and it opens at another instant; never is the latest.
FORBEAR_WORDS(Shift, FORBEAR_SHIFTS)

}  // namespace forbear

namespace forbear::cli {

// How many of some contacts shifted, and how.
struct ShiftCounts {
  std::array<uint64_t, Words<Shift>::kSpelling.size()> by_shift{};

  void Add(Shift shift) { ++by_shift[static_cast<size_t>(shift)]; }
  uint64_t Of(Shift shift) const { return by_shift[static_cast<size_t>(shift)]; }
  uint64_t judged() const;
  uint64_t changed() const { return judged() - Of(Shift::kUnchanged); }
};

struct Simulation {
  static constexpr size_t kMostNotJudged = 10;
  static constexpr size_t kMostExamples = 20;

  struct NotJudged {
    uint64_t line = 0;
    std::string why;
  };
  // A rule that denies under one bundle what the other lets through, and how often.
  struct RuleCount {
    std::string rule;
    bool newly = false;  // under the proposed one; else under the one in force
    uint64_t count = 0;
  };
  struct Said {
    Answer answer = Answer::kDenied;
    std::optional<Instant> next_allowed_at;
  };
  struct Example {
    uint64_t line = 0;
    Channel channel = Channel::kCall;
    Shift shift = Shift::kUnchanged;
    Said before, after;
    bool newly = false;              // as in RuleCount, of each of them
    std::vector<std::string> rules;  // sorted
  };

  std::string before_digest, after_digest;  // of the bundles
  uint64_t lines = 0;
  std::vector<NotJudged> not_judged;  // the first kMostNotJudged
  ShiftCounts all;
  std::vector<RuleCount> by_rule;               // most often first, then by id
  std::map<std::string, ShiftCounts> by_place;  // each that is in the set of either decision
  std::map<Channel, ShiftCounts> by_channel;
  std::vector<Example> examples;  // the first kMostExamples that changed

  uint64_t left_out() const { return lines - all.judged(); }  // those that could not be judged
};

// Reads EvaluateRequests from `in`, one a line, to its end. A line that is bad, that has no facts
// or that one of the two cannot decide is not judged.
Simulation Simulate(const DecideWorld& before, const DecideWorld& after, std::istream& in);

}  // namespace forbear::cli
