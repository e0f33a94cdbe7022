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

class Bundle {
 public:
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
  // Packs of a jurisdiction ("US", "US-NY"), parents included, as indices into packs().
  std::vector<size_t> PacksOf(std::string_view jurisdiction) const;

 private:
  friend absl::StatusOr<std::shared_ptr<const Bundle>> Compile(
      std::vector<Pack> packs, std::map<std::string, HolidayCalendar> calendars,
      std::string overlay);
  std::string digest_;
  std::vector<Pack> packs_;
  std::map<std::string, HolidayCalendar> calendars_;
  std::string overlay_;
};

// kInvalidArgument, naming file, line and column, for: duplicate pack names or rule ids, unknown
// parents, calendars, periods or declared names, a parents' cycle. `overlay` names the pack that
// holds house rules, or is empty (conformance and `policy test` run without one).
absl::StatusOr<std::shared_ptr<const Bundle>> Compile(
    std::vector<Pack> packs, std::map<std::string, HolidayCalendar> calendars,
    std::string overlay);

}  // namespace forbear::policy
