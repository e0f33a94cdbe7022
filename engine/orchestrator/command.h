// Commands: everything that can change the state of the house, as values.
//
// A command is complete: whoever makes it has already drawn its randomness (`seed`), worked out
// keyed digests and named who asks. `Handle` (handle.h) turns it into row changes and audit
// entries, purely; the store may call Handle again for the same command and must get the same.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/audit/entry.h"
#include "engine/model/account.h"
#include "engine/model/borrower.h"
#include "engine/model/event.h"
#include "engine/model/ids.h"
#include "engine/model/instant.h"
#include "engine/ports/channel.h"

namespace forbear {

// Who asks, as one Authenticate() found out. Never from a request's field.
#define FORBEAR_CALLER_ROLES(X) \
  X(kLender, "lender")          \
  X(kDialler, "dialler") X(kOfficer, "officer") X(kAuditor, "auditor") X(kOperator, "operator")
FORBEAR_WORDS(CallerRole, FORBEAR_CALLER_ROLES)

struct Caller {
  std::string tenant;  // empty only for operators
  CallerRole role = CallerRole::kAuditor;
  std::string id;  // opaque; allowed to stand in clear (E11)
};

// The caller's own name for a write, so that a repeat gets the first answer (security.md J1).
struct RequestStamp {
  std::string method;      // "RecordConsent"
  std::string request_id;  // 1–128 visible ASCII characters
  Bytes32 body_digest{};   // SHA-256 of the request's canonical bytes without request_id
};

// ---- Intake ------------------------------------------------------------------------------------

// One overdue account with its borrower, as a lender submits it. Ids inside are the item's own:
// distinct within it, or zero; its history refers to points, parties and the account by them, and
// Handle replaces them all (handle.h). REQUIRES: validated by engine/orchestrator/intake.h.
struct SubmitAccount {
  Borrower borrower;
  Account account;
  std::vector<Event> history;  // what the lender already knows: consents, standings, past contacts
  bool allow_update = false;
  Bytes32 body_digest{};  // of the submitted item; equal digest: the same body again
  // Which fields the item carries, with a digest of each, so that a differing resubmission can
  // name them: field path -> first 8 bytes of SHA-256 of its canonical value.
  std::vector<std::pair<std::string, uint64_t>> field_digests;
};

struct UpdateAccount {
  AccountId account;
  std::optional<Money> balance;
  std::optional<Day> due_on;
  std::optional<Stage> stage;
  std::optional<Day> charged_off_on, limitation_expires_on;
  Instant as_of{};
};
struct RecordPayment {
  AccountId account;
  Money amount;
  Instant paid_at{};
};
struct CloseAccount {
  AccountId account;
  std::string reason;  // a word: `paid`, `recalled`, `settled`, `sold`, `error`
};

// ---- The borrower ------------------------------------------------------------------------------

struct UpdateBorrower {
  BorrowerId borrower;
  std::optional<Personal> name;
  std::optional<std::string> language;
  std::optional<std::string> declared_zone;
  std::optional<std::vector<Place>> places;
  std::vector<ContactPoint> add_or_replace_points;  // by id; a zero id adds
  std::vector<ContactPointId> remove_points;
};
struct SetPreferences {
  BorrowerId borrower;
  std::optional<std::vector<WeeklySlot>> inconvenient_times;  // replaces those set here before
  std::optional<std::vector<Channel>> refused_channels;
  std::optional<std::string> language;
};
// Consent, revocation, opt-out, dispute, cease request, attorney, bankruptcy, death, hardship,
// promise, inbound contact, outcome …: all are events.
struct RecordEvent {
  BorrowerId borrower;
  Event event;
};

// ---- Contact -----------------------------------------------------------------------------------

// Judge what the treatment proposes for an account, now; reserve it or put the account to sleep.
struct PlanAccount {
  AccountId account;
  // Channels with as much waiting as they can take for now, and when to look again: nothing more is
  // reserved there, since a reservation counts against caps while it waits.
  std::map<Channel, Instant> full_until;
};
// A reservation on a queued channel has its turn (security.md C2): judge it again, now, and hand it
// over, or let it go and judge its account anew.
struct DispatchAttempt {
  AttemptId attempt;
};
// The adapter has answered.
struct SettleAttempt {
  AttemptId attempt;
  Delivery delivery;
};
// Nobody can say what became of it: after a crash, or when Send ran out of time.
struct DoubtAttempt {
  AttemptId attempt;
  std::string reason;  // a word: `crash`, `timeout`
};
// It never left: the adapter was not called in time, or contact was paused before it was.
struct ReleaseAttempt {
  AttemptId attempt;
  std::string reason;  // a word: `too_late`, `paused`, `refused`, `overtaken`, `denied`, `restart`
};

// ---- Operations --------------------------------------------------------------------------------

// Where contact stands still. An empty field means any: an empty Pause stops everything of its
// tenant, and with an empty tenant everything.
struct PauseScope {
  std::string tenant;
  std::string jurisdiction;  // "US", "US-OH"; binds borrowers with that place in their set
  std::optional<Channel> channel;
  auto operator<=>(const PauseScope&) const = default;
};
struct PauseContacts {
  PauseScope scope;
  std::string reason;  // a word
};
struct ResumeContacts {
  PauseScope scope;
};
// node.started, node.stopped, tzdata.changed, access.denied, bundle.activated …: an entry without
// a row of its own beside it.
struct RecordFact {
  std::string kind;
  cj1::Value ref = cj1::Object();
  cj1::Value data = cj1::Object();
  std::optional<BorrowerId> borrower;
};

using CommandBody =
    std::variant<SubmitAccount, UpdateAccount, RecordPayment, CloseAccount, UpdateBorrower,
                 SetPreferences, RecordEvent, PlanAccount, DispatchAttempt, SettleAttempt,
                 DoubtAttempt, ReleaseAttempt, PauseContacts, ResumeContacts, RecordFact>;

struct Command {
  CommandBody body;
  Caller caller;       // for the planner and dispatcher: empty tenant, operator
  audit::Actor actor;  // who the entries say did it
  std::optional<RequestStamp> request;
  // Randomness drawn when the command was made, and the wall clock in milliseconds then: every id
  // Handle gives out is derived from them, so handling twice gives the same ids.
  std::array<uint8_t, 32> seed{};
  uint64_t made_at_ms = 0;
};

// ---- Answers -----------------------------------------------------------------------------------

// Names an entry of the log, so that its author notices when it goes missing.
struct Receipt {
  uint64_t seq = 0;
  Bytes32 leaf_hash{};
  bool operator==(const Receipt&) const = default;
};

#define FORBEAR_CHANGES_MADE(X) \
  X(kUnchanged, "unchanged") X(kCreated, "created") X(kUpdated, "updated")
FORBEAR_WORDS(ChangeMade, FORBEAR_CHANGES_MADE)

// What a caller of a write is told. Kept with the request id, so a repeat gets it again.
struct CommandResult {
  ChangeMade change = ChangeMade::kUnchanged;
  BorrowerId borrower;
  AccountId account;
  EventId event;
  AttemptId attempt;
  uint64_t version = 0;           // of the object, after the change
  std::vector<Receipt> receipts;  // filled by the store; empty when nothing changed
  uint32_t in_flight = 0;         // PauseContacts: sends that had begun and cannot be called back
  bool repeated = false;          // this answer was given before
};

// What the dispatcher must do now, after the transaction that reserved it has committed.
struct ReservedSend {
  AttemptId attempt;
  Outgoing outgoing;
  std::vector<std::string> jurisdictions;  // of the decision, sorted: a pause may name one
};

// A reservation that waits for its channel's turn; nothing leaves before DispatchAttempt says so.
struct QueuedSend {
  AttemptId attempt;
  std::string tenant;
  Channel channel = Channel::kLetter;
  std::vector<std::string> jurisdictions;  // as in ReservedSend
};

struct Applied {
  CommandResult result;
  std::optional<ReservedSend> send;  // only for PlanAccount and DispatchAttempt: send it now
  std::optional<QueuedSend> queued;  // only for PlanAccount
  bool paused = false;               // only for PlanAccount: due, but a pause covers it
};

}  // namespace forbear
