#include "adapters/yaml/scenario.h"

#include <algorithm>
#include <map>
#include <set>

#include "engine/audit/hash.h"
#include "engine/model/status.h"
#include "engine/policy/bound.h"
#include "engine/policy/bundle.h"

namespace forbear::yaml {
namespace {

using policy::ChannelConsent;

std::vector<std::string> ToStrings(std::span<const std::string_view> words) {
  return {words.begin(), words.end()};
}

std::vector<std::string> Only(std::initializer_list<const char*> words) {
  return {words.begin(), words.end()};
}

// The words of a vocabulary that the shared form knows (scenario.schema.json). The engine's
// vocabularies are wider: they also hold what only packs and lenders speak of.
template <typename E>
const std::vector<std::string>& SharedWords() {
  static const std::vector<std::string> kWords = [] {
    if constexpr (std::is_same_v<E, Channel>) {
      return Only({"call", "voicemail", "sms", "email", "push", "in_app", "letter", "postcard",
                   "visit", "social_private", "social_public"});
    } else if constexpr (std::is_same_v<E, Via>) {
      return Only({"call", "sms", "email", "letter", "portal", "response_form"});
    } else if constexpr (std::is_same_v<E, Purpose>) {
      return Only({"payment_reminder", "reply", "service", "required_notice", "end_of_collection",
                   "remedy_notice", "opt_out_confirmation", "location_information",
                   "estate_representative", "message_to_pass_on", "connection_request",
                   "advertising"});
    } else if constexpr (std::is_same_v<E, NoticeKind>) {
      return Only({"first_notice", "validation_notice", "verification", "repeat_dispute_answer",
                   "address_transfer", "periodic_statement", "early_intervention"});
    } else if constexpr (std::is_same_v<E, Covers>) {
      return Only({"hours", "frequency", "workplace", "direct_contact", "address", "channel",
                   "prerecorded"});
    } else if constexpr (std::is_same_v<E, Relation>) {
      return Only({"spouse", "parent", "child", "relative", "household_member", "neighbour",
                   "landlord", "coworker", "employer", "reference", "co_debtor",
                   "successor_in_interest", "executor", "estate_affiant", "attorney",
                   "former_collector", "occupier", "unidentified", "unrelated"});
    } else if constexpr (std::is_same_v<E, Product>) {
      return Only({"credit_card", "personal_loan", "mortgage", "student_loan", "medical"});
    } else if constexpr (std::is_same_v<E, Outcome>) {
      return Only({"busy", "not_in_service", "no_answer", "mailbox_full", "recording",
                   "message_left", "answered", "answered_dropped", "other_answered", "conversation",
                   "delivered", "message", "ringing"});
    } else if constexpr (std::is_same_v<E, Line>) {
      return Only({"mobile", "landline", "toll_free"});
    } else if constexpr (std::is_same_v<E, TiedTo>) {
      return Only({"home", "work"});
    } else if constexpr (std::is_same_v<E, OptOutOffer>) {
      return Only({"reply_stop", "link", "reply_subject", "postal_only", "none"});
    } else if constexpr (std::is_same_v<E, RepeatReason>) {
      return Only({"earlier_answer_wrong"});
    } else if constexpr (std::is_same_v<E, Whereabouts>) {
      return Only({"home", "hospital", "elsewhere"});
    } else if constexpr (std::is_same_v<E, EventName>) {
      return Only({"attempt", "inbound", "consent", "revocation", "opt_out", "inconvenient_time",
                   "inconvenient_place", "inconvenient_now", "whereabouts", "workplace_barred",
                   "attorney_named", "cease_request", "dispute", "creditor_query", "notice",
                   "undelivered", "receipt_learned", "owner_learned", "moved_away",
                   "reassignment_check", "death", "hardship", "app_session", "placement",
                   "furnished"});
    } else {
      return ToStrings(AllWords<E>());
    }
  }();
  return kWords;
}

bool IsOneOf(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

// Acts inside a conversation that a rule about contact answers as well.
bool IsTalk(std::string_view act) { return IsOneOf(act, {"disclose_debt", "negotiate_payment"}); }

// True for `[a-z][a-z0-9_]*`, the form of every name that a scenario declares.
bool IsName(std::string_view text) {
  return !text.empty() && text[0] >= 'a' && text[0] <= 'z' &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
         });
}

bool IsCapital(char c) { return c >= 'A' && c <= 'Z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsCountryCode(std::string_view text) {
  return text.size() == 2 && IsCapital(text[0]) && IsCapital(text[1]);
}

// `US-OH`: a country, a hyphen, one to three capital letters or digits.
bool IsSubdivisionCode(std::string_view text) {
  return text.size() >= 4 && text.size() <= 6 && IsCountryCode(text.substr(0, 2)) &&
         text[2] == '-' && std::all_of(text.begin() + 3, text.end(), [](char c) {
           return IsCapital(c) || IsDigit(c);
         });
}

// A country alone, or with up to two further parts.
bool IsJurisdiction(std::string_view text) {
  if (text.size() < 2 || !IsCountryCode(text.substr(0, 2))) return false;
  int parts = 0;
  for (size_t at = 2; at < text.size(); ++parts) {
    size_t end = text.find('-', at + 1);
    if (end == std::string_view::npos) end = text.size();
    if (text[at] != '-' || !IsSubdivisionCode("XA" + std::string(text.substr(at, end - at)))) {
      return false;
    }
    at = end;
  }
  return parts <= 2;
}

// Mail addresses in scenarios are made: letters and dots at example.com or a part of it.
bool IsExampleAddress(std::string_view text) {
  const size_t at = text.find('@');
  if (at == std::string_view::npos || at == 0) return false;
  const auto letters = [](std::string_view part, bool dots) {
    return std::all_of(part.begin(), part.end(),
                       [dots](char c) { return (c >= 'a' && c <= 'z') || (dots && c == '.'); });
  };
  std::string_view host = text.substr(at + 1);
  if (!letters(text.substr(0, at), true) || !host.ends_with("example.com")) return false;
  host.remove_suffix(std::string_view("example.com").size());
  if (host.empty()) return true;
  return host.size() > 1 && host.back() == '.' && letters(host.substr(0, host.size() - 1), false);
}

bool IsPhoneNumber(std::string_view text) {
  return text.size() >= 8 && text.size() <= 16 && text[0] == '+' && text[1] != '0' &&
         std::all_of(text.begin() + 1, text.end(), IsDigit);
}

// An id made from a scenario's own name for a thing: equal names, equal ids.
template <typename T>
T NamedId(std::string_view kind, std::string_view name) {
  const Bytes32 hash = audit::Sha256(std::string(kind) + "/" + std::string(name));
  return T(Id128::FromRaw(audit::AsText(hash).substr(0, 16)));
}

class ScenarioReader {
 public:
  ScenarioReader(ScenarioForm form, Faults* faults, const PhonePrefixes& prefixes,
                 const PlaceTable& places)
      : form_(form), faults_(*faults), prefixes_(prefixes), places_(places) {}

  std::unique_ptr<Scenario> Read(const Node& node);

 private:
  template <typename E>
  std::optional<E> Word(const Node& node) {
    const auto text = ReadText(node, &faults_);
    if (!text) return std::nullopt;
    const std::vector<std::string> known = form_ == ScenarioForm::kShared
                                               ? SharedWords<E>()
                                               : ToStrings(AllWords<E>());
    if (std::find(known.begin(), known.end(), *text) != known.end()) return ParseWord<E>(*text);
    faults_.Add(node, Unknown("value", *text, known));
    return std::nullopt;
  }
  template <typename E>
  std::optional<E> MaybeWord(const Node* node) {
    return node == nullptr ? std::nullopt : Word<E>(*node);
  }
  template <typename E>
  std::vector<E> WordsOf(const Node* node) {
    std::vector<E> words;
    if (node == nullptr) return words;
    for (const Node* item : ListOf(*node)) {
      const auto word = Word<E>(*item);
      if (!word) continue;
      if (std::find(words.begin(), words.end(), *word) != words.end()) {
        faults_.Add(*item, "`" + item->text + "` stands twice; keep one");
      }
      words.push_back(*word);
    }
    std::sort(words.begin(), words.end());
    return words;
  }
  // The items of a list of at least one.
  std::vector<const Node*> ListOf(const Node& node) {
    if (node.is_list() && !node.items.empty()) return ReadList(node);
    faults_.Add(node, "want a list of at least one; write `[…]`");
    return {};
  }
  // Instants and dates are quoted: unquoted they are no text to many readers of YAML.
  std::optional<std::string> Quoted(const Node& node) {
    const auto text = ReadText(node, &faults_);
    if (text && !node.quoted) {
      faults_.Add(node, "`" + *text + "` stands without quotes; write '" + *text + "'");
      return std::nullopt;
    }
    return text;
  }
  std::optional<Instant> At(const Node* node) {
    if (node == nullptr) return std::nullopt;
    const auto text = Quoted(*node);
    if (!text) return std::nullopt;
    const absl::StatusOr<Instant> at = ParseInstant(*text);
    if (at.ok()) return *at;
    faults_.Add(*node, std::string(at.status().message()));
    return std::nullopt;
  }
  std::optional<Day> DayOf(const Node* node) {
    if (node == nullptr) return std::nullopt;
    const auto text = Quoted(*node);
    if (!text) return std::nullopt;
    const absl::StatusOr<Day> day = ParseDay(*text);
    if (day.ok()) return *day;
    faults_.Add(*node, std::string(day.status().message()));
    return std::nullopt;
  }
  bool Flag(const Node* node, bool otherwise) {
    return node == nullptr ? otherwise : ReadBool(*node, &faults_).value_or(otherwise);
  }
  // Text of at least one character; a plain number or truth value is none.
  std::string Text(const Node* node) {
    if (node == nullptr) return "";
    if (node->is_scalar() && IsNoText(*node)) {
      faults_.Add(*node, "`" + node->text + "` is no text; put it in quotes");
      return "";
    }
    const auto text = ReadText(*node, &faults_);
    if (text && text->empty()) faults_.Add(*node, "an empty text; write something or leave it out");
    return text.value_or("");
  }
  // One of a few words that the engine never reads.
  void OneOf(const Node* node, std::initializer_list<const char*> words) {
    if (node == nullptr) return;
    const std::string text = Text(node);
    const std::vector<std::string> known = Only(words);
    if (!text.empty() && std::find(known.begin(), known.end(), text) == known.end()) {
      faults_.Add(*node, Unknown("value", text, known));
    }
  }
  // Words that packs declare; sorted.
  std::vector<std::string> PackWords(const Node* node) {
    std::vector<std::string> words;
    if (node == nullptr) return words;
    for (const Node* item : ListOf(*node)) {
      const std::string word = Text(item);
      if (!word.empty() && !IsName(word)) {
        faults_.Add(*item, "`" + word + "` is no name; use small letters, digits and `_`");
      }
      words.push_back(word);
    }
    std::sort(words.begin(), words.end());
    return words;
  }
  void Lacks(const Node* node, Scenario* scenario) {
    for (std::string& word : PackWords(node)) scenario->lacks.insert(std::move(word));
  }
  // What the shared form has no word for, and scenarios beside a pack may say.
  bool beside_pack() const { return form_ == ScenarioForm::kBesidePack; }
  // A word of a vocabulary that packs may widen: `declared` and its name, or a word of ours.
  template <typename E>
  std::optional<E> OpenWord(const Node* node, std::string* declared) {
    if (node == nullptr) return std::nullopt;
    const std::string text = Text(node);
    const std::vector<std::string> known = ToStrings(AllWords<E>());
    const bool ours = std::find(known.begin(), known.end(), text) != known.end();
    if (!beside_pack() || (ours && text != "declared")) return Word<E>(*node);
    if (!IsName(text) || Nearest(text, known)) {
      faults_.Add(*node, Unknown("value", text, known));
      return std::nullopt;
    }
    *declared = text;
    return E::kDeclared;
  }
  policy::DeclaredAnswer ReadAnswerOf(const Node& node);
  // A name that this scenario declares: unique among its kind.
  std::string NewName(const Node* node, std::set<std::string>* names, const char* what) {
    const std::string name = Text(node);
    if (node == nullptr || name.empty()) return name;
    if (!IsName(name)) {
      faults_.Add(*node, "`" + name + "` is no name; use small letters, digits and `_`");
    }
    if (!names->insert(name).second) {
      faults_.Add(*node, std::string(what) + " `" + name + "` stands twice; names are unique");
    }
    return name;
  }
  // A name that must have been declared.
  std::string Declared(const Node& node, const std::set<std::string>& names, const char* what) {
    const std::string name = ReadText(node, &faults_).value_or("");
    if (!names.contains(name)) {
      faults_.Add(node, Unknown(what, name, {names.begin(), names.end()}));
    }
    return name;
  }
  std::vector<AccountId> Accounts(const Node* node) {
    std::vector<AccountId> ids;
    if (node == nullptr) return ids;
    for (const Node* item : ListOf(*node)) {
      ids.push_back(NamedId<AccountId>("account", Declared(*item, account_names_, "account")));
    }
    Unique(*node, &ids);
    return ids;
  }
  ContactPointId Point(const Node& node) {
    return NamedId<ContactPointId>("point", Declared(node, point_names_, "contact point"));
  }
  std::vector<ContactPointId> Points(const Node* node) {
    std::vector<ContactPointId> ids;
    if (node == nullptr) return ids;
    for (const Node* item : ListOf(*node)) ids.push_back(Point(*item));
    Unique(*node, &ids);
    return ids;
  }
  template <typename T>
  void Unique(const Node& node, std::vector<T>* ids) {
    std::sort(ids->begin(), ids->end());
    if (std::adjacent_find(ids->begin(), ids->end()) != ids->end()) {
      faults_.Add(node, "a name stands twice; keep one");
    }
  }
  // A party that this scenario declares.
  Id128 PartyOf(const Node& node) {
    const std::string name = ReadText(node, &faults_).value_or("");
    if (!relations_.contains(name)) {
      std::vector<std::string> known;
      for (const auto& [party, relation] : relations_) known.push_back(party);
      faults_.Add(node, Unknown("party", name, known));
    }
    return PartyIdOf(name);
  }
  Id128 PartyIdOf(std::string_view name) { return NamedId<Id<struct PartyTag>>("party", name); }
  Relation RelationOf(std::string_view name) {
    const auto found = relations_.find(std::string(name));
    return found == relations_.end() ? Relation::kUnidentified : found->second;
  }
  Person ReadPerson(const Node* node) {
    Person person;
    if (node == nullptr) return person;
    const std::string name = ReadText(*node, &faults_).value_or("");
    if (name == "borrower") return person;
    if (name == "employer") return {Relation::kEmployer, PartyIdOf(name)};
    if (name == "creditor") return {Relation::kCreditor, PartyIdOf(name)};
    if (!relations_.contains(name)) {
      std::vector<std::string> known = {"borrower", "creditor", "employer"};
      for (const auto& [party, relation] : relations_) known.push_back(party);
      faults_.Add(*node, Unknown("party", name, known));
    }
    return {RelationOf(name), PartyIdOf(name)};
  }
  DoneBy ReadDoer(const Node* node, DoneBy otherwise, Id128* party) {
    if (node == nullptr) return otherwise;
    const std::string name = ReadText(*node, &faults_).value_or("");
    if (name == "tenant") return DoneBy::kTenant;
    if (name == "borrower") return DoneBy::kBorrower;
    if (name == "creditor") return DoneBy::kCreditor;
    if (name == "employer") {
      *party = PartyIdOf(name);
      return DoneBy::kParty;
    }
    if (!relations_.contains(name)) {
      std::vector<std::string> known = {"tenant", "borrower", "creditor", "employer"};
      for (const auto& [one, relation] : relations_) known.push_back(one);
      faults_.Add(*node, Unknown("doer", name, known));
      return otherwise;
    }
    *party = PartyIdOf(name);
    return RelationOf(name) == Relation::kFormerCollector ? DoneBy::kFormerCollector
                                                          : DoneBy::kParty;
  }
  void CheckOutcome(const Node& node, const Event& event);
  void CheckPoint(const Node& node, Channel channel);
  Place ReadPlace(const Node& node, bool with_kind);
  void ReadGiven(const Node& node, Scenario* scenario);
  void ReadPoint(const Node& node, Scenario* scenario);
  void ReadAccountMore(MapReader& map, Account* account);
  void ReadEvent(const Node& node, Scenario* scenario);
  std::vector<WeeklySlot> ReadWindows(const Node* node);
  Message ReadContent(const Node* node, Scenario* scenario);
  void ReadAsk(const Node& node, Scenario* scenario);
  Expected ReadAnswer(const Node& node);

  const ScenarioForm form_;
  Faults& faults_;
  const PhonePrefixes& prefixes_;
  const PlaceTable& places_;
  std::set<std::string> account_names_, point_names_, inbound_names_;
  std::map<std::string, PointKind> point_kinds_;
  std::vector<const Node*> event_nodes_;  // of the history, in its order
  std::map<std::string, Relation> relations_;
};

// Which outcomes an attempt by a channel, or an inbound contact, can have.
void ScenarioReader::CheckOutcome(const Node& node, const Event& event) {
  if (!event.outcome || !event.channel) return;
  const std::string_view outcome = ToWord(*event.outcome);
  bool fits = false;
  if (event.name == EventName::kInbound) {
    fits = *event.channel == Channel::kCall ? IsOneOf(outcome, {"ringing", "conversation"})
                                            : outcome == "message";
  } else {
    switch (*event.channel) {
      case Channel::kCall:
        fits = !IsOneOf(outcome, {"message_left", "delivered", "message", "ringing"});
        break;
      case Channel::kVoicemail:
        fits = outcome == "message_left";
        break;
      case Channel::kVisit:
        fits = IsOneOf(outcome, {"no_answer", "answered", "other_answered", "conversation"});
        break;
      case Channel::kSms:
      case Channel::kEmail:
      case Channel::kPush:
      case Channel::kInApp:
      case Channel::kLetter:
      case Channel::kPostcard:
      case Channel::kSocialPrivate:
      case Channel::kSocialPublic:
      case Channel::kFax:
        fits = outcome == "delivered";
        break;
    }
  }
  if (!fits) {
    faults_.Add(node, "an " + std::string(ToWord(event.name)) + " by `" +
                          std::string(ToWord(*event.channel)) + "` has no outcome `" +
                          std::string(outcome) + "`; see SCHEMA.md, outcome");
  }
}

// Each channel goes to its own kind of contact point.
void ScenarioReader::CheckPoint(const Node& node, Channel channel) {
  const auto kind = point_kinds_.find(node.text);
  if (kind == point_kinds_.end()) return;
  PointKind wanted = PointKind::kPhone;
  switch (channel) {
    case Channel::kCall:
    case Channel::kVoicemail:
    case Channel::kSms:
    case Channel::kFax:
      break;
    case Channel::kEmail:
      wanted = PointKind::kEmail;
      break;
    case Channel::kPush:
    case Channel::kInApp:
      wanted = PointKind::kApp;
      break;
    case Channel::kLetter:
    case Channel::kPostcard:
    case Channel::kVisit:
      wanted = PointKind::kPostal;
      break;
    case Channel::kSocialPrivate:
    case Channel::kSocialPublic:
      wanted = PointKind::kSocial;
      break;
  }
  if (kind->second != wanted) {
    faults_.Add(node, "`" + std::string(ToWord(channel)) + "` goes to a contact point of kind `" +
                          std::string(ToWord(wanted)) + "`; name one");
  }
}

Place ScenarioReader::ReadPlace(const Node& node, bool with_kind) {
  Place place;
  MapReader map(node, "the place", &faults_);
  if (with_kind) {
    if (const Node* kind = map.Need("kind")) place.kind = Word<TiedTo>(*kind).value_or(TiedTo::kHome);
  }
  const Node* country = map.Need("country");
  place.country = Text(country);
  if (!place.country.empty() && !IsCountryCode(place.country)) {
    faults_.Add(*country, "`" + place.country + "` is no country of ISO 3166-1; write `US`");
  }
  const Node* subdivision = with_kind ? map.Need("subdivision") : map.Get("subdivision");
  place.subdivision = Text(subdivision);
  if (!place.subdivision.empty() && !IsSubdivisionCode(place.subdivision)) {
    faults_.Add(*subdivision,
                "`" + place.subdivision + "` is no subdivision of ISO 3166-2; write `US-OH`");
  }
  place.city = Text(map.Get("city"));
  if (with_kind) place.postal_code = Text(map.Get("postal_code"));
  return place;
}

void ScenarioReader::ReadPoint(const Node& node, Scenario* scenario) {
  MapReader map(node, "the contact point", &faults_);
  if (!map.ok()) return;
  ContactPoint point;
  const std::string id = NewName(map.Need("id"), &point_names_, "contact point");
  point.id = NamedId<ContactPointId>("point", id);
  point.verified = true;
  point.source = PointSource::kBorrower;
  if (const Node* kind = map.Need("kind")) {
    point.kind = Word<PointKind>(*kind).value_or(PointKind::kPhone);
  }
  const bool has_value = point.kind == PointKind::kPhone || point.kind == PointKind::kEmail;
  const Node* value_node = has_value ? map.Need("value") : nullptr;
  const std::string value = Text(value_node);
  if (!value.empty() && point.kind == PointKind::kPhone &&
      !(value_node->quoted && IsPhoneNumber(value))) {
    faults_.Add(*value_node, "no number of E.164; write '+' and 7 to 15 digits, in quotes");
  }
  if (!value.empty() && point.kind == PointKind::kEmail && !IsExampleAddress(value)) {
    faults_.Add(*value_node, "no made address; use letters and dots at example.com");
  }
  point_kinds_[id] = point.kind;
  if (point.kind == PointKind::kPhone) {
    if (const Node* line = map.Need("line")) point.line = Word<Line>(*line).value_or(Line::kUnknown);
    point.shared = Flag(map.Get("shared"), false);
    if (point.line != Line::kTollFree) {
      const NumberFacts facts = FactsOfNumber(value, prefixes_, places_);
      point.number_country = facts.country;
      point.number_zones = facts.zones;
      point.number_is_whole_country = facts.whole_country;
    }
  }
  if (point.kind == PointKind::kPhone || point.kind == PointKind::kPostal) {
    if (const Node* place = map.Get("place")) {
      point.tied_to = Word<TiedTo>(*place).value_or(TiedTo::kNone);
    }
  }
  if (const Node* owner = map.Get("owner")) {
    const std::string name = ReadText(*owner, &faults_).value_or("");
    if (name == "employer") {
      point.owner = Relation::kEmployer;
    } else if (name != "borrower") {
      if (!relations_.contains(name)) faults_.Add(*owner, "nobody declared `" + name + "`");
      point.owner = RelationOf(name);
      point.party = PartyIdOf(name);
      point.source = PointSource::kParty;
    }
  }
  // How the tenant came by it: the shared form has no word for it.
  if (const Node* source = form_ == ScenarioForm::kBesidePack ? map.Get("source") : nullptr) {
    point.source = Word<PointSource>(*source).value_or(PointSource::kUnknown);
  }
  point.value = Personal(value);
  scenario->borrower.contact_points.push_back(std::move(point));
}

std::vector<WeeklySlot> ScenarioReader::ReadWindows(const Node* node) {
  std::vector<WeeklySlot> slots;
  if (node == nullptr) return slots;
  static constexpr std::string_view kDays[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
  for (const Node* item : ListOf(*node)) {
    MapReader map(*item, "the window", &faults_);
    if (item->is_map() && item->members.empty()) {
      faults_.Add(*item, "an empty window; name its days or its times");
    }
    WeeklySlot slot;
    if (const Node* days = map.Get("days")) {
      slot.days = 0;
      for (const Node* day : ListOf(*days)) {
        const auto* found = std::find(std::begin(kDays), std::end(kDays), day->text);
        if (found == std::end(kDays)) {
          faults_.Add(*day, Unknown("day", day->text, {std::begin(kDays), std::end(kDays)}));
          continue;
        }
        const auto bit = static_cast<uint8_t>(1U << (found - std::begin(kDays)));
        if ((slot.days & bit) != 0) faults_.Add(*day, "`" + day->text + "` stands twice; keep one");
        slot.days = static_cast<uint8_t>(slot.days | bit);
      }
    }
    const Node* from = map.Get("from");
    const Node* to = map.Get("to");
    if ((from == nullptr) != (to == nullptr)) faults_.Add(*item, "`from` and `to` come together");
    if (from != nullptr && to != nullptr) {
      for (const auto& [when, minute] :
           {std::pair{from, &slot.from_minute}, std::pair{to, &slot.to_minute}}) {
        const auto text = ReadText(*when, &faults_);
        if (!text) continue;
        const absl::StatusOr<int> parsed = ParseMinuteOfDay(*text);
        if (!parsed.ok() || *parsed == 24 * 60) {
          faults_.Add(*when, "`" + *text + "` is no time of day; write HH:MM, to 23:59");
        } else {
          *minute = *parsed;
        }
      }
    }
    slots.push_back(slot);
  }
  return slots;
}

void ScenarioReader::ReadEvent(const Node& node, Scenario* scenario) {
  MapReader map(node, "the event", &faults_);
  if (!map.ok()) return;
  Event event;
  const Node* name_node = map.Need("event");
  if (name_node == nullptr) return;
  const auto name = OpenWord<EventName>(name_node, &event.declared_name);
  event.at = At(map.Need("at")).value_or(Instant{});
  if (!name) {
    map.Finish();
    return;
  }
  event.name = *name;
  const bool ours = event.name == EventName::kAttempt || event.name == EventName::kNotice;
  event.by = ours ? DoneBy::kTenant : DoneBy::kBorrower;
  event.id = NamedId<EventId>("event", std::to_string(scenario->history.size()));
  switch (event.name) {
    case EventName::kAttempt:
    case EventName::kInbound: {
      if (const Node* channel = map.Need("channel")) event.channel = Word<Channel>(*channel);
      if (const Node* point = map.Need("contact_point")) event.point = Point(*point);
      const bool attempt = event.name == EventName::kAttempt;
      event.accounts = Accounts(attempt ? map.Need("accounts") : map.Get("accounts"));
      const Node* outcome = map.Need("outcome");
      if (outcome != nullptr) {
        event.outcome = Word<Outcome>(*outcome);
        CheckOutcome(*outcome, event);
      }
      if (!attempt) {
        const std::string id = NewName(map.Need("id"), &inbound_names_, "inbound");
        event.id = NamedId<EventId>("inbound", id);
        break;
      }
      event.by = ReadDoer(map.Get("by"), DoneBy::kTenant, &event.by_party);
      event.to = ReadPerson(map.Get("to"));
      event.purpose = MaybeWord<Purpose>(map.Get("purpose")).value_or(Purpose::kPaymentReminder);
      event.message.form = MaybeWord<MessageForm>(map.Get("message")).value_or(MessageForm::kFull);
      if (beside_pack()) {
        event.notice = OpenWord<NoticeKind>(map.Get("notice"), &event.declared_notice);
        event.requested = Flag(map.Get("requested"), false);
        if (const Node* demands = map.Get("demands_payment")) {
          event.message.demands_payment = ReadBool(*demands, &faults_);
        }
        if (const Node* mentions = map.Get("mentions_debt")) {
          event.message.mentions_debt = ReadBool(*mentions, &faults_);
        }
      }
      if (const Node* answers = map.Get("answers")) {
        event.answers = NamedId<EventId>("inbound", Declared(*answers, inbound_names_, "inbound"));
      }
      event.automated = Flag(map.Get("automated"), false);
      event.dialling = MaybeWord<Dialling>(map.Get("dialling")).value_or(Dialling::kManual);
      event.relies_on = MaybeWord<Basis>(map.Get("basis"));
      const Node* party = map.Get("answered_by");
      if (party != nullptr) event.answered_by = PartyOf(*party);
      if (event.outcome && (party != nullptr) != (*event.outcome == Outcome::kOtherAnswered)) {
        faults_.Add(node, "`answered_by` comes with the outcome other_answered, and only with it");
      }
      if (const Node* talk = map.Get("talk")) {
        event.talk.emplace();
        if (!talk->is_list()) faults_.Add(*talk, "`talk` is a list; write `[]` for no debt at all");
        if (event.outcome && *event.outcome != Outcome::kConversation) {
          faults_.Add(*talk, "`talk` comes with the outcome conversation");
        }
        for (const Node* item : ReadList(*talk)) {
          MapReader one(*item, "the talk", &faults_);
          Talk entry;
          if (const Node* account = one.Need("account")) {
            entry.account =
                NamedId<AccountId>("account", Declared(*account, account_names_, "account"));
          }
          const Node* raised_by = one.Need("raised_by");
          OneOf(raised_by, {"tenant", "borrower"});
          entry.raised_by_tenant = raised_by == nullptr || raised_by->text != "borrower";
          entry.declined = Flag(one.Get("declined"), false);
          event.talk->push_back(entry);
        }
      }
      break;
    }
    case EventName::kConsent:
    case EventName::kRevocation:
      event.by = ReadDoer(map.Get("by"), DoneBy::kBorrower, &event.by_party);
      event.via = MaybeWord<Via>(map.Need("via"));
      event.covers = WordsOf<Covers>(map.Need("covers"));
      event.accounts = Accounts(map.Get("accounts"));
      if (event.name == EventName::kRevocation) break;
      event.given_to = ReadDoer(map.Get("to"), DoneBy::kTenant, &event.owner_party);
      if (beside_pack()) {
        event.consent_form = MaybeWord<ConsentForm>(map.Get("form"));
        event.document = Text(map.Get("document"));
      }
      event.channels = WordsOf<Channel>(map.Get("channels"));
      event.points = Points(map.Get("contact_points"));
      event.windows = ReadWindows(map.Get("windows"));
      event.first_day = DayOf(map.Get("first_day"));
      event.last_day = DayOf(map.Get("last_day"));
      event.use_disclosed = Flag(map.Get("use_disclosed"), true);
      for (const auto& [covers, key] : {std::pair{Covers::kHours, "windows"},
                                        std::pair{Covers::kAddress, "contact_points"},
                                        std::pair{Covers::kChannel, "channels"}}) {
        if (std::find(event.covers.begin(), event.covers.end(), covers) != event.covers.end() &&
            node.Find(key) == nullptr) {
          faults_.Add(node, "a consent that covers `" + std::string(ToWord(covers)) + "` needs `" +
                                key + "`; add it");
        }
      }
      break;
    case EventName::kOptOut:
      event.via = MaybeWord<Via>(map.Need("via"));
      event.given_to = ReadDoer(map.Get("to"), DoneBy::kTenant, &event.owner_party);
      event.accounts = Accounts(map.Get("accounts"));
      event.channels = WordsOf<Channel>(map.Need("channels"));
      event.points = Points(map.Get("contact_points"));
      event.wording = MaybeWord<Wording>(map.Need("wording"));
      break;
    case EventName::kInconvenientTime:
      event.by = ReadDoer(map.Get("by"), DoneBy::kBorrower, &event.by_party);
      event.windows = ReadWindows(map.Need("windows"));
      event.last_day = DayOf(map.Get("last_day"));
      break;
    case EventName::kInconvenientPlace:
      event.places = WordsOf<TiedTo>(map.Need("places"));
      break;
    case EventName::kInconvenientNow:
      event.via = MaybeWord<Via>(map.Need("via"));
      break;
    case EventName::kWhereabouts:
      event.via = MaybeWord<Via>(map.Need("via"));
      event.where = MaybeWord<Whereabouts>(map.Need("where"));
      if (const Node* place = map.Get("place")) event.place = ReadPlace(*place, false);
      event.until = At(map.Get("until"));
      event.last_day = DayOf(map.Get("last_day"));
      if (event.where && event.place.has_value() != (*event.where == Whereabouts::kElsewhere)) {
        faults_.Add(node, "`place` comes with `where: elsewhere`, and only with it");
      }
      if ((node.Find("until") != nullptr) == (node.Find("last_day") != nullptr)) {
        faults_.Add(node, "whereabouts end at `until` or after `last_day`; write one of them");
      }
      break;
    case EventName::kWorkplaceBarred:
      event.by = ReadDoer(map.Get("by"), DoneBy::kBorrower, &event.by_party);
      event.via = MaybeWord<Via>(map.Need("via"));
      break;
    case EventName::kAttorneyNamed:
      event.by = ReadDoer(map.Need("by"), DoneBy::kBorrower, &event.by_party);
      if (const Node* attorney = map.Need("attorney")) {
        event.attorney = PartyOf(*attorney);
      }
      event.accounts = Accounts(map.Need("accounts"));
      break;
    case EventName::kCeaseRequest: {
      event.via = MaybeWord<Via>(map.Need("via"));
      event.received_at = At(map.Get("received_at"));
      event.accounts = Accounts(map.Need("accounts"));
      const Node* wording = map.Get("wording");
      OneOf(wording, {"stop", "refuses_to_pay"});
      event.refuses_to_pay = wording != nullptr && wording->text == "refuses_to_pay";
      break;
    }
    case EventName::kDispute:
      event.via = MaybeWord<Via>(map.Need("via"));
      event.accounts = Accounts(map.Need("accounts"));
      event.repeats = Flag(map.Get("repeats"), false);
      event.new_evidence = Flag(map.Get("new_evidence"), false);
      break;
    case EventName::kCreditorQuery:
      event.via = MaybeWord<Via>(map.Need("via"));
      event.accounts = Accounts(map.Need("accounts"));
      break;
    case EventName::kNotice:
      event.by = ReadDoer(map.Get("by"), DoneBy::kTenant, &event.by_party);
      event.notice = OpenWord<NoticeKind>(map.Need("notice"), &event.declared_notice);
      event.channel = MaybeWord<Channel>(map.Need("channel"));
      if (beside_pack()) event.via = MaybeWord<Via>(map.Get("via"));
      if (const Node* point = map.Need("contact_point")) event.point = Point(*point);
      event.accounts = Accounts(map.Need("accounts"));
      event.opt_out_by = DayOf(map.Get("opt_out_by"));
      event.period_ends_on = DayOf(map.Get("period_ends_on"));
      if (event.notice &&
          (node.Find("opt_out_by") != nullptr) != (*event.notice == NoticeKind::kAddressTransfer)) {
        faults_.Add(node, "`opt_out_by` comes with the notice address_transfer, and only with it");
      }
      if (event.period_ends_on && event.notice &&
          *event.notice != NoticeKind::kValidationNotice) {
        faults_.Add(node, "`period_ends_on` comes only with a validation_notice");
      }
      break;
    case EventName::kUndelivered:
      event.by = DoneBy::kTenant;
      event.channel = MaybeWord<Channel>(map.Need("channel"));
      if (const Node* point = map.Need("contact_point")) event.point = Point(*point);
      break;
    case EventName::kReceiptLearned: {
      event.notice = OpenWord<NoticeKind>(map.Need("notice"), &event.declared_notice);
      event.received_on = DayOf(map.Need("received_on"));
      // It says when an earlier notice arrived: kept with that notice.
      for (auto earlier = scenario->history.rbegin(); earlier != scenario->history.rend(); ++earlier) {
        if (earlier->name == EventName::kNotice && earlier->notice == event.notice &&
            earlier->declared_notice == event.declared_notice) {
          earlier->received_on = event.received_on;
          break;
        }
      }
      break;
    }
    case EventName::kOwnerLearned: {
      event.by = ReadDoer(map.Need("by"), DoneBy::kBorrower, &event.by_party);
      if (const Node* point = map.Need("contact_point")) event.point = Point(*point);
      if (const Node* owner = map.Need("owner")) {
        if (owner->text == "employer") {
          event.owner = Relation::kEmployer;
        } else if (owner->text != "borrower") {
          event.owner_party = PartyOf(*owner);
          event.owner = RelationOf(owner->text);
        }
      }
      break;
    }
    case EventName::kMovedAway:
      event.via = MaybeWord<Via>(map.Need("via"));
      if (const Node* point = map.Need("contact_point")) event.point = Point(*point);
      break;
    case EventName::kReassignmentCheck:
      event.by = DoneBy::kTenant;
      if (const Node* point = map.Need("contact_point")) event.point = Point(*point);
      event.same_user_since = DayOf(map.Need("same_user_since"));
      break;
    case EventName::kDeath:
      if (beside_pack()) event.accounts = Accounts(map.Get("accounts"));
      break;
    case EventName::kHardship:
      if (!beside_pack()) OneOf(map.Need("cause"), {"surgery"});
      event.cause = Text(map.Need("cause"));
      if (beside_pack()) {
        event.repeats = Flag(map.Get("repeats"), false);
        event.ended = Flag(map.Get("ended"), false);
      }
      event.confirmed = Flag(map.Need("confirmed"), false);
      event.last_day = DayOf(map.Get("last_day"));
      break;
    case EventName::kAppSession:
      if (const Node* point = map.Need("contact_point")) event.point = Point(*point);
      event.until = At(map.Get("until"));
      break;
    case EventName::kPlacement:
      for (const char* key : {"from", "with"}) {
        Id128 collector;
        ReadDoer(map.Need(key), DoneBy::kTenant, &collector);
      }
      event.accounts = Accounts(map.Need("accounts"));
      break;
    case EventName::kFurnished:
      event.by = DoneBy::kTenant;
      event.accounts = Accounts(map.Need("accounts"));
      break;
    case EventName::kRequest:
    case EventName::kRefusal:
    case EventName::kDenial:
    case EventName::kPromise:
    case EventName::kBankruptcy:
    case EventName::kMoratorium:
    case EventName::kPlan:
    case EventName::kCourtProcedure:
    case EventName::kJudgment:
    case EventName::kMilitary:
    case EventName::kHospital:
    case EventName::kIncapacity:
    case EventName::kMinor:
    case EventName::kIdentityTheft:
    case EventName::kComplaint:
    case EventName::kPayment:
    case EventName::kPromiseBroken:
    case EventName::kAssignment:
    case EventName::kOccasion:
    case EventName::kAttorneyAsked:
    case EventName::kAttorneyReplied:
    case EventName::kAttorneyConsented:
    case EventName::kLineChanged:
    case EventName::kDeclared:
      // Beyond the shared scenario form, for the scenarios beside packs: who, how, which accounts.
      event.by = ReadDoer(map.Get("by"), DoneBy::kBorrower, &event.by_party);
      event.via = MaybeWord<Via>(map.Get("via"));
      event.accounts = Accounts(map.Get("accounts"));
      event.until = At(map.Get("until"));
      event.first_day = DayOf(map.Get("first_day"));
      event.last_day = DayOf(map.Get("last_day"));
      event.ended = Flag(map.Get("ended"), false);
      event.cause = Text(map.Get("cause"));
      event.received_at = At(map.Get("received_at"));
      if (const Node* confirmed = map.Get("confirmed")) {
        event.confirmed = ReadBool(*confirmed, &faults_);
      }
      event.repeats = Flag(map.Get("repeats"), false);
      event.channels = WordsOf<Channel>(map.Get("channels"));
      event.points = Points(map.Get("contact_points"));
      event.windows = ReadWindows(map.Get("windows"));
      if (const Node* channel = map.Get("channel")) event.channel = Word<Channel>(*channel);
      if (const Node* point = map.Get("contact_point")) event.point = Point(*point);
      break;
  }
  scenario->history.push_back(std::move(event));
}

// A flag, a day or a number, as the question asks.
policy::DeclaredAnswer ScenarioReader::ReadAnswerOf(const Node& node) {
  policy::DeclaredAnswer answer;
  if (node.is_scalar() && node.quoted) {
    answer.day = DayOf(&node);
  } else if (node.is_scalar() && (node.text == "true" || node.text == "false")) {
    answer.flag = node.text == "true";
  } else {
    answer.number = ReadInteger(node, &faults_);
  }
  return answer;
}

// What the shared form does not tell of an account, and some law asks.
void ScenarioReader::ReadAccountMore(MapReader& map, Account* account) {
  account->kind = MaybeWord<AccountKind>(map.Get("kind")).value_or(account->kind);
  account->held_as = MaybeWord<HeldAs>(map.Get("held_as")).value_or(HeldAs::kUnknown);
  account->creditor_kind =
      MaybeWord<FirmKind>(map.Get("creditor_kind")).value_or(FirmKind::kUnknown);
  account->stage = MaybeWord<Stage>(map.Get("stage")).value_or(Stage::kOverdue);
  if (const Node* secured = map.Get("secured")) account->secured = ReadBool(*secured, &faults_);
  if (const Node* stale = map.Get("stale")) account->stale = ReadBool(*stale, &faults_);
  if (const Node* balance = map.Get("balance")) {
    account->balance.minor_units = ReadInteger(*balance, &faults_).value_or(0);
  }
  if (const Node* principal = map.Get("principal")) {
    account->principal = {ReadInteger(*principal, &faults_).value_or(0), "USD"};
  }
  if (const Node* due = map.Get("due_on")) account->due_on = DayOf(due).value_or(Day{});
  if (const Node* placed = map.Get("placed_on")) account->placed_on = DayOf(placed);
  if (const Node* defaulted = map.Get("defaulted_on")) account->defaulted_on = DayOf(defaulted);
  if (const Node* hours = map.Get("hours")) account->hours = ReadWindows(hours);
}

void ScenarioReader::ReadGiven(const Node& node, Scenario* scenario) {
  MapReader map(node, "`given`", &faults_);
  if (!map.ok()) return;
  Role role = Role::kThirdPartyCollector;
  std::optional<Place> seat;
  if (const Node* tenant = map.Need("tenant")) {
    MapReader one(*tenant, "the tenant", &faults_);
    if (const Node* word = one.Need("role")) role = Word<Role>(*word).value_or(role);
    if (const Node* place = one.Get("place")) seat = ReadPlace(*place, false);
    if (beside_pack()) {
      scenario->tenant.kind = MaybeWord<FirmKind>(one.Get("kind")).value_or(FirmKind::kUnknown);
      if (const Node* member = one.Get("member_of")) scenario->tenant.member_of = PackWords(member);
      if (const Node* hours = one.Get("hours")) scenario->tenant.hours = ReadWindows(hours);
      Lacks(one.Get("lacks"), scenario);
      if (const Node* declared = one.Get("declared")) {
        if (!declared->is_map()) faults_.Add(*declared, "`declared` is a map from question to answer");
        for (const auto& [question, answer] : declared->members) {
          // Whomever a pack asks, in a scenario there is one tenant with one file.
          scenario->tenant.declared[question.text] = ReadAnswerOf(answer);
        }
      }
    }
  }
  if (const Node* parties = map.Get("parties")) {
    std::set<std::string> names = {"borrower", "tenant", "creditor", "employer"};
    for (const Node* item : ListOf(*parties)) {
      MapReader one(*item, "the party", &faults_);
      Party party;
      const std::string id = NewName(one.Need("id"), &names, "party");
      party.id = PartyIdOf(id);
      if (const Node* relation = one.Need("relation")) {
        party.relation = Word<Relation>(*relation).value_or(Relation::kUnidentified);
      }
      party.born_on = DayOf(one.Get("born_on"));
      relations_.emplace(id, party.relation);
      scenario->borrower.parties.push_back(party);
    }
  }
  if (const Node* borrower = map.Need("borrower")) {
    MapReader one(*borrower, "the borrower", &faults_);
    if (const Node* places = one.Need("places")) {
      for (const Node* item : ListOf(*places)) {
        scenario->borrower.places.push_back(ReadPlace(*item, true));
      }
    }
    scenario->borrower.born_on = DayOf(one.Get("born_on"));
    if (beside_pack()) {
      scenario->borrower.language = Text(one.Get("language"));
      if (const Node* hours = one.Get("work_hours")) {
        scenario->borrower.work_hours = ReadWindows(hours);
      }
      scenario->borrower.refused_channels = WordsOf<Channel>(one.Get("refused_channels"));
    }
    if (const Node* consent = one.Get("channel_consent")) {
      const std::string text = ReadText(*consent, &faults_).value_or("");
      if (text == "none") {
        scenario->channel_consent = ChannelConsent::kOnlyHistory;
      } else if (text != "given") {
        faults_.Add(*consent, Unknown("value", text, {"given", "none"}));
      }
    }
  }
  if (!seat && !scenario->borrower.places.empty()) {
    seat = scenario->borrower.places.front();
    seat->city.clear();
    seat->postal_code.clear();
  }
  scenario->tenant.id = "tenant";
  if (seat) scenario->tenant.seats = {*seat};
  scenario->borrower.id = NamedId<BorrowerId>("borrower", "borrower");
  if (const Node* points = map.Need("contact_points")) {
    for (const Node* item : ListOf(*points)) ReadPoint(*item, scenario);
  }
  if (const Node* accounts = map.Need("accounts")) {
    for (const Node* item : ListOf(*accounts)) {
      MapReader one(*item, "the account", &faults_);
      Account account;
      const std::string id = NewName(one.Need("id"), &account_names_, "account");
      account.id = NamedId<AccountId>("account", id);
      account.borrower = scenario->borrower.id;
      account.role = role;
      if (const Node* product = one.Need("product")) {
        account.product =
            OpenWord<Product>(product, &account.declared_product).value_or(Product::kOther);
      }
      account.kind = AccountKind::kConsumer;  // financial debts of natural persons
      account.account_number_at_placement = Text(one.Get("account_number_at_placement"));
      account.serviced_by_tenant = Flag(one.Get("serviced_by_tenant"), false);
      account.limitation_expires_on = DayOf(one.Get("limitation_expires_on"));
      account.balance = {100'000, "USD"};
      if (beside_pack()) ReadAccountMore(one, &account);
      account.original_creditor = "creditor";
      scenario->accounts.push_back(std::move(account));
    }
  }
  if (const Node* history = map.Need("history")) {
    if (!history->is_list()) faults_.Add(*history, "`history` is a list; write `[]` for none");
    for (const Node& item : history->items) {
      const size_t before = scenario->history.size();
      ReadEvent(item, scenario);
      if (scenario->history.size() > before) event_nodes_.push_back(&item);
    }
  }
}

Message ScenarioReader::ReadContent(const Node* node, Scenario* scenario) {
  Message message;
  // What a scenario does not say of its message is as law wants it.
  message.reveals_trade = false;
  message.names_firm_unasked = false;
  message.discloses_collector = true;
  message.true_sender_name = true;
  message.misleading_reason = false;
  message.payment_link = false;
  message.pressing_offer = false;
  message.offer = false;
  message.commercial = false;
  if (node == nullptr) return message;
  MapReader map(*node, "`content`", &faults_);
  if (node->is_map() && node->members.empty()) faults_.Add(*node, "empty `content`; leave it out");
  message.form = MaybeWord<MessageForm>(map.Get("message")).value_or(MessageForm::kFull);
  message.opt_out = MaybeWord<OptOutOffer>(map.Get("opt_out")).value_or(OptOutOffer::kUnstated);
  const auto flag = [&](const char* key, std::optional<bool>* into) {
    if (const Node* value = map.Get(key)) *into = ReadBool(*value, &faults_);
  };
  flag("mentions_debt", &message.mentions_debt);
  flag("reveals_trade", &message.reveals_trade);
  flag("names_firm_unasked", &message.names_firm_unasked);
  flag("discloses_collector", &message.discloses_collector);
  flag("true_sender_name", &message.true_sender_name);
  flag("misleading_reason", &message.misleading_reason);
  flag("payment_link", &message.payment_link);
  flag("pressing_offer", &message.pressing_offer);
  // A threat is a finding like any other; packs declare the two words.
  if (const Node* threat = map.Get("threatens")) {
    OneOf(threat, {"lawsuit", "recovery"});
    message.found = {"threatens_" + threat->text};
  }
  if (!beside_pack()) return message;
  flag("demands_payment", &message.demands_payment);
  flag("offer", &message.offer);
  flag("commercial", &message.commercial);
  flag("recipient_charged", &message.recipient_charged);
  if (const Node* found = map.Get("found")) {
    std::vector<std::string> codes = PackWords(found);
    if (message.found) codes.insert(codes.end(), message.found->begin(), message.found->end());
    std::sort(codes.begin(), codes.end());
    message.found = std::move(codes);
  }
  if (const Node* language = map.Get("language")) {
    message.languages.emplace();
    for (const Node* item : ReadList(*language)) message.languages->push_back(Text(item));
    std::sort(message.languages->begin(), message.languages->end());
  }
  Lacks(map.Get("lacks"), scenario);
  return message;
}

void ScenarioReader::ReadAsk(const Node& node, Scenario* scenario) {
  MapReader map(node, "`ask`", &faults_);
  if (!map.ok()) return;
  // Every act with the keys that it has beside `act`, `at` and `accounts`.
  static const std::map<std::string, std::vector<const char*>> kActs = {
      {"contact", {"channel", "contact_point"}},
      {"ask_to_continue", {"channel", "contact_point"}},
      {"ask_convenient_time", {"channel", "contact_point"}},
      {"disclose_debt", {"channel", "contact_point", "to"}},
      {"negotiate_payment", {"channel", "contact_point", "to"}},
      {"classify_as_limited_content", {"channel", "contact_point", "content"}},
      {"count_notice_as_sent", {"notice"}},
      {"count_validation_period_as_over", {}},
      {"furnish_to_credit_bureau", {}}};
  const Node* act = map.Need("act");
  scenario->act = Text(act);
  scenario->at = At(map.Need("at")).value_or(Instant{});
  policy::Contact& contact = scenario->contact;
  contact.accounts = Accounts(map.Need("accounts"));
  const auto keys = kActs.find(scenario->act);
  if (keys == kActs.end()) {
    std::vector<std::string> known;
    for (const auto& [name, ignored] : kActs) known.push_back(name);
    if (act != nullptr) faults_.Add(*act, Unknown("act", scenario->act, known));
    for (const auto& [key, value] : node.members) map.Get(key.text);  // nobody knows its keys
    return;
  }
  for (const char* key : keys->second) {
    const Node* value = map.Need(key);
    if (value == nullptr) continue;
    if (std::string_view(key) == "channel") {
      contact.channel = Word<Channel>(*value).value_or(Channel::kCall);
    } else if (std::string_view(key) == "contact_point") {
      contact.point = Point(*value);
      CheckPoint(*value, contact.channel);
    } else if (std::string_view(key) == "to") {
      contact.to = ReadPerson(value);
    } else if (std::string_view(key) == "content") {
      contact.message = ReadContent(value, scenario);
    } else {
      contact.notice = OpenWord<NoticeKind>(value, &contact.declared_notice);
    }
  }
  // To tell somebody of the debt, or to bargain over it, is to contact them about it.
  if (IsTalk(scenario->act)) {
    contact.message = ReadContent(nullptr, scenario);
    contact.message.mentions_debt = true;
    contact.message.demands_payment = scenario->act == "negotiate_payment";
  }
  const bool contacting = scenario->act == "contact";
  if (!contacting) return;
  contact.to = ReadPerson(map.Get("to"));
  const Node* notice = map.Get("notice");
  contact.notice = OpenWord<NoticeKind>(notice, &contact.declared_notice);
  contact.message = ReadContent(map.Get("content"), scenario);
  if (!contact.message.mentions_debt && contact.to.relation == Relation::kBorrower) {
    contact.message.mentions_debt = contact.message.form != MessageForm::kLimitedContent;
  }
  contact.purpose =
      MaybeWord<Purpose>(map.Need("purpose")).value_or(Purpose::kPaymentReminder);
  if ((notice != nullptr) != (contact.purpose == Purpose::kRequiredNotice)) {
    faults_.Add(node, "`notice` comes with the purpose required_notice, and only with it");
  }
  if (const Node* answers = map.Get("answers")) {
    contact.answers = NamedId<EventId>("inbound", Declared(*answers, inbound_names_, "inbound"));
  }
  if (contact.answers.has_value() != (contact.purpose == Purpose::kReply)) {
    faults_.Add(node, "`answers` comes with the purpose reply, and only with it");
  }
  contact.automated = Flag(map.Get("automated"), false);
  contact.dialling = MaybeWord<Dialling>(map.Get("dialling")).value_or(Dialling::kManual);
  contact.caller_id = MaybeWord<CallerId>(map.Get("caller_id")).value_or(CallerId::kShown);
  if (beside_pack()) {
    contact.requested = Flag(map.Get("requested"), false);
    contact.voice = MaybeWord<Voice>(map.Get("voice")).value_or(Voice::kHuman);
    if (const Node* caller = map.Get("caller")) {
      MapReader one(*caller, "`caller`", &faults_);
      if (const Node* tags = one.Get("class")) contact.caller_class = PackWords(tags);
      Lacks(one.Get("lacks"), scenario);
    }
  }
  contact.relies_on = MaybeWord<Basis>(map.Get("basis"));
  contact.repeat_reason = MaybeWord<RepeatReason>(map.Get("repeat_reason"));
  At(map.Get("queued_at"));  // kept and never read: the instant of sending counts
  At(map.Get("opened_at"));
  const bool needs_way_out =
      contact.purpose != Purpose::kOptOutConfirmation &&
      (contact.channel == Channel::kSms || contact.channel == Channel::kEmail ||
       contact.channel == Channel::kPush || contact.channel == Channel::kSocialPrivate);
  const Node* content = map.Get("content");
  if (needs_way_out && (content == nullptr || content->Find("opt_out") == nullptr)) {
    faults_.Add(node, "a written electronic contact says in `content` which `opt_out` it offers");
  }
  if (node.Find("to") != nullptr && (content == nullptr || content->Find("mentions_debt") == nullptr)) {
    faults_.Add(node, "a contact with `to` says in `content` whether it `mentions_debt`");
  }
}

Expected ScenarioReader::ReadAnswer(const Node& node) {
  Expected expected;
  if (node.is_map()) {
    MapReader map(node, "the answer", &faults_);
    expected.kind = Expected::Kind::kDeferUntil;
    expected.until = At(map.Need("defer_until")).value_or(Instant{});
    return expected;
  }
  const std::string text = ReadText(node, &faults_).value_or("");
  if (text == "allow") {
    expected.kind = Expected::Kind::kAllow;
  } else if (text == "deny") {
    expected.kind = Expected::Kind::kDeny;
  } else if (text == "never") {
    expected.kind = Expected::Kind::kNever;
  } else {
    faults_.Add(node, Unknown("answer", text, {"allow", "deny", "never", "defer_until"}));
  }
  return expected;
}

std::unique_ptr<Scenario> ScenarioReader::Read(const Node& node) {
  auto scenario = std::make_unique<Scenario>();
  scenario->line = node.line;
  MapReader map(node, "the scenario", &faults_);
  if (!map.ok()) return scenario;
  const Node* id = map.Need("id");
  scenario->id = Text(id);
  const auto id_character = [](char c) {
    return (c >= 'a' && c <= 'z') || IsCapital(c) || IsDigit(c) || c == '_' || c == '.' || c == '-';
  };
  if (!scenario->id.empty() &&
      (scenario->id[0] < 'a' || scenario->id[0] > 'z' ||
       !std::all_of(scenario->id.begin(), scenario->id.end(), id_character))) {
    faults_.Add(*id, "`" + scenario->id +
                         "` is no id; begin with a small letter, then letters, digits, `.`, `_`, `-`");
  }
  if (const Node* source = map.Need("source")) {
    MapReader one(*source, "the source", &faults_);
    Text(one.Need("citation"));
    const Node* url = one.Need("url");
    const std::string address = Text(url);
    if (!address.empty() && !address.starts_with("http://") && !address.starts_with("https://")) {
      faults_.Add(*url, "no address of the web; begin with https://");
    }
  }
  scenario->why = Text(map.Need("why"));
  // For reports; never read by a decision.
  const Node* topic = map.Get("topic");
  const std::string topic_word = Text(topic);
  if (!topic_word.empty() &&
      (topic_word[0] == '_' || !std::all_of(topic_word.begin(), topic_word.end(), [](char c) {
         return (c >= 'a' && c <= 'z') || c == '_';
       }))) {
    faults_.Add(*topic, "`" + topic_word + "` is no topic; use small letters and `_`");
  }
  const Node* jurisdiction = map.Get("jurisdiction");
  const std::string place = Text(jurisdiction);
  if (!place.empty() && !IsJurisdiction(place)) {
    faults_.Add(*jurisdiction, "`" + place + "` is no jurisdiction; write `US`, `US-NY`, `US-NY-NYC`");
  }
  OneOf(map.Get("grade"), {"primary", "secondary"});
  OneOf(map.Get("certainty"), {"stated", "inferred"});
  OneOf(map.Get("effect"), {"prohibition", "presumption", "safe_harbour", "guidance"});
  OneOf(map.Get("checked"), {"read", "excerpt", "recalled"});
  OneOf(map.Get("dates"), {"added", "source"});
  Text(map.Get("note"));
  if (const Node* given = map.Need("given")) ReadGiven(*given, scenario.get());
  if (const Node* ask = map.Need("ask")) ReadAsk(*ask, scenario.get());
  if (const Node* answer = map.Need("answer")) scenario->answer = ReadAnswer(*answer);
  if (const Node* tolerates = map.Get("tolerates")) {
    for (const Node* item : ListOf(*tolerates)) {
      scenario->tolerates.push_back(ReadAnswer(*item));
    }
  }
  for (size_t i = 0; i < scenario->history.size(); ++i) {
    if (i > 0 && scenario->history[i].at < scenario->history[i - 1].at) {
      faults_.Add(*event_nodes_[i], "happens before the event above it; sort `history` by `at`");
    } else if (scenario->at > Instant{} && scenario->history[i].at > scenario->at) {
      faults_.Add(*event_nodes_[i], "happens after `ask.at`; leave it out");
    }
  }
  return scenario;
}

// A place without a pack cannot be judged: law would be missing, not satisfied.
std::optional<std::string> WhySkipped(const Scenario& scenario,
                                      const policy::Surroundings& surroundings,
                                      const std::vector<std::string>& places_without_pack) {
  if (scenario.act != "contact" && !IsTalk(scenario.act)) {
    return scenario.act + " is not decided here";
  }
  std::set<std::string> missing;
  for (const Place& place : scenario.borrower.places) {
    const std::vector<std::string> jurisdictions =
        surroundings.places->JurisdictionsOf(place);
    if (jurisdictions.empty() || surroundings.bundle->PacksOf(jurisdictions.front()).empty()) {
      missing.insert(place.country);
    }
    for (const std::string& jurisdiction : jurisdictions) {
      if (std::binary_search(places_without_pack.begin(), places_without_pack.end(),
                             jurisdiction)) {
        missing.insert(jurisdiction);
      }
    }
  }
  if (!missing.empty()) return "no pack for " + *missing.begin();
  return std::nullopt;
}

}  // namespace

policy::Facts Scenario::ToFacts() const {
  policy::Facts facts;
  facts.contact = contact;
  facts.tenant = &tenant;
  facts.borrower = &borrower;
  for (const Account& account : accounts) facts.accounts.push_back(&account);
  for (const Event& event : history) facts.history.push_back(&event);
  facts.channel_consent = channel_consent;
  facts.notices_given_by_default = true;
  facts.declared = tenant.declared;
  facts.papers_in_order_by_default = true;
  facts.lacks = lacks;
  return facts;
}

ScenarioForm FormOf(std::string_view path) {
  return path.ends_with(".scenarios.yaml") ? ScenarioForm::kBesidePack : ScenarioForm::kShared;
}

std::vector<std::unique_ptr<Scenario>> ReadScenarios(std::string_view text, ScenarioForm form,
                                                     Faults* faults,
                                                     const PhonePrefixes& prefixes,
                                                     const PlaceTable& places) {
  std::vector<std::unique_ptr<Scenario>> scenarios;
  const Node root = Parse(text, faults);
  if (!faults->empty()) return scenarios;
  if (!root.is_list()) {
    faults->Add(root, "a scenario file is a list; begin each scenario with `- id:`");
    return scenarios;
  }
  std::map<std::string, int> lines;
  for (const Node& item : root.items) {
    auto scenario = ScenarioReader(form, faults, prefixes, places).Read(item);
    const auto [at, fresh] = lines.emplace(scenario->id, item.line);
    if (!fresh) {
      faults->Add(item, "scenario `" + scenario->id + "` stands twice, first in line " +
                            std::to_string(at->second) + "; ids are unique");
    }
    scenarios.push_back(std::move(scenario));
  }
  return scenarios;
}

bool Agrees(const policy::Decision& decision, const Expected& answer) {
  // Some laws say *after* eight: a minute of room, never earlier.
  constexpr Seconds kRoom{60};
  switch (answer.kind) {
    case Expected::Kind::kAllow:
      return decision.answer == Answer::kAllowed;
    case Expected::Kind::kDeny:
      return decision.answer != Answer::kAllowed;
    case Expected::Kind::kNever:
      return decision.answer == Answer::kDenied;
    case Expected::Kind::kDeferUntil:
      return decision.answer == Answer::kDeferred && *decision.next_allowed_at >= answer.until &&
             *decision.next_allowed_at <= answer.until + kRoom;
  }
  return false;
}

bool Agrees(const policy::Decision& decision, const Scenario& scenario) {
  if (Agrees(decision, scenario.answer)) return true;
  return std::any_of(scenario.tolerates.begin(), scenario.tolerates.end(),
                     [&](const Expected& answer) { return Agrees(decision, answer); });
}

std::string ToText(const Expected& answer) {
  switch (answer.kind) {
    case Expected::Kind::kAllow:
      return "allow";
    case Expected::Kind::kDeny:
      return "deny";
    case Expected::Kind::kNever:
      return "never";
    case Expected::Kind::kDeferUntil:
      return "defer_until " + FormatInstant(answer.until);
  }
  return "";
}

void RunScenarios(const std::vector<std::unique_ptr<Scenario>>& scenarios,
                  const policy::Surroundings& surroundings,
                  const std::vector<std::string>& places_without_pack, ScenarioRun* run) {
  for (const auto& scenario : scenarios) {
    if (const auto why = WhySkipped(*scenario, surroundings, places_without_pack)) {
      ++run->skipped;
      run->lines.push_back(scenario->id + ": skipped: " + *why);
      continue;
    }
    const policy::Question question = policy::Resolve(scenario->ToFacts(), surroundings);
    const policy::Decision decision = policy::Decide(question, scenario->at);
    if (Agrees(decision, *scenario)) {
      ++run->passed;
      for (const policy::Denial& denial : decision.denials) ++run->denied_by[denial.rule];
      if (decision.answer == Answer::kAllowed) {
        for (const policy::Rule* rule : question.bound().considered) ++run->let_pass[rule->id];
        // A rule that bars whatever it applies to lets a contact pass by not applying.
        for (const std::string& name : decision.grounds->packs) {
          for (const policy::Rule& rule : surroundings.bundle->FindPack(name)->rules) {
            if (std::holds_alternative<policy::BarsContact>(rule.body)) ++run->let_pass[rule.id];
          }
        }
      }
      continue;
    }
    ++run->failed;
    std::string line = scenario->id + ": expected " + ToText(scenario->answer) + ", got " +
                       std::string(ToWord(decision.answer));
    if (decision.next_allowed_at) line += " " + FormatInstant(*decision.next_allowed_at);
    line += ";";
    if (decision.denials.empty()) line += " no rule denies";
    for (size_t i = 0; i < decision.denials.size(); ++i) {
      line += (i == 0 ? " " : ", ") + decision.denials[i].rule;
    }
    run->lines.push_back(std::move(line));
  }
}

}  // namespace forbear::yaml
