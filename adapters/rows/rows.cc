#include "adapters/rows/rows.h"

#include <utility>

#include "adapters/rows/codec.h"
#include "engine/audit/cj1.h"
#include "engine/model/listing.h"
#include "engine/model/status.h"

namespace forbear {

// The listings stand in the namespace of the types they list, where the archive looks for them; those
// of the model are in engine/model/listing.h.

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
  Fields(writer, borrower);
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
  Fields(reader, *borrower);
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
    AddJson(draft.facts, &out);
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
