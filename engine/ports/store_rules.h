// What every store holds its handler to, whatever it keeps rows in. Pure functions, shared so that
// two stores cannot disagree about them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "engine/ports/store.h"

namespace forbear {

// Commands that wait for their turn; one more is refused at once (security.md Q2).
inline constexpr size_t kMostQueuedCommands = 4'096;
// One transaction takes at most this many commands and about this many entries (audit-log.md
// section 8), so that a command's wait for its neighbours is bounded.
inline constexpr size_t kMostCommandsInBatch = 256;
inline constexpr size_t kMostEntriesInBatch = 1'024;

// May an attempt's row go from one state to the next (security.md section 7, audit-log.md E12)?
// The same state again changes no state and is allowed. `before` absent: there is no row yet.
//   (none) → reserved, dispatched;  reserved → dispatched, settled, in doubt, released
//   dispatched → settled, in doubt, released;  in doubt → resolved
bool MayFollow(std::optional<AttemptState> before, AttemptState after);

// Reserved or dispatched: how it ended is not known yet.
bool IsOpen(AttemptState state);

// May it be on its way out at this moment? One that waits for its turn is not.
bool MayBeLeaving(const Attempt& attempt);

// Could a pause of `scope` concern this attempt? A borrower of unknown place could be anywhere.
// `borrower` may be null: not known.
bool MayConcern(const PauseScope& scope, const Attempt& attempt, const Borrower* borrower);

// Entry 0 of a new log.
audit::EntryDraft OpeningEntry(const EntryId& id);

// Writes a command's changes about the borrower `id` into its file, keeping the file's order.
// REQUIRES: `file` is that borrower's, or new and empty with the borrower among the changes.
void ApplyToFile(const Changes& changes, const BorrowerId& id, BorrowerFile* file);

// The borrowers whose files `changes` touches, sorted, each once.
std::vector<BorrowerId> TouchedFiles(const Changes& changes);

// kInternal when a row names no borrower or an id is zero: Handle is wrong.
absl::Status CheckRows(const Changes& changes);

// The refusal of a request id that was used for another body.
absl::Status RequestTaken(const RequestStamp& stamp);

// The refusal when kMostQueuedCommands wait already.
absl::Status QueueFull();

}  // namespace forbear
