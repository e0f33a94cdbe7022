// Packs as they are written: one jurisdiction's rules, with citations (policy-language.md).
//
// These are plain values. adapters/yaml reads them from text and knows lines and columns; Compile
// (bundle.h) checks names across packs and makes a Bundle; nothing here decides anything.
// "Section n" below is a section of that page.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "engine/history/window.h"
#include "engine/model/event.h"
#include "engine/model/instant.h"
#include "engine/model/words.h"
#include "engine/policy/decision.h"

namespace forbear {

// How a contact answers something the borrower began (section 2, `answers`).
#define FORBEAR_ANSWERING(X)                                                     \
  X(kNone, "none") X(kSameChannel, "same_channel") X(kOtherChannel, "other_channel") \
  X(kLive, "live")
FORBEAR_WORDS(Answering, FORBEAR_ANSWERING)

// Who may see or hear it (section 2, `audience`); derived, never told.
#define FORBEAR_AUDIENCES(X) \
  X(kAddressee, "addressee") X(kOthersPossible, "others_possible") X(kPublic, "public")
FORBEAR_WORDS(Audience, FORBEAR_AUDIENCES)

#define FORBEAR_FLAGS(X) X(kFalse, "false") X(kTrue, "true")
FORBEAR_WORDS(Flag, FORBEAR_FLAGS)

// What a field holds, which says how its values are written.
// A word of an open vocabulary is one of ours or one that a pack declares; words of a set are all
// declared, and tags are held by the world (a language, a caller's class, a place).
enum class FieldType : uint8_t { kWord, kOpenWord, kNumber, kDay, kText, kItems, kFindings, kTags };

// The closed list of fields (section 2, and the own fields of events in section 3): name, type and,
// for words, their vocabulary. Order and numbers are never stored.
#define FORBEAR_FIELDS(X)                                                                     \
  X(kChannel, "channel", kWord, Channel)                                                      \
  X(kPurpose, "purpose", kWord, Purpose)                                                      \
  X(kNotice, "notice", kOpenWord, NoticeKind)                                                  \
  X(kTo, "to", kWord, Relation)                                                               \
  X(kToLiable, "to.liable", kWord, Flag)                                                      \
  X(kAnswers, "answers", kWord, Answering)                                                    \
  X(kAnswersSameDay, "answers.same_day", kWord, Flag)                                         \
  X(kRequested, "requested", kWord, Flag)                                                     \
  X(kAutomated, "automated", kWord, Flag)                                                     \
  X(kDialling, "dialling", kWord, Dialling)                                                   \
  X(kVoice, "voice", kWord, Voice)                                                            \
  X(kCallerId, "caller_id", kWord, CallerId)                                                  \
  X(kCallerClass, "caller.class", kTags, Flag)                                                \
  X(kReliesOn, "relies_on", kWord, Basis)                                                     \
  X(kRepeatReason, "repeat_reason", kWord, RepeatReason)                                      \
  X(kAudience, "audience", kWord, Audience)                                                   \
  X(kMessageForm, "message.form", kWord, MessageForm)                                         \
  X(kMessageOptOut, "message.opt_out", kWord, OptOutOffer)                                    \
  X(kMessageMentionsDebt, "message.mentions_debt", kWord, Flag)                               \
  X(kMessageDemandsPayment, "message.demands_payment", kWord, Flag)                           \
  X(kMessageRevealsTrade, "message.reveals_trade", kWord, Flag)                               \
  X(kMessageNamesFirmUnasked, "message.names_firm_unasked", kWord, Flag)                      \
  X(kMessagePaymentLink, "message.payment_link", kWord, Flag)                                 \
  X(kMessagePressingOffer, "message.pressing_offer", kWord, Flag)                             \
  X(kMessageOffer, "message.offer", kWord, Flag)                                              \
  X(kMessageCommercial, "message.commercial", kWord, Flag)                                    \
  X(kMessageDisclosesCollector, "message.discloses_collector", kWord, Flag)                   \
  X(kMessageTrueSenderName, "message.true_sender_name", kWord, Flag)                          \
  X(kMessageMisleadingReason, "message.misleading_reason", kWord, Flag)                       \
  X(kMessageRecipientCharged, "message.recipient_charged", kWord, Flag)                       \
  X(kMessageLanguage, "message.language", kTags, Flag)                                        \
  X(kMessageCarries, "message.carries", kItems, Flag)                                         \
  X(kMessageFound, "message.found", kFindings, Flag)                                          \
  X(kPointKind, "point.kind", kWord, PointKind)                                               \
  X(kPointLine, "point.line", kWord, Line)                                                    \
  X(kPointOwner, "point.owner", kWord, Relation)                                              \
  X(kPointPlace, "point.place", kWord, TiedTo)                                                \
  X(kPointShared, "point.shared", kWord, Flag)                                                \
  X(kPointSource, "point.source", kWord, PointSource)                                         \
  X(kPointVerified, "point.verified", kWord, Flag)                                            \
  X(kPointLineChangedOn, "point.line_changed_on", kDay, Flag)                                 \
  X(kAccountProduct, "account.product", kOpenWord, Product)                                   \
  X(kAccountKind, "account.kind", kWord, AccountKind)                                         \
  X(kAccountHeldAs, "account.held_as", kWord, HeldAs)                                         \
  X(kAccountCreditorKind, "account.creditor_kind", kWord, FirmKind)                           \
  X(kAccountSecured, "account.secured", kWord, Flag)                                          \
  X(kAccountStale, "account.stale", kWord, Flag)                                              \
  X(kAccountNumberAtPlacement, "account.account_number_at_placement", kText, Flag)            \
  X(kAccountStage, "account.stage", kWord, Stage)                                             \
  X(kAccountBalance, "account.balance", kNumber, Flag)                                        \
  X(kAccountPrincipal, "account.principal", kNumber, Flag)                                    \
  X(kAccountDaysPastDue, "account.days_past_due", kNumber, Flag)                              \
  X(kAccountDueOn, "account.due_on", kDay, Flag)                                              \
  X(kAccountDefaultedOn, "account.defaulted_on", kDay, Flag)                                  \
  X(kAccountPlacedOn, "account.placed_on", kDay, Flag)                                        \
  X(kAccountLimitationExpiresOn, "account.limitation_expires_on", kDay, Flag)                 \
  X(kAccountServicedByTenant, "account.serviced_by_tenant", kWord, Flag)                      \
  X(kTenantRole, "tenant.role", kWord, Role)                                                  \
  X(kTenantKind, "tenant.kind", kWord, FirmKind)                                              \
  X(kTenantPlace, "tenant.place", kTags, Flag)                                                \
  X(kTenantLicences, "tenant.licences", kTags, Flag)                                          \
  X(kTenantMemberOf, "tenant.member_of", kTags, Flag)                                         \
  X(kBorrowerAge, "borrower.age", kNumber, Flag)                                              \
  X(kBorrowerLanguage, "borrower.language", kTags, Flag)                                      \
  X(kBorrowerPlaces, "borrower.places", kTags, Flag)                                          \
  X(kBorrowerWhereabouts, "borrower.whereabouts", kWord, Whereabouts)                         \
  X(kOutcome, "outcome", kWord, Outcome)                                                      \
  X(kForm, "form", kWord, Form)                                                               \
  X(kWording, "wording", kWord, Wording)                                                      \
  X(kCovers, "covers", kWord, Covers)                                                         \
  X(kConsentForm, "consent_form", kWord, ConsentForm)                                         \
  X(kDocument, "document", kText, Flag)                                                       \
  X(kCause, "cause", kText, Flag)                                                             \
  X(kRefusesToPay, "refuses_to_pay", kWord, Flag)                                             \
  X(kVia, "via", kWord, Via)                                                                  \
  X(kUseDisclosed, "use_disclosed", kWord, Flag)                                              \
  X(kRepeats, "repeats", kWord, Flag)                                                         \
  X(kNewEvidence, "new_evidence", kWord, Flag)                                                \
  X(kConfirmed, "confirmed", kWord, Flag)                                                     \
  X(kGivenTo, "given_to", kWord, DoneBy)                                                      \
  X(kOptOutBy, "opt_out_by", kDay, Flag)                                                      \
  X(kLastDay, "last_day", kDay, Flag)                                                         \
  X(kUntil, "until", kDay, Flag)

}  // namespace forbear

namespace forbear::policy {

#define FORBEAR_FIELD_ENUM_(enumerator, word, type, vocabulary) enumerator,
enum class Field : uint8_t { FORBEAR_FIELDS(FORBEAR_FIELD_ENUM_) };

struct FieldInfo {
  Field field;
  std::string_view name;
  FieldType type;
  std::span<const std::string_view> words;  // of a word field, `declared` included; else empty
};
// All fields, in order of the enum.
std::span<const FieldInfo> AllFields();
const FieldInfo& InfoOf(Field field);
// nullptr: no such field.
const FieldInfo* FindField(std::string_view name);

// A value in a pack: a word's number in its vocabulary, a number, days since 1970-01-01, or text.
struct Value {
  int64_t number = 0;
  std::string text;
  bool operator==(const Value&) const = default;
};

struct Filter;
struct Condition;

// Section 3, Wait. Several in a list: the longest.
struct Wait {
  enum class Unit : uint8_t { kMinutes, kHours, kDays, kBusinessDays, kMonths, kField };
  enum class From : uint8_t { kSent, kReceived, kDeemed };
  Unit unit = Unit::kDays;
  int n = 0;
  bool event_day_is_first = false;  // first_day: event
  From from = From::kSent;
  // With kField: which instant or day the event carries.
  enum class EventField : uint8_t { kLastDay, kUntil, kPeriodEndsOn, kOptOutBy };
  EventField field = EventField::kLastDay;
  std::shared_ptr<const Wait> otherwise;  // `else`, when the event carries none
  // `deemed`: how long an event by this channel is taken to travel. A null channel is `any`.
  struct Deemed {
    std::optional<Channel> channel;
    int days = 0;
  };
  std::vector<Deemed> deemed;
  bool skip_saturday = false, skip_sunday = false, skip_holiday = false;
  std::string calendar;  // for business days and skipped holidays
};
using Waits = std::vector<Wait>;  // never empty where a wait is wanted

// One question about one field. `kOneOf` with several values: any of them.
struct Test {
  enum class Op : uint8_t {
    kOneOf, kNotOneOf, kOver, kUnder, kAtLeast, kAtMost, kBefore, kFromDay,
    kWithin,   // the date is no longer ago than the wait
    kAfter,    // the date is at least that long after its event
    kPassed,   // the date lies in the past (value 1) or not (value 0)
    kHas,      // the set has all of the values
    kKnown     // the fact is known (value 1) or not (value 0)
  };
  Field field = Field::kChannel;
  Op op = Op::kOneOf;
  std::vector<Value> values;
  Waits wait;  // with kWithin and kAfter
};

// Section 3, Window.
struct Window {
  using Unit = WindowUnit;
  Unit unit = Unit::kSinceEver;
  int n = 1;
  std::shared_ptr<const Filter> since;  // with kSinceEvent: since the newest such event
};

// Section 3, Scope: a set of these.
#define FORBEAR_SCOPES(X)                                                              \
  X(kPerson, "person") X(kDebt, "debt") X(kCreditor, "creditor") X(kPoint, "point")    \
  X(kChannel, "channel") X(kPlace, "place") X(kPurpose, "purpose") X(kTenant, "tenant")
enum class Scope : uint8_t {
  kPerson = 1, kDebt = 2, kCreditor = 4, kPoint = 8, kChannel = 16, kPlace = 32, kPurpose = 64,
  kTenant = 128
};
using Scopes = uint8_t;  // bits of Scope; 0: not narrowed

using forbear::Counts;

// `up_to` (section 3, Allowance).
struct Allowance {
  int limit = 1;
  Counts counts = Counts::kAttempts;
  std::optional<Window> window;  // absent with per_inbound
  Scopes scope = 0;
  bool per_inbound = false;      // once for each inbound it answers
  Waits within;                  // only so long after what it answers or follows; may be empty
};

// `seen` (section 3).
struct Seen {
  std::shared_ptr<const Filter> of;
  Window window;  // default: since ever
  Scopes scope = static_cast<Scopes>(Scope::kPerson);
  int at_least = 1;
  // That many of the newest such events in a row pass `of`; 0: not asked. An event of the same
  // name that does not pass ends the row.
  int in_a_row = 0;
};

// `consent` (section 3): live at the instant, not revoked, no wider than it was given.
struct ConsentTest {
  std::vector<Covers> covers;         // at least one; any of them
  std::vector<std::string> documents; // in one of these documents; empty: wherever it stands
  std::vector<ConsentForm> forms;     // empty: any form
  DoneBy by = DoneBy::kBorrower;
  DoneBy to = DoneBy::kTenant;
  Scopes scope = 0;
  Waits lasts;                        // how long from the day it was given; empty: no limit
  std::shared_ptr<const Filter> spent_by;  // a later event of this kind ends it
};

// `standing` (sections 3 and 4): a state that an event begins and that its own end, or an event
// with `ended`, ends.
struct StandingTest {
  std::shared_ptr<const Filter> began_by;
  Scopes scope = static_cast<Scopes>(Scope::kPerson);
};

struct DeclaredTest {
  std::string name;
  Test::Op op = Test::Op::kOneOf;
  std::vector<Value> values;  // true is 1
  Waits wait;
};

// A condition: everything in it must hold (section 2). An empty one always holds.
struct Condition {
  std::vector<Test> tests;
  std::vector<Seen> seen;
  std::vector<ConsentTest> consents;
  std::vector<StandingTest> standings;
  std::vector<DeclaredTest> declared;
  std::vector<std::string> during;    // named periods in which the instant lies
  std::vector<std::string> switches;  // that are on
  std::optional<bool> in_session;     // `session: app`: the borrower has the app open
  std::vector<Condition> all;
  std::vector<Condition> any;         // at least one of them, when not empty
  std::vector<Condition> none;        // none of them

  bool empty() const {
    return tests.empty() && seen.empty() && consents.empty() && standings.empty() &&
           declared.empty() && during.empty() && switches.empty() && !in_session && all.empty() &&
           any.empty() && none.empty();
  }
};

// Which events (section 3). Tests are read against the event; `any`, `all`, `none` nest.
struct Filter {
  std::vector<EventName> events = {EventName::kAttempt};
  std::vector<std::string> declared_events;  // statements and statuses that packs declare
  std::vector<DoneBy> by;  // empty: tenant for attempts and notices, anybody for the rest
  Condition when;
};

struct Exception {
  Condition when;
  std::optional<Allowance> up_to;
  std::vector<Citation> cites;
};

// ---- Kinds of rule (section 4) -----------------------------------------------------------------

// A clock (section 3): whose wall clock windows, days and holidays are read on.
struct ClockChoice {
  enum class Kind : uint8_t { kBorrower, kPlace, kContacted, kNumber, kTenant, kZone };
  Kind kind = Kind::kBorrower;
  std::string zone;  // with kZone
};

struct HoursRow {
  uint8_t days = 0;         // bit 0 Monday … bit 6 Sunday
  bool holiday = false;     // the row also opens on a holiday of the calendar
  int from_minute = 0;      // since local midnight
  int to_minute = 1440;     // ≤ from_minute: wraps into the next day
  bool from_exclusive = false;
  bool to_inclusive = false;
};
struct ContactHours {
  std::vector<HoursRow> windows;  // at least one, unless the source's table is the only one
  std::string calendar;           // empty: holidays are ordinary days
  ClockChoice clock;
  // A table that the tenant, the account or the borrower brings along.
  struct Source {
    enum class Of : uint8_t { kTenantHours, kAccountHours, kBorrowerWorkHours };
    enum class As : uint8_t {
      kOnly,    // no other table
      kWithin,  // narrows `windows`; not known: denied
      kInstead  // replaces `windows` where it is known
    };
    Of of = Of::kTenantHours;
    As as = As::kOnly;
  };
  std::optional<Source> source;
};
struct DayBlackout {
  uint8_t days = 0;
  bool holidays = false;          // `days: [holiday]`, with `calendar`
  std::string calendar;
  std::vector<Day> dates;
  bool occasions = false;
  ClockChoice clock;
};

struct CapLimit {
  int limit = 0;                  // ≥ 0
  Window window;
  bool suggested = false;
};
struct Exclusion {
  Condition when;
  std::optional<Allowance> up_to;
  std::vector<Citation> cites;
};
// Accounts with one value of `by` are one debt, where `when` holds of each.
struct DebtPool {
  Condition when;                 // account conditions
  std::string by;                 // `account_number_at_placement`
};
struct FrequencyCap {
  Counts counts = Counts::kAttempts;
  bool messages = false;          // `counts: messages`: what is written, and what a voicemail says
  std::vector<CapLimit> limits;   // all bind; at least one
  Scopes scope = static_cast<Scopes>(Scope::kPerson);
  std::optional<Condition> of;    // default: the channels of `applies`
  std::vector<DoneBy> by = {DoneBy::kTenant};  // empty: any
  std::vector<Exclusion> excludes;
  std::vector<Relation> persons;  // others who share the count
  std::vector<DebtPool> pool;
  struct StartsAfter {
    std::shared_ptr<const Filter> of;
    bool counts = false;
  };
  std::optional<StartsAfter> starts_after;
  enum class Distinct : uint8_t { kNo, kChannel, kLocalDay };
  Distinct distinct = Distinct::kNo;
  Waits gap;                      // empty: none
};

struct Cooldown {
  std::shared_ptr<const Filter> after;   // or
  std::optional<Field> after_account_date;  // one of the account's dates
  Waits wait;
  Scopes scope = static_cast<Scopes>(Scope::kPerson);
  std::vector<DebtPool> pool;
};

struct ConsentRequired {
  ConsentTest consent;                   // when `routes` is empty
  struct Route {
    std::string id;
    Condition when;
  };
  std::vector<Route> routes;
  struct Fresh {
    Wait within;
    std::vector<std::shared_ptr<const Filter>> by;
  };
  std::optional<Fresh> fresh;
};

struct OptOut {
  std::vector<Channel> honours_channels; // empty: those of `applies`
  std::vector<Form> honours_forms;       // empty: any
  Scopes scope = static_cast<Scopes>(Scope::kPoint);
  std::vector<OptOutOffer> must_offer;   // empty: need offer none
  std::vector<std::string> keywords;
  Waits lasts;                           // empty: for good
};

struct StopContact {
  std::shared_ptr<const Filter> standing;
  std::vector<Form> forms;               // empty: any
  enum class CountsFrom : uint8_t { kMade, kReceived, kFiled };
  CountsFrom counts_from = CountsFrom::kReceived;
  std::string during;                    // only if it began in this named period
  Scopes scope = static_cast<Scopes>(Scope::kPerson);
  struct Until {
    std::shared_ptr<const Filter> event; // this ends it; or
    std::shared_ptr<const Filter> after; // so long after this …
    Waits wait;
    std::shared_ptr<const Filter> unless;  // … unless this happened since,
    Waits unless_within;                 // no later than so long after it; empty: at any time
  };
  std::vector<Until> until;              // any of them
  // A word said before so long after this date of the account is void; absent: none is.
  struct NotBefore {
    Field date = Field::kAccountDueOn;
    Waits wait;
  };
  std::optional<NotBefore> not_before;
};

struct Inconvenient {
  bool times = false, places = false, points = false, channels = false, employer = false;
  bool from_borrower = true, from_creditor_file = false, from_anyone = false;
  // What the law makes the tenant accept: intake warns beyond it, decisions keep all that was said.
  struct Budget {
    std::optional<int> hours_a_week, points;
    std::vector<Channel> not_both;
  };
  std::optional<Budget> budget;
};

struct ThirdParty {
  std::vector<Relation> as_borrower;     // beside the borrower
  bool overheard = false;
};

struct NoticeFirst {
  std::vector<Value> notices;            // of the field `notice`; at least one; any of them
  std::vector<DoneBy> by;                // empty: the tenant
  std::vector<Channel> channels;         // empty: any
  std::vector<Form> forms;               // empty: any
  Scopes scope = static_cast<Scopes>(Scope::kDebt);
  Waits wait;                            // after it went out; empty: none
  std::vector<std::shared_ptr<const Filter>> renew_on;
  // With both: obliges at once, denies only when that time after `after` has passed.
  Waits within;
  std::shared_ptr<const Filter> after;
};

// `disclosure`, `identification`, `language`: one check under three names. It obliges, and denies
// when template, script or caller lacks what is wanted; `on_request` only obliges.
struct MustSay {
  enum class When : uint8_t {
    kEvery,
    kFirst,         // unless somebody was reached before about this debt
    kFirstOral,     // the first by voice
    kFirstWritten,  // the first in writing
    kLater,         // once somebody may have been reached
    kOnRequest
  };
  std::vector<std::string> items;
  When when = When::kEvery;
  std::vector<std::string> any_language;   // one of these; empty: not asked
  std::vector<std::string> all_languages;  // in each of these
  bool same_as_message = false;            // items are in the language of the rest
  std::optional<CallerId> caller_id;
  std::vector<std::string> caller_class;   // the number shown has one of these; empty: not asked
};

// What must not be in a message: codes of findings, or conditions.
struct Forbidden {
  std::vector<std::string> codes;
  std::vector<Condition> conditions;
  bool everything = false;  // `contact`
};
struct ContentBan {
  Forbidden forbids;
};

// From the day a debt is too old to sue on.
struct TimeBarred {
  Field stale_on = Field::kAccountLimitationExpiresOn;  // one of the account's dates
  Waits wait;                                           // after that day; empty: none
  Forbidden forbids;
  std::vector<std::string> items;
};

struct Licence {
  std::vector<std::string> holds;   // the tenant has all of them
  std::vector<Channel> show_on;     // where a message carries `licence_number`
};

// `record_retention`, `data_protection`: what other parts of the system read, as it is written, by
// dotted path (`call_recordings_years`). No decision looks at it.
struct Parameters {
  std::map<std::string, std::string> values;
};

// `bars: contact`: denied whenever the rule applies.
struct BarsContact {};

using RuleBody = std::variant<ContactHours, DayBlackout, FrequencyCap, Cooldown, ConsentRequired,
                              OptOut, StopContact, Inconvenient, ThirdParty, NoticeFirst, MustSay,
                              ContentBan, TimeBarred, Licence, Parameters, BarsContact>;

#define FORBEAR_RULE_STATUSES(X) \
  X(kInForce, "in_force") X(kDraft, "draft") X(kRepealed, "repealed")
#define FORBEAR_CONFIDENCES(X) X(kHigh, "high") X(kMedium, "medium") X(kLow, "low")

enum class RuleStatus : uint8_t { kInForce, kDraft, kRepealed };
enum class Confidence : uint8_t { kLow, kMedium, kHigh };

struct SourceMark {
  std::string file;
  int line = 0;    // from 1
  int column = 0;  // from 1
};

struct Rule {
  std::string id;                 // of the fact of law
  RuleKind kind = RuleKind::kContactHours;
  RuleBody body;
  Condition applies;
  std::vector<Exception> exceptions;
  Effect effect = Effect::kProhibition;
  bool suggested = false;         // ours, not law's
  RuleStatus status = RuleStatus::kInForce;
  std::optional<Day> in_force_from, in_force_to;  // local days, both included
  Confidence confidence = Confidence::kLow;
  std::vector<std::string> facts; // it encodes; default its own id
  std::vector<Citation> cites;    // one or more
  std::string note;
  // House rules only: the rule binds where no pack that binds has a rule of this kind.
  bool only_where_no_rule_of_kind = false;
  SourceMark mark;
};

// A named period (section 1): `validation_period`.
struct Period {
  std::string name;
  std::shared_ptr<const Filter> after;
  Waits wait;
};

inline constexpr uint8_t kDefaultWeekend = 0x60;  // Saturday and Sunday

// Which days are holidays (section 1, Calendar file). Already worked out, day by day.
struct HolidayCalendar {
  std::string name;
  int first_year = 0, last_year = -1;  // complete for these; any other year is all holidays
  std::vector<Day> holidays;           // sorted
  std::map<Day, int> workdays_as;      // a working weekend: 0 Monday … 6 Sunday
  uint8_t weekend = kDefaultWeekend;   // no business days; bit 0 Monday … bit 6 Sunday
};

struct Reach {
  bool borrower_place = true, number = true, tenant_place = false;
};

struct Pack {
  std::string name;               // "us-ny-nyc"
  std::string title;
  std::string jurisdiction;       // "US-NY-NYC"; a group is "EU"; the world is "*"
  std::vector<std::string> parents;
  Reach reach;
  int week_starts = 0;            // 0 Monday … 6 Sunday
  std::vector<std::string> holidays;  // calendars that `calendar: pack` means
  std::vector<Period> periods;
  struct Declares {
    std::string name, of, type, asks;
  };
  std::vector<Declares> declares;
  struct Switch {
    std::string name;
    bool active = false;
  };
  std::vector<Switch> switches;
  // Words it adds to the shapes of section 3.
  struct Vocabulary {
    std::vector<std::string> notices, items, findings, statements, statuses, products;
  };
  Vocabulary vocabulary;
  // Of an overlay alone: guidance that is only warned of, suggestions that are muted, and days that
  // a public act has made holidays since a calendar was written.
  std::vector<std::string> warn, mute;
  struct Proclaimed {
    std::string calendar;
    Day day{};
    std::vector<Citation> cites;
  };
  std::vector<Proclaimed> proclaimed;
  std::vector<Rule> rules;
  struct NotRule {
    std::string fact, why;
  };
  std::vector<NotRule> not_rules;
  SourceMark mark;
  std::string digest_bytes;       // canonical text of the pack, for the bundle's digest
};

}  // namespace forbear::policy
