// The Orchestrator walks the path of one reminder: it takes accounts that are due, lets policy
// judge what the treatment proposes, and sends what was reserved and committed. It owns no thread:
// whoever calls RunOnce lends one (adapters/clock/worker.h).
//
//   Orchestrator orchestrator({store, clock, randomness, channels});
//   FORBEAR_RETURN_IF_ERROR(orchestrator.Start());      // recovery, before anything is sent
//   while (…) { const Round round = orchestrator.RunOnce(); … wait until round.wake_at … }
//
// and every command from outside comes in through it, so that a stop wins over a send:
//
//   orchestrator.Apply(MakeCommand(PauseContacts{…}), done);
//
//   planned ─PlanAccount→ reserved ─Send→ settled | in doubt | released
//   planned ─PlanAccount→ reserved (queued) ─its turn: DispatchAttempt→ dispatched ─Send→ …
//
// Thread safety: Start, then RunOnce from one thread at a time; everything else from any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "engine/orchestrator/dispatch_queue.h"
#include "engine/orchestrator/dispatcher.h"
#include "engine/orchestrator/due_queue.h"
#include "engine/orchestrator/stop_switch.h"
#include "engine/ports/channel.h"
#include "engine/ports/clock.h"
#include "engine/ports/randomness.h"
#include "engine/ports/store.h"

namespace forbear {

// One round: as many accounts as the store puts into one transaction (audit-log.md section 8).
inline constexpr size_t kMostInOneRound = 256;

// Fills in what every command needs: randomness, the wall clock, who acts. `caller` and `actor` of
// commands made here say "the system".
class CommandMaker {
 public:
  CommandMaker(const Clock& clock, Randomness& randomness)
      : clock_(clock), randomness_(randomness) {}
  Command Make(CommandBody body, std::string actor_id) const;
  // For callers from outside: the same, in their name.
  Command Make(CommandBody body, Caller caller, audit::Actor actor) const;

 private:
  const Clock& clock_;
  Randomness& randomness_;
};

// What one RunOnce did.
struct Round {
  size_t looked_at = 0;  // accounts taken from the queue
  size_t asleep = 0;     // judged, and not now
  size_t sent = 0;       // delivered
  size_t in_doubt = 0;
  size_t released = 0;
  size_t failed = 0;  // the store or Handle refused; put back into the queue
  // When to call again, on the engine's clock: now if more is due; absent: when woken.
  std::optional<Instant> wake_at;
  // The store refuses writes or is unsure of itself: no contact is made until this is OK again.
  absl::Status store = absl::OkStatus();
};

// Since start. For metrics and GetStatus.
struct Tally {
  uint64_t looked_at = 0, sent = 0, in_doubt = 0, released = 0, failed = 0;
  std::map<Channel, uint64_t> sent_by_channel;  // as many as `sent`
  uint64_t waiting = 0;  // entries of the due queue; may count an account twice
  uint64_t queued = 0;   // reservations that wait for their channel's turn
  uint64_t paused = 0;   // accounts that were due and stand still because of a pause
};

struct OrchestratorParts {
  Store& store;
  Clock& clock;
  Randomness& randomness;
  // Borrowed; an attempt on a channel without an adapter is released as `no_adapter`.
  std::map<Channel, ChannelAdapter*> channels;
  // Of queued channels (World::queued_channels): the most hand-overs in one second of the engine's
  // clock. A queued channel that is not here has no limit.
  std::map<Channel, uint32_t> per_second;
};

class Orchestrator {
 public:
  // Registers itself as the store's listener, so it must exist before the first Apply and outlive
  // the last.
  explicit Orchestrator(OrchestratorParts parts);

  // Recovery (security.md C8): attempts that a crash left on their way out become in doubt, those
  // that waited for their turn are released; pauses and plans are read. May be called again after
  // an error; does the same again.
  absl::Status Start();

  // One round: plan at most kMostInOneRound due accounts, send what that reserved, settle. Returns
  // when all of it is durable. Holds the clock meanwhile.
  Round RunOnce();

  // From now on RunOnce takes nothing new; the round that runs settles what it has begun. Final.
  void Stop();

  // Hands a command from outside to the store. Stops win (C7): when `done` is called for a pause
  // or for something that happened to a borrower, no send that it concerns begins any more.
  // Holds a simulated clock until the answer is there.
  void Apply(Command command, Store::Done done);
  absl::StatusOr<Applied> ApplyAndWait(Command command);

  // Called, on any thread, when an account may be due sooner than the last Round said. Must be
  // quick, and outlive the orchestrator's last command or be replaced by an empty one.
  void OnWork(std::function<void()> listener);

  const CommandMaker& maker() const { return maker_; }
  Tally tally() const;

 private:
  // One account on its way through a round.
  struct Case {
    AccountId account;
    ReservedSend send;
    std::chrono::nanoseconds committed_at{0};  // monotonic
  };
  struct Answered {
    absl::StatusOr<Applied> applied = absl::UnknownError("unanswered");
    std::chrono::nanoseconds at{0};  // monotonic, when the store answered
  };

  // The steps of a round, in this order.
  bool SettleLeftovers(Round& round);
  std::vector<AccountId> TakeDue();
  std::vector<Case> PlanAndReserve(const std::vector<AccountId>& due, Round& round);
  std::vector<Case> DispatchTurn(Round& round);
  std::vector<CommandBody> SendAll(const std::vector<Case>& cases, Round& round);
  void Settle(std::vector<CommandBody> endings, Round& round);

  absl::Status Recover();
  std::vector<Answered> ApplyAll(std::vector<Command> commands);
  void PlansChanged(const std::vector<Plan>& plans);
  void PutBack(const AccountId& account, Instant wake_at);
  void Count(const Round& round);
  void Wake();

  Store& store_;
  Clock& clock_;
  CommandMaker maker_;
  Dispatcher dispatcher_;
  StopSwitch stops_;
  size_t round_size_ = kMostInOneRound;  // fewer while sends come too late
  std::vector<CommandBody> leftovers_;   // endings the store would not take; before anything new
  std::atomic<bool> stopping_{false};

  mutable std::mutex mutex_;  // of what follows
  std::function<void()> on_work_;
  DueQueue queue_;
  DispatchQueue dispatch_queue_;
  std::vector<AccountId> paused_accounts_;
  Tally tally_;
};

}  // namespace forbear
