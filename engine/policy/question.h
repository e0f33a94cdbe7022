// Resolve and Decide: the two halves of every answer.
//
// `Resolve` turns raw facts into a Question: which places, zones and packs bind, and for each rule
// that can bind this contact, what of borrower and history it looks at. `Decide` judges a Question
// at an instant. Both are pure; a Question owns what it needs and outlives the facts it came from.
//
//   const Question question = Resolve(facts, surroundings);
//   const Decision decision = Decide(question, now);
//
// History is what it was when Resolve saw it: a Question is for instants at or after the newest
// event in it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/calendar/place_table.h"
#include "engine/calendar/zone_table.h"
#include "engine/policy/decision.h"
#include "engine/policy/facts.h"

namespace forbear::policy {

class Bundle;          // engine/policy/bundle.h
class BoundQuestion;   // what Decide reads; engine/policy/bound.h

struct Surroundings {
  std::shared_ptr<const Bundle> bundle;
  std::shared_ptr<const ZoneTables> zones;
  std::shared_ptr<const PlaceTable> places;
};

// Cheap to copy; immutable; may be used from several threads at once.
class Question {
 public:
  explicit Question(std::shared_ptr<const BoundQuestion> bound) : bound_(std::move(bound)) {}
  const BoundQuestion& bound() const { return *bound_; }

 private:
  std::shared_ptr<const BoundQuestion> bound_;
};

Question Resolve(const Facts& facts, const Surroundings& surroundings);

// A Decision in numbers, for those who ask often: which rules of the Question deny, and what is left
// of its caps, without a word. May be used again and again; then Judge asks for no memory.
struct Verdict {
  static constexpr Instant kNever = kEndOfTime;
  struct No {
    uint16_t rule = 0;    // in BoundQuestion::rules
    uint16_t clause = 0;  // in that rule's clauses: the first that is violated
    Instant opens_at{};   // when this rule alone no longer denies; kNever
  };
  struct Count {
    uint16_t rule = 0;
    uint16_t budget = 0;        // in that rule's budgets
    int32_t used = 0;
    Instant next_frees_at{};    // kNever
  };
  struct Duty {
    uint16_t rule = 0;
    uint16_t obligation = 0;    // in that rule's obligations
  };
  Answer answer = Answer::kDenied;
  Instant at{};
  Instant next_allowed_at = kNever;  // kNever unless deferred
  std::vector<No> denials;
  std::vector<No> set_aside;
  std::vector<Count> budgets;
  std::vector<Duty> obligations;
};

// REQUIRES: kFirstInstant ≤ `at` < kEndOfTime.
void Judge(const Question& question, Instant at, Verdict* verdict);

// The same in words.
Decision Render(const Question& question, const Verdict& verdict);

// REQUIRES: kFirstInstant ≤ `at` < kEndOfTime.
Decision Decide(const Question& question, Instant at);

// A digest of answer, denying rules and bundle: two decisions with one digest need not both be
// logged when an account goes to sleep again (audit-log.md section 2, Which decisions).
uint64_t AnswerDigest(const Decision& decision);

}  // namespace forbear::policy
