#include "adapters/grpc/translate.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/message.h>

#include <algorithm>

#include "engine/audit/hash.h"
#include "engine/model/status.h"

namespace forbear::grpc_adapter {
namespace {

using google::protobuf::RepeatedPtrField;

// Q1: a text field and a list of any message.
constexpr size_t kMaxText = 4'096;
constexpr int kMaxList = 1'000;
constexpr size_t kMaxTag = 35;  // RFC 5646 section 4.4.1: what every reader of language tags takes
constexpr size_t kMaxLabel = 200;  // as long as a lender's own id may be

bool IsLabel(const std::string& text) {
  return text.size() <= kMaxLabel;
}

// A word of our own making, which may stand in the log: never free text.
bool IsCause(const std::string& text) {
  if (text.empty() || text.size() > 64 || text.front() < 'a' || text.front() > 'z') return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

// Something, one @, something; no blank. More than that only a mail server knows.
bool LooksLikeMail(const std::string& text) {
  const size_t sign = text.find('@');
  if (sign == std::string::npos || sign == 0 || sign + 1 == text.size()) return false;
  if (text.find('@', sign + 1) != std::string::npos) return false;
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte == 0x7f;
  });
}

std::string SerializeDeterministically(const google::protobuf::MessageLite& message) {
  std::string bytes;
  bytes.reserve(message.ByteSizeLong());
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&coded);
  }
  return bytes;
}

char LowerCase(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

std::string Path::ToString() const {
  std::string text = parent == nullptr ? "" : parent->ToString();
  if (index >= 0) {
    text += '[' + std::to_string(index) + ']';
  } else if (!name.empty()) {
    if (!text.empty()) text += '.';
    text += name;
  }
  return text;
}

// ---- Parts -------------------------------------------------------------------------------------

void Reading::Refuse(const Path& at, std::string_view why) {
  violations_.push_back({at.ToString(), std::string(why)});
}

void Reading::RefuseWord(int number, const Path& at) {
  if (number == 0) {
    Refuse(at, "is missing: `_UNSPECIFIED` is never obeyed");
  } else {
    Refuse(at, "is no value that this version knows");
  }
}

void Reading::CheckCount(int count, const Path& at) {
  if (count > kMaxList) Refuse(at, "has more than " + std::to_string(kMaxList) + " items");
}

std::optional<Instant> Reading::ReadInstant(const google::protobuf::Timestamp& time,
                                            const Path& at) {
  if (time.nanos() != 0) {
    Refuse(at, "has a fraction of a second: instants are whole seconds");
    return std::nullopt;
  }
  if (time.seconds() < kFirstInstant.time_since_epoch().count() ||
      time.seconds() >= kEndOfTime.time_since_epoch().count()) {
    Refuse(at, "lies outside 1970 to 2037: no zone table reaches it");
    return std::nullopt;
  }
  return Instant{Seconds{time.seconds()}};
}

std::optional<Day> Reading::ReadDay(const std::string& text, const Path& at) {
  if (text.empty()) return std::nullopt;
  const absl::StatusOr<Day> day = ParseDay(text);
  if (!day.ok()) {
    Refuse(at, "is no date: write YYYY-MM-DD");
    return std::nullopt;
  }
  return *day;
}

std::string Reading::ReadText(const std::string& text, const Path& at) {
  if (text.size() <= kMaxText) return text;
  Refuse(at, "is too long: " + std::to_string(kMaxText) + " bytes at most");
  return {};
}

Money Reading::ReadMoney(const v1::Money& money, const Path& at) {
  Money read{money.minor_units(), money.currency()};
  // Checked where money is understood; only what would be quoted back is bounded here.
  if (read.currency.size() > 3) {
    Refuse(at.Of("currency"), "is no ISO 4217 currency");
    read.currency.clear();
  }
  return read;
}

Place Reading::ReadPlace(const v1::Place& place, const Path& at) {
  Place read;
  if (const auto kind = ReadWord<TiedTo>(place.kind(), at.Of("kind"))) read.kind = *kind;
  if (read.kind == TiedTo::kNone) Refuse(at.Of("kind"), "is neither home nor work");
  read.country = ReadText(place.country(), at.Of("country"));
  read.subdivision = ReadText(place.subdivision(), at.Of("subdivision"));
  read.city = ReadText(place.city(), at.Of("city"));
  read.postal_code = ReadText(place.postal_code(), at.Of("postal_code"));
  read.zone = ReadText(place.zone(), at.Of("zone"));
  return read;
}

std::vector<Place> Reading::ReadPlaces(const RepeatedPtrField<v1::Place>& places, const Path& at) {
  CheckCount(places.size(), at);
  std::vector<Place> read;
  read.reserve(static_cast<size_t>(places.size()));
  for (int i = 0; i < places.size(); ++i) read.push_back(ReadPlace(places.Get(i), at.At(i)));
  return read;
}

ContactPoint Reading::ReadContactPoint(const v1::ContactPoint& point, const Path& at) {
  ContactPoint read;
  read.id = ids_ == IdSpace::kLabels
                ? ContactPointId(Declare(Kind::kPoint, point.id(), at.Of("id")))
                : ContactPointId(Refer(Kind::kPoint, point.id(), at.Of("id")));
  const auto kind = ReadWord<PointKind>(point.kind(), at.Of("kind"));
  if (kind) read.kind = *kind;
  read.value = Personal(ReadText(point.value(), at.Of("value")));
  if (point.has_line()) {
    if (const auto line = ReadWord<Line>(point.line(), at.Of("line"))) read.line = *line;
    if (read.kind != PointKind::kPhone) Refuse(at.Of("line"), "belongs to a phone");
  }
  if (point.has_owner()) {
    if (const auto owner = ReadWord<Relation>(point.owner(), at.Of("owner"))) read.owner = *owner;
  }
  read.party = Refer(Kind::kParty, point.party(), at.Of("party"));
  if (point.has_tied_to()) {
    if (const auto tied = ReadWord<TiedTo>(point.tied_to(), at.Of("tied_to"))) read.tied_to = *tied;
  }
  read.shared = point.shared();
  read.verified = point.verified();
  if (point.has_source()) {
    if (const auto source = ReadWord<PointSource>(point.source(), at.Of("source"))) {
      read.source = *source;
    }
  }
  if (!kind || point.value().empty()) return read;
  if (read.kind == PointKind::kPhone) {
    FORBEAR_CHECK(phones_ != nullptr);
    const PhoneReading number = phones_->Describe(read);
    if (!number.possible) {
      Refuse(at.Of("value"), "is no possible phone number: write `+`, the country code and the number (E.164)");
    } else if (!number.valid) {
      warnings_.push_back({at.Of("value").ToString(),
                           "is a possible phone number, but none that is in use"});
    }
  } else if (read.kind == PointKind::kEmail && !LooksLikeMail(point.value())) {
    Refuse(at.Of("value"), "is no mail address");
  }
  return read;
}

std::vector<WeeklySlot> Reading::ReadSlots(const RepeatedPtrField<v1::WeeklySlot>& slots,
                                           const Path& at) {
  CheckCount(slots.size(), at);
  std::vector<WeeklySlot> read;
  for (int i = 0; i < slots.size(); ++i) {
    const v1::WeeklySlot& slot = slots.Get(i);
    const Path here = at.At(i);
    WeeklySlot one;
    if (slot.days_size() > 0) one.days = 0;
    const Path days = here.Of("days");
    for (int j = 0; j < slot.days_size(); ++j) {
      const int day = static_cast<int>(slot.days(j));
      if (day < v1::WeeklySlot::DAY_MON || day > v1::WeeklySlot::DAY_SUN) {
        RefuseWord(day, days.At(j));
      } else {
        one.days = static_cast<uint8_t>(one.days | 1 << (day - v1::WeeklySlot::DAY_MON));
      }
    }
    const auto read_minute = [&](const std::string& text, std::string_view field, int* minute) {
      if (text.empty()) return;
      const absl::StatusOr<int> parsed = ParseMinuteOfDay(text);
      if (parsed.ok()) {
        *minute = *parsed;
      } else {
        Refuse(here.Of(field), "is no time of day: write HH:MM");
      }
    };
    read_minute(slot.from(), "from", &one.from_minute);
    read_minute(slot.to(), "to", &one.to_minute);
    read.push_back(one);
  }
  return read;
}

std::vector<Channel> Reading::ReadChannels(const google::protobuf::RepeatedField<int>& channels,
                                           const Path& at) {
  std::vector<Channel> read = ReadWords<Channel>(channels, at);
  std::sort(read.begin(), read.end());
  read.erase(std::unique(read.begin(), read.end()), read.end());
  return read;
}

Person Reading::ReadPerson(const v1::Person& person, const Path& at) {
  Person read;
  if (const auto relation = ReadWord<Relation>(person.relation(), at.Of("relation"))) {
    read.relation = *relation;
  }
  read.party = Refer(Kind::kParty, person.party(), at.Of("party"));
  return read;
}

std::string Reading::ReadPackWord(const std::string& text, const Path& at) {
  if (text.empty() || IsCause(text)) return text;
  Refuse(at, "is no word: lower-case letters, digits and `_`, never free text");
  return {};
}

std::vector<std::string> Reading::ReadPackWords(const v1::WordList& list, const Path& at) {
  const Path words = at.Of("words");
  CheckCount(list.words_size(), words);
  std::vector<std::string> read;
  for (int i = 0; i < list.words_size(); ++i) {
    if (list.words(i).empty()) Refuse(words.At(i), "is empty");
    read.push_back(ReadPackWord(list.words(i), words.At(i)));
  }
  std::sort(read.begin(), read.end());
  return read;
}

std::vector<std::string> Reading::ReadTags(const v1::WordList& list, const Path& at) {
  const Path words = at.Of("words");
  CheckCount(list.words_size(), words);
  std::vector<std::string> read;
  for (int i = 0; i < list.words_size(); ++i) {
    const std::string& tag = list.words(i);
    const bool good = !tag.empty() && tag.size() <= kMaxTag &&
                      std::all_of(tag.begin(), tag.end(), [](char c) {
                        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                               (c >= '0' && c <= '9') || c == '-' || c == '_';
                      });
    if (!good) Refuse(words.At(i), "is no tag: letters, digits, `-` and `_`");
    read.push_back(tag);
  }
  std::sort(read.begin(), read.end());
  return read;
}

Message Reading::ReadMessage(const v1::Message& message, const Path& at) {
  Message read;
  if (message.has_form()) {
    if (const auto form = ReadWord<MessageForm>(message.form(), at.Of("form"))) read.form = *form;
  }
  if (message.has_opt_out()) {
    if (const auto offer = ReadWord<OptOutOffer>(message.opt_out(), at.Of("opt_out"))) {
      read.opt_out = *offer;
    }
  }
#define FORBEAR_READ_FINDING(name) \
  if (message.has_##name()) read.name = message.name();
  FORBEAR_READ_FINDING(mentions_debt)
  FORBEAR_READ_FINDING(discloses_collector)
  FORBEAR_READ_FINDING(reveals_trade)
  FORBEAR_READ_FINDING(true_sender_name)
  FORBEAR_READ_FINDING(names_firm_unasked)
  FORBEAR_READ_FINDING(misleading_reason)
  FORBEAR_READ_FINDING(payment_link)
  FORBEAR_READ_FINDING(pressing_offer)
  FORBEAR_READ_FINDING(demands_payment)
  FORBEAR_READ_FINDING(offer)
  FORBEAR_READ_FINDING(commercial)
  FORBEAR_READ_FINDING(recipient_charged)
#undef FORBEAR_READ_FINDING
  if (message.has_carries()) read.carries = ReadPackWords(message.carries(), at.Of("carries"));
  if (message.has_found()) read.found = ReadPackWords(message.found(), at.Of("found"));
  if (message.has_languages()) read.languages = ReadTags(message.languages(), at.Of("languages"));
  return read;
}

// ---- Ids ---------------------------------------------------------------------------------------

Id128 Reading::ParseOurs(const std::string& text, const Path& at) {
  const absl::StatusOr<Id128> id = Id128::FromHexDigits(text);
  if (id.ok()) return *id;
  Refuse(at, "is no id of ours: 32 lower-case hex digits");
  return {};
}

std::string Reading::LabelKey(Kind kind, const std::string& label) const {
  return static_cast<char>('0' + static_cast<int>(kind)) + label;
}

Id128 Reading::Declare(Kind kind, const std::string& label, const Path& at) {
  if (label.empty()) return {};
  if (ids_ == IdSpace::kOurs) return ParseOurs(label, at);
  if (!IsLabel(label)) {
    Refuse(at, "is too long for a label");
    return {};
  }
  std::string key = LabelKey(kind, label);
  for (const auto& [known, id] : labels_) {
    if (known == key) {
      Refuse(at, "names another one too: labels are distinct within their kind");
      return id;
    }
  }
  // Distinct within the request is all that is asked of it; never zero.
  Id128 id;
  const size_t number = labels_.size() + 1;
  id.bytes[14] = static_cast<uint8_t>(number >> 8);
  id.bytes[15] = static_cast<uint8_t>(number);
  labels_.emplace_back(std::move(key), id);
  return id;
}

Id128 Reading::Refer(Kind kind, const std::string& label, const Path& at) {
  if (label.empty()) return {};
  if (ids_ == IdSpace::kOurs) return ParseOurs(label, at);
  const std::string key = LabelKey(kind, label);
  for (const auto& [known, id] : labels_) {
    if (known == key) return id;
  }
  Refuse(at, "names nothing that is declared here");
  return {};
}

// ---- Wholes ------------------------------------------------------------------------------------

Borrower Reading::ReadBorrower(const v1::Borrower& borrower, const Path& at) {
  Borrower read;
  read.external_id = ReadText(borrower.external_id(), at.Of("external_id"));
  read.name = Personal(ReadText(borrower.name(), at.Of("name")));
  read.born_on = ReadDay(borrower.birth_date(), at.Of("birth_date"));
  read.language = ReadText(borrower.language(), at.Of("language"));
  read.declared_zone = ReadText(borrower.declared_zone(), at.Of("declared_zone"));
  if (borrower.has_declared_zone_time()) {
    read.declared_zone_at =
        ReadInstant(borrower.declared_zone_time(), at.Of("declared_zone_time"));
    if (read.declared_zone.empty()) {
      Refuse(at.Of("declared_zone_time"), "is the time of a declared zone, and there is none");
    }
  } else if (!read.declared_zone.empty()) {
    Refuse(at.Of("declared_zone_time"), "is missing: when the borrower said so");
  }
  read.places = ReadPlaces(borrower.places(), at.Of("places"));

  const Path parties = at.Of("parties");
  CheckCount(borrower.parties_size(), parties);
  for (int i = 0; i < borrower.parties_size(); ++i) {
    const v1::Party& party = borrower.parties(i);
    const Path here = parties.At(i);
    Party one;
    one.id = Declare(Kind::kParty, party.id(), here.Of("id"));
    if (const auto relation = ReadWord<Relation>(party.relation(), here.Of("relation"))) {
      one.relation = *relation;
    }
    one.born_on = ReadDay(party.birth_date(), here.Of("birth_date"));
    read.parties.push_back(one);
  }
  const Path points = at.Of("contact_points");
  CheckCount(borrower.contact_points_size(), points);
  read.contact_points.reserve(static_cast<size_t>(borrower.contact_points_size()));
  for (int i = 0; i < borrower.contact_points_size(); ++i) {
    read.contact_points.push_back(ReadContactPoint(borrower.contact_points(i), points.At(i)));
  }
  read.refused_channels = ReadChannels(borrower.refused_channels(), at.Of("refused_channels"));
  if (borrower.has_work_hours()) {
    read.work_hours = ReadSlots(borrower.work_hours().slots(), at.Of("work_hours").Of("slots"));
  }
  return read;
}

Account Reading::ReadAccount(const v1::Account& account, const Path& at, bool submission) {
  Account read;
  read.external_id = ReadText(account.external_id(), at.Of("external_id"));
  if (submission) {
    if (!account.id().empty()) Refuse(at.Of("id"), "is ours to give");
    if (!account.borrower_id().empty()) Refuse(at.Of("borrower_id"), "is ours to give");
    if (account.state() != v1::ACCOUNT_STATE_UNSPECIFIED) {
      Refuse(at.Of("state"), "is ours to tell: hand in what is owed, and close it when it is not");
    }
    if (account.has_as_of()) Refuse(at.Of("as_of"), "stands beside the account in a submission");
    read.id = AccountId(Declare(Kind::kAccount, read.external_id, at.Of("external_id")));
  } else {
    read.id = AccountId(Declare(Kind::kAccount, account.id(), at.Of("id")));
    if (account.id().empty()) Refuse(at.Of("id"), "is missing: the contact names it");
    if (account.has_as_of()) {
      if (const auto as_of = ReadInstant(account.as_of(), at.Of("as_of"))) read.as_of = *as_of;
    }
    switch (account.state()) {
      case v1::ACCOUNT_STATE_UNSPECIFIED:
      case v1::ACCOUNT_STATE_OPEN:
        read.state = AccountState::kOpen;
        break;
      case v1::ACCOUNT_STATE_PAID:
        read.state = AccountState::kPaid;
        break;
      case v1::ACCOUNT_STATE_CLOSED:
        read.state = AccountState::kClosed;
        break;
      default:
        RefuseWord(static_cast<int>(account.state()), at.Of("state"));
    }
  }
  if (const auto role = ReadWord<Role>(account.role(), at.Of("role"))) read.role = *role;
  if (const auto product = ReadWord<Product>(account.product(), at.Of("product"))) {
    read.product = *product;
  }
  if (account.has_balance()) {
    read.balance = ReadMoney(account.balance(), at.Of("balance"));
  } else if (submission) {
    Refuse(at.Of("balance"), "is missing");
  }
  if (account.has_principal()) read.principal = ReadMoney(account.principal(), at.Of("principal"));
  if (const auto due = ReadDay(account.due_date(), at.Of("due_date"))) {
    read.due_on = *due;
  } else if (submission && account.due_date().empty()) {
    Refuse(at.Of("due_date"), "is missing");
  }
  read.original_creditor = ReadText(account.original_creditor(), at.Of("original_creditor"));
  read.placed_on = ReadDay(account.placed_date(), at.Of("placed_date"));
  read.defaulted_on = ReadDay(account.defaulted_date(), at.Of("defaulted_date"));
  read.charged_off_on = ReadDay(account.charged_off_date(), at.Of("charged_off_date"));
  read.limitation_expires_on =
      ReadDay(account.limitation_expires_date(), at.Of("limitation_expires_date"));
  read.account_number_at_placement =
      ReadText(account.account_number_at_placement(), at.Of("account_number_at_placement"));
  read.serviced_by_tenant = account.serviced_by_tenant();
  read.declared_product = ReadPackWord(account.product_name(), at.Of("product_name"));
  if (read.declared_product.empty() == (read.product == Product::kDeclared)) {
    Refuse(at.Of("product_name"), "comes with PRODUCT_DECLARED, and only with it");
  }
  if (account.has_kind()) {
    if (const auto kind = ReadWord<AccountKind>(account.kind(), at.Of("kind"))) read.kind = *kind;
  }
  if (account.has_held_as()) {
    if (const auto held = ReadWord<HeldAs>(account.held_as(), at.Of("held_as"))) read.held_as = *held;
  }
  if (account.has_creditor_kind()) {
    if (const auto kind = ReadWord<FirmKind>(account.creditor_kind(), at.Of("creditor_kind"))) {
      read.creditor_kind = *kind;
    }
  }
  if (account.has_secured()) read.secured = account.secured();
  if (account.has_stale()) read.stale = account.stale();
  if (account.has_contact_hours()) {
    read.hours = ReadSlots(account.contact_hours().slots(), at.Of("contact_hours").Of("slots"));
  }
  if (account.has_stage()) {
    if (const auto stage = ReadWord<Stage>(account.stage(), at.Of("stage"))) read.stage = *stage;
  }
  return read;
}

void Reading::DeclareEvents(const RepeatedPtrField<v1::Event>& events, const Path& at) {
  if (ids_ != IdSpace::kLabels) return;
  for (int i = 0; i < events.size(); ++i) {
    Declare(Kind::kEvent, events.Get(i).id(), at.At(i).Of("id"));
  }
}

Event Reading::ReadEvent(const v1::Event& event, const Path& at) {
  Event read;
  if (ids_ == IdSpace::kLabels) {
    read.id = EventId(Refer(Kind::kEvent, event.id(), at.Of("id")));
  } else if (!event.id().empty()) {
    Refuse(at.Of("id"), "is ours to give");
  }
  if (!event.attempt_id().empty()) Refuse(at.Of("attempt_id"), "is ours to give");
  const auto name = ReadWord<EventName>(event.name(), at.Of("name"));
  if (name) read.name = *name;
  read.declared_name = ReadPackWord(event.declared_name(), at.Of("declared_name"));
  if (read.declared_name.empty() == (name == EventName::kDeclared)) {
    Refuse(at.Of("declared_name"), "comes with EVENT_NAME_DECLARED, and only with it");
  }
  read.declared_notice = ReadPackWord(event.notice_name(), at.Of("notice_name"));
  read.document = ReadPackWord(event.document(), at.Of("document"));
  if (event.has_event_time()) {
    if (const auto time = ReadInstant(event.event_time(), at.Of("event_time"))) read.at = *time;
  } else {
    Refuse(at.Of("event_time"), "is missing");
  }
  if (event.has_received_time()) {
    read.received_at = ReadInstant(event.received_time(), at.Of("received_time"));
  }
  const bool tenants = name == EventName::kAttempt || name == EventName::kNotice;
  read.by = tenants ? DoneBy::kTenant : DoneBy::kBorrower;
  if (event.has_by()) {
    if (const auto by = ReadWord<DoneBy>(event.by(), at.Of("by"))) read.by = *by;
  }
  read.by_party = Refer(Kind::kParty, event.by_party(), at.Of("by_party"));
  const Path accounts = at.Of("accounts");
  CheckCount(event.accounts_size(), accounts);
  for (int i = 0; i < event.accounts_size(); ++i) {
    read.accounts.push_back(AccountId(Refer(Kind::kAccount, event.accounts(i), accounts.At(i))));
  }
  std::sort(read.accounts.begin(), read.accounts.end());

  if (event.has_channel()) read.channel = ReadWord<Channel>(event.channel(), at.Of("channel"));
  if (!event.contact_point().empty()) {
    read.point =
        ContactPointId(Refer(Kind::kPoint, event.contact_point(), at.Of("contact_point")));
  }
  if (event.has_to()) read.to = ReadPerson(event.to(), at.Of("to"));
  if (event.has_purpose()) {
    read.purpose = ReadWord<Purpose>(event.purpose(), at.Of("purpose"));
  } else if (name == EventName::kAttempt) {
    read.purpose = Purpose::kPaymentReminder;
  }
  if (event.has_outcome()) {
    read.outcome = ReadWord<Outcome>(event.outcome(), at.Of("outcome"));
  } else if (name == EventName::kAttempt) {
    read.outcome = Outcome::kUnreported;
  }
  if (event.has_message()) read.message = ReadMessage(event.message(), at.Of("message"));
  if (event.has_dialling()) {
    if (const auto word = ReadWord<Dialling>(event.dialling(), at.Of("dialling"))) {
      read.dialling = *word;
    }
  }
  if (event.has_voice()) {
    if (const auto word = ReadWord<Voice>(event.voice(), at.Of("voice"))) read.voice = *word;
  }
  read.automated = event.automated();
  read.requested = event.requested();
  if (!event.answers().empty()) {
    read.answers = EventId(Refer(Kind::kEvent, event.answers(), at.Of("answers")));
  }
  if (event.has_relies_on()) read.relies_on = ReadWord<Basis>(event.relies_on(), at.Of("relies_on"));
  read.answered_by = Refer(Kind::kParty, event.answered_by(), at.Of("answered_by"));
  if (event.has_talk()) {
    read.talk.emplace();
    const Path talk = at.Of("talk");
    const Path topics = talk.Of("topics");
    CheckCount(event.talk().topics_size(), topics);
    for (int i = 0; i < event.talk().topics_size(); ++i) {
      const v1::Talk& topic = event.talk().topics(i);
      const Path here = topics.At(i);
      Talk one;
      if (topic.account().empty()) Refuse(here.Of("account"), "is missing");
      one.account = AccountId(Refer(Kind::kAccount, topic.account(), here.Of("account")));
      if (topic.has_raised_by()) {
        const auto by = ReadWord<DoneBy>(topic.raised_by(), here.Of("raised_by"));
        one.raised_by_tenant = by != DoneBy::kBorrower;
      }
      one.declined = topic.declined();
      read.talk->push_back(one);
    }
  }

  if (event.has_notice()) read.notice = ReadWord<NoticeKind>(event.notice(), at.Of("notice"));
  if (read.declared_notice.empty() == (read.notice == NoticeKind::kDeclared)) {
    Refuse(at.Of("notice_name"), "comes with NOTICE_KIND_DECLARED, and only with it");
  }
  read.opt_out_by = ReadDay(event.opt_out_by(), at.Of("opt_out_by"));
  read.period_ends_on = ReadDay(event.period_ends_date(), at.Of("period_ends_date"));
  read.received_on = ReadDay(event.received_date(), at.Of("received_date"));

  if (event.has_via()) read.via = ReadWord<Via>(event.via(), at.Of("via"));
  read.channels = ReadChannels(event.channels(), at.Of("channels"));
  const Path points = at.Of("contact_points");
  CheckCount(event.contact_points_size(), points);
  for (int i = 0; i < event.contact_points_size(); ++i) {
    read.points.push_back(
        ContactPointId(Refer(Kind::kPoint, event.contact_points(i), points.At(i))));
  }
  std::sort(read.points.begin(), read.points.end());
  read.covers = ReadWords<Covers>(event.covers(), at.Of("covers"));
  if (event.has_consent_form()) {
    read.consent_form = ReadWord<ConsentForm>(event.consent_form(), at.Of("consent_form"));
  }
  if (event.has_use_disclosed()) read.use_disclosed = event.use_disclosed();
  if (event.has_given_to()) {
    if (const auto to = ReadWord<DoneBy>(event.given_to(), at.Of("given_to"))) read.given_to = *to;
  }
  read.windows = ReadSlots(event.windows(), at.Of("windows"));
  read.first_day = ReadDay(event.first_day(), at.Of("first_day"));
  read.last_day = ReadDay(event.last_day(), at.Of("last_day"));
  if (event.has_until()) read.until = ReadInstant(event.until(), at.Of("until"));
  read.places = ReadWords<TiedTo>(event.places(), at.Of("places"));
  if (event.has_where()) read.where = ReadWord<Whereabouts>(event.where(), at.Of("where"));
  if (event.has_place()) read.place = ReadPlace(event.place(), at.Of("place"));
  if (event.has_wording()) read.wording = ReadWord<Wording>(event.wording(), at.Of("wording"));
  if (!event.attorney().empty()) {
    read.attorney = Refer(Kind::kParty, event.attorney(), at.Of("attorney"));
  }
  read.repeats = event.repeats();
  read.new_evidence = event.new_evidence();
  read.refuses_to_pay = event.refuses_to_pay();
  if (event.has_confirmed()) read.confirmed = event.confirmed();
  read.ended = event.ended();
  if (!event.cause().empty()) {
    if (IsCause(event.cause())) {
      read.cause = event.cause();
    } else {
      Refuse(at.Of("cause"), "is no word: lower-case letters, digits and `_`, never free text");
    }
  }
  if (event.has_owner()) {
    if (const auto owner = ReadWord<Relation>(event.owner(), at.Of("owner"))) read.owner = *owner;
  }
  read.owner_party = Refer(Kind::kParty, event.owner_party(), at.Of("owner_party"));
  read.same_user_since = ReadDay(event.same_user_since(), at.Of("same_user_since"));
  if (event.has_amount_minor_units()) {
    read.amount_minor_units = event.amount_minor_units();
    if (read.amount_minor_units < 0 || read.amount_minor_units > kMaxMinorUnits) {
      Refuse(at.Of("amount_minor_units"), "is negative or larger than any one person's debt");
    }
  }
  return read;
}

policy::Contact Reading::ReadContact(const v1::ProposedContact& contact, const Path& at) {
  policy::Contact read;
  if (const auto channel = ReadWord<Channel>(contact.channel(), at.Of("channel"))) {
    read.channel = *channel;
  }
  if (!contact.contact_point().empty()) {
    read.point =
        ContactPointId(Refer(Kind::kPoint, contact.contact_point(), at.Of("contact_point")));
  }
  if (contact.has_to()) read.to = ReadPerson(contact.to(), at.Of("to"));
  const Path accounts = at.Of("accounts");
  CheckCount(contact.accounts_size(), accounts);
  for (int i = 0; i < contact.accounts_size(); ++i) {
    read.accounts.push_back(AccountId(Refer(Kind::kAccount, contact.accounts(i), accounts.At(i))));
  }
  std::sort(read.accounts.begin(), read.accounts.end());
  read.accounts.erase(std::unique(read.accounts.begin(), read.accounts.end()),
                      read.accounts.end());
  if (contact.has_purpose()) {
    if (const auto purpose = ReadWord<Purpose>(contact.purpose(), at.Of("purpose"))) {
      read.purpose = *purpose;
    }
  }
  if (contact.has_notice()) read.notice = ReadWord<NoticeKind>(contact.notice(), at.Of("notice"));
  read.declared_notice = ReadPackWord(contact.notice_name(), at.Of("notice_name"));
  if (read.declared_notice.empty() == (read.notice == NoticeKind::kDeclared)) {
    Refuse(at.Of("notice_name"), "comes with NOTICE_KIND_DECLARED, and only with it");
  }
  if (contact.has_caller_class()) {
    read.caller_class = ReadPackWords(contact.caller_class(), at.Of("caller_class"));
  }
  if (read.purpose == Purpose::kRequiredNotice && !contact.has_notice()) {
    Refuse(at.Of("notice"), "is missing: which notice it is");
  }
  if (!contact.answers().empty()) {
    read.answers = EventId(Refer(Kind::kEvent, contact.answers(), at.Of("answers")));
  }
  read.automated = contact.automated();
  read.requested = contact.requested();
  if (contact.has_dialling()) {
    if (const auto word = ReadWord<Dialling>(contact.dialling(), at.Of("dialling"))) {
      read.dialling = *word;
    }
  }
  if (contact.has_voice()) {
    if (const auto word = ReadWord<Voice>(contact.voice(), at.Of("voice"))) read.voice = *word;
  }
  if (contact.has_caller_id()) {
    if (const auto word = ReadWord<CallerId>(contact.caller_id(), at.Of("caller_id"))) {
      read.caller_id = *word;
    }
  }
  if (contact.has_relies_on()) {
    read.relies_on = ReadWord<Basis>(contact.relies_on(), at.Of("relies_on"));
  }
  if (contact.has_repeat_reason()) {
    read.repeat_reason = ReadWord<RepeatReason>(contact.repeat_reason(), at.Of("repeat_reason"));
  }
  if (contact.has_message()) read.message = ReadMessage(contact.message(), at.Of("message"));
  return read;
}

SubmitAccount Reading::ReadSubmission(const v1::AccountSubmission& submission, const Path& at) {
  SubmitAccount read;
  const Path borrower = at.Of("borrower");
  if (submission.has_account()) {
    read.account = ReadAccount(submission.account(), at.Of("account"), /*submission=*/true);
  } else {
    Refuse(at.Of("account"), "is missing");
  }
  if (submission.has_borrower()) {
    read.borrower = ReadBorrower(submission.borrower(), borrower);
    if (!submission.borrower().id().empty()) Refuse(borrower.Of("id"), "is ours to give");
  } else {
    Refuse(borrower, "is missing");
  }
  const Path history = at.Of("history");
  CheckCount(submission.history_size(), history);
  read.history.reserve(static_cast<size_t>(submission.history_size()));
  DeclareEvents(submission.history(), history);
  for (int i = 0; i < submission.history_size(); ++i) {
    read.history.push_back(ReadEvent(submission.history(i), history.At(i)));
  }
  read.allow_update = submission.allow_update();
  if (submission.has_as_of()) {
    if (const auto as_of = ReadInstant(submission.as_of(), at.Of("as_of"))) {
      read.account.as_of = *as_of;
    }
  } else {
    Refuse(at.Of("as_of"), "is missing: the time of this body by the lender's own clock");
  }
  return read;
}

std::map<std::string, policy::DeclaredAnswer> Reading::ReadDeclared(
    const RepeatedPtrField<v1::DeclaredAnswer>& answers, const Path& at) {
  CheckCount(answers.size(), at);
  std::map<std::string, policy::DeclaredAnswer> read;
  for (int i = 0; i < answers.size(); ++i) {
    const v1::DeclaredAnswer& answer = answers.Get(i);
    const Path here = at.At(i);
    policy::DeclaredAnswer one;
    switch (answer.answer_case()) {
      case v1::DeclaredAnswer::kFlag:
        one.flag = answer.flag();
        break;
      case v1::DeclaredAnswer::kDate:
        one.day = ReadDay(answer.date(), here.Of("date"));
        if (answer.date().empty()) Refuse(here.Of("date"), "is no date: write YYYY-MM-DD");
        break;
      case v1::DeclaredAnswer::kNumber:
        one.number = answer.number();
        break;
      case v1::DeclaredAnswer::ANSWER_NOT_SET:
        continue;
    }
    if (answer.name().empty()) {
      Refuse(here.Of("name"), "is missing");
    } else if (!read.emplace(answer.name(), one).second) {
      Refuse(here.Of("name"), "is answered twice");
    }
  }
  return read;
}

void ReadFacts(const v1::Facts& message, const v1::ProposedContact& contact, Reading& reading,
               const Path& facts_at, const Path& contact_at, OwnedFacts* facts) {
  const Path tenant = facts_at.Of("tenant");
  facts->tenant.id = "facts";
  facts->tenant.seats = reading.ReadPlaces(message.tenant().seats(), tenant.Of("seats"));
  facts->tenant.fallback_places =
      reading.ReadPlaces(message.tenant().fallback_places(), tenant.Of("fallback_places"));
  if (message.tenant().has_kind()) {
    if (const auto kind = reading.ReadWord<FirmKind>(message.tenant().kind(), tenant.Of("kind"))) {
      facts->tenant.kind = *kind;
    }
  }
  if (message.tenant().has_licences()) {
    facts->tenant.licences =
        reading.ReadPackWords(message.tenant().licences(), tenant.Of("licences"));
  }
  if (message.tenant().has_member_of()) {
    facts->tenant.member_of = reading.ReadTags(message.tenant().member_of(), tenant.Of("member_of"));
  }
  if (message.tenant().has_contact_hours()) {
    facts->tenant.hours = reading.ReadSlots(message.tenant().contact_hours().slots(),
                                            tenant.Of("contact_hours").Of("slots"));
  }
  facts->tenant.declared =
      reading.ReadDeclared(message.tenant().declared(), tenant.Of("declared"));
  facts->facts.declared = reading.ReadDeclared(message.declared(), facts_at.Of("declared"));

  if (message.has_borrower()) {
    facts->borrower = reading.ReadBorrower(message.borrower(), facts_at.Of("borrower"));
  } else {
    reading.Refuse(facts_at.Of("borrower"), "is missing");
  }
  const Path accounts = facts_at.Of("accounts");
  if (message.accounts_size() == 0) reading.Refuse(accounts, "is missing: at least one");
  for (int i = 0; i < message.accounts_size(); ++i) {
    facts->accounts.push_back(
        reading.ReadAccount(message.accounts(i), accounts.At(i), /*submission=*/false));
  }
  const Path history = facts_at.Of("history");
  reading.DeclareEvents(message.history(), history);
  for (int i = 0; i < message.history_size(); ++i) {
    facts->history.push_back(reading.ReadEvent(message.history(i), history.At(i)));
  }
  std::stable_sort(facts->history.begin(), facts->history.end(),
                   [](const Event& a, const Event& b) { return a.at < b.at; });
  if (message.has_channel_consent()) {
    switch (message.channel_consent()) {
      case v1::CHANNEL_CONSENT_ONLY_HISTORY:
        facts->facts.channel_consent = policy::ChannelConsent::kOnlyHistory;
        break;
      case v1::CHANNEL_CONSENT_GIVEN_LONG_AGO:
        facts->facts.channel_consent = policy::ChannelConsent::kGivenLongAgo;
        break;
      default:
        reading.Refuse(facts_at.Of("channel_consent"), "is no value that this version knows");
    }
  }
  facts->facts.notices_given_by_default = message.notices_given_by_default();
  facts->facts.papers_in_order_by_default = message.papers_in_order_by_default();
  facts->facts.lacks = {message.lacks().begin(), message.lacks().end()};

  // Last: it names what the facts declare.
  facts->facts.contact = reading.ReadContact(contact, contact_at);
  if (contact.accounts_size() == 0) {
    reading.Refuse(contact_at.Of("accounts"), "is missing: at least one");
  }
  facts->facts.tenant = &facts->tenant;
  facts->facts.borrower = &facts->borrower;
  for (const Account& account : facts->accounts) facts->facts.accounts.push_back(&account);
  for (const Event& event : facts->history) facts->facts.history.push_back(&event);
}

// ---- Digests -----------------------------------------------------------------------------------

Bytes32 DigestOf(const google::protobuf::MessageLite& message) {
  return audit::Sha256(SerializeDeterministically(message));
}

namespace {

// One digest for each field of `message` that is set.
void AddFieldDigests(const google::protobuf::Message& message, std::string_view prefix,
                     const Bytes32& key, std::vector<std::pair<std::string, uint64_t>>* digests) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  std::string bytes;
  for (const google::protobuf::FieldDescriptor* field : fields) {
    bytes.assign(audit::AsText(key));
    const auto add_number = [&](uint64_t number) {
      for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<char>(number >> (8 * i) & 0xff));
    };
    const auto add_text = [&](const std::string& text) {
      add_number(text.size());
      bytes += text;
    };
    using Field = google::protobuf::FieldDescriptor;
    const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      switch (field->cpp_type()) {
        case Field::CPPTYPE_MESSAGE:
          add_text(SerializeDeterministically(
              field->is_repeated() ? reflection.GetRepeatedMessage(message, field, i)
                                   : reflection.GetMessage(message, field)));
          break;
        case Field::CPPTYPE_STRING: {
          std::string scratch;
          add_text(field->is_repeated()
                       ? reflection.GetRepeatedStringReference(message, field, i, &scratch)
                       : reflection.GetStringReference(message, field, &scratch));
          break;
        }
        case Field::CPPTYPE_ENUM:
          add_number(static_cast<uint64_t>(
              field->is_repeated() ? reflection.GetRepeatedEnumValue(message, field, i)
                                   : reflection.GetEnumValue(message, field)));
          break;
        case Field::CPPTYPE_BOOL:
          add_number(reflection.GetBool(message, field) ? 1 : 0);
          break;
        case Field::CPPTYPE_UINT64:
          add_number(reflection.GetUInt64(message, field));
          break;
        default:
          // The account and the borrower have fields of no other type; a new one is a mistake here.
          FORBEAR_CHECK(false);
      }
    }
    const Bytes32 digest = audit::Sha256(bytes);
    uint64_t head = 0;
    for (size_t i = 0; i < 8; ++i) head = head << 8 | digest[i];
    digests->emplace_back(std::string(prefix) + field->name(), head);
  }
}

}  // namespace

void AddDigests(const v1::AccountSubmission& submission, const Bytes32& key, SubmitAccount* item) {
  // The body is account, borrower and history; each with its length before it, so that no two bodies
  // run together into the same bytes.
  std::string body;
  const auto add = [&](const google::protobuf::MessageLite& message) {
    const std::string bytes = SerializeDeterministically(message);
    body += std::to_string(bytes.size());
    body += ':';
    body += bytes;
  };
  add(submission.account());
  add(submission.borrower());
  std::string history;
  for (const v1::Event& event : submission.history()) {
    const size_t before = body.size();
    add(event);
    history.append(body, before);
  }
  item->body_digest = audit::Sha256(body);
  item->field_digests.clear();
  AddFieldDigests(submission.account(), "account.", key, &item->field_digests);
  AddFieldDigests(submission.borrower(), "borrower.", key, &item->field_digests);
  if (!history.empty()) {
    const Bytes32 digest = audit::Sha256(std::string(audit::AsText(key)) + history);
    uint64_t head = 0;
    for (size_t i = 0; i < 8; ++i) head = head << 8 | digest[i];
    item->field_digests.emplace_back("history", head);
  }
}

void AddLinkDigests(std::string_view tenant, const Bytes32& index_key,
                    std::vector<ContactPoint>* points) {
  if (points->empty()) return;
  const Bytes32 tenant_key = audit::HmacSha256(index_key, tenant);
  for (ContactPoint& point : *points) {
    // Somebody else's number says nothing about who the borrower is.
    if (point.owner != Relation::kBorrower) continue;
    if (point.kind != PointKind::kPhone && point.kind != PointKind::kEmail) continue;
    std::string value(ToWord(point.kind));
    value += ':';
    // Mail hosts treat the part before the @ as they like; in practice none tells letters' case
    // apart, and linking two borrowers too many only counts more.
    for (const char c : point.value.Reveal(RevealFor::kMatching)) value += LowerCase(c);
    point.link_digest = audit::HmacSha256(tenant_key, value);
  }
}

// ---- Back --------------------------------------------------------------------------------------

std::string MaskName(const std::string& name) {
  std::string masked;
  bool at_start = true;
  for (size_t i = 0; i < name.size(); ++i) {
    const auto byte = static_cast<unsigned char>(name[i]);
    if (byte == ' ' || byte == '-') {
      at_start = true;
      continue;
    }
    if (!at_start) continue;
    at_start = false;
    // A whole UTF-8 character, not its first byte.
    const size_t length = byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    if (!masked.empty()) masked += ' ';
    masked += name.substr(i, length);
    masked += '.';
  }
  return masked;
}

std::string MaskPoint(PointKind kind, const std::string& value) {
  if (kind == PointKind::kPhone && value.size() > 6) return "…" + value.substr(value.size() - 2);
  return value.empty() ? "" : "…";
}

void Write(Instant at, google::protobuf::Timestamp* out) {
  out->set_seconds(at.time_since_epoch().count());
}

void Write(const Money& money, v1::Money* out) {
  out->set_minor_units(money.minor_units);
  out->set_currency(money.currency);
}

void Write(const Place& place, Masking masking, v1::Place* out) {
  out->set_kind(ToProto(place.kind));
  out->set_country(place.country);
  out->set_subdivision(place.subdivision);
  out->set_city(place.city);
  if (masking == Masking::kNone) out->set_postal_code(place.postal_code);
  out->set_zone(place.zone);
}

namespace {

std::string HexOrEmpty(const Id128& id) { return id.IsZero() ? "" : id.Hex(); }
std::string DayOrEmpty(const std::optional<Day>& day) { return day ? FormatDay(*day) : ""; }
std::string MinuteOfDay(int minute) {
  std::string text = "00:00";
  text[0] = static_cast<char>('0' + minute / 600);
  text[1] = static_cast<char>('0' + minute / 60 % 10);
  text[3] = static_cast<char>('0' + minute % 60 / 10);
  text[4] = static_cast<char>('0' + minute % 10);
  return text;
}

void WritePerson(const Person& person, v1::Person* out) {
  out->set_relation(ToProto(person.relation));
  out->set_party(HexOrEmpty(person.party));
}

void WriteWords(const std::vector<std::string>& words, v1::WordList* out) {
  for (const std::string& word : words) out->add_words(word);
}

void WriteSlots(const std::vector<WeeklySlot>& slots, RepeatedPtrField<v1::WeeklySlot>* out) {
  for (const WeeklySlot& slot : slots) {
    v1::WeeklySlot* each = out->Add();
    for (int day = 0; day < 7; ++day) {
      if (slot.days >> day & 1) {
        each->add_days(static_cast<v1::WeeklySlot::Day>(v1::WeeklySlot::DAY_MON + day));
      }
    }
    each->set_from(MinuteOfDay(slot.from_minute));
    each->set_to(MinuteOfDay(slot.to_minute));
  }
}

void WriteMessage(const Message& message, v1::Message* out) {
  out->set_form(ToProto(message.form));
  if (message.opt_out != OptOutOffer::kUnstated) out->set_opt_out(ToProto(message.opt_out));
#define FORBEAR_WRITE_FINDING(name) \
  if (message.name) out->set_##name(*message.name);
  FORBEAR_WRITE_FINDING(mentions_debt)
  FORBEAR_WRITE_FINDING(discloses_collector)
  FORBEAR_WRITE_FINDING(reveals_trade)
  FORBEAR_WRITE_FINDING(true_sender_name)
  FORBEAR_WRITE_FINDING(names_firm_unasked)
  FORBEAR_WRITE_FINDING(misleading_reason)
  FORBEAR_WRITE_FINDING(payment_link)
  FORBEAR_WRITE_FINDING(pressing_offer)
  FORBEAR_WRITE_FINDING(demands_payment)
  FORBEAR_WRITE_FINDING(offer)
  FORBEAR_WRITE_FINDING(commercial)
  FORBEAR_WRITE_FINDING(recipient_charged)
#undef FORBEAR_WRITE_FINDING
  if (message.carries) WriteWords(*message.carries, out->mutable_carries());
  if (message.found) WriteWords(*message.found, out->mutable_found());
  if (message.languages) WriteWords(*message.languages, out->mutable_languages());
}

}  // namespace

void Write(const Borrower& borrower, Masking masking, v1::Borrower* out) {
  const bool masked = masking == Masking::kMasked;
  out->set_id(borrower.id.Hex());
  const std::string& name = borrower.name.Reveal(RevealFor::kCaller);
  out->set_name(masked ? MaskName(name) : name);
  if (!masked) {
    out->set_external_id(borrower.external_id);
    out->set_birth_date(DayOrEmpty(borrower.born_on));
  }
  out->set_language(borrower.language);
  out->set_declared_zone(borrower.declared_zone);
  if (borrower.declared_zone_at) {
    Write(*borrower.declared_zone_at, out->mutable_declared_zone_time());
  }
  for (const Place& place : borrower.places) Write(place, masking, out->add_places());
  for (const ContactPoint& point : borrower.contact_points) {
    v1::ContactPoint* each = out->add_contact_points();
    each->set_id(point.id.Hex());
    each->set_kind(ToProto(point.kind));
    const std::string& value = point.value.Reveal(RevealFor::kCaller);
    each->set_value(masked ? MaskPoint(point.kind, value) : value);
    if (point.kind == PointKind::kPhone) each->set_line(ToProto(point.line));
    each->set_owner(ToProto(point.owner));
    each->set_party(HexOrEmpty(point.party));
    each->set_tied_to(ToProto(point.tied_to));
    each->set_shared(point.shared);
    each->set_verified(point.verified);
    each->set_source(ToProto(point.source));
  }
  for (const Party& party : borrower.parties) {
    v1::Party* each = out->add_parties();
    each->set_id(party.id.Hex());
    each->set_relation(ToProto(party.relation));
    if (!masked) each->set_birth_date(DayOrEmpty(party.born_on));
  }
  for (const Channel channel : borrower.refused_channels) {
    out->add_refused_channels(ToProto(channel));
  }
  if (borrower.work_hours) WriteSlots(*borrower.work_hours, out->mutable_work_hours()->mutable_slots());
  out->set_version(borrower.version);
}

void Write(const Account& account, Masking masking, v1::Account* out) {
  out->set_id(account.id.Hex());
  out->set_borrower_id(account.borrower.Hex());
  if (masking == Masking::kNone) {
    out->set_external_id(account.external_id);
    out->set_account_number_at_placement(account.account_number_at_placement);
  }
  out->set_role(ToProto(account.role));
  out->set_product(ToProto(account.product));
  out->set_product_name(account.declared_product);
  if (account.kind != AccountKind::kUnknown) out->set_kind(ToProto(account.kind));
  if (account.held_as != HeldAs::kUnknown) out->set_held_as(ToProto(account.held_as));
  if (account.creditor_kind != FirmKind::kUnknown) {
    out->set_creditor_kind(ToProto(account.creditor_kind));
  }
  if (account.secured) out->set_secured(*account.secured);
  if (account.stale) out->set_stale(*account.stale);
  if (account.hours) WriteSlots(*account.hours, out->mutable_contact_hours()->mutable_slots());
  Write(account.balance, out->mutable_balance());
  if (!account.principal.currency.empty()) Write(account.principal, out->mutable_principal());
  out->set_due_date(FormatDay(account.due_on));
  out->set_original_creditor(account.original_creditor);
  out->set_placed_date(DayOrEmpty(account.placed_on));
  out->set_defaulted_date(DayOrEmpty(account.defaulted_on));
  out->set_charged_off_date(DayOrEmpty(account.charged_off_on));
  out->set_limitation_expires_date(DayOrEmpty(account.limitation_expires_on));
  out->set_serviced_by_tenant(account.serviced_by_tenant);
  out->set_stage(ToProto(account.stage));
  switch (account.state) {
    case AccountState::kOpen:
      out->set_state(v1::ACCOUNT_STATE_OPEN);
      break;
    case AccountState::kPaid:
      out->set_state(v1::ACCOUNT_STATE_PAID);
      break;
    case AccountState::kClosed:
      out->set_state(v1::ACCOUNT_STATE_CLOSED);
      break;
  }
  Write(account.as_of, out->mutable_as_of());
  out->set_version(account.version);
}

void Write(const Event& event, Masking masking, v1::Event* out) {
  out->set_id(HexOrEmpty(event.id));
  out->set_name(ToProto(event.name));
  out->set_declared_name(event.declared_name);
  out->set_notice_name(event.declared_notice);
  out->set_document(event.document);
  Write(event.at, out->mutable_event_time());
  if (event.received_at) Write(*event.received_at, out->mutable_received_time());
  out->set_by(ToProto(event.by));
  out->set_by_party(HexOrEmpty(event.by_party));
  for (const AccountId& account : event.accounts) out->add_accounts(account.Hex());
  if (event.channel) out->set_channel(ToProto(*event.channel));
  if (event.point) out->set_contact_point(event.point->Hex());
  if (event.purpose) out->set_purpose(ToProto(*event.purpose));
  if (event.outcome) out->set_outcome(ToProto(*event.outcome));
  // Attempts alone are meant for somebody and say something.
  if (event.name == EventName::kAttempt) {
    WritePerson(event.to, out->mutable_to());
    WriteMessage(event.message, out->mutable_message());
    out->set_dialling(ToProto(event.dialling));
    out->set_voice(ToProto(event.voice));
  }
  out->set_automated(event.automated);
  out->set_requested(event.requested);
  if (event.answers) out->set_answers(event.answers->Hex());
  if (event.relies_on) out->set_relies_on(ToProto(*event.relies_on));
  out->set_answered_by(HexOrEmpty(event.answered_by));
  if (event.talk) {
    v1::Talks* talks = out->mutable_talk();
    for (const Talk& talk : *event.talk) {
      v1::Talk* each = talks->add_topics();
      each->set_account(talk.account.Hex());
      each->set_raised_by(talk.raised_by_tenant ? v1::DONE_BY_TENANT : v1::DONE_BY_BORROWER);
      each->set_declined(talk.declined);
    }
  }
  if (event.attempt) out->set_attempt_id(event.attempt->Hex());
  if (event.notice) out->set_notice(ToProto(*event.notice));
  out->set_opt_out_by(DayOrEmpty(event.opt_out_by));
  out->set_period_ends_date(DayOrEmpty(event.period_ends_on));
  out->set_received_date(DayOrEmpty(event.received_on));
  if (event.via) out->set_via(ToProto(*event.via));
  for (const Channel channel : event.channels) out->add_channels(ToProto(channel));
  for (const ContactPointId& point : event.points) out->add_contact_points(point.Hex());
  for (const Covers covers : event.covers) out->add_covers(ToProto(covers));
  if (event.consent_form) out->set_consent_form(ToProto(*event.consent_form));
  if (event.name == EventName::kConsent) {
    out->set_use_disclosed(event.use_disclosed);
    out->set_given_to(ToProto(event.given_to));
  }
  WriteSlots(event.windows, out->mutable_windows());
  out->set_first_day(DayOrEmpty(event.first_day));
  out->set_last_day(DayOrEmpty(event.last_day));
  if (event.until) Write(*event.until, out->mutable_until());
  for (const TiedTo place : event.places) out->add_places(ToProto(place));
  if (event.where) out->set_where(ToProto(*event.where));
  if (event.place) Write(*event.place, masking, out->mutable_place());
  if (event.wording) out->set_wording(ToProto(*event.wording));
  if (event.attorney) out->set_attorney(event.attorney->Hex());
  out->set_repeats(event.repeats);
  out->set_new_evidence(event.new_evidence);
  out->set_refuses_to_pay(event.refuses_to_pay);
  if (event.confirmed) out->set_confirmed(*event.confirmed);
  out->set_ended(event.ended);
  out->set_cause(event.cause);
  if (event.name == EventName::kOwnerLearned) {
    out->set_owner(ToProto(event.owner));
    out->set_owner_party(HexOrEmpty(event.owner_party));
  }
  out->set_same_user_since(DayOrEmpty(event.same_user_since));
  if (event.amount_minor_units != 0) out->set_amount_minor_units(event.amount_minor_units);
}

void Write(const Attempt& attempt, v1::Attempt* out) {
  out->set_id(attempt.id.Hex());
  out->set_account_id(attempt.account.Hex());
  out->set_state(ToProto(attempt.state));
  out->set_channel(ToProto(attempt.channel));
  out->set_contact_point(HexOrEmpty(attempt.point));
  Write(attempt.reserved_at, out->mutable_reserve_time());
  out->set_step(attempt.step);
  out->set_provider_id(attempt.provider_id);
}

namespace {

void WriteDenial(const policy::Denial& denial, v1::Denial* out) {
  out->set_rule(denial.rule);
  out->set_kind(ToProto(denial.kind));
  out->set_effect(ToProto(denial.effect));
  out->set_suggested(denial.suggested);
  out->set_reason(ToProto(denial.reason));
  out->set_needs(denial.needs);
  for (const policy::Citation& citation : denial.cites) {
    v1::Citation* cite = out->add_cites();
    cite->set_text(citation.text);
    cite->set_url(citation.url);
  }
  if (denial.opens_at) Write(*denial.opens_at, out->mutable_opens_time());
  out->set_fact(denial.fact);
  if (denial.fact_at) Write(*denial.fact_at, out->mutable_fact_time());
}

}  // namespace

void Write(const policy::Decision& decision, v1::Decision* out) {
  out->set_answer(ToProto(decision.answer));
  Write(decision.at, out->mutable_evaluate_time());
  for (const policy::Denial& denial : decision.denials) WriteDenial(denial, out->add_denials());
  for (const policy::SetAside& one : decision.set_aside) {
    v1::SetAside* each = out->add_set_aside();
    each->set_how(one.how == policy::SetAsideHow::kWarned ? v1::SetAside::HOW_WARNED
                                                          : v1::SetAside::HOW_MUTED);
    WriteDenial(one.denial, each->mutable_denial());
  }
  for (const policy::Budget& budget : decision.budgets) {
    v1::Budget* each = out->add_budgets();
    each->set_rule(budget.rule);
    each->set_used(budget.used);
    each->set_limit(budget.limit);
    each->set_scope(budget.scope);
    each->set_window(budget.window);
    if (budget.next_frees_at) Write(*budget.next_frees_at, each->mutable_next_frees_time());
  }
  for (const policy::Obligation& obligation : decision.obligations) {
    v1::Obligation* each = out->add_obligations();
    each->set_rule(obligation.rule);
    each->set_duty(obligation.duty);
    if (obligation.due_at) Write(*obligation.due_at, each->mutable_due_time());
  }
  if (decision.next_allowed_at) Write(*decision.next_allowed_at, out->mutable_next_allowed_time());
  if (decision.grounds != nullptr) {
    v1::Grounds* grounds = out->mutable_grounds();
    for (const policy::Because& because : decision.grounds->jurisdictions) {
      v1::Because* each = grounds->add_jurisdictions();
      each->set_what(because.what);
      each->set_why(because.why);
    }
    for (const policy::Because& because : decision.grounds->zones) {
      v1::Because* each = grounds->add_zones();
      each->set_what(because.what);
      each->set_why(because.why);
    }
    for (const std::string& pack : decision.grounds->packs) grounds->add_packs(pack);
    grounds->set_bundle_digest(decision.grounds->bundle_digest);
    grounds->set_tzdata(decision.grounds->tzdata);
  }
}

void Write(const std::vector<Receipt>& receipts, RepeatedPtrField<v1::Receipt>* out) {
  for (const Receipt& receipt : receipts) {
    v1::Receipt* each = out->Add();
    each->set_seq(receipt.seq);
    each->set_leaf_hash(std::string(audit::AsText(receipt.leaf_hash)));
  }
}

void Write(const std::vector<Violation>& warnings, RepeatedPtrField<v1::Warning>* out) {
  for (const Violation& warning : warnings) {
    v1::Warning* each = out->Add();
    each->set_field(warning.field);
    each->set_description(warning.why);
  }
}

void Write(const CommandResult& result, const std::vector<Violation>& warnings,
           v1::SubmittedAccount* out) {
  out->set_change(ToProto(result.change));
  out->set_account_id(result.account.Hex());
  out->set_borrower_id(result.borrower.Hex());
  out->set_version(result.version);
  Write(result.receipts, out->mutable_receipts());
  Write(warnings, out->mutable_warnings());
}

}  // namespace forbear::grpc_adapter
