#include "adapters/cli/simulation.h"

#include <algorithm>
#include <istream>
#include <numeric>
#include <set>
#include <utility>

#include "adapters/grpc/proto_words.h"
#include "adapters/grpc/services.h"
#include "engine/model/status.h"
#include "engine/orchestrator/intake.h"
#include "engine/policy/bundle.h"

namespace forbear::cli {
namespace {

using policy::Decision;

absl::StatusOr<Decision> Decide(const DecideWorld& world, const v1::EvaluateRequest& request) {
  return grpc_adapter::DecideFacts(request, world.surroundings, *world.phones, std::nullopt);
}

Instant OpensAt(const Decision& decision) {
  switch (decision.answer) {
    case Answer::kAllowed:
      return decision.at;
    case Answer::kDeferred:
      return *decision.next_allowed_at;
    case Answer::kDenied:
      break;
  }
  return kEndOfTime;  // never
}

Shift ShiftOf(const Decision& before, const Decision& after) {
  const Instant opened = OpensAt(before), opens = OpensAt(after);
  if (opened == opens) return Shift::kUnchanged;
  if (before.answer == Answer::kAllowed) return Shift::kHeldBack;
  if (after.answer == Answer::kAllowed) return Shift::kLetThrough;
  return opens > opened ? Shift::kLater : Shift::kSooner;
}

// One contact under both.
struct Compared {
  Simulation::Example example;  // but for its line
  std::set<std::string> places;
};

// A place that stands in history is checked by nobody on its way in and may hold anything, a street
// or a name too. Only codes are told.
bool IsCode(const std::string& place, const DecideWorld& world) {
  const auto& packs = world.surroundings.bundle->packs();
  return IsCountry(place) || LooksLikeSubdivision(place) ||
         std::any_of(packs.begin(), packs.end(),
                     [&](const policy::Pack& pack) { return pack.jurisdiction == place; });
}

void AddPlaces(const Decision& decision, const DecideWorld& world, std::set<std::string>* places) {
  for (const policy::Because& because : decision.grounds->jurisdictions) {
    if (IsCode(because.what, world)) places->insert(because.what);
  }
}

// Leaves *request with another instant.
absl::StatusOr<Compared> Compare(const DecideWorld& before, const DecideWorld& after,
                                 v1::EvaluateRequest* request) {
  FORBEAR_ASSIGN_OR_RETURN(const Decision was, Decide(before, *request));
  FORBEAR_ASSIGN_OR_RETURN(const Decision is, Decide(after, *request));
  const auto channel = grpc_adapter::FromProto<Channel>(request->contact().channel());
  FORBEAR_CHECK(channel);  // else it would not have been decided

  Compared compared;
  Simulation::Example& example = compared.example;
  example.channel = *channel;
  example.shift = ShiftOf(was, is);
  example.before = {was.answer, was.next_allowed_at};
  example.after = {is.answer, is.next_allowed_at};
  AddPlaces(was, before, &compared.places);
  AddPlaces(is, after, &compared.places);
  if (example.shift == Shift::kUnchanged) return compared;

  const Instant opened = OpensAt(was), opens = OpensAt(is);
  example.newly = opens > opened;
  request->mutable_evaluate_time()->set_seconds(std::min(opened, opens).time_since_epoch().count());
  FORBEAR_ASSIGN_OR_RETURN(const Decision no, Decide(example.newly ? after : before, *request));
  for (const policy::Denial& denial : no.denials) example.rules.push_back(denial.rule);
  return compared;
}

}  // namespace

uint64_t ShiftCounts::judged() const {
  return std::accumulate(by_shift.begin(), by_shift.end(), uint64_t{0});
}

Simulation Simulate(const DecideWorld& before, const DecideWorld& after, std::istream& in) {
  Simulation simulation;
  simulation.before_digest = before.surroundings.bundle->digest();
  simulation.after_digest = after.surroundings.bundle->digest();
  std::map<std::pair<std::string, bool>, uint64_t> by_rule;

  EvaluateLines lines(in);
  v1::EvaluateRequest request;
  for (absl::Status how; lines.Next(&request, &how);) {
    simulation.lines = lines.number();
    absl::StatusOr<Compared> compared =
        how.ok() ? Compare(before, after, &request) : absl::StatusOr<Compared>(how);
    if (!compared.ok()) {
      if (simulation.not_judged.size() < Simulation::kMostNotJudged) {
        simulation.not_judged.push_back(
            {lines.number(), std::string(FromAbsl(compared.status().message()))});
      }
      continue;
    }
    Simulation::Example& example = compared->example;
    simulation.all.Add(example.shift);
    for (const std::string& place : compared->places) {
      simulation.by_place[place].Add(example.shift);
    }
    simulation.by_channel[example.channel].Add(example.shift);
    if (example.shift == Shift::kUnchanged) continue;
    for (const std::string& rule : example.rules) ++by_rule[{rule, example.newly}];
    if (simulation.examples.size() < Simulation::kMostExamples) {
      example.line = lines.number();
      simulation.examples.push_back(std::move(example));
    }
  }

  for (const auto& [key, count] : by_rule) {
    simulation.by_rule.push_back({key.first, key.second, count});
  }
  // Stable, so that equal counts stay in order of id.
  std::stable_sort(simulation.by_rule.begin(), simulation.by_rule.end(),
                   [](const auto& a, const auto& b) { return a.count > b.count; });
  return simulation;
}

}  // namespace forbear::cli
