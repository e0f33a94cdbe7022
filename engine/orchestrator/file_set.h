// FileSet: a borrower's file and those of everybody who may be the same person, as decisions and
// answers read them. Caps, stops and opt-outs count over the whole set (domain.md, borrower).
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/orchestrator/world.h"
#include "engine/policy/facts.h"
#include "engine/ports/store.h"

namespace forbear {

struct FileSet {
  std::shared_ptr<const BorrowerFile> own;                  // never null
  std::vector<std::shared_ptr<const BorrowerFile>> linked;  // by borrower id

  const Account* FindAccount(const AccountId& id) const;  // of `own` alone; nullptr: none
  size_t CountEvents() const;                             // of the whole set
};

// kNotFound when there is no such borrower of the tenant.
absl::StatusOr<FileSet> LoadFileSet(const StateView& state, std::string_view tenant,
                                    const BorrowerId& id);
absl::StatusOr<FileSet> ReadFileSet(const Store& store, std::string_view tenant,
                                    const BorrowerId& id);

// The facts of `contact` as Resolve wants them. History is that of the set, oldest first, but for
// what only its giver can give: a permission of somebody who may be the same person permits
// nothing here. Pointers are into `files` and `tenant`, which must outlive the result.
policy::Facts FactsFor(const FileSet& files, const policy::TenantFacts& tenant,
                       policy::Contact contact);

// The contact that a way of the treatment stands for.
policy::Contact ContactFor(const Account& account, const Way& way);

// The zones the borrower may be in, for counting days past due: the declared one, else those of
// every place and number. Sorted by name; empty: nothing is known.
std::vector<std::shared_ptr<const ZoneTable>> ZonesOf(const Borrower& borrower, const World& world);

}  // namespace forbear
