#include "engine/orchestrator/facts_codec.h"

#include <map>
#include <type_traits>
#include <utility>

#include "engine/audit/entry.h"
#include "engine/model/instant.h"
#include "engine/model/listing.h"
#include "engine/model/status.h"

namespace forbear {

// The listings of policy's types stand in its namespace, where the archives look for them.
namespace policy {

template <typename Ar>
void Fields(Ar& ar, typename Ar::template Field<Contact>& x) {
  ar.One(1, "channel", x.channel, Channel::kLetter);
  ar.Maybe(2, "contact_point", x.point);
  ar.Part(3, "to", x.to);
  ar.Many(4, "accounts", x.accounts);
  ar.One(5, "purpose", x.purpose, Purpose::kPaymentReminder);
  ar.Maybe(6, "notice", x.notice);
  ar.One(7, "notice_name", x.declared_notice, std::string());
  ar.Maybe(8, "answers", x.answers);
  ar.One(9, "automated", x.automated, false);
  ar.One(10, "requested", x.requested, false);
  ar.One(11, "dialling", x.dialling, Dialling::kManual);
  ar.One(12, "voice", x.voice, Voice::kHuman);
  ar.One(13, "caller_id", x.caller_id, CallerId::kShown);
  ar.MaybeMany(14, "caller_class", x.caller_class);
  ar.Maybe(16, "relies_on", x.relies_on);
  ar.Maybe(17, "repeat_reason", x.repeat_reason);
  ar.Part(18, "message", x.message);
}

// An answer with the name of its question.
struct NamedAnswer {
  std::string name;
  DeclaredAnswer answer;
};

template <typename Ar>
void Fields(Ar& ar, typename Ar::template Field<NamedAnswer>& x) {
  ar.One(1, "name", x.name, std::string());
  ar.Maybe(2, "flag", x.answer.flag);
  ar.Maybe(3, "day", x.answer.day);
  ar.Maybe(4, "number", x.answer.number);
}

struct TenantFields {
  TenantFacts facts;
  std::vector<NamedAnswer> declared;
};

template <typename Ar>
void Fields(Ar& ar, typename Ar::template Field<TenantFields>& x) {
  ar.Many(1, "seats", x.facts.seats);
  ar.Many(2, "fallback_places", x.facts.fallback_places);
  ar.One(3, "kind", x.facts.kind, FirmKind::kUnknown);
  ar.MaybeMany(4, "licences", x.facts.licences);
  ar.MaybeMany(6, "member_of", x.facts.member_of);
  ar.MaybeMany(8, "hours", x.facts.hours);
  ar.Many(10, "declared", x.declared);
}

}  // namespace policy

namespace {

// What the entry around it takes of 16,384 bytes, and base64 of the rest, is audit::kMostSealedBytes's
// business; an empty list is told apart from an absent one by standing there.
class Writer {
 public:
  template <typename T>
  using Field = const T;
  static constexpr bool kIdentifies = true;

  template <typename T>
  void One(uint32_t, const char* name, const T& value, const T& absent) {
    if (value != absent) object_.Set(name, ToValue(value));
  }
  template <typename T>
  void Maybe(uint32_t, const char* name, const std::optional<T>& value) {
    if (value) object_.Set(name, ToValue(*value));
  }
  template <typename T>
  void Many(uint32_t, const char* name, const std::vector<T>& values) {
    if (!values.empty()) object_.Set(name, ToArray(values));
  }
  template <typename T>
  void MaybeMany(uint32_t, const char* name, const std::optional<std::vector<T>>& values) {
    if (values) object_.Set(name, ToArray(*values));
  }
  template <typename T>
  void Part(uint32_t, const char* name, const T& value) {
    cj1::Value part = ToValue(value);
    if (!part.empty()) object_.Set(name, std::move(part));
  }

  cj1::Value Take() { return std::move(object_); }

  template <typename T>
  static cj1::Value ToValue(const T& value) {
    if constexpr (std::is_enum_v<T>) {
      return ToWord(value);
    } else if constexpr (std::is_same_v<T, bool>) {
      return value;
    } else if constexpr (std::is_integral_v<T>) {
      return static_cast<int64_t>(value);
    } else if constexpr (std::is_same_v<T, Instant>) {
      return FormatInstant(value);
    } else if constexpr (std::is_same_v<T, Day>) {
      return FormatDay(value);
    } else if constexpr (std::is_same_v<T, std::string>) {
      return value;
    } else if constexpr (std::is_same_v<T, Bytes32>) {
      return ToHex({reinterpret_cast<const char*>(value.data()), value.size()});
    } else if constexpr (std::is_base_of_v<Id128, T>) {
      return value.Hex();
    } else {
      Writer inner;
      Fields(inner, value);
      return inner.Take();
    }
  }

 private:
  template <typename T>
  static cj1::Value ToArray(const std::vector<T>& values) {
    cj1::Value array = cj1::Array();
    for (const T& value : values) array.Append(ToValue(value));
    return array;
  }

  cj1::Value object_ = cj1::Object();
};

class Reader {
 public:
  template <typename T>
  using Field = T;
  static constexpr bool kIdentifies = true;

  explicit Reader(const cj1::Value& object) : object_(object) { bad_ = !object.is_object(); }

  template <typename T>
  void One(uint32_t, const char* name, T& value, const T& absent) {
    value = absent;
    if (const cj1::Value* found = Take(name)) Get(*found, value);
  }
  template <typename T>
  void Maybe(uint32_t, const char* name, std::optional<T>& value) {
    value.reset();
    if (const cj1::Value* found = Take(name)) Get(*found, value.emplace());
  }
  template <typename T>
  void Many(uint32_t, const char* name, std::vector<T>& values) {
    values.clear();
    if (const cj1::Value* found = Take(name)) GetArray(*found, values);
  }
  template <typename T>
  void MaybeMany(uint32_t, const char* name, std::optional<std::vector<T>>& values) {
    values.reset();
    if (const cj1::Value* found = Take(name)) GetArray(*found, values.emplace());
  }
  template <typename T>
  void Part(uint32_t, const char* name, T& value) {
    static const cj1::Value* const kNothing = new cj1::Value(cj1::Object());
    const cj1::Value* found = Take(name);
    Get(found == nullptr ? *kNothing : *found, value);
  }

  // Everything was read and understood.
  bool Done() const { return !bad_ && taken_ == object_.AsObject().size(); }

 private:
  const cj1::Value* Take(const char* name) {
    const cj1::Value* found = object_.Find(name);
    if (found != nullptr) ++taken_;
    return found;
  }

  template <typename T>
  void GetArray(const cj1::Value& from, std::vector<T>& values) {
    if (!from.is_array()) {
      bad_ = true;
      return;
    }
    for (const cj1::Value& each : from.AsArray()) Get(each, values.emplace_back());
  }

  template <typename T>
  void Get(const cj1::Value& from, T& value) {
    if constexpr (std::is_same_v<T, bool>) {
      if (!Check(from.is_bool())) return;
      value = from.AsBool();
    } else if constexpr (std::is_integral_v<T>) {
      if (!Check(from.is_integer())) return;
      value = static_cast<T>(from.AsInteger());
      Check(static_cast<int64_t>(value) == from.AsInteger());
    } else if constexpr (std::is_enum_v<T> || std::is_same_v<T, Instant> ||
                         std::is_same_v<T, Day> || std::is_same_v<T, std::string> ||
                         std::is_same_v<T, Bytes32> || std::is_base_of_v<Id128, T>) {
      if (!Check(from.is_string())) return;
      GetText(from.AsString(), value);
    } else {
      Reader inner(from);
      if (!Check(!inner.bad_)) return;
      Fields(inner, value);
      Check(inner.Done());
    }
  }

  template <typename T>
  void GetText(const std::string& text, T& value) {
    if constexpr (std::is_enum_v<T>) {
      const std::optional<T> word = ParseWord<T>(text);
      if (Check(word.has_value())) value = *word;
    } else if constexpr (std::is_same_v<T, Instant>) {
      const absl::StatusOr<Instant> at = ParseInstant(text);
      if (Check(at.ok())) value = *at;
    } else if constexpr (std::is_same_v<T, Day>) {
      const absl::StatusOr<Day> day = ParseDay(text);
      if (Check(day.ok())) value = *day;
    } else if constexpr (std::is_same_v<T, std::string>) {
      value = text;
    } else if constexpr (std::is_same_v<T, Bytes32>) {
      const absl::StatusOr<std::string> bytes = FromHex(text);
      if (Check(bytes.ok() && bytes->size() == value.size())) {
        std::copy(bytes->begin(), bytes->end(), value.begin());
      }
    } else {
      const absl::StatusOr<Id128> id = Id128::FromHexDigits(text);
      if (Check(id.ok())) value.bytes = id->bytes;
    }
  }

  bool Check(bool holds) {
    if (!holds) bad_ = true;
    return holds;
  }

  const cj1::Value& object_;
  size_t taken_ = 0;
  bool bad_ = false;
};

absl::Status NotFacts(std::string_view what) {
  return DataLoss("facts of a sealed entry: `" + std::string(what) +
                  "` is not readable, or was written by a newer program");
}

template <typename T>
absl::StatusOr<T> Read(std::string_view what, const cj1::Value& facts) {
  if (!facts.is_object()) return NotFacts(what);
  T value;
  Reader reader(facts);
  Fields(reader, value);
  if (!reader.Done()) return NotFacts(what);
  return value;
}

// The object without the member, and the member; an object keeps no order.
std::pair<cj1::Value, const cj1::Value*> Without(const cj1::Value& object, std::string_view name) {
  cj1::Value rest = cj1::Object();
  for (const auto& [each, value] : object.AsObject()) {
    if (each != name) rest.Set(each, value);
  }
  return {std::move(rest), object.Find(name)};
}

size_t BytesOf(const cj1::Value& value) {
  std::string out;
  return cj1::AppendValue(value, 1, &out).ok() ? out.size() : 0;  // Encode refuses it later
}

constexpr char kZones[] = "zones";
constexpr char kZoneSet[] = "zone_set";
constexpr char kZoneSets[] = "zone_sets";
constexpr char kPoints[] = "contact_points";

}  // namespace

cj1::Value FactsOf(const Borrower& borrower) {
  const cj1::Value plain = Writer::ToValue(borrower);
  auto [facts, points] = Without(plain, kPoints);
  if (points == nullptr) return facts;
  std::map<std::string, int64_t> numbers;
  cj1::Value sets = cj1::Array();
  cj1::Value shared = cj1::Array();
  for (const cj1::Value& point : points->AsArray()) {
    auto [rest, zones] = Without(point, kZones);
    if (zones != nullptr) {
      std::string key;
      for (const cj1::Value& zone : zones->AsArray()) key += zone.AsString() + "\n";
      const auto [at, added] = numbers.emplace(key, static_cast<int64_t>(numbers.size()));
      if (added) sets.Append(*zones);
      rest.Set(kZoneSet, at->second);
    }
    shared.Append(std::move(rest));
  }
  facts.Set(kPoints, std::move(shared));
  if (!sets.empty()) facts.Set(kZoneSets, std::move(sets));
  return facts;
}

cj1::Value FactsOf(const Account& account) {
  cj1::Value facts = Writer::ToValue(account);
  facts.Set("id", account.id.Hex());
  constexpr std::string_view kStates[] = {"open", "paid", "closed"};
  facts.Set("state", kStates[static_cast<size_t>(account.state)]);
  return facts;
}

cj1::Value FactsOf(const Event& event) {
  cj1::Value facts = Writer::ToValue(event);
  facts.Set("id", event.id.Hex());
  return facts;
}

cj1::Value FactsOf(const policy::Contact& contact) { return Writer::ToValue(contact); }

cj1::Value FactsOf(const policy::TenantFacts& tenant) {
  policy::TenantFields fields{tenant, {}};
  for (const auto& [name, answer] : tenant.declared) fields.declared.push_back({name, answer});
  return Writer::ToValue(fields);
}

absl::StatusOr<Borrower> ReadBorrowerFacts(const cj1::Value& facts) {
  if (!facts.is_object()) return NotFacts("borrower");
  auto [apart, sets] = Without(facts, kZoneSets);
  auto [plain, points] = Without(apart, kPoints);
  if (points != nullptr) {
    if (!points->is_array()) return NotFacts("borrower");
    cj1::Value whole = cj1::Array();
    for (const cj1::Value& point : points->AsArray()) {
      if (!point.is_object()) return NotFacts("borrower");
      auto [rest, number] = Without(point, kZoneSet);
      if (number != nullptr) {
        const bool known = number->is_integer() && number->AsInteger() >= 0 && sets != nullptr &&
                           sets->is_array() &&
                           static_cast<size_t>(number->AsInteger()) < sets->AsArray().size();
        if (!known) return NotFacts("borrower");
        rest.Set(kZones, sets->AsArray()[static_cast<size_t>(number->AsInteger())]);
      }
      whole.Append(std::move(rest));
    }
    plain.Set(kPoints, std::move(whole));
  }
  return Read<Borrower>("borrower", plain);
}

absl::StatusOr<Account> ReadAccountFacts(const cj1::Value& facts) {
  if (!facts.is_object()) return NotFacts("account");
  auto [apart, id] = Without(facts, "id");
  auto [plain, state] = Without(apart, "state");
  FORBEAR_ASSIGN_OR_RETURN(Account account, Read<Account>("account", plain));
  if (id == nullptr || !id->is_string() || state == nullptr || !state->is_string()) {
    return NotFacts("account");
  }
  FORBEAR_ASSIGN_OR_RETURN(account.id, AccountId::Parse(id->AsString()));
  if (state->AsString() == "open") {
    account.state = AccountState::kOpen;
  } else if (state->AsString() == "paid") {
    account.state = AccountState::kPaid;
  } else if (state->AsString() == "closed") {
    account.state = AccountState::kClosed;
  } else {
    return NotFacts("account");
  }
  return account;
}

absl::StatusOr<Event> ReadEventFacts(const cj1::Value& facts) {
  if (!facts.is_object()) return NotFacts("event");
  auto [plain, id] = Without(facts, "id");
  FORBEAR_ASSIGN_OR_RETURN(Event event, Read<Event>("event", plain));
  if (id == nullptr || !id->is_string()) return NotFacts("event");
  FORBEAR_ASSIGN_OR_RETURN(event.id, EventId::Parse(id->AsString()));
  return event;
}

absl::StatusOr<policy::Contact> ReadContactFacts(const cj1::Value& facts) {
  return Read<policy::Contact>("contact", facts);
}

absl::StatusOr<policy::TenantFacts> ReadTenantFacts(const cj1::Value& facts) {
  FORBEAR_ASSIGN_OR_RETURN(policy::TenantFields fields,
                           Read<policy::TenantFields>("tenant", facts));
  for (policy::NamedAnswer& one : fields.declared) {
    fields.facts.declared[one.name] = std::move(one.answer);
  }
  return std::move(fields.facts);
}

std::vector<cj1::Value> InPieces(const cj1::Value& facts) {
  std::vector<cj1::Value> pieces(1, cj1::Object());
  size_t used = 2;
  // What is larger than a piece has one of its own: intake refuses it, and the log would.
  const auto next = [&] {
    if (!pieces.back().empty()) pieces.push_back(cj1::Object());
    used = 2;
  };
  for (const auto& [name, value] : facts.AsObject()) {
    const size_t around = name.size() + 6;  // quotes, colon, brackets, comma
    const size_t bytes = BytesOf(value);
    if (!value.is_array()) {
      if (used + around + bytes > audit::kMostSealedBytes) next();
      pieces.back().Set(name, value);
      used += around + bytes;
      continue;
    }
    cj1::Value list = cj1::Array();
    used += around;
    for (const cj1::Value& item : value.AsArray()) {
      const size_t more = BytesOf(item) + 1;
      if (used + more > audit::kMostSealedBytes) {
        if (!list.empty()) pieces.back().Set(name, std::exchange(list, cj1::Array()));
        next();
        used += around;
      }
      list.Append(item);
      used += more;
    }
    // Nobody told, and none: an empty list stands, too.
    if (!list.empty() || value.empty()) pieces.back().Set(name, std::move(list));
  }
  return pieces;
}

absl::Status AddPiece(const cj1::Value& piece, cj1::Value* whole) {
  if (!piece.is_object()) return NotFacts("piece");
  cj1::Value joined = cj1::Object();
  for (const auto& [name, value] : whole->AsObject()) {
    const cj1::Value* more = piece.Find(name);
    if (more != nullptr && (!more->is_array() || !value.is_array())) return NotFacts(name);
    cj1::Value both = value;
    if (more != nullptr) {
      for (const cj1::Value& item : more->AsArray()) both.Append(item);
    }
    joined.Set(name, std::move(both));
  }
  for (const auto& [name, value] : piece.AsObject()) {
    if (whole->Find(name) == nullptr) joined.Set(name, value);
  }
  *whole = std::move(joined);
  return absl::OkStatus();
}

}  // namespace forbear
