// Scenario files: what is known, what is asked, what the answer must be.
//
// The form is tests/conformance/SCHEMA.md. A scenario becomes the engine's Facts by the definitions
// there and from nothing else: its topic, jurisdiction and id never decide.
#pragma once

#include <memory>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/yaml/pack_reader.h"
#include "adapters/yaml/reader.h"
#include "engine/policy/facts.h"
#include "engine/policy/question.h"

namespace forbear::yaml {

struct Expected {
  enum class Kind { kAllow, kDeny, kNever, kDeferUntil };
  Kind kind = Kind::kDeny;
  Instant until{};  // with kDeferUntil
};

// Everything a Facts borrows, owned. Does not move once made.
struct Scenario {
  std::string id;
  std::string why;
  std::string act;             // "contact", or one the engine has no answer for
  policy::TenantFacts tenant;
  Borrower borrower;
  std::vector<Account> accounts;
  std::vector<Event> history;
  policy::Contact contact;
  policy::ChannelConsent channel_consent = policy::ChannelConsent::kGivenLongAgo;
  Instant at{};
  Expected answer;
  std::vector<Expected> tolerates;
  std::set<std::string, std::less<>> lacks;  // items, caller tags and licences that are not in order
  int line = 0;

  policy::Facts ToFacts() const;
};

// The shared form is that page to the letter. Scenarios beside packs may also use the engine's
// further words (a bankruptcy, a notice of sale): there is law to try that the page cannot tell of.
enum class ScenarioForm { kShared, kBesidePack };

// `*.scenarios.yaml` stands beside a pack; any other file has the shared form.
ScenarioForm FormOf(std::string_view path);

// Reads a file of scenarios. Every fault of form is said with line and column.
std::vector<std::unique_ptr<Scenario>> ReadScenarios(std::string_view text, ScenarioForm form,
                                                     Faults* faults,
                                                     const PhonePrefixes& prefixes,
                                                     const PlaceTable& places);

// Does the decision agree with the answer (SCHEMA.md, What the answers mean)?
bool Agrees(const policy::Decision& decision, const Expected& answer);
bool Agrees(const policy::Decision& decision, const Scenario& scenario);
std::string ToText(const Expected& answer);

// What one run of scenario files came to.
struct ScenarioRun {
  int passed = 0, failed = 0, skipped = 0;
  std::vector<std::string> lines;  // one for each disagreement and each skip
  // Rules that allowed a passing scenario to fail a contact, or were looked at and let it pass.
  std::map<std::string, int> denied_by;   // rule -> passing scenarios it denied
  std::map<std::string, int> let_pass;    // rule -> passing `allow` scenarios it was bound in
};
void RunScenarios(const std::vector<std::unique_ptr<Scenario>>& scenarios,
                  const policy::Surroundings& surroundings,
                  const std::vector<std::string>& places_without_pack, ScenarioRun* run);

}  // namespace forbear::yaml
