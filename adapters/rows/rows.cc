#include "adapters/rows/rows.h"

#include <utility>

#include "adapters/rows/codec.h"
#include "engine/audit/cj1.h"
#include "engine/model/status.h"

namespace forbear {

// The listings stand in the namespace of the types they list, where the archive looks for them.

// "None" and "nobody told" are different things: a flag under `tag`, the items under the next one.
template <typename Ar, typename List>
void MaybeMany(Ar& ar, uint32_t tag, List& list) {
  bool told = list.has_value();
  ar.One(tag, told, false);
  if constexpr (std::is_same_v<Ar, rows::Reader>) {
    list.reset();
    if (told) list.emplace();
  }
  if (told) ar.Many(tag + 1, *list);
}

template <typename Ar>
void Fields(Ar& ar, typename Ar::template Field<Money>& x) {
  ar.One(1, x.minor_units, int64_t{0});
  ar.One(2, x.currency, std::string());
}

template <typename Ar>
void Fields(Ar& ar, typename Ar::template Field<Place>& x) {
  ar.One(1, x.kind, TiedTo::kHome);
  ar.One(2, x.country, std::string());
  ar.One(3, x.subdivision, std::string());
  ar.One(4, x.city, std::string());
  ar.One(5, x.postal_code, std::string());
  ar.One(6, x.zone, std::string());
}

// Without `value`, which is personal.
template <typename Ar>
void Fields(Ar& ar, typename Ar::template Field<ContactPoint>& x) {
  ar.One(1, x.id, ContactPointId());
  ar.One(2, x.kind, PointKind::kPhone);
  ar.One(3, x.line, Line::kUnknown);
  ar.One(4, x.owner, Relation::kBorrower);
  ar.One(5, x.party, Id128());
  ar.One(6, x.tied_to, TiedTo::kNone);
  ar.One(7, x.shared, false);
  ar.One(8, x.verified, false);
  ar.One(9, x.source, PointSource::kUnknown);
  ar.One(10, x.number_country, std::string());
  ar.Many(11, x.number_zones);
  ar.One(12, x.number_is_whole_country, false);
  ar.One(13, x.link_digest, Bytes32());
}

// Without `born_on`, which is personal.
template <typename Ar>
void Fields(Ar& ar, typename Ar::template Field<Party>& x) {
  ar.One(1, x.id, Id128());
  ar.One(2, x.relation, Relation::kUnidentified);
}

template <typename Ar>
void Fields(Ar& ar, typename Ar::template Field<WeeklySlot>& x) {
  ar.One(1, x.days, uint8_t{0});
  ar.One(2, x.from_minute, 0);
  ar.One(3, x.to_minute, 0);
}

template <typename Ar>
void Fields(Ar& ar, typename Ar::template Field<Person>& x) {
  ar.One(1, x.relation, Relation::kBorrower);
  ar.One(2, x.party, Id128());
}

template <typename Ar>
void Fields(Ar& ar, typename Ar::template Field<Message>& x) {
  ar.One(1, x.form, MessageForm::kFull);
  ar.One(2, x.opt_out, OptOutOffer::kUnstated);
  ar.Maybe(3, x.mentions_debt);
  ar.Maybe(4, x.discloses_collector);
  ar.Maybe(5, x.reveals_trade);
  ar.Maybe(6, x.true_sender_name);
  ar.Maybe(7, x.names_firm_unasked);
  ar.Maybe(8, x.misleading_reason);
  ar.Maybe(9, x.payment_link);
  ar.Maybe(10, x.pressing_offer);
  ar.Maybe(11, x.demands_payment);
  ar.Maybe(12, x.offer);
  ar.Maybe(13, x.commercial);
  ar.Maybe(14, x.recipient_charged);
  MaybeMany(ar, 15, x.carries);
  MaybeMany(ar, 17, x.found);
  MaybeMany(ar, 19, x.languages);
}

template <typename Ar>
void Fields(Ar& ar, typename Ar::template Field<Talk>& x) {
  ar.One(1, x.account, AccountId());
  ar.One(2, x.raised_by_tenant, true);
  ar.One(3, x.declined, false);
}

template <typename Ar>
void Fields(Ar& ar, typename Ar::template Field<Account>& x) {
  ar.One(1, x.role, Role::kThirdPartyCollector);
  ar.One(2, x.product, Product::kOther);
  ar.Part(3, x.balance);
  ar.Part(4, x.principal);
  ar.One(5, x.due_on, Day());
  ar.One(6, x.original_creditor, std::string());
  ar.Maybe(7, x.placed_on);
  ar.Maybe(8, x.defaulted_on);
  ar.Maybe(9, x.charged_off_on);
  ar.Maybe(10, x.limitation_expires_on);
  ar.One(11, x.account_number_at_placement, std::string());
  ar.One(12, x.serviced_by_tenant, false);
  ar.One(13, x.stage, Stage::kOverdue);
  ar.One(15, x.as_of, Instant());
  ar.One(16, x.version, uint64_t{0});
  ar.One(17, x.declared_product, std::string());
  ar.One(18, x.kind, AccountKind::kUnknown);
  ar.One(19, x.held_as, HeldAs::kUnknown);
  ar.One(20, x.creditor_kind, FirmKind::kUnknown);
  ar.Maybe(21, x.secured);
  ar.Maybe(22, x.stale);
  MaybeMany(ar, 23, x.hours);
}

template <typename Ar>
void Fields(Ar& ar, typename Ar::template Field<Event>& x) {
  ar.One(1, x.name, EventName::kAttempt);
  ar.One(2, x.at, Instant());
  ar.Maybe(3, x.received_at);
  ar.One(4, x.by, DoneBy::kTenant);
  ar.One(5, x.by_party, Id128());
  ar.Many(6, x.accounts);
  ar.Maybe(7, x.channel);
  ar.Maybe(8, x.point);
  ar.Part(9, x.to);
  ar.Maybe(10, x.purpose);
  ar.Maybe(11, x.outcome);
  ar.Part(12, x.message);
  ar.One(13, x.dialling, Dialling::kManual);
  ar.One(14, x.voice, Voice::kHuman);
  ar.One(15, x.automated, false);
  ar.One(16, x.requested, false);
  ar.Maybe(17, x.answers);
  ar.Maybe(18, x.relies_on);
  ar.One(19, x.answered_by, Id128());
  MaybeMany(ar, 20, x.talk);  // "all accounts" and "no account" are different things to talk about
  ar.Maybe(22, x.attempt);
  ar.Maybe(23, x.notice);
  ar.Maybe(24, x.opt_out_by);
  ar.Maybe(25, x.period_ends_on);
  ar.Maybe(26, x.received_on);
  ar.Maybe(27, x.via);
  ar.Many(28, x.channels);
  ar.Many(29, x.points);
  ar.Many(30, x.covers);
  ar.Maybe(31, x.consent_form);
  ar.One(32, x.use_disclosed, true);
  ar.One(33, x.given_to, DoneBy::kTenant);
  ar.Many(34, x.windows);
  ar.Maybe(35, x.first_day);
  ar.Maybe(36, x.last_day);
  ar.Maybe(37, x.until);
  ar.Many(38, x.places);
  ar.Maybe(39, x.where);
  ar.Maybe(40, x.place);
  ar.Maybe(41, x.wording);
  ar.Maybe(42, x.attorney);
  ar.One(43, x.repeats, false);
  ar.One(44, x.new_evidence, false);
  ar.One(45, x.refuses_to_pay, false);
  ar.Maybe(46, x.confirmed);
  ar.One(47, x.ended, false);
  ar.One(48, x.cause, std::string());
  ar.One(49, x.owner, Relation::kBorrower);
  ar.One(50, x.owner_party, Id128());
  ar.Maybe(51, x.same_user_since);
  ar.One(52, x.amount_minor_units, int64_t{0});
  ar.One(53, x.declared_name, std::string());
  ar.One(54, x.declared_notice, std::string());
  ar.One(55, x.document, std::string());
}

template <typename Ar>
void Fields(Ar& ar, typename Ar::template Field<Attempt>& x) {
  ar.One(1, x.account, AccountId());
  ar.One(2, x.event, EventId());
  ar.One(4, x.channel, Channel::kLetter);
  ar.One(5, x.point, ContactPointId());
  ar.One(6, x.reserved_at, Instant());
  ar.One(7, x.step, 0);
  ar.One(8, x.provider_id, std::string());
  ar.One(9, x.queued, false);
  ar.Maybe(10, x.dispatched_at);
}

template <typename Ar>
void Fields(Ar& ar, typename Ar::template Field<Pause>& x) {
  ar.One(1, x.since, Instant());
  ar.One(2, x.by_role, CallerRole::kOperator);
  ar.One(3, x.by, std::string());
  ar.One(4, x.reason, std::string());
}

template <typename Ar>
void Fields(Ar& ar, typename Ar::template Field<Receipt>& x) {
  ar.One(1, x.seq, uint64_t{0});
  ar.One(2, x.leaf_hash, Bytes32());
}

// Without `repeated`, which is said of an answer and not kept with it.
template <typename Ar>
void Fields(Ar& ar, typename Ar::template Field<CommandResult>& x) {
  ar.One(1, x.change, ChangeMade::kUnchanged);
  ar.One(2, x.borrower, BorrowerId());
  ar.One(3, x.account, AccountId());
  ar.One(4, x.event, EventId());
  ar.One(5, x.attempt, AttemptId());
  ar.One(6, x.version, uint64_t{0});
  ar.Many(7, x.receipts);
  ar.One(8, x.in_flight, uint32_t{0});
}

namespace rows {
namespace {

template <typename Ar>
void BodyFields(Ar& ar, typename Ar::template Field<Borrower>& x) {
  ar.One(1, x.language, std::string());
  ar.One(2, x.declared_zone, std::string());
  ar.Maybe(3, x.declared_zone_at);
  ar.Many(4, x.contact_points);
  ar.Many(5, x.parties);
  ar.Many(6, x.refused_channels);
  ar.One(7, x.version, uint64_t{0});
  MaybeMany(ar, 8, x.work_hours);
}

// A date of birth with the number of its party; there may be none.
struct Birth {
  uint64_t party = 0;
  Day on{};
};
template <typename Ar>
void Fields(Ar& ar, typename Ar::template Field<Birth>& x) {
  ar.One(1, x.party, uint64_t{0});
  ar.One(2, x.on, Day());
}

struct PersonalFields {
  Personal name;
  std::optional<Day> born_on;
  std::vector<Place> places;
  std::vector<Personal> values;  // of the contact points, in their order
  std::vector<Birth> births;
};
template <typename Ar>
void Fields(Ar& ar, typename Ar::template Field<PersonalFields>& x) {
  ar.One(1, x.name);
  ar.Maybe(2, x.born_on);
  ar.Many(3, x.places);
  ar.Many(4, x.values);
  ar.Many(5, x.births);
}

struct FieldDigest {
  std::string field;
  uint64_t digest = 0;
};
template <typename Ar>
void Fields(Ar& ar, typename Ar::template Field<FieldDigest>& x) {
  ar.One(1, x.field, std::string());
  ar.One(2, x.digest, uint64_t{0});
}

struct SubmittedFields {
  Bytes32 body_digest{};
  Instant as_of{};
  std::vector<FieldDigest> digests;
};
template <typename Ar>
void Fields(Ar& ar, typename Ar::template Field<SubmittedFields>& x) {
  ar.One(1, x.body_digest, Bytes32());
  ar.One(2, x.as_of, Instant());
  ar.Many(3, x.digests);
}

struct Count {
  std::string tenant;
  uint64_t entries = 0;
};
template <typename Ar>
void Fields(Ar& ar, typename Ar::template Field<Count>& x) {
  ar.One(1, x.tenant, std::string());
  ar.One(2, x.entries, uint64_t{0});
}
struct CountFields {
  std::vector<Count> counts;
};
template <typename Ar>
void Fields(Ar& ar, typename Ar::template Field<CountFields>& x) {
  ar.Many(1, x.counts);
}

Writer Begin() {
  Writer writer;
  writer.out().push_back(static_cast<char>(kVersion));
  return writer;
}

template <typename T>
std::string Encode(const T& value) {
  Writer writer = Begin();
  Fields(writer, value);
  return std::move(writer.out());
}

absl::Status NotARow(std::string_view what) {
  return DataLoss("row of `" + std::string(what) +
                  "`: not readable, or written by a newer program; make no contact and restore "
                  "from a backup, or use the newer program");
}

bool HasVersion(std::string_view bytes) {
  return !bytes.empty() && static_cast<uint8_t>(bytes.front()) == kVersion;
}

template <typename T>
absl::Status Decode(std::string_view what, std::string_view bytes, T* value) {
  if (!HasVersion(bytes)) return NotARow(what);
  Reader reader(bytes.substr(1));
  Fields(reader, *value);
  return reader.Done() ? absl::OkStatus() : NotARow(what);
}

}  // namespace

std::string EncodeBorrowerBody(const Borrower& borrower) {
  Writer writer = Begin();
  BodyFields(writer, borrower);
  return std::move(writer.out());
}

std::string EncodeBorrowerPersonal(const Borrower& borrower) {
  PersonalFields fields{.name = borrower.name,
                        .born_on = borrower.born_on,
                        .places = borrower.places,
                        .values = {},
                        .births = {}};
  fields.values.reserve(borrower.contact_points.size());
  for (const ContactPoint& point : borrower.contact_points) fields.values.push_back(point.value);
  for (size_t i = 0; i < borrower.parties.size(); ++i) {
    if (borrower.parties[i].born_on.has_value()) {
      fields.births.push_back({.party = i, .on = *borrower.parties[i].born_on});
    }
  }
  return Encode(fields);
}

absl::Status DecodeBorrower(std::string_view body, std::string_view personal, Borrower* borrower) {
  if (!HasVersion(body)) return NotARow("borrower");
  Reader reader(body.substr(1));
  BodyFields(reader, *borrower);
  if (!reader.Done()) return NotARow("borrower");
  PersonalFields fields;
  FORBEAR_RETURN_IF_ERROR(Decode("borrower", personal, &fields));
  if (fields.values.size() != borrower->contact_points.size()) return NotARow("borrower");
  borrower->name = std::move(fields.name);
  borrower->born_on = fields.born_on;
  borrower->places = std::move(fields.places);
  for (size_t i = 0; i < fields.values.size(); ++i) {
    borrower->contact_points[i].value = std::move(fields.values[i]);
  }
  for (const Birth& birth : fields.births) {
    if (birth.party >= borrower->parties.size()) return NotARow("borrower");
    borrower->parties[birth.party].born_on = birth.on;
  }
  return absl::OkStatus();
}

std::string EncodeAccount(const Account& account) { return Encode(account); }
absl::Status DecodeAccount(std::string_view bytes, Account* account) {
  return Decode("account", bytes, account);
}
std::string EncodeEvent(const Event& event) { return Encode(event); }
absl::Status DecodeEvent(std::string_view bytes, Event* event) {
  return Decode("event", bytes, event);
}
std::string EncodeAttempt(const Attempt& attempt) { return Encode(attempt); }
absl::Status DecodeAttempt(std::string_view bytes, Attempt* attempt) {
  return Decode("attempt", bytes, attempt);
}
std::string EncodePause(const Pause& pause) { return Encode(pause); }
absl::Status DecodePause(std::string_view bytes, Pause* pause) {
  return Decode("pause", bytes, pause);
}
std::string EncodeResult(const CommandResult& result) { return Encode(result); }
absl::Status DecodeResult(std::string_view bytes, CommandResult* result) {
  return Decode("request", bytes, result);
}

std::string EncodeSubmitted(const SubmittedBody& submitted) {
  SubmittedFields fields{
      .body_digest = submitted.body_digest, .as_of = submitted.as_of, .digests = {}};
  fields.digests.reserve(submitted.field_digests.size());
  for (const auto& [field, digest] : submitted.field_digests) {
    fields.digests.push_back({field, digest});
  }
  return Encode(fields);
}
absl::Status DecodeSubmitted(std::string_view bytes, SubmittedBody* submitted) {
  SubmittedFields fields;
  FORBEAR_RETURN_IF_ERROR(Decode("submitted", bytes, &fields));
  submitted->body_digest = fields.body_digest;
  submitted->as_of = fields.as_of;
  submitted->field_digests.clear();
  for (FieldDigest& digest : fields.digests) {
    submitted->field_digests.emplace_back(std::move(digest.field), digest.digest);
  }
  return absl::OkStatus();
}

std::string EncodeCounts(const TenantCounts& counts) {
  CountFields fields;
  for (const auto& [tenant, entries] : counts) fields.counts.push_back({tenant, entries});
  return Encode(fields);
}
absl::Status DecodeCounts(std::string_view bytes, TenantCounts* counts) {
  CountFields fields;
  FORBEAR_RETURN_IF_ERROR(Decode("log_head", bytes, &fields));
  counts->clear();
  for (Count& count : fields.counts) counts->emplace(std::move(count.tenant), count.entries);
  return absl::OkStatus();
}

namespace {

// Rows one after the other, each with its length, so that no two lists look alike.
class Listing {
 public:
  Listing& Add(std::string_view bytes) {
    out_ += std::to_string(bytes.size());
    out_ += ':';
    out_ += bytes;
    return *this;
  }
  void Count(size_t items) { Add(std::to_string(items)); }
  template <typename T>
  void Number(const T& value) {
    Add(std::to_string(value));
  }
  std::string Take() { return std::move(out_); }

 private:
  std::string out_;
};

void AddScope(const PauseScope& scope, Listing* out) {
  out->Add(scope.tenant).Add(scope.jurisdiction);
  out->Add(scope.channel.has_value() ? ToWord(*scope.channel) : std::string_view());
}

void AddInstant(const std::optional<Instant>& at, Listing* out) {
  out->Add(at.has_value() ? FormatInstant(*at) : std::string());
}

void AddJson(const cj1::Value& value, Listing* out) {
  std::string text;
  // Depth 1: a value that cannot be written is refused when its entry is; equal either way.
  if (!cj1::AppendValue(value, 1, &text).ok()) text = "?";
  out->Add(text);
}

}  // namespace

std::string EncodeChanges(const Changes& changes) {
  Listing out;
  out.Count(changes.borrowers.size());
  for (const Borrower& row : changes.borrowers) {
    out.Add(row.id.Raw()).Add(row.tenant).Add(row.external_id);
    out.Add(EncodeBorrowerBody(row)).Add(EncodeBorrowerPersonal(row));
  }
  out.Count(changes.accounts.size());
  for (const Account& row : changes.accounts) {
    out.Add(row.id.Raw()).Add(row.borrower.Raw()).Add(row.tenant).Add(row.external_id);
    out.Number(static_cast<int>(row.state));
    out.Add(EncodeAccount(row));
  }
  out.Count(changes.submitted.size());
  for (const auto& [id, row] : changes.submitted) out.Add(id.Raw()).Add(EncodeSubmitted(row));
  out.Count(changes.events.size());
  for (const auto& [borrower, row] : changes.events) {
    out.Add(borrower.Raw()).Add(row.id.Raw()).Add(EncodeEvent(row));
  }
  out.Count(changes.forgotten_events.size());
  for (const auto& [borrower, id] : changes.forgotten_events) {
    out.Add(borrower.Raw()).Add(id.Raw());
  }
  out.Count(changes.attempts.size());
  for (const Attempt& row : changes.attempts) {
    out.Add(row.id.Raw()).Add(row.tenant).Add(row.borrower.Raw()).Add(ToWord(row.state));
    out.Add(EncodeAttempt(row));
  }
  out.Count(changes.plans.size());
  for (const Plan& row : changes.plans) {
    out.Add(row.account.Raw()).Add(row.borrower.Raw());
    AddInstant(row.wake_at, &out);
    out.Number(row.step);
    AddInstant(row.last_sent_at, &out);
    out.Number(row.last_answer);
  }
  out.Count(changes.pauses.size());
  for (const Pause& row : changes.pauses) {
    AddScope(row.scope, &out);
    out.Add(EncodePause(row));
  }
  out.Count(changes.resumed.size());
  for (const PauseScope& scope : changes.resumed) AddScope(scope, &out);
  out.Count(changes.entries.size());
  for (const audit::EntryDraft& draft : changes.entries) {
    out.Add(draft.id.Raw()).Add(draft.kind).Add(audit::ActorKindName(draft.actor.kind));
    out.Add(draft.actor.id).Add(draft.actor.role).Add(draft.tenant);
    out.Add(draft.borrower.has_value() ? draft.borrower->Raw() : std::string_view());
    AddJson(draft.ref, &out);
    AddJson(draft.data, &out);
  }
  out.Add(EncodeResult(changes.applied.result));
  out.Count(changes.applied.paused ? 1 : 0);
  out.Count(changes.applied.send.has_value() ? 1 : 0);
  if (changes.applied.send.has_value()) {
    const Outgoing& send = changes.applied.send->outgoing;
    out.Count(changes.applied.send->jurisdictions.size());
    for (const std::string& place : changes.applied.send->jurisdictions) out.Add(place);
    out.Add(changes.applied.send->attempt.Raw()).Add(send.attempt.Raw()).Add(send.tenant);
    out.Add(send.borrower.Raw());
    for (const AccountId& account : send.accounts) out.Add(account.Raw());
    out.Add(ToWord(send.channel));
    out.Add(send.address.Reveal(RevealFor::kStoring));
    out.Add(send.addressee.Reveal(RevealFor::kStoring));
    out.Add(send.text.Reveal(RevealFor::kStoring));
    out.Add(send.language).Add(send.template_id);
    AddInstant(send.reserved_at, &out);
  }
  out.Count(changes.applied.queued.has_value() ? 1 : 0);
  if (changes.applied.queued.has_value()) {
    const QueuedSend& queued = *changes.applied.queued;
    out.Add(queued.attempt.Raw()).Add(queued.tenant).Add(ToWord(queued.channel));
    out.Count(queued.jurisdictions.size());
    for (const std::string& place : queued.jurisdictions) out.Add(place);
  }
  return out.Take();
}

}  // namespace rows
}  // namespace forbear
