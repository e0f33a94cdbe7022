#include "tests/adapters/store/desk.h"

#include <algorithm>
#include <utility>

#include "engine/audit/hash.h"
#include "engine/model/status.h"

namespace forbear::desk {

void SeededRandomness::Fill(std::span<uint8_t> bytes) {
  const std::lock_guard lock(mutex_);
  for (uint8_t& byte : bytes) {
    // splitmix64: enough to be different.
    state_ += 0x9e3779b97f4a7c15;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    byte = static_cast<uint8_t>(z ^ (z >> 31));
  }
}

void Gate::Close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
}
void Gate::Open() {
  const std::lock_guard lock(mutex_);
  closed_ = false;
  changed_.notify_all();
}
void Gate::WaitUntilSomebodyWaits() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return waiting_ > 0; });
}
void Gate::Pass() {
  std::unique_lock lock(mutex_);
  ++waiting_;
  changed_.notify_all();
  changed_.wait(lock, [&] { return !closed_; });
  --waiting_;
}

Id128 DerivedId(const Command& command, int n) {
  std::string text(reinterpret_cast<const char*>(command.seed.data()), command.seed.size());
  text += std::to_string(n);
  const Bytes32 hash = audit::Sha256(text);
  Id128 id;
  std::copy(hash.begin(), hash.begin() + 16, id.bytes.begin());
  // Time-ordered, as account, attempt and entry ids are.
  for (size_t i = 0; i < 6; ++i) {
    id.bytes[i] = static_cast<uint8_t>(command.made_at_ms >> (8 * (5 - i)));
  }
  return id;
}

namespace {

class Handling {
 public:
  Handling(const StateView& state, const Command& command, Instant now)
      : state_(state), command_(command), now_(now) {}

  Id128 NextId() { return DerivedId(command_, next_id_++); }

  audit::EntryDraft& AddEntry(std::string kind, std::optional<BorrowerId> borrower = {},
                              std::string tenant = "") {
    audit::EntryDraft draft;
    draft.id = EntryId(NextId());
    draft.kind = std::move(kind);
    draft.actor = command_.actor;
    draft.tenant = tenant.empty() ? command_.caller.tenant : tenant;
    if (!draft.tenant.empty()) draft.borrower = borrower;
    changes_.entries.push_back(std::move(draft));
    return changes_.entries.back();
  }

  absl::StatusOr<std::shared_ptr<const BorrowerFile>> File(const BorrowerId& id) {
    FORBEAR_ASSIGN_OR_RETURN(std::shared_ptr<const BorrowerFile> file, state_.FindBorrower(id));
    if (file == nullptr ||
        (!command_.caller.tenant.empty() && file->borrower.tenant != command_.caller.tenant)) {
      return NotFound("no such borrower");
    }
    return file;
  }

  absl::StatusOr<Changes> Handle(const SubmitAccount& submit) {
    const std::string& tenant = command_.caller.tenant;
    FORBEAR_ASSIGN_OR_RETURN(const std::optional<AccountId> known,
                             state_.FindAccountByExternalId(tenant, submit.account.external_id));
    CommandResult& result = changes_.applied.result;
    if (known.has_value()) {
      FORBEAR_ASSIGN_OR_RETURN(const std::optional<SubmittedBody> body,
                               state_.FindSubmitted(*known));
      if (!body.has_value()) return Internal("an account without its submitted body");
      if (body->body_digest != submit.body_digest) return AlreadyExists("another body");
      FORBEAR_ASSIGN_OR_RETURN(const std::optional<Account> account, state_.FindAccount(*known));
      result.account = *known;
      result.borrower = account->borrower;
      result.version = account->version;
      return std::move(changes_);
    }
    FORBEAR_ASSIGN_OR_RETURN(const std::optional<BorrowerId> borrower,
                             state_.FindBorrowerByExternalId(tenant, submit.borrower.external_id));
    if (borrower.has_value()) {
      result.borrower = *borrower;
    } else {
      result.borrower = BorrowerId(NextId());
      Borrower row = submit.borrower;
      row.id = result.borrower;
      row.tenant = tenant;
      row.version = 1;
      changes_.borrowers.push_back(std::move(row));
    }
    result.account = AccountId(NextId());
    result.change = ChangeMade::kCreated;
    result.version = 1;
    Account row = submit.account;
    row.id = result.account;
    row.borrower = result.borrower;
    row.tenant = tenant;
    row.version = 1;
    changes_.accounts.push_back(std::move(row));
    changes_.submitted.emplace_back(result.account,
                                    SubmittedBody{submit.body_digest, submit.field_digests, now_});
    for (Event event : submit.history) {
      event.id = EventId(NextId());
      changes_.events.emplace_back(result.borrower, std::move(event));
    }
    changes_.plans.push_back({.account = result.account,
                              .borrower = result.borrower,
                              .wake_at = now_ + std::chrono::hours(1),
                              .step = 0,
                              .last_sent_at = std::nullopt,
                              .last_answer = 0});
    AddEntry("account.submitted", result.borrower).ref.Set("account", result.account.Hex());
    AddEntry("borrower.noted", result.borrower).data.Set("channel", "letter");
    return std::move(changes_);
  }

  absl::StatusOr<Changes> Handle(const UpdateBorrower& update) {
    FORBEAR_ASSIGN_OR_RETURN(const auto file, File(update.borrower));
    Borrower row = file->borrower;
    for (const ContactPointId& id : update.remove_points) {
      std::erase_if(row.contact_points, [&](const ContactPoint& point) { return point.id == id; });
    }
    for (const ContactPoint& point : update.add_or_replace_points) {
      std::erase_if(row.contact_points,
                    [&](const ContactPoint& other) { return other.id == point.id; });
      row.contact_points.push_back(point);
    }
    ++row.version;
    changes_.applied.result.version = row.version;
    changes_.applied.result.change = ChangeMade::kUpdated;
    changes_.borrowers.push_back(std::move(row));
    AddEntry("borrower.updated", update.borrower);
    return std::move(changes_);
  }

  absl::StatusOr<Changes> Handle(const RecordEvent& record) {
    FORBEAR_ASSIGN_OR_RETURN(const auto file, File(record.borrower));
    Event event = record.event;
    event.id = EventId(NextId());
    changes_.applied.result.event = event.id;
    changes_.events.emplace_back(record.borrower, std::move(event));
    AddEntry("borrower.event_recorded", record.borrower);
    return std::move(changes_);
  }

  absl::StatusOr<Changes> Handle(const PlanAccount& plan) {
    FORBEAR_ASSIGN_OR_RETURN(const std::optional<Account> account,
                             state_.FindAccount(plan.account));
    if (!account.has_value()) return NotFound("no such account");
    FORBEAR_ASSIGN_OR_RETURN(const auto file, state_.FindBorrower(account->borrower));
    Attempt attempt;
    attempt.id = AttemptId(NextId());
    attempt.tenant = account->tenant;
    attempt.borrower = account->borrower;
    attempt.account = account->id;
    attempt.event = EventId(NextId());
    attempt.reserved_at = now_;
    Event event;
    event.id = attempt.event;
    event.at = now_;
    event.attempt = attempt.id;
    event.outcome = Outcome::kUnreported;
    changes_.applied.result.attempt = attempt.id;
    changes_.applied.send = ReservedSend{
        .attempt = attempt.id, .outgoing = {.attempt = attempt.id, .tenant = attempt.tenant}};
    changes_.events.emplace_back(attempt.borrower, std::move(event));
    changes_.plans.push_back({.account = account->id,
                              .borrower = account->borrower,
                              .wake_at = std::nullopt,
                              .step = static_cast<int>(file->events.size()),
                              .last_sent_at = now_,
                              .last_answer = 0xfeedfacecafebeef});
    AddEntry("decision.allowed", attempt.borrower, attempt.tenant);
    AddEntry("attempt.reserved", attempt.borrower, attempt.tenant)
        .ref.Set("attempt", attempt.id.Hex());
    changes_.attempts.push_back(std::move(attempt));
    return std::move(changes_);
  }

  absl::StatusOr<Changes> Move(const AttemptId& id, AttemptState to, std::string kind) {
    FORBEAR_ASSIGN_OR_RETURN(std::optional<Attempt> attempt, state_.FindAttempt(id));
    if (!attempt.has_value()) return NotFound("no such attempt");
    FORBEAR_ASSIGN_OR_RETURN(const auto file, state_.FindBorrower(attempt->borrower));
    attempt->state = to;
    if (to == AttemptState::kReleased) {
      changes_.forgotten_events.emplace_back(attempt->borrower, attempt->event);
    } else {
      for (Event event : file->events) {
        if (event.id != attempt->event) continue;
        event.outcome = to == AttemptState::kSettled ? Outcome::kDelivered : Outcome::kUnreported;
        changes_.events.emplace_back(attempt->borrower, std::move(event));
      }
    }
    changes_.plans.push_back({.account = attempt->account,
                              .borrower = attempt->borrower,
                              .wake_at = now_ + date::days(3),
                              .step = 1,
                              .last_sent_at = attempt->reserved_at,
                              .last_answer = 7});
    AddEntry(std::move(kind), attempt->borrower, attempt->tenant)
        .ref.Set("attempt", attempt->id.Hex());
    changes_.applied.result.attempt = id;
    changes_.attempts.push_back(std::move(*attempt));
    return std::move(changes_);
  }
  absl::StatusOr<Changes> Handle(const DispatchAttempt& dispatch) {
    return Move(dispatch.attempt, AttemptState::kDispatched, "attempt.dispatched");
  }
  absl::StatusOr<Changes> Handle(const SettleAttempt& settle) {
    return Move(settle.attempt, AttemptState::kSettled, "attempt.settled");
  }
  absl::StatusOr<Changes> Handle(const DoubtAttempt& doubt) {
    return Move(doubt.attempt, AttemptState::kInDoubt, "attempt.in_doubt");
  }
  absl::StatusOr<Changes> Handle(const ReleaseAttempt& release) {
    return Move(release.attempt, AttemptState::kReleased, "attempt.released");
  }

  absl::StatusOr<Changes> Handle(const PauseContacts& pause) {
    FORBEAR_ASSIGN_OR_RETURN(changes_.applied.result.in_flight, state_.CountInFlight(pause.scope));
    changes_.pauses.push_back({.scope = pause.scope,
                               .since = now_,
                               .by_role = command_.caller.role,
                               .by = command_.caller.id,
                               .reason = pause.reason});
    AddEntry("contacts.paused");
    return std::move(changes_);
  }
  absl::StatusOr<Changes> Handle(const ResumeContacts& resume) {
    FORBEAR_ASSIGN_OR_RETURN(const std::vector<Pause> pauses, state_.Pauses());
    const bool known = std::any_of(pauses.begin(), pauses.end(),
                                   [&](const Pause& pause) { return pause.scope == resume.scope; });
    if (!known) return NotFound("no such pause");
    changes_.resumed.push_back(resume.scope);
    AddEntry("contacts.resumed");
    return std::move(changes_);
  }

  absl::StatusOr<Changes> Handle(const RecordFact& fact, Gate& gate) {
    if (fact.kind == "test.refused") return FailedPrecondition("refused by the desk");
    if (fact.kind == "test.gate") gate.Pass();
    if (fact.kind == "test.newest")
      changes_.applied.result.version = state_.NewestSeq().value_or(0);
    if (fact.kind == "test.many") {
      for (int64_t i = 0; i < fact.data.Find("entries")->AsInteger(); ++i) AddEntry("test.many");
      return std::move(changes_);
    }
    audit::EntryDraft& entry = AddEntry(fact.kind);
    if (fact.kind == "test.about") {
      entry.ref = fact.ref;
      entry.data = fact.data;
      entry.borrower = fact.borrower;
    }
    if (fact.kind == "test.impure") {
      static std::atomic<int> asked{0};
      changes_.entries.back().data.Set("asked", asked++);
    }
    if (fact.kind == "test.spoiled") {
      AddEntry(fact.kind);
      AddEntry(fact.kind).data.Set("name", "Not in clear");
    }
    if (fact.kind == "test.stolen") {
      Borrower row;
      row.id = BorrowerId(NextId());
      row.tenant = command_.caller.tenant;
      row.external_id = fact.data.Find("external_id")->AsString();
      changes_.borrowers.push_back(std::move(row));
    }
    if (fact.kind == "test.skipped") {
      Attempt row;
      row.id = AttemptId(NextId());
      row.borrower = BorrowerId(NextId());
      row.tenant = command_.caller.tenant;
      row.state = AttemptState::kSettled;
      changes_.attempts.push_back(std::move(row));
    }
    if (fact.kind == "test.twice") {
      const EntryId taken = changes_.entries.front().id;
      AddEntry(fact.kind).id = taken;
    }
    return std::move(changes_);
  }

  template <typename Other>
  absl::StatusOr<Changes> Handle(const Other&) {
    return absl::UnimplementedError("not at this desk");
  }

 private:
  const StateView& state_;
  const Command& command_;
  const Instant now_;
  Changes changes_;
  int next_id_ = 0;
};

}  // namespace

Handler MakeDeskHandler(std::shared_ptr<Gate> gate) {
  return [gate](const StateView& state, const Command& command,
                Instant now) -> absl::StatusOr<Changes> {
    Handling handling(state, command, now);
    if (const auto* fact = std::get_if<RecordFact>(&command.body)) {
      return handling.Handle(*fact, *gate);
    }
    return std::visit([&](const auto& body) { return handling.Handle(body); }, command.body);
  };
}

Command Desk::Make(std::string tenant, CommandBody body) {
  Command command;
  command.body = std::move(body);
  command.caller = {.tenant = tenant, .role = CallerRole::kLender, .id = "svc-1"};
  if (tenant.empty()) command.caller = {.tenant = "", .role = CallerRole::kOperator, .id = "op"};
  command.actor = {.kind = audit::ActorKind::kService, .id = "svc-1", .role = "lender"};
  randomness_.Fill(command.seed);
  command.made_at_ms = 1'772'409'600'000 + made_++;
  return command;
}

Command Desk::Submit(std::string tenant, std::string borrower, std::string account,
                     int64_t minor_units) {
  SubmitAccount submit;
  submit.borrower.external_id = std::move(borrower);
  submit.borrower.name = Personal("Ada Example");
  submit.account.external_id = std::move(account);
  submit.account.balance = {minor_units, "USD"};
  submit.body_digest[0] = static_cast<uint8_t>(minor_units);
  submit.field_digests = {{"account.balance", static_cast<uint64_t>(minor_units)}};
  return Make(std::move(tenant), std::move(submit));
}

Command Desk::Note(std::string tenant, std::string kind) {
  return Make(std::move(tenant), RecordFact{.kind = std::move(kind)});
}

Command Desk::With(Command command, std::string method, std::string request_id, uint8_t body) {
  command.request = RequestStamp{std::move(method), std::move(request_id), {}};
  command.request->body_digest[0] = body;
  return command;
}

ContactPoint Phone(uint8_t id, const std::string& number, uint8_t link) {
  ContactPoint point;
  point.id.bytes[0] = id;
  point.value = Personal(number);
  if (link != 0) point.link_digest.fill(link);
  return point;
}

}  // namespace forbear::desk
