// World: everything a decision rests on beside state, in one value behind one pointer.
//
// A World never changes. A new bundle, treatment or tenant setting is a new World, swapped in one
// pointer (security.md W4); whoever began with the old one finishes with it.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "engine/policy/facts.h"
#include "engine/policy/question.h"
#include "engine/treatment/treatment.h"

namespace forbear {

struct World {
  policy::Surroundings surroundings;           // INVARIANT: all three are set
  std::shared_ptr<const Treatment> treatment;  // INVARIANT: set
  // By tenant id. A tenant that is not here has no seats, fallback places or declared answers, so
  // whatever needs one of them denies.
  std::map<std::string, policy::TenantFacts> tenants;
  // Channels whose reservations wait for their turn and are judged again when it comes (security.md
  // C2): rate-limited providers. All others are handed over as soon as they are reserved.
  std::set<Channel> queued_channels;
  // How a tenant signs its messages; absent: its id.
  std::map<std::string, std::string> sender_names;

  policy::TenantFacts TenantOf(const std::string& id) const {
    const auto it = tenants.find(id);
    if (it != tenants.end()) return it->second;
    policy::TenantFacts unknown;
    unknown.id = id;
    return unknown;
  }
  std::string SenderOf(const std::string& tenant) const {
    const auto it = sender_names.find(tenant);
    return it == sender_names.end() ? tenant : it->second;
  }
};

}  // namespace forbear
