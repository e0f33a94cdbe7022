// A Bundle: packs and overlay, checked against each other and compiled. Immutable; its identity is
// the SHA-256 of its contents.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/policy/pack.h"

namespace forbear::policy {

// What of a rule is settled when the bundle is compiled.
struct RulePlan {
  // A test of `applies` on a field of the contact that is always known: the numbers of the words that
  // pass, a bit each. Most rules are about other contacts, and are put aside by these alone.
  struct Gate {
    Field field = Field::kChannel;
    uint64_t words = 0;
  };
  std::vector<Gate> gates;
  Condition beyond_gates;  // what else `applies` asks
  uint32_t rank = 0;       // of the rule's id: RankOf
  bool warned = false, muted = false;  // by the overlay
};

class Bundle {
 public:
  // A pack of a jurisdiction, and itself with its parents, as indices into packs(), sorted.
  struct Binding {
    size_t pack = 0;
    std::vector<size_t> with_parents;
  };

  // "sha256:" and 64 hex digits, over the canonical text of every pack in order of name.
  const std::string& digest() const { return digest_; }
  // Sorted by name.
  const std::vector<Pack>& packs() const { return packs_; }
  const std::map<std::string, HolidayCalendar>& calendars() const { return calendars_; }
  // nullptr: no such pack, rule.
  const Pack* FindPack(std::string_view name) const;
  const Rule* FindRule(std::string_view id) const;
  // True for a declared question that one answer of the tenant settles for every file.
  bool IsAskedOfTenant(std::string_view question) const;
  // The overlay's pack name ("house"), or empty. Its rules bind everywhere.
  const std::string& overlay() const { return overlay_; }
  // Packs of a jurisdiction ("US", "US-NY"), without the overlay.
  const std::vector<Binding>& PacksOf(std::string_view jurisdiction) const;
  // Of each rule of a pack, in its order.
  const std::vector<RulePlan>& PlansOf(size_t pack) const { return plans_[pack]; }
  // Numbers in the order of ids, the engine's own refusals in their places among the rules.
  uint32_t RankOf(std::string_view id) const;
  // Kinds for which a pack has rules that bind only where law has none.
  const std::vector<RuleKind>& LeftoverKindsOf(size_t pack) const { return leftover_kinds_[pack]; }

 private:
  friend absl::StatusOr<std::shared_ptr<const Bundle>> Compile(
      std::vector<Pack> packs, std::map<std::string, HolidayCalendar> calendars,
      std::string overlay);
  std::string digest_;
  std::vector<Pack> packs_;
  std::map<std::string, HolidayCalendar> calendars_;
  std::string overlay_;
  std::vector<std::vector<RulePlan>> plans_;
  std::vector<std::string_view> ids_;  // of all rules, sorted
  std::vector<std::vector<RuleKind>> leftover_kinds_;
  std::map<std::string, std::vector<Binding>, std::less<>> bindings_;  // by jurisdiction
  std::map<std::string, bool, std::less<>> asked_of_tenant_;           // by question
};

// kInvalidArgument, naming file, line and column, for: duplicate pack names or rule ids, unknown
// parents, calendars, periods or declared names, a parents' cycle. `overlay` names the pack that
// holds house rules, or is empty (conformance and `policy test` run without one).
absl::StatusOr<std::shared_ptr<const Bundle>> Compile(
    std::vector<Pack> packs, std::map<std::string, HolidayCalendar> calendars,
    std::string overlay);

}  // namespace forbear::policy
