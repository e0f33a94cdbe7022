// The path of one reminder, inside the transactions: Plan, then Reserve or Sleep; on a queued
// channel Dispatch when its turn comes; and when the adapter has answered, Settle, Doubt or
// Release.
//
//   (none) ─Reserve→ reserved ─Dispatch→ dispatched   queued channels: judged again at that instant
//   reserved at once, dispatched ─Settle→ settled     counts as made
//                                ─Doubt→ in doubt     counts as made; never sent again
//   reserved, dispatched         ─Release→ released   never left; stops counting
//
// Sending lies between two transactions and is the orchestrator's (orchestrator.cc).
#include <algorithm>

#include "engine/model/status.h"
#include "engine/orchestrator/describe.h"
#include "engine/orchestrator/facts_codec.h"
#include "engine/orchestrator/handling.h"
#include "engine/orchestrator/stop_switch.h"

namespace forbear {
namespace {

// After the far side refused, or where there is no adapter: long enough that a dead provider does
// not fill the log, short enough that a reminder of today is still of today.
constexpr Seconds kAfterRefusal = std::chrono::hours(1);
constexpr Seconds kOneSecond{1};

// An account that the treatment had something to say about, and nobody to say it to.
constexpr uint64_t kUnreachableAnswer = 0x756e726561636801;

// A way that was put to policy.
struct Judged {
  Way way;
  policy::Decision decision;
};

// Whether an attempt of this account has not ended yet.
absl::StatusOr<bool> InFlight(const FileSet& files, const AccountId& account,
                              const StateView& state) {
  for (const Event& event : files.own->events) {
    if (event.name != EventName::kAttempt || !event.attempt) continue;
    if (event.outcome != Outcome::kUnreported) continue;
    FORBEAR_ASSIGN_OR_RETURN(const std::optional<Attempt> attempt,
                             state.FindAttempt(*event.attempt));
    if (attempt && attempt->account == account &&
        (attempt->state == AttemptState::kReserved ||
         attempt->state == AttemptState::kDispatched)) {
      return true;
    }
  }
  return false;
}

// Policy's answer for each way, in the treatment's order, up to the first that is allowed and not
// paused. `paused` is set when one was allowed and a pause covers it.
std::vector<Judged> Judge(const DueContact& due, const Account& account, const FileSet& files,
                          const std::vector<Pause>& pauses, const Handling& handling,
                          bool* paused) {
  const policy::TenantFacts tenant = handling.world.TenantOf(account.tenant);
  std::vector<Judged> judged;
  for (const Way& way : due.ways) {
    const policy::Facts facts = FactsFor(files, tenant, ContactFor(account, way));
    const policy::Question question = policy::Resolve(facts, handling.world.surroundings);
    Judged each{way, policy::Decide(question, handling.now)};
    if (each.decision.answer == Answer::kAllowed) {
      const std::vector<std::string> places = Names(each.decision.grounds->jurisdictions);
      const bool covered = std::any_of(pauses.begin(), pauses.end(), [&](const Pause& pause) {
        return PauseCovers(pause.scope, account.tenant, way.channel, places);
      });
      if (covered) {
        *paused = true;
        continue;
      }
      judged.push_back(std::move(each));
      return judged;
    }
    judged.push_back(std::move(each));
  }
  return judged;
}

// The answer that binds when none is allowed: the soonest opening, else the first refusal.
const Judged& Soonest(const std::vector<Judged>& judged) {
  return *std::min_element(judged.begin(), judged.end(), [](const Judged& a, const Judged& b) {
    const Instant never = kEndOfTime;
    return a.decision.next_allowed_at.value_or(never) < b.decision.next_allowed_at.value_or(never);
  });
}

cj1::Value References(const Judged& judged, const Account& account, const Handling& handling) {
  cj1::Value ref = cj1::Object();
  ref.Set("accounts", SortedHex(std::vector<AccountId>{account.id}));
  ref.Set("contact_point", judged.way.point.Hex());
  ref.Set("bundle", judged.decision.grounds->bundle_digest);
  ref.Set("treatment", handling.world.treatment->digest);
  return ref;
}

// What was proposed and what history the judge saw.
void SetContact(cj1::Value& data, const Way& way, int step, const FileSet& files,
                const Handling& handling) {
  data.Set("channel", ToWord(way.channel));
  data.Set("purpose", ToWord(Purpose::kPaymentReminder));
  data.Set("step", step);
  SetClear(data, "template", way.template_id);
  data.Set("history_events", static_cast<uint64_t>(files.CountEvents()));
  if (const std::optional<uint64_t> seq = handling.state.NewestSeq()) {
    data.Set("facts_upto", *seq);
    data.Set("history_upto", *seq);
  }
}

// `leaving`: the attempt that is judged again is no part of the history it is judged by.
EntryId LogDecision(const Judged& judged, int step, const Account& account, const FileSet& files,
                    const std::optional<EventId>& leaving, Handling& handling) {
  audit::EntryDraft& entry = handling.Log("decision." + std::string(ToWord(judged.decision.answer)),
                                          account.tenant, account.borrower);
  entry.ref = References(judged, account, handling);
  entry.data = DescribeDecision(judged.decision);
  SetContact(entry.data, judged.way, step, files, handling);
  entry.facts.Set("contact", FactsOf(ContactFor(account, judged.way)));
  if (leaving) entry.facts.Set("leaving", leaving->Hex());
  return entry.id;
}

const ContactPoint* FindPoint(const Borrower& borrower, const ContactPointId& id) {
  for (const ContactPoint& point : borrower.contact_points) {
    if (point.id == id) return &point;
  }
  return nullptr;
}

Event EventOf(const Attempt& attempt, const Way& way) {
  Event event;
  event.id = attempt.event;
  event.name = EventName::kAttempt;
  event.at = attempt.reserved_at;
  event.by = DoneBy::kTenant;
  event.accounts = {attempt.account};
  event.channel = way.channel;
  event.point = way.point;
  event.purpose = Purpose::kPaymentReminder;
  event.outcome = Outcome::kUnreported;
  event.message = MessageOf(way);
  event.automated = true;
  event.attempt = attempt.id;
  return event;
}

// The instant an attempt counts from.
Instant MadeAt(const Attempt& attempt) {
  return attempt.dispatched_at.value_or(attempt.reserved_at);
}

// What policy said about where the borrower may be, as entries of an attempt tell it.
void SetWhere(cj1::Value& data, const policy::Decision& decision) {
  cj1::Value places = cj1::Array();
  for (const std::string& place : Names(decision.grounds->jurisdictions)) places.Append(place);
  data.Set("jurisdictions", std::move(places));
  cj1::Value zones = cj1::Array();
  for (const std::string& zone : Names(decision.grounds->zones)) zones.Append(zone);
  data.Set("zones", std::move(zones));
  SetClear(data, "tzdata", decision.grounds->tzdata);
}

// The message, complete, for the adapter. REQUIRES: the way's point is one of the borrower's.
ReservedSend SendOf(const Attempt& attempt, const Judged& judged, const Account& account,
                    const FileSet& files, const Handling& handling) {
  const Borrower& borrower = files.own->borrower;
  const Way& way = judged.way;
  const ContactPoint* point = FindPoint(borrower, way.point);
  FORBEAR_CHECK(point != nullptr);  // the treatment chose among this borrower's points
  ReservedSend send;
  send.attempt = attempt.id;
  send.jurisdictions = Names(judged.decision.grounds->jurisdictions);
  Outgoing& outgoing = send.outgoing;
  outgoing.attempt = attempt.id;
  outgoing.tenant = account.tenant;
  outgoing.borrower = borrower.id;
  outgoing.accounts = {account.id};
  outgoing.channel = way.channel;
  outgoing.address = point->value;
  outgoing.addressee = borrower.name;
  outgoing.text = Render(way.words->texts.at(way.language), borrower, account,
                         handling.world.SenderOf(account.tenant));
  outgoing.language = way.language;
  outgoing.template_id = way.template_id;
  outgoing.reserved_at = MadeAt(attempt);
  return send;
}

// Allowed: from this commit on the attempt counts, sent or not.
void Reserve(const Judged& judged, int step, const Account& account, const FileSet& files,
             Plan plan, Handling& handling) {
  const Borrower& borrower = files.own->borrower;
  const Way& way = judged.way;
  Attempt attempt;
  attempt.id = handling.NewTimedId<AttemptId>();
  attempt.tenant = account.tenant;
  attempt.borrower = borrower.id;
  attempt.account = account.id;
  attempt.event = handling.NewEventId();
  attempt.state = AttemptState::kReserved;
  attempt.channel = way.channel;
  attempt.point = way.point;
  attempt.reserved_at = handling.now;
  attempt.step = step;
  attempt.queued = handling.world.queued_channels.contains(way.channel);

  const EntryId decision = LogDecision(judged, step, account, files, std::nullopt, handling);
  audit::EntryDraft& entry = handling.Log("attempt.reserved", account.tenant, borrower.id);
  entry.ref = References(judged, account, handling);
  entry.ref.Set("attempt", attempt.id.Hex());
  entry.ref.Set("event", attempt.event.Hex());
  entry.ref.Set("entry", decision.Hex());
  entry.data.Set("at", FormatInstant(handling.now));
  entry.data.Set("dispatch", attempt.queued ? "queued" : "at_once");
  SetWhere(entry.data, judged.decision);
  SetContact(entry.data, way, step, files, handling);

  if (attempt.queued) {
    handling.changes.applied.queued = QueuedSend{attempt.id, account.tenant, way.channel,
                                                 Names(judged.decision.grounds->jurisdictions)};
  } else {
    handling.changes.applied.send = SendOf(attempt, judged, account, files, handling);
  }

  plan.wake_at.reset();  // until the attempt has ended
  plan.last_answer = policy::AnswerDigest(judged.decision);
  handling.changes.plans.push_back(std::move(plan));
  handling.changes.events.emplace_back(borrower.id, EventOf(attempt, way));
  handling.result().attempt = attempt.id;
  handling.changes.attempts.push_back(std::move(attempt));
}

// Not now: the account sleeps, and the log learns of it if the answer is another than last time.
void Sleep(const Judged& judged, int step, const Account& account, const FileSet& files, Plan plan,
           Handling& handling) {
  plan.wake_at = judged.decision.next_allowed_at;
  // SAFETY: an opening that is not ahead would have been an answer; never ask in a circle.
  if (plan.wake_at) plan.wake_at = std::max(*plan.wake_at, handling.now + kOneSecond);
  const uint64_t answer = policy::AnswerDigest(judged.decision);
  if (answer != plan.last_answer) {
    LogDecision(judged, step, account, files, std::nullopt, handling);
  }
  plan.last_answer = answer;
  handling.changes.plans.push_back(std::move(plan));
}

// Due, and no contact point that any channel of the step could use: waits for one.
void SleepUnreachable(const DueContact& due, const Account& account, Plan plan,
                      Handling& handling) {
  if (plan.last_answer != kUnreachableAnswer) {
    audit::EntryDraft& entry =
        handling.Log("account.unreachable", account.tenant, account.borrower);
    entry.ref.Set("account", account.id.Hex());
    entry.ref.Set("treatment", handling.world.treatment->digest);
    entry.data.Set("step", due.step);
  }
  plan.last_answer = kUnreachableAnswer;
  plan.wake_at.reset();
  handling.changes.plans.push_back(std::move(plan));
}

void SleepUntil(std::optional<Instant> wake_at, Plan plan, Handling& handling) {
  plan.wake_at = wake_at;
  handling.changes.plans.push_back(std::move(plan));
}

// When the treatment wants to look at the account again.
std::optional<Instant> NextLook(const Account& account, const Borrower& borrower, const Plan& plan,
                                const Handling& handling) {
  if (account.state != AccountState::kOpen) return std::nullopt;
  const Proposal proposal =
      Propose(*handling.world.treatment, account, borrower, {plan.step, plan.last_sent_at},
              ZonesOf(borrower, handling.world), handling.now);
  if (const auto* nothing = std::get_if<NothingDue>(&proposal)) return nothing->look_again_at;
  return handling.now;
}

bool Ended(AttemptState state) {
  return state != AttemptState::kReserved && state != AttemptState::kDispatched;
}

struct Flight {
  Attempt attempt;
  FileSet files;
  Account account;
  Event event;
};

absl::StatusOr<Flight> FindFlight(const AttemptId& id, const Handling& handling) {
  Flight flight;
  FORBEAR_ASSIGN_OR_RETURN(const std::optional<Attempt> attempt, handling.state.FindAttempt(id));
  if (!attempt) return NotFound("no such attempt");
  flight.attempt = *attempt;
  // An ending reads nothing of others who may be the same person: no decision is made here.
  FORBEAR_ASSIGN_OR_RETURN(flight.files.own, handling.state.FindBorrower(attempt->borrower));
  if (flight.files.own == nullptr) {
    return DataLoss("an attempt without its borrower: store and log differ");
  }
  const Account* account = flight.files.FindAccount(attempt->account);
  if (account == nullptr) return DataLoss("an attempt without its account: store and log differ");
  flight.account = *account;
  for (const Event& event : flight.files.own->events) {
    if (event.id == attempt->event) flight.event = event;
  }
  return flight;
}

audit::EntryDraft& LogAttempt(std::string kind, const Attempt& attempt, Handling& handling) {
  audit::EntryDraft& entry = handling.Log(std::move(kind), attempt.tenant, attempt.borrower);
  entry.ref.Set("attempt", attempt.id.Hex());
  entry.ref.Set("accounts", SortedHex(std::vector<AccountId>{attempt.account}));
  entry.data.Set("channel", ToWord(attempt.channel));
  return entry;
}

void AnswerFor(const Attempt& attempt, ChangeMade change, Handling& handling) {
  handling.result().change = change;
  handling.result().attempt = attempt.id;
  handling.result().borrower = attempt.borrower;
  handling.result().account = attempt.account;
}

// The attempt counts as made: the treatment goes on from the step after it.
void GoOn(const Flight& flight, Handling& handling) {
  Plan plan = PlanOf(flight.files, flight.account);
  plan.step = StepAfter(*handling.world.treatment, flight.attempt.step);
  plan.last_sent_at = MadeAt(flight.attempt);
  plan.wake_at = NextLook(flight.account, flight.files.own->borrower, plan, handling);
  handling.changes.plans.push_back(std::move(plan));
}

}  // namespace

// Judges what the treatment proposes for an account, now. An account that is not due, not open or
// in flight is left as it is: the due queue only hints.
absl::Status Handle(const PlanAccount& command, Handling& handling) {
  FORBEAR_ASSIGN_OR_RETURN(const std::optional<Account> account,
                           handling.state.FindAccount(command.account));
  if (!account) return NotFound("no such account");
  FORBEAR_ASSIGN_OR_RETURN(const FileSet files,
                           LoadFileSet(handling.state, account->tenant, account->borrower));
  const Plan plan = PlanOf(files, *account);
  if (!plan.wake_at || *plan.wake_at > handling.now) return absl::OkStatus();
  FORBEAR_ASSIGN_OR_RETURN(const bool in_flight, InFlight(files, account->id, handling.state));
  if (in_flight) return absl::OkStatus();
  if (account->state != AccountState::kOpen) {
    SleepUntil(std::nullopt, plan, handling);
    return absl::OkStatus();
  }

  const Proposal proposal = Propose(*handling.world.treatment, *account, files.own->borrower,
                                    {plan.step, plan.last_sent_at},
                                    ZonesOf(files.own->borrower, handling.world), handling.now);
  if (const auto* nothing = std::get_if<NothingDue>(&proposal)) {
    SleepUntil(nothing->look_again_at, plan, handling);
    return absl::OkStatus();
  }
  const DueContact& due = std::get<DueContact>(proposal);
  if (due.ways.empty()) {
    SleepUnreachable(due, *account, plan, handling);
    return absl::OkStatus();
  }

  FORBEAR_ASSIGN_OR_RETURN(const std::vector<Pause> pauses, handling.state.Pauses());
  bool paused = false;
  const std::vector<Judged> judged = Judge(due, *account, files, pauses, handling, &paused);
  const bool allowed = !judged.empty() && judged.back().decision.answer == Answer::kAllowed;
  const auto full =
      allowed ? command.full_until.find(judged.back().way.channel) : command.full_until.end();
  if (full != command.full_until.end()) {
    SleepUntil(std::max(full->second, handling.now + kOneSecond), plan, handling);
  } else if (allowed) {
    Reserve(judged.back(), due.step, *account, files, plan, handling);
  } else if (paused) {
    handling.changes.applied.paused = true;  // due all the same: looked at again on resuming
  } else {
    Sleep(Soonest(judged), due.step, *account, files, plan, handling);
  }
  return absl::OkStatus();
}

// Its turn has come. What was lawful when it was reserved is asked again, in the transaction that
// lets it go: history since then, the hour, the standings, the pauses. The attempt itself is no
// part of the history it is judged by.
absl::Status Handle(const DispatchAttempt& dispatch, Handling& handling) {
  FORBEAR_ASSIGN_OR_RETURN(Flight flight, FindFlight(dispatch.attempt, handling));
  AnswerFor(flight.attempt, ChangeMade::kUnchanged, handling);
  if (flight.attempt.state != AttemptState::kReserved || !flight.attempt.queued) {
    return FailedPrecondition("attempt does not wait for its turn: it is `" +
                              std::string(ToWord(flight.attempt.state)) + "`");
  }
  const auto let_go = [&](const char* reason) {
    return Handle(ReleaseAttempt{dispatch.attempt, reason}, handling);
  };
  FORBEAR_ASSIGN_OR_RETURN(
      FileSet files, LoadFileSet(handling.state, flight.attempt.tenant, flight.attempt.borrower));
  const Plan plan = PlanOf(files, flight.account);
  // Something has happened to the borrower since: judged anew from the start.
  if (plan.wake_at || flight.account.state != AccountState::kOpen) return let_go("overtaken");

  const auto others = std::make_shared<BorrowerFile>(*files.own);
  std::erase_if(others->events, [&](const Event& e) { return e.id == flight.attempt.event; });
  files.own = others;
  const Borrower& borrower = files.own->borrower;
  Proposal proposal =
      Propose(*handling.world.treatment, flight.account, borrower, {plan.step, plan.last_sent_at},
              ZonesOf(borrower, handling.world), handling.now);
  DueContact* due = std::get_if<DueContact>(&proposal);
  if (due == nullptr) return let_go("overtaken");
  std::erase_if(due->ways, [&](const Way& way) {
    return way.channel != flight.attempt.channel || way.point != flight.attempt.point;
  });
  if (due->ways.empty()) return let_go("overtaken");

  FORBEAR_ASSIGN_OR_RETURN(const std::vector<Pause> pauses, handling.state.Pauses());
  bool paused = false;
  const std::vector<Judged> judged = Judge(*due, flight.account, files, pauses, handling, &paused);
  if (judged.empty()) return let_go("paused");
  const Judged& now = judged.back();
  const EntryId decision = LogDecision(now, due->step, flight.account, files, flight.attempt.event, handling);
  if (now.decision.answer != Answer::kAllowed) return let_go("denied");

  flight.attempt.state = AttemptState::kDispatched;
  flight.attempt.dispatched_at = handling.now;
  flight.event.at = handling.now;
  audit::EntryDraft& entry =
      handling.Log("attempt.dispatched", flight.attempt.tenant, flight.attempt.borrower);
  entry.ref = References(now, flight.account, handling);
  entry.ref.Set("attempt", flight.attempt.id.Hex());
  entry.ref.Set("entry", decision.Hex());
  entry.data.Set("at", FormatInstant(handling.now));
  SetWhere(entry.data, now.decision);
  SetContact(entry.data, now.way, due->step, files, handling);
  handling.changes.applied.send = SendOf(flight.attempt, now, flight.account, files, handling);
  AnswerFor(flight.attempt, ChangeMade::kUpdated, handling);
  handling.changes.events.emplace_back(flight.attempt.borrower, std::move(flight.event));
  handling.changes.attempts.push_back(std::move(flight.attempt));
  return absl::OkStatus();
}

// The adapter said what became of it. Saying the same twice changes nothing.
absl::Status Handle(const SettleAttempt& settle, Handling& handling) {
  if (settle.delivery.kind == DeliveryKind::kRefused) {
    return Handle(ReleaseAttempt{settle.attempt, "refused"}, handling);
  }
  if (settle.delivery.kind == DeliveryKind::kInDoubt) {
    return Handle(DoubtAttempt{settle.attempt, settle.delivery.reason}, handling);
  }
  FORBEAR_ASSIGN_OR_RETURN(Flight flight, FindFlight(settle.attempt, handling));
  AnswerFor(flight.attempt, ChangeMade::kUnchanged, handling);
  if (flight.attempt.state == AttemptState::kSettled) return absl::OkStatus();
  if (Ended(flight.attempt.state)) {
    return FailedPrecondition("attempt has ended as `" + std::string(ToWord(flight.attempt.state)) +
                              "`");
  }
  flight.attempt.state = AttemptState::kSettled;
  flight.attempt.provider_id = settle.delivery.provider_id;
  flight.event.outcome = settle.delivery.outcome;
  audit::EntryDraft& entry = LogAttempt("attempt.settled", flight.attempt, handling);
  entry.data.Set("outcome", ToWord(settle.delivery.outcome));
  GoOn(flight, handling);
  AnswerFor(flight.attempt, ChangeMade::kUpdated, handling);
  handling.changes.events.emplace_back(flight.attempt.borrower, std::move(flight.event));
  handling.changes.attempts.push_back(std::move(flight.attempt));
  return absl::OkStatus();
}

// Nobody knows whether it left. It counts as made, as whatever it might have become, and is never
// sent again (C6): its event stays unreported.
absl::Status Handle(const DoubtAttempt& doubt, Handling& handling) {
  FORBEAR_ASSIGN_OR_RETURN(Flight flight, FindFlight(doubt.attempt, handling));
  AnswerFor(flight.attempt, ChangeMade::kUnchanged, handling);
  if (flight.attempt.state == AttemptState::kInDoubt) return absl::OkStatus();
  if (Ended(flight.attempt.state)) {
    return FailedPrecondition("attempt has ended as `" + std::string(ToWord(flight.attempt.state)) +
                              "`");
  }
  flight.attempt.state = AttemptState::kInDoubt;
  audit::EntryDraft& entry = LogAttempt("attempt.in_doubt", flight.attempt, handling);
  SetClear(entry.data, "reason", doubt.reason);
  GoOn(flight, handling);
  AnswerFor(flight.attempt, ChangeMade::kUpdated, handling);
  handling.changes.attempts.push_back(std::move(flight.attempt));
  return absl::OkStatus();
}

// It certainly never left: it stops counting, and the account is judged anew.
absl::Status Handle(const ReleaseAttempt& release, Handling& handling) {
  FORBEAR_ASSIGN_OR_RETURN(Flight flight, FindFlight(release.attempt, handling));
  AnswerFor(flight.attempt, ChangeMade::kUnchanged, handling);
  if (flight.attempt.state == AttemptState::kReleased) return absl::OkStatus();
  if (Ended(flight.attempt.state)) {
    return FailedPrecondition("attempt has ended as `" + std::string(ToWord(flight.attempt.state)) +
                              "`");
  }
  flight.attempt.state = AttemptState::kReleased;
  audit::EntryDraft& entry = LogAttempt("attempt.released", flight.attempt, handling);
  SetClear(entry.data, "reason", release.reason);
  const bool the_channels_fault = release.reason == "refused" || release.reason == "no_adapter";
  Plan plan = PlanOf(flight.files, flight.account);
  plan.wake_at = the_channels_fault ? handling.now + kAfterRefusal : handling.now;
  handling.changes.plans.push_back(std::move(plan));
  handling.changes.forgotten_events.emplace_back(flight.attempt.borrower, flight.attempt.event);
  AnswerFor(flight.attempt, ChangeMade::kUpdated, handling);
  handling.changes.attempts.push_back(std::move(flight.attempt));
  return absl::OkStatus();
}

}  // namespace forbear
