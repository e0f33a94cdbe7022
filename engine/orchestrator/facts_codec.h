// What a decision reads of a borrower, as the log seals it: canonical JSON under the names of
// engine/model/listing.h. Written where something changes and read again by `audit replay`, which
// decides once more from nothing else.
//
//   entry.facts.Set("borrower", FactsOf(borrower));
//   FORBEAR_ASSIGN_OR_RETURN(Borrower again, ReadBorrowerFacts(*facts.Find("borrower")));
//
// Names and the values of contact points are left out: no decision reads them. Reading answers
// kDataLoss when the value is not such facts, or was written by a newer program. Pure; any thread.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "engine/audit/cj1.h"
#include "engine/model/account.h"
#include "engine/model/borrower.h"
#include "engine/model/event.h"
#include "engine/policy/facts.h"

namespace forbear {

// Many numbers may share one long list of zones: each list stands once, under `zone_sets`.
cj1::Value FactsOf(const Borrower& borrower);
cj1::Value FactsOf(const Account& account);
cj1::Value FactsOf(const Event& event);
cj1::Value FactsOf(const policy::Contact& contact);
// Of a tenant's settings; nothing in it is personal.
cj1::Value FactsOf(const policy::TenantFacts& tenant);

// `id` and `tenant` are the entry's to tell.
absl::StatusOr<Borrower> ReadBorrowerFacts(const cj1::Value& facts);
absl::StatusOr<Account> ReadAccountFacts(const cj1::Value& facts);
absl::StatusOr<Event> ReadEventFacts(const cj1::Value& facts);
absl::StatusOr<policy::Contact> ReadContactFacts(const cj1::Value& facts);
absl::StatusOr<policy::TenantFacts> ReadTenantFacts(const cj1::Value& facts);

// The object in pieces that each fit into an entry (audit::kMostSealedBytes): lists among its members
// are continued in the next. Never empty; one piece is the rule.
std::vector<cj1::Value> InPieces(const cj1::Value& facts);
// Adds the next piece to what was read so far. kDataLoss when a member is no list and stands twice.
absl::Status AddPiece(const cj1::Value& piece, cj1::Value* whole);

}  // namespace forbear
