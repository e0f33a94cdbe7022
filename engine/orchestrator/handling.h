// Handling: one command on its way through Handle. For the functions behind MakeHandler only.
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "engine/audit/cj1.h"
#include "engine/orchestrator/command.h"
#include "engine/orchestrator/file_set.h"
#include "engine/orchestrator/world.h"
#include "engine/ports/store.h"

namespace forbear {

// What one command reads and what it wants written.
struct Handling {
  const World& world;
  const StateView& state;
  const Command& command;
  const Instant now;
  Changes changes;

  const std::string& tenant() const { return command.caller.tenant; }
  CommandResult& result() { return changes.applied.result; }

  // Ids in the order asked for, each derived from the command's seed and the number of the asking.
  template <typename Id>
  Id NewTimedId() {
    return Id(Derive(true));
  }  // 48 bits of milliseconds, then 80 random ones
  template <typename Id>
  Id NewRandomId() {
    return Id(Derive(false));
  }
  // Like a timed one, and greater than every event id this command gave before: of events at one
  // instant the order of telling is kept (what follows `the contact just listed`, say).
  EventId NewEventId();

  // Drafts an entry after those already drafted. `tenant` may be empty: the deployment's.
  audit::EntryDraft& Log(std::string kind, const std::string& of_tenant,
                         std::optional<BorrowerId> borrower);

 private:
  Id128 Derive(bool timed);
  uint64_t derived_ = 0;
  uint16_t events_ = 0;

 public:
  Handling(const World& its_world, const StateView& its_state, const Command& its_command,
           Instant its_now)
      : world(its_world), state(its_state), command(its_command), now(its_now) {}
};

// Logs all that decisions read of the borrower, sealed; in several entries of the kind where one would
// not hold it, each with its number.
void LogFacts(const char* kind, const Borrower& borrower, Handling& handling);

// The tenant's own account, or kNotFound.
absl::StatusOr<Account> FindAccount(const Handling& handling, const AccountId& id);

// Something happened that decisions about these borrowers read: every account of theirs is judged
// again now, and what is reserved and has not begun to leave stays.
void WakeAll(Handling& handling, const FileSet& files);

// The account's row, or a new one.
Plan PlanOf(const FileSet& files, const Account& account);

// One function for each command; the comment at each says what it does to whom.
absl::Status Handle(const SubmitAccount& item, Handling& handling);
absl::Status Handle(const UpdateAccount& update, Handling& handling);
absl::Status Handle(const RecordPayment& payment, Handling& handling);
absl::Status Handle(const CloseAccount& close, Handling& handling);
absl::Status Handle(const UpdateBorrower& update, Handling& handling);
absl::Status Handle(const SetPreferences& preferences, Handling& handling);
absl::Status Handle(const RecordEvent& record, Handling& handling);
absl::Status Handle(const PlanAccount& plan, Handling& handling);
absl::Status Handle(const DispatchAttempt& dispatch, Handling& handling);
absl::Status Handle(const SettleAttempt& settle, Handling& handling);
absl::Status Handle(const DoubtAttempt& doubt, Handling& handling);
absl::Status Handle(const ReleaseAttempt& release, Handling& handling);
absl::Status Handle(const PauseContacts& pause, Handling& handling);
absl::Status Handle(const ResumeContacts& resume, Handling& handling);
absl::Status Handle(const RecordFact& fact, Handling& handling);

}  // namespace forbear
