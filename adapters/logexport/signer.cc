#include "adapters/logexport/signer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "adapters/logexport/durable_file.h"
#include "adapters/logexport/key_files.h"
#include "engine/model/status.h"

namespace forbear::logexport {

absl::StatusOr<Signer> Signer::Open(const std::string& key_path, const std::string& state_path) {
  FORBEAR_ASSIGN_OR_RETURN(audit::SigningKey key, ReadSigningKey(key_path));
  Signer signer(std::move(key), state_path);
  auto state = ReadFile(state_path, audit::kMaxNoteBytes);
  if (absl::IsNotFound(state.status())) return signer;
  if (!state.ok()) return state.status();
  auto last = audit::OpenCheckpoint(*state, signer.verifier());
  if (!last.ok()) {
    return DataLoss(absl::StrCat("signer state `", state_path, "`: not a checkpoint by this key (",
                                 last.status().message(),
                                 "); sign nothing and find out who changed it"));
  }
  signer.last_ = *std::move(last);
  signer.last_note_ = *std::move(state);
  return signer;
}

absl::StatusOr<std::string> Signer::Sign(const audit::EntrySource& source,
                                         const audit::LogHead& head) {
  if (head.origin != verifier().name) {
    return FailedPrecondition("signing key is of log `" + verifier().name +
                              "`, not of this one; give the key made for it");
  }
  const audit::Checkpoint next{head.origin, {head.size, head.root}};
  if (last_.has_value() && last_->head == next.head) return last_note_;
  if (last_.has_value() && next.head.size <= last_->head.size) {
    return audit::CheckOath(last_, next, {});  // always broken: smaller, or another root
  }

  audit::Tree tree;
  if (tree_.has_value()) {
    tree = *tree_;
  } else if (last_.has_value()) {
    FORBEAR_ASSIGN_OR_RETURN(tree, audit::TreeOf(source, last_->head.size));
  }
  std::vector<audit::FullTile> full;
  while (tree.size() < next.head.size) {
    const uint64_t to = std::min(tree.size() + audit::kTileWidth, next.head.size);
    FORBEAR_ASSIGN_OR_RETURN(const std::vector<std::string> entries,
                             source.Entries(tree.size(), to));
    if (entries.size() != to - tree.size()) return DataLoss("F1: entries are missing");
    for (const std::string& entry : entries) tree.Append(audit::LeafHash(entry), &full);
    full.clear();
  }
  if (last_.has_value()) {
    audit::StoredTiles tiles(source, tree);
    FORBEAR_ASSIGN_OR_RETURN(const audit::Proof proof,
                             audit::ConsistencyProof(last_->head.size, next.head.size, tiles));
    FORBEAR_RETURN_IF_ERROR(audit::CheckOath(last_, {head.origin, tree.Head()}, proof));
  }
  if (tree.Root() != head.root) {
    return DataLoss(
        "F4: the entries read back make another root than the head; sign nothing, make no contact "
        "and compare the store with its export");
  }

  std::string note = key_.Sign(next);
  FORBEAR_RETURN_IF_ERROR(ReplaceFile(state_path_, note, kPrivateFile));
  last_ = next;
  last_note_ = note;
  tree_ = std::move(tree);
  return note;
}

}  // namespace forbear::logexport
