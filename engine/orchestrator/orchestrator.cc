#include "engine/orchestrator/orchestrator.h"

#include <algorithm>
#include <latch>
#include <utility>

#include "engine/model/status.h"

namespace forbear {
namespace {

// What the store could not take now is tried again after this, on the engine's clock.
constexpr Seconds kStoreBusyWait{1};
// An account that Handle itself refuses to judge waits for somebody to look, and is tried again.
constexpr Seconds kRefusedWait = std::chrono::hours(1);

bool StoreIsAtFault(const absl::Status& status) {
  return status.code() == absl::StatusCode::kUnavailable ||
         status.code() == absl::StatusCode::kResourceExhausted ||
         status.code() == absl::StatusCode::kAborted ||
         status.code() == absl::StatusCode::kDataLoss;
}

}  // namespace

Command CommandMaker::Make(CommandBody body, std::string actor_id) const {
  Caller caller;
  caller.role = CallerRole::kOperator;
  caller.id = actor_id;
  return Make(std::move(body), std::move(caller),
              {audit::ActorKind::kSystem, std::move(actor_id), ""});
}

Command CommandMaker::Make(CommandBody body, Caller caller, audit::Actor actor) const {
  Command command;
  command.body = std::move(body);
  command.caller = std::move(caller);
  command.actor = std::move(actor);
  randomness_.Fill(command.seed);
  command.made_at_ms = static_cast<uint64_t>(clock_.Now().time_since_epoch().count()) * 1000;
  return command;
}

Orchestrator::Orchestrator(OrchestratorParts parts)
    : store_(parts.store),
      clock_(parts.clock),
      maker_(parts.clock, parts.randomness),
      dispatcher_(std::move(parts.channels), parts.clock),
      dispatch_queue_(std::move(parts.per_second)) {
  store_.OnPlans([this](const std::vector<Plan>& plans) { PlansChanged(plans); });
}

void Orchestrator::OnWork(std::function<void()> listener) {
  const std::lock_guard lock(mutex_);
  on_work_ = std::move(listener);
}

void Orchestrator::Stop() { stopping_ = true; }

Tally Orchestrator::tally() const {
  const std::lock_guard lock(mutex_);
  Tally tally = tally_;
  tally.waiting = queue_.size();
  tally.queued = dispatch_queue_.size();
  tally.paused = paused_accounts_.size();
  return tally;
}

// ---- Start
// ---------------------------------------------------------------------------------------

absl::Status Orchestrator::Start() {
  FORBEAR_ASSIGN_OR_RETURN(const std::vector<Pause> pauses, store_.ReadPauses());
  for (const Pause& pause : pauses) stops_.Pause(pause.scope);
  {
    const std::lock_guard lock(mutex_);
    queue_ = DueQueue();
    FORBEAR_RETURN_IF_ERROR(store_.ForEachPlan([this](const Plan& plan) {
      if (plan.wake_at) queue_.Add(plan.account, *plan.wake_at);
    }));
  }
  return Recover();
}

// Whatever was on its way when the process ended may have left: nobody can say, so it counts and is
// never sent again. What waited for its turn has certainly not left: it is released, and its
// account judged anew. Doing this twice changes nothing the second time.
absl::Status Orchestrator::Recover() {
  FORBEAR_ASSIGN_OR_RETURN(const std::vector<Attempt> open, store_.OpenAttempts());
  std::vector<Command> commands;
  const auto apply = [&]() -> absl::Status {
    for (const Answered& answer : ApplyAll(std::exchange(commands, {}))) {
      if (!answer.applied.ok()) return answer.applied.status();
    }
    return absl::OkStatus();
  };
  for (const Attempt& attempt : open) {
    const bool waited = attempt.queued && attempt.state == AttemptState::kReserved;
    commands.push_back(waited ? maker_.Make(ReleaseAttempt{attempt.id, "restart"}, "recovery")
                              : maker_.Make(DoubtAttempt{attempt.id, "crash"}, "recovery"));
    // In parts: all at once could be more than the store's queue holds.
    if (commands.size() >= kMostInOneRound) FORBEAR_RETURN_IF_ERROR(apply());
  }
  return apply();
}

// ---- The path of one reminder
// --------------------------------------------------------------------

Round Orchestrator::RunOnce() {
  Round round;
  const ClockHold hold(clock_);
  if (!SettleLeftovers(round)) return round;
  if (stopping_) return round;

  // While all is paused nothing new is taken, and what waits for its turn is let go.
  const std::vector<AccountId> due = stops_.AllPaused() ? std::vector<AccountId>() : TakeDue();
  std::vector<CommandBody> endings = SendAll(PlanAndReserve(due, round), round);
  for (CommandBody& ending : SendAll(DispatchTurn(round), round)) {
    endings.push_back(std::move(ending));
  }
  Settle(std::move(endings), round);

  round.looked_at = due.size();
  Count(round);
  if (!leftovers_.empty()) {
    round.wake_at = clock_.Now() + kStoreBusyWait;
    return round;
  }
  const std::lock_guard lock(mutex_);
  if (!stops_.AllPaused()) round.wake_at = queue_.NextWake();
  const std::optional<Instant> turn = dispatch_queue_.NextTurn(clock_.Now());
  if (turn && (!round.wake_at || *turn < *round.wake_at)) round.wake_at = turn;
  return round;
}

// Endings that the store refused last time come before anything new. False: it still does.
bool Orchestrator::SettleLeftovers(Round& round) {
  if (leftovers_.empty()) return true;
  std::vector<CommandBody> again;
  again.swap(leftovers_);
  Settle(std::move(again), round);
  if (leftovers_.empty()) return true;
  round.wake_at = clock_.Now() + kStoreBusyWait;
  return false;
}

std::vector<AccountId> Orchestrator::TakeDue() {
  const std::lock_guard lock(mutex_);
  return queue_.TakeDue(clock_.Now(), round_size_);
}

// Asks for every account, in its own transaction, what may be done now. What comes back is
// reserved and durable, or asleep.
std::vector<Orchestrator::Case> Orchestrator::PlanAndReserve(const std::vector<AccountId>& due,
                                                             Round& round) {
  std::vector<Command> commands;
  commands.reserve(due.size());
  for (size_t i = 0; i < due.size(); ++i) {
    stops_.Expect(due[i]);
    PlanAccount plan{due[i], {}};
    {
      const std::lock_guard lock(mutex_);
      plan.full_until = dispatch_queue_.Full(clock_.Now(), i);
    }
    commands.push_back(maker_.Make(std::move(plan), "planner"));
  }
  std::vector<Answered> answers = ApplyAll(std::move(commands));

  std::vector<Case> reserved;
  for (size_t i = 0; i < due.size(); ++i) {
    absl::StatusOr<Applied>& applied = answers[i].applied;
    if (applied.ok() && applied->send) {
      reserved.push_back({due[i], *std::move(applied->send), answers[i].at});
      continue;
    }
    stops_.End(due[i]);
    if (!applied.ok()) {
      ++round.failed;
      const bool busy = StoreIsAtFault(applied.status());
      if (busy) round.store = applied.status();
      PutBack(due[i], clock_.Now() + (busy ? kStoreBusyWait : kRefusedWait));
    } else if (applied->paused) {
      const std::lock_guard lock(mutex_);
      paused_accounts_.push_back(due[i]);
    } else if (applied->queued) {
      const std::lock_guard lock(mutex_);
      dispatch_queue_.Add({due[i], *std::move(applied->queued)});
    } else {
      ++round.asleep;
    }
  }
  return reserved;
}

// Judges again, each in its own transaction, the reservations whose turn it is. What comes back is
// dispatched and durable; the others are released by then.
std::vector<Orchestrator::Case> Orchestrator::DispatchTurn(Round& round) {
  std::vector<WaitingSend> turn;
  {
    const std::vector<PauseScope> paused = stops_.Paused();
    const std::lock_guard lock(mutex_);
    turn = dispatch_queue_.TakeTurn(clock_.Now(), paused, round_size_);
  }
  std::vector<Command> commands;
  commands.reserve(turn.size());
  for (const WaitingSend& waiting : turn) {
    stops_.Expect(waiting.account);
    commands.push_back(maker_.Make(DispatchAttempt{waiting.queued.attempt}, "dispatcher"));
  }
  std::vector<Answered> answers = ApplyAll(std::move(commands));

  std::vector<Case> dispatched;
  for (size_t i = 0; i < turn.size(); ++i) {
    absl::StatusOr<Applied>& applied = answers[i].applied;
    if (applied.ok() && applied->send) {
      dispatched.push_back({turn[i].account, *std::move(applied->send), answers[i].at});
      continue;
    }
    stops_.End(turn[i].account);
    if (applied.ok()) {
      ++round.released;
      continue;
    }
    ++round.failed;
    if (!StoreIsAtFault(applied.status())) continue;  // it has ended already
    round.store = applied.status();
    const std::lock_guard lock(mutex_);
    dispatch_queue_.Add(std::move(turn[i]));
  }
  return dispatched;
}

// Sends each reserved attempt, once, and says how each ended.
std::vector<CommandBody> Orchestrator::SendAll(const std::vector<Case>& cases, Round& round) {
  std::vector<CommandBody> endings;
  endings.reserve(cases.size());
  bool too_late = false;
  for (const Case& each : cases) {
    endings.push_back(dispatcher_.Send(each.account, each.send, each.committed_at, stops_));
    stops_.End(each.account);
    if (std::holds_alternative<SettleAttempt>(endings.back())) {
      ++round.sent;
      const std::lock_guard lock(mutex_);
      ++tally_.sent_by_channel[each.send.outgoing.channel];
    } else if (std::holds_alternative<DoubtAttempt>(endings.back())) {
      ++round.in_doubt;
    } else {
      ++round.released;
      too_late |= std::get<ReleaseAttempt>(endings.back()).reason == "too_late";
    }
  }
  // Reserve no more at once than the channels can take in time.
  round_size_ =
      too_late ? std::max<size_t>(1, round_size_ / 2) : std::min(kMostInOneRound, round_size_ * 2);
  return endings;
}

// Makes the endings durable. One that the store cannot take now is kept: until it is taken its
// attempt counts, and its account is in flight and gets no other.
void Orchestrator::Settle(std::vector<CommandBody> endings, Round& round) {
  std::vector<Command> commands;
  commands.reserve(endings.size());
  for (const CommandBody& ending : endings) commands.push_back(maker_.Make(ending, "dispatcher"));
  const std::vector<Answered> answers = ApplyAll(std::move(commands));
  for (size_t i = 0; i < endings.size(); ++i) {
    const absl::Status status = answers[i].applied.status();
    if (status.ok()) continue;
    ++round.failed;
    if (!StoreIsAtFault(status)) continue;  // it has ended already
    round.store = status;
    leftovers_.push_back(std::move(endings[i]));
  }
}

// ---- From outside
// --------------------------------------------------------------------------------

void Orchestrator::Apply(Command command, Store::Done done) {
  clock_.Hold();
  std::optional<PauseScope> pause, resume;
  if (const auto* body = std::get_if<PauseContacts>(&command.body)) {
    pause = Narrowed(body->scope, command.caller);
  } else if (const auto* other = std::get_if<ResumeContacts>(&command.body)) {
    resume = Narrowed(other->scope, command.caller);
  }
  store_.Apply(std::move(command), [this, pause = std::move(pause), resume = std::move(resume),
                                    done = std::move(done)](absl::StatusOr<Applied> applied) {
    // A repeated answer was obeyed when it was first given.
    const bool new_answer = applied.ok() && !applied->result.repeated;
    if (new_answer && pause) {
      stops_.Pause(*pause);
      Wake();  // what waits for its turn is let go
    }
    if (new_answer && resume) {
      stops_.Resume(*resume);
      {
        // All of them: those that another pause still covers come back here.
        const std::lock_guard lock(mutex_);
        for (const AccountId& account : paused_accounts_) queue_.Add(account, clock_.Now());
        paused_accounts_.clear();
      }
      Wake();
    }
    clock_.Release();
    done(std::move(applied));
  });
}

absl::StatusOr<Applied> Orchestrator::ApplyAndWait(Command command) {
  struct Waiting {
    std::latch answered{1};
    absl::StatusOr<Applied> applied = absl::UnknownError("unanswered");
  };
  const auto waiting = std::make_shared<Waiting>();
  Apply(std::move(command), [waiting](absl::StatusOr<Applied> applied) {
    waiting->applied = std::move(applied);
    waiting->answered.count_down();
  });
  waiting->answered.wait();
  return std::move(waiting->applied);
}

// ---- Between the store and the queue
// -------------------------------------------------------------

// Hands all commands over before it waits for any, so that they share transactions.
std::vector<Orchestrator::Answered> Orchestrator::ApplyAll(std::vector<Command> commands) {
  if (commands.empty()) return {};
  struct Waiting {
    explicit Waiting(size_t count) : answered(static_cast<std::ptrdiff_t>(count)), answers(count) {}
    std::latch answered;
    std::vector<Answered> answers;
  };
  // Shared: the store's thread may still be inside count_down when this one already goes on.
  const auto waiting = std::make_shared<Waiting>(commands.size());
  for (size_t i = 0; i < commands.size(); ++i) {
    store_.Apply(std::move(commands[i]), [this, waiting, i](absl::StatusOr<Applied> applied) {
      waiting->answers[i] = {std::move(applied), clock_.Monotonic()};
      waiting->answered.count_down();
    });
  }
  waiting->answered.wait();
  return std::move(waiting->answers);
}

void Orchestrator::PlansChanged(const std::vector<Plan>& plans) {
  for (const Plan& plan : plans) stops_.Touched(plan.account, plan.wake_at.has_value());
  bool sooner = false;
  {
    const std::lock_guard lock(mutex_);
    const std::optional<Instant> before = queue_.NextWake();
    for (const Plan& plan : plans) {
      if (!plan.wake_at) continue;
      queue_.Add(plan.account, *plan.wake_at);
      dispatch_queue_.Touch(plan.account);
      sooner |= !before || *plan.wake_at < *before;
    }
  }
  if (sooner) Wake();
}

void Orchestrator::PutBack(const AccountId& account, Instant wake_at) {
  const std::lock_guard lock(mutex_);
  queue_.Add(account, wake_at);
}

void Orchestrator::Count(const Round& round) {
  const std::lock_guard lock(mutex_);
  tally_.looked_at += round.looked_at;
  tally_.sent += round.sent;
  tally_.in_doubt += round.in_doubt;
  tally_.released += round.released;
  tally_.failed += round.failed;
}

void Orchestrator::Wake() {
  std::function<void()> listener;
  {
    const std::lock_guard lock(mutex_);
    listener = on_work_;
  }
  if (listener) listener();
}

}  // namespace forbear
