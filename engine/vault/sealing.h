// Sealing: the facts of entries become seals before anything is encoded or hashed.
//
// How a store uses it, in one transaction:
//
//   FORBEAR_RETURN_IF_ERROR(MakeMissingKey(ring, borrower));     for each borrower it did not know
//   FORBEAR_RETURN_IF_ERROR(SealFacts(ring, origin, &changes.entries));
//   …append, write rows…
//   FORBEAR_RETURN_IF_ERROR(ring.Save());                        then commit
//
// Any thread.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "engine/audit/entry.h"
#include "engine/vault/key_ring.h"

namespace forbear::vault {

// Replaces `seal` of every draft that has facts. Errors as KeyOf's: nothing is recorded about somebody
// who has no key any more.
absl::Status SealFacts(KeyRing& ring, const std::string& log,
                       std::vector<audit::EntryDraft>* drafts);

// A key for a borrower who is new to the store. Asked again for a transaction that is tried again, it
// keeps the one it made.
absl::Status MakeMissingKey(KeyRing& ring, const std::string& tenant, const BorrowerId& borrower);

// What a caller is told when keys cannot be read: nothing of which, or where they lie (X4).
absl::Status KeysUnavailable();

// kDataLoss when there is no key; KeysUnavailable when the key store or the key that wraps it is not to be
// had.
absl::StatusOr<std::shared_ptr<const DataKey>> KeyOf(KeyRing& ring, const BorrowerId& borrower);

}  // namespace forbear::vault
