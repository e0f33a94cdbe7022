// Handle: the engine's one pure function, (state, command, instant) → row changes and entries.
//
//   auto store = SqliteStore::Open(…, MakeHandler(world), clock, randomness);
//
// Each command has a function of its own, by the command's name, in handle_intake.cc,
// handle_borrower.cc, handle_attempt.cc (the path of one reminder) and handle_operations.cc. The
// same arguments give the same Changes: every id is derived from the command's seed.
//
// Ids inside a command. A SubmitAccount is a small world of its own: its contact points, parties
// and events may carry any ids that are distinct within it, and its history refers to them by
// those; an account id in its history must be `account.id` of the same item. Handle replaces them
// all, or finds the stored ones they stand for. Zero ids are given new ones and cannot be referred
// to. In every other command ids are the stored ones, but for the event of RecordEvent, which gets
// its id here.
//
// Errors beside the store's own:
//   kNotFound            no such account, borrower, contact point or attempt of this tenant
//   kAlreadyExists       resubmitted with another body; the payload names the fields (intake.h)
//   kFailedPrecondition  older than what is known, closed, a limit of a borrower's file is reached
//   kInvalidArgument     the currency is another one, a request names somebody else's point
//   kPermissionDenied    a pause may not be lifted by this caller
#pragma once

#include <memory>

#include "engine/orchestrator/world.h"
#include "engine/ports/store.h"

namespace forbear {

// The handler keeps `world` alive. To swap worlds, use the second form: it is asked once for each
// command, must be quick and may be called from the store's thread at any time.
Handler MakeHandler(std::shared_ptr<const World> world);
Handler MakeHandler(std::function<std::shared_ptr<const World>()> current_world);

}  // namespace forbear
