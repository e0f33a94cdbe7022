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

// REQUIRES: kFirstInstant ≤ `at` < kEndOfTime.
Decision Decide(const Question& question, Instant at);

// A digest of answer, denying rules and bundle: two decisions with one digest need not both be
// logged when an account goes to sleep again (audit-log.md section 2, Which decisions).
uint64_t AnswerDigest(const Decision& decision);

}  // namespace forbear::policy
