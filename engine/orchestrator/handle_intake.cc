// Accounts coming in, changing, being paid and going away.
#include <algorithm>
#include <map>
#include <set>

#include "engine/audit/hash.h"
#include "engine/model/status.h"
#include "engine/orchestrator/describe.h"
#include "engine/orchestrator/facts_codec.h"
#include "engine/orchestrator/handling.h"
#include "engine/orchestrator/intake.h"
#include "engine/orchestrator/merge.h"

namespace forbear {
namespace {

absl::Status OverLimit(std::string_view what, size_t most) {
  return FailedPrecondition("borrower has too many " + std::string(what) + ": " +
                            std::to_string(most) + " is the most; remove some first");
}

absl::Status CheckLimits(const Borrower& borrower, size_t accounts,
                         const std::vector<Event>& events, Instant now) {
  if (borrower.contact_points.size() > kMaxContactPoints) {
    return OverLimit("contact points", kMaxContactPoints);
  }
  if (borrower.places.size() > kMaxPlaces) return OverLimit("places", kMaxPlaces);
  if (accounts > kMaxAccounts) return OverLimit("accounts", kMaxAccounts);
  if (CountLiveConsents(events, now) > kMaxLiveConsents) {
    return OverLimit("live consents", kMaxLiveConsents);
  }
  return absl::OkStatus();
}

// The borrower of an item: the one the tenant knows by that id, or a new one.
struct Known {
  std::optional<FileSet> files;  // absent: nobody knew them
  Borrower borrower;             // as it will be
  IdMap ids;                     // from the item's ids to stored ones
};

absl::StatusOr<Known> MeetBorrower(const SubmitAccount& item, Handling& handling) {
  Known known;
  FORBEAR_ASSIGN_OR_RETURN(
      const std::optional<BorrowerId> id,
      handling.state.FindBorrowerByExternalId(handling.tenant(), item.borrower.external_id));
  Borrower before;
  if (id) {
    FORBEAR_ASSIGN_OR_RETURN(known.files, LoadFileSet(handling.state, handling.tenant(), *id));
    before = known.files->own->borrower;
  } else {
    before.id = handling.NewRandomId<BorrowerId>();
    before.tenant = handling.tenant();
    before.external_id = item.borrower.external_id;
  }
  known.borrower = Merge(
      before, item.borrower, [&] { return handling.NewRandomId<Id128>(); }, &known.ids);
  return known;
}

// What the lender already knows, as events of this house; those that are known are left out.
std::vector<Event> NewHistory(const SubmitAccount& item, IdMap ids, const std::vector<Event>& known,
                              Handling& handling) {
  std::vector<Event> history;
  for (const Event& told : item.history) {
    const EventId id = handling.NewEventId();
    Event event = Translate(told, ids);
    event.id = id;
    const auto same = std::find_if(known.begin(), known.end(),
                                   [&](const Event& each) { return SameHappening(each, event); });
    if (!told.id.IsZero()) ids[told.id] = same == known.end() ? Id128(id) : Id128(same->id);
    if (same == known.end()) history.push_back(std::move(event));
  }
  return history;
}

void LogBorrower(const Known& known, Handling& handling) {
  LogFacts(known.files ? "borrower.updated" : "borrower.registered", known.borrower, handling);
}

void LogHistory(const std::vector<Event>& events, const Account& account, Handling& handling) {
  if (events.empty()) return;
  cj1::Value facts = cj1::Object();
  cj1::Value several = cj1::Array();
  for (const Event& event : events) several.Append(FactsOf(event));
  facts.Set("events", std::move(several));
  for (cj1::Value& piece : InPieces(facts)) {
    audit::EntryDraft& entry =
        handling.Log("borrower.history_recorded", account.tenant, account.borrower);
    entry.ref.Set("account", account.id.Hex());
    entry.data.Set("events", static_cast<uint64_t>(piece.Find("events")->AsArray().size()));
    entry.facts = std::move(piece);
  }
}

audit::EntryDraft& LogAccount(std::string kind, const Account& account, Handling& handling) {
  audit::EntryDraft& entry = handling.Log(std::move(kind), account.tenant, account.borrower);
  entry.ref.Set("account", account.id.Hex());
  entry.data.Set("version", account.version);
  entry.facts.Set("account", FactsOf(account));
  return entry;
}

// Writes the item's borrower, history and account, with their entries, borrower first.
absl::Status WriteItem(const SubmitAccount& item, Known known, Account account,
                       std::string account_kind, Handling& handling) {
  if (!item.account.id.IsZero()) known.ids[item.account.id] = account.id;
  const std::vector<Event> nothing;
  const std::vector<Event>& before = known.files ? known.files->own->events : nothing;
  std::vector<Event> history = NewHistory(item, known.ids, before, handling);

  std::vector<Event> all = before;
  all.insert(all.end(), history.begin(), history.end());
  std::set<AccountId> accounts = {account.id};
  if (known.files) {
    for (const Account& each : known.files->own->accounts) accounts.insert(each.id);
  }
  FORBEAR_RETURN_IF_ERROR(CheckLimits(known.borrower, accounts.size(), all, handling.now));

  if (!known.files || !SameBorrower(known.files->own->borrower, known.borrower)) {
    ++known.borrower.version;
    LogBorrower(known, handling);
    handling.changes.borrowers.push_back(known.borrower);
  }
  LogAccount(std::move(account_kind), account, handling);
  LogHistory(history, account, handling);
  for (Event& event : history) {
    handling.changes.events.emplace_back(known.borrower.id, std::move(event));
  }
  handling.changes.submitted.emplace_back(
      account.id, SubmittedBody{item.body_digest, item.field_digests, account.as_of});
  if (known.files) WakeAll(handling, *known.files);
  handling.result().borrower = known.borrower.id;
  handling.result().account = account.id;
  handling.result().version = account.version;
  handling.changes.accounts.push_back(std::move(account));
  return absl::OkStatus();
}

// A first submission: the account begins to be looked at, now.
absl::Status SubmitNew(const SubmitAccount& item, Handling& handling) {
  FORBEAR_ASSIGN_OR_RETURN(Known known, MeetBorrower(item, handling));
  Account account = item.account;
  account.id = handling.NewTimedId<AccountId>();
  account.borrower = known.borrower.id;
  account.tenant = handling.tenant();
  account.state = AccountState::kOpen;
  account.version = 1;
  FORBEAR_RETURN_IF_ERROR(
      WriteItem(item, std::move(known), account, "account.submitted", handling));
  Plan plan;
  plan.account = account.id;
  plan.borrower = account.borrower;
  plan.wake_at = handling.now;
  handling.changes.plans.push_back(std::move(plan));
  handling.result().change = ChangeMade::kCreated;
  return absl::OkStatus();
}

std::vector<Violation> DifferingFields(const SubmittedBody& before, const SubmitAccount& item) {
  std::map<std::string, std::pair<uint64_t, uint64_t>> digests;
  for (const auto& [field, digest] : before.field_digests) digests[field].first = digest;
  for (const auto& [field, digest] : item.field_digests) digests[field].second = digest;
  std::vector<Violation> differing;
  for (const auto& [field, both] : digests) {
    if (both.first != both.second) differing.push_back({field, "differs from what was submitted"});
  }
  return differing;
}

absl::Status Differs(std::string_view advice, const std::vector<Violation>& fields) {
  std::string message = "account was submitted with another body:";
  for (const Violation& field : fields) message += " `" + field.field + "`";
  return WithViolations(AlreadyExists(message + "; " + std::string(advice)), fields);
}

// The same account once more: the same body changes nothing; another one replaces what was told,
// if the item says so and is newer.
absl::Status SubmitAgain(const SubmitAccount& item, const AccountId& id, Handling& handling) {
  FORBEAR_ASSIGN_OR_RETURN(const Account before, FindAccount(handling, id));
  FORBEAR_ASSIGN_OR_RETURN(const std::optional<SubmittedBody> submitted,
                           handling.state.FindSubmitted(id));
  handling.result().borrower = before.borrower;
  handling.result().account = before.id;
  handling.result().version = before.version;
  if (submitted && submitted->body_digest == item.body_digest) return absl::OkStatus();

  const std::vector<Violation> fields =
      submitted ? DifferingFields(*submitted, item) : std::vector<Violation>();
  if (!item.allow_update) {
    return Differs("send `allow_update` with a newer `as_of` to replace it", fields);
  }
  if (item.account.as_of <= before.as_of) {
    return Differs("its `as_of` is not newer than the one known", fields);
  }
  if (before.state == AccountState::kClosed) {
    return FailedPrecondition("account is closed: a closed account is not updated");
  }
  FORBEAR_ASSIGN_OR_RETURN(Known known, MeetBorrower(item, handling));
  if (known.borrower.id != before.borrower) {
    return Differs("an account stays with its borrower; close it and submit a new one", fields);
  }
  Account account = item.account;
  account.id = before.id;
  account.borrower = before.borrower;
  account.tenant = before.tenant;
  account.state = AccountState::kOpen;  // intake refuses a balance of zero
  account.version = before.version + 1;
  handling.result().change = ChangeMade::kUpdated;
  return WriteItem(item, std::move(known), std::move(account), "account.updated", handling);
}

// Writes a changed account with its entry, and has everything about the borrower judged again.
absl::Status ChangeAccount(Account account, std::string kind, cj1::Value more,
                           const std::optional<Event>& event, Handling& handling) {
  ++account.version;
  FORBEAR_ASSIGN_OR_RETURN(const FileSet files,
                           LoadFileSet(handling.state, account.tenant, account.borrower));
  audit::EntryDraft& entry = LogAccount(std::move(kind), account, handling);
  for (const auto& [name, value] : more.AsObject()) entry.data.Set(name, value);
  if (event) {
    entry.ref.Set("event", event->id.Hex());
    entry.facts.Set("events", cj1::Array().Append(FactsOf(*event)));
    handling.changes.events.emplace_back(account.borrower, *event);
  }
  WakeAll(handling, files);
  handling.result().change = ChangeMade::kUpdated;
  handling.result().borrower = account.borrower;
  handling.result().account = account.id;
  handling.result().version = account.version;
  handling.changes.accounts.push_back(std::move(account));
  return absl::OkStatus();
}

void AnswerUnchanged(const Account& account, Handling& handling) {
  handling.result().borrower = account.borrower;
  handling.result().account = account.id;
  handling.result().version = account.version;
}

}  // namespace

absl::Status Handle(const SubmitAccount& item, Handling& handling) {
  FORBEAR_ASSIGN_OR_RETURN(
      const std::optional<AccountId> known,
      handling.state.FindAccountByExternalId(handling.tenant(), item.account.external_id));
  return known ? SubmitAgain(item, *known, handling) : SubmitNew(item, handling);
}

// What the lender's books say of an account now.
absl::Status Handle(const UpdateAccount& update, Handling& handling) {
  FORBEAR_ASSIGN_OR_RETURN(const Account before, FindAccount(handling, update.account));
  if (before.state == AccountState::kClosed) {
    return FailedPrecondition("account is closed: a closed account is not updated");
  }
  if (update.as_of < before.as_of) {
    return FailedPrecondition(
        "`as_of` is older than what is known of the account; nothing changed");
  }
  if (update.balance && update.balance->currency != before.balance.currency) {
    return WithViolations(InvalidArgument("the account is in another currency"),
                          {{"balance.currency", "is not the account's currency"}});
  }
  Account account = before;
  if (update.balance) account.balance = *update.balance;
  if (update.due_on) account.due_on = *update.due_on;
  if (update.stage) account.stage = *update.stage;
  if (update.charged_off_on) account.charged_off_on = update.charged_off_on;
  if (update.limitation_expires_on) account.limitation_expires_on = update.limitation_expires_on;
  const bool same = account.balance == before.balance && account.due_on == before.due_on &&
                    account.stage == before.stage &&
                    account.charged_off_on == before.charged_off_on &&
                    account.limitation_expires_on == before.limitation_expires_on;
  if (same) {
    AnswerUnchanged(before, handling);
    return absl::OkStatus();
  }
  const bool settled = account.stage == Stage::kPaid || account.stage == Stage::kSettled;
  account.state =
      settled || account.balance.minor_units == 0 ? AccountState::kPaid : AccountState::kOpen;
  account.as_of = update.as_of;
  return ChangeAccount(std::move(account), "account.updated", cj1::Object(), std::nullopt,
                       handling);
}

// Money came in. At zero the account is paid, and nobody is reminded of it again.
absl::Status Handle(const RecordPayment& payment, Handling& handling) {
  FORBEAR_ASSIGN_OR_RETURN(Account account, FindAccount(handling, payment.account));
  if (payment.amount.currency != account.balance.currency) {
    return WithViolations(InvalidArgument("the account is in another currency"),
                          {{"amount.currency", "is not the account's currency"}});
  }
  if (account.state == AccountState::kClosed) {
    return FailedPrecondition("account is closed: record the payment where it went");
  }
  // More than is owed is the lender's to give back; nothing is owed below zero.
  const int64_t paid = payment.amount.minor_units;
  account.balance.minor_units = std::max<int64_t>(0, account.balance.minor_units - paid);
  if (account.balance.minor_units == 0) {
    account.state = AccountState::kPaid;
    account.stage = Stage::kPaid;
  }
  Event event;
  event.id = handling.NewEventId();
  event.name = EventName::kPayment;
  event.at = payment.paid_at;
  event.by = DoneBy::kBorrower;
  event.accounts = {account.id};
  event.amount_minor_units = paid;
  handling.result().event = event.id;
  return ChangeAccount(std::move(account), "account.payment_recorded", cj1::Object(), event,
                       handling);
}

// The account leaves: no more contact about it, for whatever reason. Closing twice changes nothing.
absl::Status Handle(const CloseAccount& close, Handling& handling) {
  FORBEAR_ASSIGN_OR_RETURN(Account account, FindAccount(handling, close.account));
  if (account.state == AccountState::kClosed) {
    AnswerUnchanged(account, handling);
    return absl::OkStatus();
  }
  account.state = AccountState::kClosed;
  cj1::Value data = cj1::Object();
  SetClear(data, "reason", close.reason);
  return ChangeAccount(std::move(account), "account.closed", std::move(data), std::nullopt, handling);
}

}  // namespace forbear
