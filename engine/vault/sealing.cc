#include "engine/vault/sealing.h"

#include "engine/model/status.h"
#include "engine/vault/seal.h"

namespace forbear::vault {

absl::StatusOr<std::shared_ptr<const DataKey>> KeyOf(KeyRing& ring, const BorrowerId& borrower) {
  absl::StatusOr<std::shared_ptr<const DataKey>> key = ring.Find(borrower);
  if (absl::IsNotFound(key.status())) {
    return DataLoss("keys: this borrower's is not there; make no contact, and ask the operator");
  }
  if (!key.ok()) return KeysUnavailable();
  return key;
}

absl::Status KeysUnavailable() {
  return Unavailable("keys: cannot be read or kept now; try again, and ask the operator");
}

absl::Status SealFacts(KeyRing& ring, const std::string& log,
                       std::vector<audit::EntryDraft>* drafts) {
  for (audit::EntryDraft& draft : *drafts) {
    if (draft.facts.empty()) continue;
    if (!draft.borrower.has_value()) {
      return Internal("entry `" + draft.kind + "` has facts and no borrower");
    }
    FORBEAR_ASSIGN_OR_RETURN(const auto key, KeyOf(ring, *draft.borrower));
    const std::string id = draft.id.Hex();
    FORBEAR_ASSIGN_OR_RETURN(
        draft.seal, SealEntry(*key, draft.facts, {log, id, draft.kind}, ring.NewNonce()));
  }
  return absl::OkStatus();
}

absl::Status MakeMissingKey(KeyRing& ring, const std::string& tenant, const BorrowerId& borrower) {
  const auto known = ring.Find(borrower);
  if (known.ok()) return absl::OkStatus();
  if (!absl::IsNotFound(known.status())) return KeysUnavailable();
  return ring.Make(tenant, borrower).status();
}

}  // namespace forbear::vault
