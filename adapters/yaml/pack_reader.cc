#include "adapters/yaml/pack_reader.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "engine/calendar/weekly.h"
#include "engine/model/status.h"

namespace forbear::yaml {

using namespace policy;  // NOLINT: this file is the pack language, word by word

namespace {

constexpr std::string_view kDays[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

template <typename E>
std::vector<std::string> WordList() {
  std::vector<std::string> words;
  for (const std::string_view word : AllWords<E>()) words.emplace_back(word);
  return words;
}

std::vector<std::string> Strings(std::initializer_list<const char*> words) {
  return {words.begin(), words.end()};
}

class PackReader {
 public:
  explicit PackReader(Faults* faults) : faults_(*faults) {}

  Pack Read(const Node& root);

 private:
  // ---- words and lists ----
  template <typename E>
  std::optional<E> Word(const Node& node) {
    const auto text = ReadText(node, &faults_);
    if (!text) return std::nullopt;
    if (const auto word = ParseWord<E>(*text)) return word;
    faults_.Add(node, Unknown("value", *text, WordList<E>()));
    return std::nullopt;
  }
  template <typename E>
  std::vector<E> WordsOf(const Node& node) {
    std::vector<E> words;
    for (const Node* item : ReadList(node)) {
      if (const auto word = Word<E>(*item)) words.push_back(*word);
    }
    return words;
  }
  std::vector<std::string> Texts(const Node* node) {
    std::vector<std::string> texts;
    if (node == nullptr) return texts;
    for (const Node* item : ReadList(*node)) {
      if (const auto text = ReadText(*item, &faults_)) texts.push_back(*text);
    }
    return texts;
  }
  std::optional<Day> DayOf(const Node& node) {
    const auto text = ReadText(node, &faults_);
    if (!text) return std::nullopt;
    const absl::StatusOr<Day> day = ParseDay(*text);
    if (day.ok()) return *day;
    faults_.Add(node, std::string(day.status().message()));
    return std::nullopt;
  }
  std::optional<int> Minute(const Node& node) {
    const auto text = ReadText(node, &faults_);
    if (!text) return std::nullopt;
    const absl::StatusOr<int> minute = ParseMinuteOfDay(*text);
    if (minute.ok()) return *minute;
    faults_.Add(node, std::string(minute.status().message()));
    return std::nullopt;
  }
  int Number(const Node& node, int64_t from, int64_t to) {
    const auto value = ReadInteger(node, &faults_);
    if (!value) return 0;
    if (*value < from || *value > to) {
      faults_.Add(node, "want a number from " + std::to_string(from) + " to " + std::to_string(to));
      return 0;
    }
    return static_cast<int>(*value);
  }
  bool Flag(const Node* node, bool otherwise) {
    if (node == nullptr) return otherwise;
    return ReadBool(*node, &faults_).value_or(otherwise);
  }
  // Days of the week as bits; `holiday` sets *holiday.
  uint8_t Days(const Node& node, bool* holiday) {
    uint8_t days = 0;
    for (const Node* item : ReadList(node)) {
      const auto text = ReadText(*item, &faults_);
      if (!text) continue;
      if (*text == "holiday" && holiday != nullptr) {
        *holiday = true;
        continue;
      }
      const auto* found = std::find(std::begin(kDays), std::end(kDays), *text);
      if (found == std::end(kDays)) {
        faults_.Add(*item, Unknown("day", *text,
                                   Strings({"mon", "tue", "wed", "thu", "fri", "sat", "sun",
                                            "holiday"})));
        continue;
      }
      days = static_cast<uint8_t>(days | 1U << (found - std::begin(kDays)));
    }
    return days;
  }
  // Who did it; `any` is everybody.
  std::vector<DoneBy> Doers(const Node& node) {
    std::vector<DoneBy> doers;
    for (const Node* item : ReadList(node)) {
      const std::string text = ReadText(*item, &faults_).value_or("");
      if (text == "any") {
        doers = {DoneBy::kTenant, DoneBy::kBorrower, DoneBy::kCreditor, DoneBy::kFormerCollector,
                 DoneBy::kParty};
      } else if (const auto word = ParseWord<DoneBy>(text)) {
        doers.push_back(*word);
      } else {
        std::vector<std::string> known = WordList<DoneBy>();
        known.emplace_back("any");
        faults_.Add(*item, Unknown("doer", text, known));
      }
    }
    return doers;
  }
  // Forms of words; `any` asks for none.
  std::vector<Form> Forms(const Node& node) {
    std::vector<Form> forms = WordsOf<Form>(node);
    if (std::find(forms.begin(), forms.end(), Form::kAny) != forms.end()) forms.clear();
    return forms;
  }
  // Channels, with the groups of section 2 written out.
  std::vector<Channel> Channels(const Node& node) {
    std::vector<Channel> channels;
    for (const Node* item : ReadList(node)) {
      const auto text = ReadText(*item, &faults_);
      if (!text) continue;
      if (*text == "oral") {
        for (const Channel one : {Channel::kCall, Channel::kVoicemail, Channel::kVisit}) {
          channels.push_back(one);
        }
      } else if (*text == "written") {
        for (const Channel one :
             {Channel::kSms, Channel::kEmail, Channel::kPush, Channel::kInApp, Channel::kLetter,
              Channel::kPostcard, Channel::kSocialPrivate, Channel::kSocialPublic, Channel::kFax}) {
          channels.push_back(one);
        }
      } else if (*text == "electronic") {
        for (const Channel one : {Channel::kSms, Channel::kEmail, Channel::kPush, Channel::kInApp,
                                  Channel::kSocialPrivate, Channel::kSocialPublic}) {
          channels.push_back(one);
        }
      } else if (*text == "social") {
        channels.push_back(Channel::kSocialPrivate);
        channels.push_back(Channel::kSocialPublic);
      } else if (const auto word = ParseWord<Channel>(*text)) {
        channels.push_back(*word);
      } else {
        std::vector<std::string> known = WordList<Channel>();
        for (const char* group : {"oral", "written", "electronic", "social"}) known.push_back(group);
        faults_.Add(*item, Unknown("channel", *text, known));
      }
    }
    return channels;
  }
  Scopes ScopesOf(const Node* node, Scopes otherwise) {
    if (node == nullptr) return otherwise;
    static const std::vector<std::string> kNames = {"person", "debt",  "creditor", "point",
                                                    "channel", "place", "purpose", "tenant"};
    Scopes scopes = 0;
    for (const Node* item : ReadList(*node)) {
      const auto text = ReadText(*item, &faults_);
      if (!text) continue;
      const auto found = std::find(kNames.begin(), kNames.end(), *text);
      if (found == kNames.end()) {
        faults_.Add(*item, Unknown("scope", *text, kNames));
        continue;
      }
      scopes = static_cast<Scopes>(scopes | 1U << (found - kNames.begin()));
    }
    return scopes;
  }

  // ---- shared parts (section 3) ----
  Wait ReadWait(const Node& node);
  Waits ReadWaits(const Node* node);
  Window ReadWindow(const Node& node);
  std::shared_ptr<const Filter> ReadFilter(const Node& node);
  std::vector<std::shared_ptr<const Filter>> ReadFilters(const Node& node);
  // A standing is the name of an event or a filter whose event need not be an attempt.
  std::shared_ptr<const Filter> ReadStanding(const Node& node);
  std::optional<Allowance> ReadAllowance(const Node* node);
  ConsentTest ReadConsent(const Node& node, std::initializer_list<const char*> also = {});
  Seen ReadSeen(const Node& node);
  Condition ReadCondition(const Node& node, std::set<std::string> skip = {});
  void ReadTest(const Node& key, const Node& value, const FieldInfo& field, Condition* into);
  std::optional<Value> ReadValue(const Node& node, const FieldInfo& field);
  ClockChoice ReadClock(const Node* node);
  std::vector<Citation> ReadCites(const Node* node);
  std::vector<DebtPool> ReadPools(const Node* node);

  // ---- kinds (section 4) ----
  RuleBody ReadHours(const Node& node);
  RuleBody ReadBlackout(const Node& node);
  RuleBody ReadCap(const Node& node);
  RuleBody ReadCooldown(const Node& node);
  RuleBody ReadConsentRequired(const Node& node);
  RuleBody ReadOptOut(const Node& node);
  RuleBody ReadStop(const Node& node);
  RuleBody ReadInconvenient(const Node& node);
  RuleBody ReadThirdParty(const Node& node);
  RuleBody ReadNoticeFirst(const Node& node);
  RuleBody ReadMustSay(const Node& node);
  RuleBody ReadContentBan(const Node& node);
  RuleBody ReadTimeBarred(const Node& node);
  RuleBody ReadLicence(const Node& node);
  RuleBody ReadParameters(const Node& node);
  Forbidden ReadForbidden(const Node& node);
  Field AccountDate(const Node& node);
  // Words of the form `[a-z][a-z0-9_]*`, as packs declare them.
  std::vector<std::string> Names(const Node* node);
  void ReadEventNames(const Node& node, Filter* filter);
  void ReadVocabulary(const Node& node, Pack::Vocabulary* words);
  void ReadRule(const Node& node, Pack* pack);

  Faults& faults_;
};

bool IsName(std::string_view text) {
  return !text.empty() && text.front() >= 'a' && text.front() <= 'z' &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
         });
}

std::vector<std::string> PackReader::Names(const Node* node) {
  std::vector<std::string> names;
  if (node == nullptr) return names;
  for (const Node* item : ReadList(*node)) {
    const auto text = ReadText(*item, &faults_);
    if (!text) continue;
    if (!IsName(*text)) {
      faults_.Add(*item, "`" + *text + "` is no name; use small letters, digits and `_`");
    }
    names.push_back(*text);
  }
  return names;
}

// Events of ours, and statements and statuses that some pack declares.
void PackReader::ReadEventNames(const Node& node, Filter* filter) {
  filter->events.clear();
  for (const Node* item : ReadList(node)) {
    const auto text = ReadText(*item, &faults_);
    if (!text) continue;
    const auto word = ParseWord<EventName>(*text);
    if (word && *word != EventName::kDeclared) {
      filter->events.push_back(*word);
    } else if (IsName(*text) && !word && !Nearest(*text, WordList<EventName>())) {
      filter->declared_events.push_back(*text);
    } else {
      faults_.Add(*item, Unknown("value", *text, WordList<EventName>()));
    }
  }
}

Wait PackReader::ReadWait(const Node& node) {
  Wait wait;
  MapReader map(node, "the wait", &faults_);
  if (!map.ok()) return wait;
  int units = 0;
  const auto unit = [&](const char* key, Wait::Unit as) {
    if (const Node* n = map.Get(key)) {
      ++units;
      wait.unit = as;
      wait.n = Number(*n, 0, 36'500);
    }
  };
  unit("minutes", Wait::Unit::kMinutes);
  unit("hours", Wait::Unit::kHours);
  unit("days", Wait::Unit::kDays);
  unit("business_days", Wait::Unit::kBusinessDays);
  unit("months", Wait::Unit::kMonths);
  if (const Node* field = map.Get("field")) {
    ++units;
    wait.unit = Wait::Unit::kField;
    static const std::vector<std::string> kFields = {"last_day", "until", "period_ends_on",
                                                     "opt_out_by"};
    const std::string text = ReadText(*field, &faults_).value_or("");
    const auto found = std::find(kFields.begin(), kFields.end(), text);
    if (found == kFields.end()) {
      faults_.Add(*field, Unknown("field", text, kFields));
    } else {
      wait.field = static_cast<Wait::EventField>(found - kFields.begin());
    }
  }
  if (units != 1) {
    faults_.Add(node, "a wait has one of `minutes`, `hours`, `days`, `business_days`, `months`, `field`");
  }
  if (const Node* first = map.Get("first_day")) {
    const std::string text = ReadText(*first, &faults_).value_or("");
    if (text == "event") {
      wait.event_day_is_first = true;
    } else if (text != "next") {
      faults_.Add(*first, Unknown("first_day", text, Strings({"next", "event"})));
    }
  }
  if (const Node* from = map.Get("from")) {
    static const std::vector<std::string> kFrom = {"sent", "received", "deemed"};
    const std::string text = ReadText(*from, &faults_).value_or("");
    const auto found = std::find(kFrom.begin(), kFrom.end(), text);
    if (found == kFrom.end()) {
      faults_.Add(*from, Unknown("from", text, kFrom));
    } else {
      wait.from = static_cast<Wait::From>(found - kFrom.begin());
    }
  }
  if (const Node* deemed = map.Get("deemed")) {
    if (!deemed->is_map()) {
      faults_.Add(*deemed, "`deemed` is a map from channel to how long it travels");
    }
    for (const auto& [channel, span] : deemed->members) {
      if (channel.text == "skip" || channel.text == "calendar") continue;
      Wait::Deemed one;
      if (channel.text != "any") {
        one.channel = ParseWord<Channel>(channel.text);
        if (!one.channel) {
          faults_.Add(channel, Unknown("channel", channel.text, WordList<Channel>()));
        }
      }
      MapReader days(span, "the travelling time", &faults_);
      if (const Node* n = days.Need("days")) one.days = Number(*n, 0, 365);
      wait.deemed.push_back(one);
    }
    if (const Node* skip = deemed->Find("skip")) {
      for (const Node* item : ReadList(*skip)) {
        const std::string text = ReadText(*item, &faults_).value_or("");
        if (text == "sat") {
          wait.skip_saturday = true;
        } else if (text == "sun") {
          wait.skip_sunday = true;
        } else if (text == "holiday") {
          wait.skip_holiday = true;
        } else {
          faults_.Add(*item, Unknown("day", text, Strings({"sat", "sun", "holiday"})));
        }
      }
    }
    if (const Node* calendar = deemed->Find("calendar")) {
      wait.calendar = ReadText(*calendar, &faults_).value_or("");
    }
  }
  if (const Node* skip = map.Get("skip")) {
    for (const Node* item : ReadList(*skip)) {
      const std::string text = ReadText(*item, &faults_).value_or("");
      wait.skip_saturday = wait.skip_saturday || text == "sat";
      wait.skip_sunday = wait.skip_sunday || text == "sun";
      wait.skip_holiday = wait.skip_holiday || text == "holiday";
    }
  }
  if (const Node* calendar = map.Get("calendar")) {
    wait.calendar = ReadText(*calendar, &faults_).value_or("");
  }
  if (wait.unit == Wait::Unit::kBusinessDays && wait.calendar.empty()) {
    faults_.Add(node, "business days need a `calendar`; name one under holidays/");
  }
  if (wait.skip_holiday && wait.calendar.empty()) {
    faults_.Add(node, "skipping holidays needs a `calendar`; name one under holidays/");
  }
  if (const Node* otherwise = map.Get("else")) {
    wait.otherwise = std::make_shared<const Wait>(ReadWait(*otherwise));
  }
  return wait;
}

Waits PackReader::ReadWaits(const Node* node) {
  Waits waits;
  if (node == nullptr) return waits;
  for (const Node* item : ReadList(*node)) waits.push_back(ReadWait(*item));
  if (waits.empty()) faults_.Add(*node, "an empty wait; say how long");
  return waits;
}

Window PackReader::ReadWindow(const Node& node) {
  Window window;
  if (!node.is_map() || node.members.size() != 1) {
    faults_.Add(node, "a window is a map of one, as in `{consecutive_days: 7}`");
    return window;
  }
  static const std::vector<std::string> kUnits = {
      "rolling_hours", "rolling_days",  "consecutive_days", "calendar_day",
      "calendar_week", "calendar_month"};
  const auto& [key, value] = node.members.front();
  if (key.text == "since") {
    if (value.is_scalar() && value.text == "ever") {
      window.unit = WindowUnit::kSinceEver;
    } else {
      window.unit = WindowUnit::kSinceEvent;
      window.since = ReadStanding(value);
    }
    return window;
  }
  const auto found = std::find(kUnits.begin(), kUnits.end(), key.text);
  if (found == kUnits.end()) {
    std::vector<std::string> known = kUnits;
    known.push_back("since");
    faults_.Add(key, Unknown("window", key.text, known));
    return window;
  }
  window.unit = static_cast<WindowUnit>(found - kUnits.begin());
  window.n = Number(value, 1, 10'000);
  return window;
}

std::shared_ptr<const Filter> PackReader::ReadFilter(const Node& node) {
  auto filter = std::make_shared<Filter>();
  if (!node.is_map()) {
    faults_.Add(node, "a filter is a map over an event's fields");
    return filter;
  }
  if (const Node* event = node.Find("event")) ReadEventNames(*event, filter.get());
  if (const Node* by = node.Find("by")) filter->by = Doers(*by);
  // A permission's `to` is who it was given to; an attempt's is whom it was meant for.
  Node rest = node;
  const bool permission =
      std::any_of(filter->events.begin(), filter->events.end(), [](EventName name) {
        return name == EventName::kConsent || name == EventName::kRevocation ||
               name == EventName::kOptOut;
      });
  if (permission) {
    for (auto& [key, value] : rest.members) {
      if (key.text == "to") key.text = "given_to";
    }
  }
  filter->when = ReadCondition(rest, {"event", "by"});
  return filter;
}

std::vector<std::shared_ptr<const Filter>> PackReader::ReadFilters(const Node& node) {
  std::vector<std::shared_ptr<const Filter>> filters;
  for (const Node* item : ReadList(node)) filters.push_back(ReadStanding(*item));
  return filters;
}

std::shared_ptr<const Filter> PackReader::ReadStanding(const Node& node) {
  if (!node.is_scalar()) return ReadFilter(node);
  auto filter = std::make_shared<Filter>();
  ReadEventNames(node, filter.get());
  return filter;
}

std::optional<Allowance> PackReader::ReadAllowance(const Node* node) {
  if (node == nullptr) return std::nullopt;
  Allowance allowance;
  MapReader map(*node, "`up_to`", &faults_);
  if (const Node* limit = map.Need("limit")) allowance.limit = Number(*limit, 0, 10'000);
  if (const Node* counts = map.Get("counts")) {
    static const std::vector<std::string> kCounts = {"attempts", "contacts", "conversations"};
    const std::string text = ReadText(*counts, &faults_).value_or("");
    const auto found = std::find(kCounts.begin(), kCounts.end(), text);
    if (found == kCounts.end()) {
      faults_.Add(*counts, Unknown("count", text, kCounts));
    } else {
      allowance.counts = static_cast<Counts>(found - kCounts.begin());
    }
  }
  if (const Node* window = map.Get("window")) allowance.window = ReadWindow(*window);
  allowance.scope = ScopesOf(map.Get("scope"), 0);
  if (const Node* per = map.Get("per")) {
    allowance.per_inbound = ReadText(*per, &faults_) == "inbound";
    if (!allowance.per_inbound) faults_.Add(*per, "`per` is `inbound`");
  }
  allowance.within = ReadWaits(map.Get("within"));
  if (!allowance.per_inbound && !allowance.window && allowance.within.empty()) {
    faults_.Add(*node, "a limit without a window; add `window`, `per: inbound` or `within`");
  }
  return allowance;
}

ConsentTest PackReader::ReadConsent(const Node& node, std::initializer_list<const char*> also) {
  ConsentTest test;
  MapReader map(node, "the consent", &faults_);
  for (const char* key : also) map.Get(key);
  if (const Node* covers = map.Need("covers")) test.covers = WordsOf<Covers>(*covers);
  if (const Node* form = map.Get("form")) test.forms = WordsOf<ConsentForm>(*form);
  test.documents = Names(map.Get("document"));
  if (const Node* by = map.Get("by")) test.by = Word<DoneBy>(*by).value_or(DoneBy::kBorrower);
  if (const Node* to = map.Get("to")) test.to = Word<DoneBy>(*to).value_or(DoneBy::kTenant);
  test.scope = ScopesOf(map.Get("scope"), 0);
  test.lasts = ReadWaits(map.Get("lasts"));
  if (const Node* spent = map.Get("spent_by")) test.spent_by = ReadFilter(*spent);
  return test;
}

Seen PackReader::ReadSeen(const Node& node) {
  Seen seen;
  MapReader map(node, "`seen`", &faults_);
  if (const Node* of = map.Need("of")) {
    seen.of = ReadFilter(*of);
  } else {
    seen.of = std::make_shared<const Filter>();
  }
  if (const Node* window = map.Get("window")) seen.window = ReadWindow(*window);
  seen.scope = ScopesOf(map.Get("scope"), static_cast<Scopes>(Scope::kPerson));
  if (const Node* n = map.Get("at_least")) seen.at_least = Number(*n, 1, 10'000);
  if (const Node* n = map.Get("in_a_row")) seen.in_a_row = Number(*n, 1, 10'000);
  return seen;
}

std::optional<Value> PackReader::ReadValue(const Node& node, const FieldInfo& field) {
  switch (field.type) {
    case FieldType::kWord:
    case FieldType::kOpenWord: {
      const auto text = ReadText(node, &faults_);
      if (!text) return std::nullopt;
      const bool open = field.type == FieldType::kOpenWord;
      std::vector<std::string> known;
      std::optional<int64_t> declared;
      for (size_t i = 0; i < field.words.size(); ++i) {
        if (open && field.words[i] == "declared") {
          declared = static_cast<int64_t>(i);
          continue;
        }
        if (field.words[i] == *text) return Value{static_cast<int64_t>(i), ""};
        known.emplace_back(field.words[i]);
      }
      // A slip is told as one; anything else some pack has to declare.
      if (declared && IsName(*text) && !Nearest(*text, known)) return Value{*declared, *text};
      faults_.Add(node, Unknown("value", *text, {field.words.begin(), field.words.end()}) +
                            " (of `" + std::string(field.name) + "`)");
      return std::nullopt;
    }
    case FieldType::kNumber: {
      const auto number = ReadInteger(node, &faults_);
      if (!number) return std::nullopt;
      return Value{*number, ""};
    }
    case FieldType::kDay: {
      const auto day = DayOf(node);
      if (!day) return std::nullopt;
      return Value{day->time_since_epoch().count(), ""};
    }
    case FieldType::kText:
    case FieldType::kTags: {
      const auto text = ReadText(node, &faults_);
      if (!text) return std::nullopt;
      return Value{0, *text};
    }
    case FieldType::kItems:
    case FieldType::kFindings: {
      const std::vector<std::string> names = Names(&node);
      if (names.empty()) return std::nullopt;
      return Value{0, names.front()};
    }
  }
  return std::nullopt;
}

void PackReader::ReadTest(const Node& key, const Node& value, const FieldInfo& field,
                          Condition* into) {
  const auto add = [&](Test::Op op, const Node& values) {
    Test test;
    test.field = field.field;
    test.op = op;
    if (field.field == Field::kChannel) {
      for (const Channel channel : Channels(values)) {
        test.values.push_back({static_cast<int64_t>(channel), ""});
      }
    } else {
      for (const Node* item : ReadList(values)) {
        if (const auto one = ReadValue(*item, field)) test.values.push_back(*one);
      }
    }
    if (test.values.empty()) faults_.Add(values, "no value for `" + key.text + "`; name one");
    into->tests.push_back(std::move(test));
  };
  if (!value.is_map()) {
    add(Test::Op::kOneOf, value);
    return;
  }
  for (const auto& [name, operand] : value.members) {
    const std::string& op = name.text;
    Test test;
    test.field = field.field;
    if (op == "not") {
      add(Test::Op::kNotOneOf, operand);
    } else if (op == "over") {
      add(Test::Op::kOver, operand);
    } else if (op == "under") {
      add(Test::Op::kUnder, operand);
    } else if (op == "at_least") {
      add(Test::Op::kAtLeast, operand);
    } else if (op == "at_most") {
      add(Test::Op::kAtMost, operand);
    } else if (op == "before") {
      add(Test::Op::kBefore, operand);
    } else if (op == "from") {
      add(Test::Op::kFromDay, operand);
    } else if (op == "has") {
      add(Test::Op::kHas, operand);
    } else if (op == "known" || op == "passed") {
      test.op = op == "known" ? Test::Op::kKnown : Test::Op::kPassed;
      test.values.push_back({Flag(&operand, true) ? 1 : 0, ""});
      into->tests.push_back(std::move(test));
    } else if (op == "within" || op == "after") {
      test.op = op == "within" ? Test::Op::kWithin : Test::Op::kAfter;
      test.wait = ReadWaits(&operand);
      into->tests.push_back(std::move(test));
    } else {
      faults_.Add(name, Unknown("operator", op,
                                Strings({"not", "over", "under", "at_least", "at_most", "before",
                                         "from", "within", "after", "passed", "has", "known"})));
    }
  }
}

Condition PackReader::ReadCondition(const Node& node, std::set<std::string> skip) {
  Condition condition;
  if (!node.is_map()) {
    faults_.Add(node, "a condition is a map over known facts");
    return condition;
  }
  for (const auto& [key, value] : node.members) {
    const std::string& name = key.text;
    if (skip.contains(name)) continue;
    if (name == "all" || name == "any" || name == "none") {
      std::vector<Condition>& list = name == "all"   ? condition.all
                                     : name == "any" ? condition.any
                                                     : condition.none;
      for (const Node* item : ReadList(value)) list.push_back(ReadCondition(*item));
      if (list.empty()) faults_.Add(value, "an empty `" + name + "`; add a condition");
    } else if (name == "seen") {
      for (const Node* item : ReadList(value)) condition.seen.push_back(ReadSeen(*item));
    } else if (name == "consent") {
      for (const Node* item : ReadList(value)) condition.consents.push_back(ReadConsent(*item));
    } else if (name == "standing") {
      for (const Node* item : ReadList(value)) {
        StandingTest test;
        test.began_by = ReadStanding(*item);
        condition.standings.push_back(std::move(test));
      }
    } else if (name == "during") {
      condition.during = Texts(&value);
    } else if (name == "switch") {
      condition.switches = Texts(&value);
    } else if (name == "session") {
      const std::string text = ReadText(value, &faults_).value_or("");
      if (text != "app") faults_.Add(value, Unknown("session", text, Strings({"app"})));
      condition.in_session = true;
    } else if (name == "declared") {
      for (const auto& [question, answer] : value.members) {
        DeclaredTest test;
        test.name = question.text;
        if (answer.is_map()) {
          const FieldInfo number{Field::kAccountBalance, question.text, FieldType::kNumber, {}};
          Condition one;
          ReadTest(question, answer, number, &one);
          if (!one.tests.empty()) {
            test.op = one.tests.front().op;
            test.values = one.tests.front().values;
            test.wait = one.tests.front().wait;
          }
        } else {
          test.values.push_back({Flag(&answer, true) ? 1 : 0, ""});
        }
        condition.declared.push_back(std::move(test));
      }
      if (!value.is_map()) faults_.Add(value, "`declared` is a map from question to answer");
    } else {
      std::string field_name = name;
      if (name == "channels") field_name = "channel";
      if (name == "purposes") field_name = "purpose";
      if (name == "roles") field_name = "tenant.role";
      if (name == "products") field_name = "account.product";
      const FieldInfo* field = FindField(field_name);
      if (field == nullptr) {
        std::vector<std::string> known = Strings({"all", "any", "none", "seen", "consent",
                                                  "standing", "during", "switch", "session",
                                                  "declared", "channels", "purposes", "roles",
                                                  "products"});
        for (const FieldInfo& info : AllFields()) known.emplace_back(info.name);
        faults_.Add(key, Unknown("fact", name, known));
        continue;
      }
      ReadTest(key, value, *field, &condition);
    }
  }
  return condition;
}

ClockChoice PackReader::ReadClock(const Node* node) {
  ClockChoice clock;
  if (node == nullptr) return clock;
  if (node->is_map()) {
    MapReader map(*node, "the clock", &faults_);
    clock.kind = ClockChoice::Kind::kZone;
    if (const Node* zone = map.Need("zone")) clock.zone = ReadText(*zone, &faults_).value_or("");
    return clock;
  }
  static const std::vector<std::string> kClocks = {"borrower", "place", "contacted", "number",
                                                   "tenant"};
  const std::string text = ReadText(*node, &faults_).value_or("");
  const auto found = std::find(kClocks.begin(), kClocks.end(), text);
  if (found == kClocks.end()) {
    faults_.Add(*node, Unknown("clock", text, kClocks));
  } else {
    clock.kind = static_cast<ClockChoice::Kind>(found - kClocks.begin());
  }
  return clock;
}

std::vector<Citation> PackReader::ReadCites(const Node* node) {
  std::vector<Citation> cites;
  if (node == nullptr) return cites;
  for (const Node* item : ReadList(*node)) {
    if (item->is_scalar()) {
      cites.push_back({item->text, ""});
      continue;
    }
    MapReader map(*item, "the citation", &faults_);
    Citation cite;
    if (const Node* text = map.Need("text")) cite.text = ReadText(*text, &faults_).value_or("");
    if (const Node* url = map.Get("url")) cite.url = ReadText(*url, &faults_).value_or("");
    cites.push_back(std::move(cite));
  }
  return cites;
}

std::vector<DebtPool> PackReader::ReadPools(const Node* node) {
  std::vector<DebtPool> pools;
  if (node == nullptr) return pools;
  for (const Node* item : ReadList(*node)) {
    MapReader one(*item, "the pool", &faults_);
    DebtPool entry;
    if (const Node* when = one.Need("when")) entry.when = ReadCondition(*when);
    if (const Node* by = one.Need("by")) {
      entry.by = ReadText(*by, &faults_).value_or("");
      if (entry.by != "account_number_at_placement") {
        faults_.Add(*by, Unknown("field", entry.by, Strings({"account_number_at_placement"})));
      }
    }
    pools.push_back(std::move(entry));
  }
  return pools;
}

RuleBody PackReader::ReadHours(const Node& node) {
  ContactHours hours;
  MapReader map(node, "`contact_hours`", &faults_);
  if (const Node* source = map.Get("source")) {
    MapReader one(*source, "`source`", &faults_);
    ContactHours::Source entry;
    static const std::vector<std::string> kOf = {"tenant_hours", "account_hours",
                                                 "borrower_work_hours"};
    static const std::vector<std::string> kAs = {"only", "within", "instead"};
    const auto choose = [&](const char* key, const std::vector<std::string>& known) -> size_t {
      const Node* word = one.Need(key);
      if (word == nullptr) return 0;
      const std::string text = ReadText(*word, &faults_).value_or("");
      const auto found = std::find(known.begin(), known.end(), text);
      if (found != known.end()) return static_cast<size_t>(found - known.begin());
      faults_.Add(*word, Unknown("value", text, known));
      return 0;
    };
    entry.of = static_cast<ContactHours::Source::Of>(choose("of", kOf));
    entry.as = static_cast<ContactHours::Source::As>(choose("as", kAs));
    hours.source = entry;
  }
  const bool only = hours.source && hours.source->as == ContactHours::Source::As::kOnly;
  const Node* windows = only ? map.Get("windows") : map.Need("windows");
  if (only && windows != nullptr) {
    faults_.Add(*windows, "the source is the only table; leave `windows` out, or say `within`");
  }
  for (const Node* item : windows == nullptr ? std::vector<const Node*>{} : ReadList(*windows)) {
    HoursRow row;
    const size_t faults_before = faults_.lines().size();
    MapReader window(*item, "the window", &faults_);
    if (const Node* days = window.Need("days")) row.days = Days(*days, &row.holiday);
    if (const Node* from = window.Need("from")) row.from_minute = Minute(*from).value_or(0);
    if (const Node* to = window.Need("to")) row.to_minute = Minute(*to).value_or(1440);
    row.from_exclusive = Flag(window.Get("from_exclusive"), false);
    row.to_inclusive = Flag(window.Get("to_inclusive"), false);
    if (row.from_minute == row.to_minute) {
      faults_.Add(*item, "an empty window: it opens and closes at one time; mend `from` or `to`");
    }
    const bool days_are_read = faults_.lines().size() == faults_before;
    if (days_are_read && row.days == 0 && !row.holiday) {
      faults_.Add(*item, "a window without days; add `days`");
    }
    hours.windows.push_back(row);
  }
  if (windows != nullptr && hours.windows.empty()) {
    faults_.Add(*windows, "no window at all; to close everything use `bars: contact`");
  }
  if (const Node* calendar = map.Get("calendar")) {
    hours.calendar = ReadText(*calendar, &faults_).value_or("");
  }
  hours.clock = ReadClock(map.Get("clock"));
  return hours;
}

RuleBody PackReader::ReadBlackout(const Node& node) {
  DayBlackout blackout;
  MapReader map(node, "`day_blackout`", &faults_);
  if (const Node* days = map.Get("days")) blackout.days = Days(*days, &blackout.holidays);
  if (const Node* calendar = map.Get("calendar")) {
    blackout.calendar = ReadText(*calendar, &faults_).value_or("");
  }
  if (const Node* dates = map.Get("dates")) {
    for (const Node* item : ReadList(*dates)) {
      if (const auto day = DayOf(*item)) blackout.dates.push_back(*day);
    }
  }
  blackout.occasions = Flag(map.Get("occasions"), false);
  blackout.clock = ReadClock(map.Get("clock"));
  if (blackout.days == 0 && !blackout.holidays && blackout.dates.empty() && !blackout.occasions) {
    faults_.Add(node, "a blackout of no day; add `days`, `dates` or `occasions`");
  }
  if (blackout.holidays && blackout.calendar.empty()) {
    faults_.Add(node, "`holiday` needs a `calendar`; name one under holidays/");
  }
  return blackout;
}

RuleBody PackReader::ReadCap(const Node& node) {
  FrequencyCap cap;
  MapReader map(node, "`frequency_cap`", &faults_);
  static const std::vector<std::string> kCounts = {"attempts", "contacts", "conversations",
                                                   "messages"};
  if (const Node* counts = map.Need("counts")) {
    const std::string text = ReadText(*counts, &faults_).value_or("");
    const auto found = std::find(kCounts.begin(), kCounts.end(), text);
    if (found == kCounts.end()) {
      faults_.Add(*counts, Unknown("count", text, kCounts));
    } else if (text == "messages") {
      cap.messages = true;
    } else {
      cap.counts = static_cast<Counts>(found - kCounts.begin());
    }
  }
  const Node* limit = map.Get("limit");
  const Node* window = map.Get("window");
  const Node* limits = map.Get("limits");
  if ((limit != nullptr) != (window != nullptr)) {
    faults_.Add(node, "a limit without a window, or a window without a limit; write both");
  }
  if (limit != nullptr && window != nullptr) {
    cap.limits.push_back({Number(*limit, 0, 10'000), ReadWindow(*window), false});
  }
  if (limits != nullptr) {
    for (const Node* item : ReadList(*limits)) {
      MapReader one(*item, "the limit", &faults_);
      CapLimit entry;
      if (const Node* n = one.Need("limit")) entry.limit = Number(*n, 0, 10'000);
      if (const Node* w = one.Need("window")) entry.window = ReadWindow(*w);
      entry.suggested = Flag(one.Get("suggested"), false);
      cap.limits.push_back(std::move(entry));
    }
  }
  if (cap.limits.empty()) faults_.Add(node, "a cap without a limit; add `limit` and `window`");
  cap.scope = ScopesOf(map.Get("scope"), static_cast<Scopes>(Scope::kPerson));
  if (const Node* of = map.Get("of")) cap.of = ReadCondition(*of);
  if (const Node* by = map.Get("by")) {
    cap.by.clear();
    for (const Node* item : ReadList(*by)) {
      const std::string text = ReadText(*item, &faults_).value_or("");
      if (text == "any") {
        cap.by.clear();
        break;
      }
      if (const auto word = ParseWord<DoneBy>(text)) {
        cap.by.push_back(*word);
      } else {
        faults_.Add(*item, Unknown("doer", text, Strings({"tenant", "creditor", "any"})));
      }
    }
  }
  if (const Node* excludes = map.Get("excludes")) {
    for (const Node* item : ReadList(*excludes)) {
      MapReader one(*item, "the exclusion", &faults_);
      Exclusion exclusion;
      if (const Node* when = one.Need("when")) exclusion.when = ReadCondition(*when);
      exclusion.up_to = ReadAllowance(one.Get("up_to"));
      exclusion.cites = ReadCites(one.Get("cites"));
      cap.excludes.push_back(std::move(exclusion));
    }
  }
  if (const Node* persons = map.Get("persons")) cap.persons = WordsOf<Relation>(*persons);
  cap.pool = ReadPools(map.Get("pool"));
  if (const Node* starts = map.Get("starts_after")) {
    MapReader one(*starts, "`starts_after`", &faults_);
    FrequencyCap::StartsAfter entry;
    entry.of = std::make_shared<const Filter>();
    if (const Node* of = one.Need("of")) entry.of = ReadStanding(*of);
    entry.counts = Flag(one.Get("counts"), false);
    cap.starts_after = std::move(entry);
  }
  if (const Node* distinct = map.Get("distinct")) {
    const std::string text = ReadText(*distinct, &faults_).value_or("");
    if (text == "channel") {
      cap.distinct = FrequencyCap::Distinct::kChannel;
    } else if (text == "local_day") {
      cap.distinct = FrequencyCap::Distinct::kLocalDay;
    } else {
      faults_.Add(*distinct, Unknown("value", text, Strings({"channel", "local_day"})));
    }
  }
  cap.gap = ReadWaits(map.Get("gap"));
  return cap;
}

RuleBody PackReader::ReadCooldown(const Node& node) {
  Cooldown cooldown;
  MapReader map(node, "`cooldown`", &faults_);
  if (const Node* after = map.Need("after")) {
    const FieldInfo* field = after->is_scalar() ? FindField(after->text) : nullptr;
    if (field != nullptr && field->type == FieldType::kDay) {
      cooldown.after_account_date = field->field;
    } else {
      cooldown.after = ReadStanding(*after);
    }
  } else {
    cooldown.after = std::make_shared<const Filter>();
  }
  const Node* wait = map.Need("wait");
  cooldown.wait = ReadWaits(wait);
  cooldown.pool = ReadPools(map.Get("pool"));
  cooldown.scope = ScopesOf(map.Get("scope"), static_cast<Scopes>(Scope::kPerson));
  return cooldown;
}

RuleBody PackReader::ReadConsentRequired(const Node& node) {
  ConsentRequired required;
  if (!node.is_map()) {
    faults_.Add(node, "`consent_required` is a map");
    return required;
  }
  if (const Node* routes = node.Find("routes")) {
    MapReader map(node, "`consent_required`", &faults_);
    map.Get("routes");
    map.Get("scope");
    map.Get("fresh");
    for (const Node* item : ReadList(*routes)) {
      MapReader one(*item, "the route", &faults_);
      ConsentRequired::Route route;
      if (const Node* id = one.Need("id")) route.id = ReadText(*id, &faults_).value_or("");
      if (const Node* when = one.Need("when")) route.when = ReadCondition(*when);
      required.routes.push_back(std::move(route));
    }
  } else {
    required.consent = ReadConsent(node, {"fresh"});
  }
  if (const Node* fresh = node.Find("fresh")) {
    MapReader one(*fresh, "`fresh`", &faults_);
    ConsentRequired::Fresh entry;
    if (const Node* within = one.Need("within")) entry.within = ReadWait(*within);
    if (const Node* by = one.Need("by")) entry.by = ReadFilters(*by);
    required.fresh = std::move(entry);
  }
  return required;
}

RuleBody PackReader::ReadOptOut(const Node& node) {
  OptOut opt_out;
  MapReader map(node, "`opt_out`", &faults_);
  if (const Node* honours = map.Get("honours")) {
    MapReader one(*honours, "`honours`", &faults_);
    if (const Node* channels = one.Get("channels")) opt_out.honours_channels = Channels(*channels);
    if (const Node* form = one.Get("form")) opt_out.honours_forms = Forms(*form);
    opt_out.scope = ScopesOf(one.Get("scope"), static_cast<Scopes>(Scope::kPoint));
  }
  if (const Node* offer = map.Get("must_offer")) opt_out.must_offer = WordsOf<OptOutOffer>(*offer);
  opt_out.keywords = Texts(map.Get("keywords"));
  opt_out.lasts = ReadWaits(map.Get("lasts"));
  return opt_out;
}

// One of the account's dates, by name.
Field PackReader::AccountDate(const Node& node) {
  const FieldInfo* field = node.is_scalar() ? FindField(node.text) : nullptr;
  if (field != nullptr && field->type == FieldType::kDay && field->name.starts_with("account.")) {
    return field->field;
  }
  std::vector<std::string> known;
  for (const FieldInfo& info : AllFields()) {
    if (info.type == FieldType::kDay && info.name.starts_with("account.")) {
      known.emplace_back(info.name);
    }
  }
  faults_.Add(node, Unknown("date of an account", node.text, known));
  return Field::kAccountDueOn;
}

RuleBody PackReader::ReadStop(const Node& node) {
  StopContact stop;
  MapReader map(node, "`stop_contact`", &faults_);
  stop.standing = std::make_shared<const Filter>();
  if (const Node* standing = map.Need("standing")) stop.standing = ReadStanding(*standing);
  if (const Node* form = map.Get("form")) stop.forms = Forms(*form);
  if (const Node* from = map.Get("counts_from")) {
    static const std::vector<std::string> kFrom = {"made", "received", "filed"};
    const std::string text = ReadText(*from, &faults_).value_or("");
    const auto found = std::find(kFrom.begin(), kFrom.end(), text);
    if (found == kFrom.end()) {
      faults_.Add(*from, Unknown("counts_from", text, kFrom));
    } else {
      stop.counts_from = static_cast<StopContact::CountsFrom>(found - kFrom.begin());
    }
  }
  if (const Node* during = map.Get("during")) stop.during = ReadText(*during, &faults_).value_or("");
  stop.scope = ScopesOf(map.Get("scope"), static_cast<Scopes>(Scope::kPerson));
  if (const Node* early = map.Get("not_before")) {
    MapReader one(*early, "`not_before`", &faults_);
    StopContact::NotBefore entry;
    if (const Node* date = one.Need("date")) entry.date = AccountDate(*date);
    entry.wait = ReadWaits(one.Need("wait"));
    stop.not_before = std::move(entry);
  }
  if (const Node* until = map.Get("until")) {
    for (const Node* item : ReadList(*until)) {
      StopContact::Until entry;
      if (item->is_map() && item->Find("after") != nullptr) {
        MapReader one(*item, "`until`", &faults_);
        entry.after = ReadStanding(*one.Need("after"));
        entry.wait = ReadWaits(one.Need("wait"));
        if (const Node* unless = one.Get("unless")) {
          // `within` is no field of the event: how long after `after` it still counts.
          Node event = *unless;
          if (const Node* within = unless->Find("within")) entry.unless_within = ReadWaits(within);
          std::erase_if(event.members,
                        [](const auto& member) { return member.first.text == "within"; });
          entry.unless = ReadStanding(event);
        }
      } else {
        entry.event = ReadStanding(*item);
      }
      stop.until.push_back(std::move(entry));
    }
  }
  return stop;
}

RuleBody PackReader::ReadInconvenient(const Node& node) {
  Inconvenient named;
  MapReader map(node, "`inconvenient`", &faults_);
  if (const Node* honours = map.Need("honours")) {
    for (const Node* item : ReadList(*honours)) {
      const std::string text = ReadText(*item, &faults_).value_or("");
      if (text == "times") {
        named.times = true;
      } else if (text == "places") {
        named.places = true;
      } else if (text == "points") {
        named.points = true;
      } else if (text == "channels") {
        named.channels = true;
      } else if (text == "employer") {
        named.employer = true;
      } else {
        faults_.Add(*item, Unknown("value", text,
                                   Strings({"times", "places", "points", "channels", "employer"})));
      }
    }
  }
  if (const Node* budget = map.Get("budget")) {
    MapReader one(*budget, "`budget`", &faults_);
    Inconvenient::Budget entry;
    if (const Node* hours = one.Get("hours_a_week")) entry.hours_a_week = Number(*hours, 1, 168);
    if (const Node* points = one.Get("points")) entry.points = Number(*points, 1, 1'000);
    if (const Node* both = one.Get("not_both")) entry.not_both = Channels(*both);
    named.budget = std::move(entry);
  }
  if (const Node* from = map.Get("from")) {
    named.from_borrower = false;
    for (const Node* item : ReadList(*from)) {
      const std::string text = ReadText(*item, &faults_).value_or("");
      if (text == "borrower") {
        named.from_borrower = true;
      } else if (text == "creditor_file") {
        named.from_creditor_file = true;
      } else if (text == "anyone") {
        named.from_anyone = true;
      } else {
        faults_.Add(*item, Unknown("source", text, Strings({"borrower", "creditor_file", "anyone"})));
      }
    }
  }
  return named;
}

RuleBody PackReader::ReadThirdParty(const Node& node) {
  ThirdParty rule;
  MapReader map(node, "`third_party`", &faults_);
  if (const Node* as = map.Get("as_borrower")) rule.as_borrower = WordsOf<Relation>(*as);
  rule.overheard = Flag(map.Get("overheard"), false);
  return rule;
}

RuleBody PackReader::ReadNoticeFirst(const Node& node) {
  NoticeFirst rule;
  MapReader map(node, "`notice_first`", &faults_);
  if (const Node* notice = map.Need("notice")) {
    for (const Node* item : ReadList(*notice)) {
      if (auto value = ReadValue(*item, InfoOf(Field::kNotice))) rule.notices.push_back(*value);
    }
  }
  if (rule.notices.empty()) {
    faults_.Add(node, "no notice named; add one");
    rule.notices.push_back({static_cast<int64_t>(NoticeKind::kFirstNotice), ""});
  }
  if (const Node* by = map.Get("by")) rule.by = Doers(*by);
  if (const Node* channels = map.Get("channels")) rule.channels = Channels(*channels);
  if (const Node* form = map.Get("form")) rule.forms = Forms(*form);
  rule.scope = ScopesOf(map.Get("scope"), static_cast<Scopes>(Scope::kDebt));
  rule.wait = ReadWaits(map.Get("wait"));
  if (const Node* renew = map.Get("renew_on")) rule.renew_on = ReadFilters(*renew);
  rule.within = ReadWaits(map.Get("within"));
  if (const Node* after = map.Get("after")) rule.after = ReadStanding(*after);
  if (rule.within.empty() != (rule.after == nullptr)) {
    faults_.Add(node, "`within` and `after` come together; write both or neither");
  }
  if (!rule.within.empty() && !rule.wait.empty()) {
    faults_.Add(node, "`wait` closes and `within` leaves open; write two rules");
  }
  return rule;
}

RuleBody PackReader::ReadMustSay(const Node& node) {
  MustSay rule;
  MapReader map(node, "the rule's body", &faults_);
  if (!map.ok()) return rule;
  rule.items = Names(map.Get("must_say"));
  if (const Node* when = map.Get("when")) {
    static const std::vector<std::string> kWhen = {"every",         "first", "first_oral",
                                                   "first_written", "later", "on_request"};
    const std::string text = ReadText(*when, &faults_).value_or("");
    const auto found = std::find(kWhen.begin(), kWhen.end(), text);
    if (found == kWhen.end()) {
      faults_.Add(*when, Unknown("value", text, kWhen));
    } else {
      rule.when = static_cast<MustSay::When>(found - kWhen.begin());
    }
  }
  if (const Node* languages = map.Get("languages")) {
    MapReader one(*languages, "`languages`", &faults_);
    rule.any_language = Texts(one.Get("any"));
    rule.all_languages = Texts(one.Get("all"));
    if (rule.any_language.empty() && rule.all_languages.empty()) {
      faults_.Add(*languages, "no language named; write `any: […]` or `all: […]`");
    }
  }
  rule.same_as_message = Flag(map.Get("same_as_message"), false);
  if (const Node* caller = map.Get("caller")) {
    MapReader one(*caller, "`caller`", &faults_);
    if (const Node* id = one.Get("id")) rule.caller_id = Word<CallerId>(*id);
    rule.caller_class = Names(one.Get("class"));
    if (!rule.caller_id && rule.caller_class.empty()) {
      faults_.Add(*caller, "nothing asked of the caller; write `id: shown` or `class: […]`");
    }
  }
  if (rule.items.empty() && rule.any_language.empty() && rule.all_languages.empty() &&
      !rule.same_as_message && !rule.caller_id && rule.caller_class.empty()) {
    faults_.Add(node, "nothing has to be said; add `must_say`, `languages` or `caller`");
  }
  return rule;
}

Forbidden PackReader::ReadForbidden(const Node& node) {
  Forbidden forbids;
  for (const Node* item : ReadList(node)) {
    if (item->is_map()) {
      forbids.conditions.push_back(ReadCondition(*item));
      if (forbids.conditions.back().empty()) faults_.Add(*item, "an empty condition; name a fact");
    } else if (item->is_scalar() && item->text == "contact") {
      forbids.everything = true;
    } else {
      for (std::string& name : Names(item)) forbids.codes.push_back(std::move(name));
    }
  }
  if (forbids.codes.empty() && forbids.conditions.empty() && !forbids.everything) {
    faults_.Add(node, "nothing is forbidden; name a finding or a condition");
  }
  return forbids;
}

RuleBody PackReader::ReadContentBan(const Node& node) {
  ContentBan ban;
  MapReader map(node, "`content_ban`", &faults_);
  if (const Node* forbids = map.Need("forbids")) ban.forbids = ReadForbidden(*forbids);
  return ban;
}

RuleBody PackReader::ReadTimeBarred(const Node& node) {
  TimeBarred rule;
  MapReader map(node, "`time_barred`", &faults_);
  if (const Node* stale = map.Need("stale_on")) {
    const Node* date = stale;
    if (stale->is_map()) {
      MapReader one(*stale, "`stale_on`", &faults_);
      date = one.Need("date");
      rule.wait = ReadWaits(one.Need("wait"));
    }
    if (date != nullptr) rule.stale_on = AccountDate(*date);
  }
  if (const Node* forbids = map.Get("forbids")) rule.forbids = ReadForbidden(*forbids);
  rule.items = Names(map.Get("must_say"));
  if (map.Get("forbids") == nullptr && rule.items.empty()) {
    faults_.Add(node, "nothing follows from it; add `forbids` or `must_say`");
  }
  return rule;
}

RuleBody PackReader::ReadLicence(const Node& node) {
  Licence licence;
  MapReader map(node, "`licence`", &faults_);
  licence.holds = Names(map.Get("holds"));
  if (const Node* channels = map.Get("show_on")) licence.show_on = Channels(*channels);
  if (licence.holds.empty() && licence.show_on.empty()) {
    faults_.Add(node, "nothing is asked; add `holds` or `show_on`");
  }
  return licence;
}

// Kept as it is written, by dotted path: it is others who know what the keys mean.
RuleBody PackReader::ReadParameters(const Node& node) {
  Parameters parameters;
  const auto add = [&](const auto& self, const std::string& path, const Node& value) -> void {
    if (value.is_map()) {
      for (const auto& [key, part] : value.members) {
        self(self, path.empty() ? key.text : path + "." + key.text, part);
      }
      return;
    }
    std::string text;
    for (const Node* item : ReadList(value)) {
      if (item->is_map()) {
        self(self, path + "[" + std::to_string(item->line) + "]", *item);
        continue;
      }
      if (!text.empty()) text += ", ";
      text += ReadText(*item, &faults_).value_or("");
    }
    if (!text.empty()) parameters.values[path] = text;
  };
  if (!node.is_map()) faults_.Add(node, "parameters are a map from name to value");
  add(add, "", node);
  return parameters;
}

void PackReader::ReadVocabulary(const Node& node, Pack::Vocabulary* words) {
  MapReader map(node, "`vocabulary`", &faults_);
  if (!map.ok()) return;
  words->notices = Names(map.Get("notices"));
  words->items = Names(map.Get("items"));
  words->findings = Names(map.Get("findings"));
  words->statements = Names(map.Get("statements"));
  words->statuses = Names(map.Get("statuses"));
  words->products = Names(map.Get("products"));
  const auto ours = [&](const char* key, const std::vector<std::string>& names, const auto& known) {
    for (const std::string& name : names) {
      if (std::find(known.begin(), known.end(), name) != known.end()) {
        faults_.Add(node, "`" + name + "` in `" + key + "` is a word of the language; leave it out");
      }
    }
  };
  ours("notices", words->notices, AllWords<NoticeKind>());
  ours("statements", words->statements, AllWords<EventName>());
  ours("statuses", words->statuses, AllWords<EventName>());
  ours("products", words->products, AllWords<Product>());
}

void PackReader::ReadRule(const Node& node, Pack* pack) {
  MapReader map(node, "the rule", &faults_);
  if (!map.ok()) return;
  Rule rule;
  rule.mark = {faults_.file(), node.line, node.column};
  const size_t faults_before = faults_.lines().size();
  if (const Node* id = map.Need("id")) rule.id = ReadText(*id, &faults_).value_or("");
  if (const Node* applies = map.Get("applies")) rule.applies = ReadCondition(*applies);
  if (const Node* exceptions = map.Get("exceptions")) {
    for (const Node* item : ReadList(*exceptions)) {
      MapReader one(*item, "the exception", &faults_);
      Exception exception;
      if (const Node* when = one.Need("when")) exception.when = ReadCondition(*when);
      exception.up_to = ReadAllowance(one.Get("up_to"));
      exception.cites = ReadCites(one.Get("cites"));
      rule.exceptions.push_back(std::move(exception));
    }
  }
  if (const Node* effect = map.Get("effect")) {
    rule.effect = Word<Effect>(*effect).value_or(Effect::kProhibition);
  }
  rule.suggested = Flag(map.Get("suggested"), false);
  if (const Node* status = map.Get("status")) {
    static const std::vector<std::string> kStatuses = {"in_force", "draft", "repealed"};
    const std::string text = ReadText(*status, &faults_).value_or("");
    const auto found = std::find(kStatuses.begin(), kStatuses.end(), text);
    if (found == kStatuses.end()) {
      faults_.Add(*status, Unknown("status", text, kStatuses));
    } else {
      rule.status = static_cast<RuleStatus>(found - kStatuses.begin());
    }
  }
  if (const Node* force = map.Get("in_force")) {
    MapReader one(*force, "`in_force`", &faults_);
    const auto day = [&](const char* key) -> std::optional<Day> {
      const Node* value = one.Get(key);
      if (value == nullptr || (value->is_scalar() && value->text == "unknown")) return std::nullopt;
      return DayOf(*value);
    };
    rule.in_force_from = day("from");
    rule.in_force_to = day("to");
    if (rule.in_force_from && rule.in_force_to && *rule.in_force_to < *rule.in_force_from) {
      faults_.Add(*force, "ends before it begins; swap `from` and `to`");
    }
  }
  if (const Node* confidence = map.Get("confidence")) {
    static const std::vector<std::string> kGrades = {"low", "medium", "high"};
    const std::string text = ReadText(*confidence, &faults_).value_or("");
    const auto found = std::find(kGrades.begin(), kGrades.end(), text);
    if (found == kGrades.end()) {
      faults_.Add(*confidence, Unknown("confidence", text, kGrades));
    } else {
      rule.confidence = static_cast<Confidence>(found - kGrades.begin());
    }
  }
  if (const Node* verified = map.Get("verified")) {
    MapReader one(*verified, "`verified`", &faults_);
    one.Need("by");
    if (const Node* date = one.Need("date")) DayOf(*date);
  }
  rule.facts = Texts(map.Get("facts"));
  if (rule.facts.empty()) rule.facts.push_back(rule.id);
  rule.cites = ReadCites(map.Get("cites"));
  if (rule.cites.empty()) {
    faults_.Add(node, "rule `" + rule.id + "` has no citation; add `cites`");
  }
  if (const Node* note = map.Get("note")) rule.note = ReadText(*note, &faults_).value_or("");
  rule.only_where_no_rule_of_kind = Flag(map.Get("only_where_none_binds"), false);

  struct KindEntry {
    RuleKind kind;
    RuleBody (PackReader::*read)(const Node&);
  };
  static constexpr KindEntry kKinds[] = {
      {RuleKind::kContactHours, &PackReader::ReadHours},
      {RuleKind::kDayBlackout, &PackReader::ReadBlackout},
      {RuleKind::kFrequencyCap, &PackReader::ReadCap},
      {RuleKind::kCooldown, &PackReader::ReadCooldown},
      {RuleKind::kConsentRequired, &PackReader::ReadConsentRequired},
      {RuleKind::kOptOut, &PackReader::ReadOptOut},
      {RuleKind::kStopContact, &PackReader::ReadStop},
      {RuleKind::kInconvenient, &PackReader::ReadInconvenient},
      {RuleKind::kThirdParty, &PackReader::ReadThirdParty},
      {RuleKind::kNoticeFirst, &PackReader::ReadNoticeFirst},
      {RuleKind::kDisclosure, &PackReader::ReadMustSay},
      {RuleKind::kIdentification, &PackReader::ReadMustSay},
      {RuleKind::kLanguage, &PackReader::ReadMustSay},
      {RuleKind::kContentBan, &PackReader::ReadContentBan},
      {RuleKind::kTimeBarred, &PackReader::ReadTimeBarred},
      {RuleKind::kLicence, &PackReader::ReadLicence},
      {RuleKind::kRecordRetention, &PackReader::ReadParameters},
      {RuleKind::kDataProtection, &PackReader::ReadParameters},
  };
  int kinds = 0;
  const Node* bars = map.Get("bars");
  const Node* same_as = map.Get("same_as");
  const Node* kind_node = map.Get("kind");
  for (const KindEntry& entry : kKinds) {
    if (const Node* body = map.Get(ToWord(entry.kind))) {
      ++kinds;
      rule.kind = entry.kind;
      rule.body = (this->*entry.read)(*body);
    }
  }
  if (bars != nullptr) {
    ++kinds;
    if (ReadText(*bars, &faults_) != "contact") faults_.Add(*bars, "`bars` is `contact`");
    // `bars` may stand as the body of any kind; `kind` says of which.
    if (kind_node == nullptr) {
      faults_.Add(node, "`bars` needs `kind`, the kind whose body it is");
    } else {
      rule.kind = Word<RuleKind>(*kind_node).value_or(RuleKind::kStopContact);
    }
    rule.body = BarsContact{};
  } else if (kind_node != nullptr) {
    faults_.Add(*kind_node, "`kind` stands only beside `bars`; the body names its own kind");
  }
  if (same_as != nullptr) {
    ++kinds;
    const std::string name = ReadText(*same_as, &faults_).value_or("");
    const auto found = std::find_if(pack->rules.begin(), pack->rules.end(),
                                    [&](const Rule& other) { return other.id == name; });
    if (found == pack->rules.end()) {
      std::vector<std::string> known;
      for (const Rule& other : pack->rules) known.push_back(other.id);
      faults_.Add(*same_as, Unknown("rule", name, known) + " (`same_as` names one above)");
    } else {
      rule.kind = found->kind;
      rule.body = found->body;
      rule.exceptions = found->exceptions;
    }
  }
  if (kinds != 1 && faults_.lines().size() == faults_before) {
    // An unknown key may be a misspelled kind: let that message stand alone.
    map.Finish();
    if (faults_.lines().size() == faults_before) {
      faults_.Add(node, "rule `" + rule.id + "` has " + (kinds == 0 ? "no kind" : "two kinds") +
                            "; a rule has exactly one");
    }
  }
  pack->rules.push_back(std::move(rule));
}

Pack PackReader::Read(const Node& root) {
  Pack pack;
  MapReader map(root, "the pack", &faults_);
  if (!map.ok()) return pack;
  pack.mark = {faults_.file(), root.line, root.column};
  const auto text = [&](const char* key, bool needed) {
    const Node* node = needed ? map.Need(key) : map.Get(key);
    return node == nullptr ? std::string() : ReadText(*node, &faults_).value_or("");
  };
  pack.name = text("pack", true);
  pack.title = text("title", false);
  pack.jurisdiction = text("jurisdiction", true);
  pack.parents = Texts(map.Get("parents"));
  if (const Node* reach = map.Get("reach")) {
    pack.reach = {false, false, false};
    for (const Node* item : ReadList(*reach)) {
      const std::string name = ReadText(*item, &faults_).value_or("");
      if (name == "borrower_place") {
        pack.reach.borrower_place = true;
      } else if (name == "number") {
        pack.reach.number = true;
      } else if (name == "tenant_place") {
        pack.reach.tenant_place = true;
      } else {
        faults_.Add(*item, Unknown("reach", name, Strings({"borrower_place", "number", "tenant_place"})));
      }
    }
  }
  if (const Node* week = map.Get("week_starts")) {
    const uint8_t days = Days(*week, nullptr);
    for (int day = 0; day < 7; ++day) {
      if (days == 1U << day) pack.week_starts = day;
    }
  }
  pack.holidays = Texts(map.Get("holidays"));
  if (const Node* periods = map.Get("periods")) {
    if (!periods->is_map()) faults_.Add(*periods, "`periods` is a map from name to period");
    for (const auto& [name, body] : periods->members) {
      Period period;
      period.name = name.text;
      MapReader one(body, "the period", &faults_);
      period.after = std::make_shared<const Filter>();
      if (const Node* after = one.Need("after")) period.after = ReadStanding(*after);
      period.wait = ReadWaits(one.Need("wait"));
      pack.periods.push_back(std::move(period));
    }
  }
  if (const Node* declares = map.Get("declares")) {
    for (const Node* item : ReadList(*declares)) {
      MapReader one(*item, "the question", &faults_);
      Pack::Declares entry;
      for (const auto& [key, into] : {std::pair<const char*, std::string*>{"name", &entry.name},
                                      {"of", &entry.of},
                                      {"type", &entry.type},
                                      {"asks", &entry.asks}}) {
        if (const Node* value = one.Need(key)) *into = ReadText(*value, &faults_).value_or("");
      }
      pack.declares.push_back(std::move(entry));
    }
  }
  if (const Node* switches = map.Get("switches")) {
    for (const Node* item : ReadList(*switches)) {
      MapReader one(*item, "the switch", &faults_);
      Pack::Switch entry;
      if (const Node* name = one.Need("name")) entry.name = ReadText(*name, &faults_).value_or("");
      entry.active = Flag(one.Get("active"), false);
      if (const Node* as_of = one.Get("as_of")) DayOf(*as_of);
      pack.switches.push_back(std::move(entry));
    }
  }
  if (const Node* words = map.Get("vocabulary")) ReadVocabulary(*words, &pack.vocabulary);
  pack.warn = Texts(map.Get("warn"));
  pack.mute = Texts(map.Get("mute"));
  if (const Node* days = map.Get("proclaimed")) {
    for (const Node* item : ReadList(*days)) {
      MapReader one(*item, "the proclaimed day", &faults_);
      Pack::Proclaimed entry;
      if (const Node* name = one.Need("calendar")) {
        entry.calendar = ReadText(*name, &faults_).value_or("");
      }
      if (const Node* date = one.Need("date")) entry.day = DayOf(*date).value_or(Day{});
      entry.cites = ReadCites(one.Need("cites"));
      pack.proclaimed.push_back(std::move(entry));
    }
  }
  if (const Node* rules = map.Need("rules")) {
    std::map<std::string, int> first_line;
    for (const Node* item : ReadList(*rules)) {
      if (const Node* id = item->Find("id")) {
        const auto [at, fresh] = first_line.emplace(id->text, id->line);
        if (!fresh) {
          faults_.Add(*id, "rule `" + id->text + "` stands twice, first in line " +
                               std::to_string(at->second) + "; ids are unique");
        }
      }
      ReadRule(*item, &pack);
    }
  }
  if (const Node* not_rules = map.Get("not_rules")) {
    for (const Node* item : ReadList(*not_rules)) {
      MapReader one(*item, "the entry", &faults_);
      Pack::NotRule entry;
      if (const Node* fact = one.Need("fact")) entry.fact = ReadText(*fact, &faults_).value_or("");
      if (const Node* why = one.Need("why")) entry.why = ReadText(*why, &faults_).value_or("");
      pack.not_rules.push_back(std::move(entry));
    }
  }
  return pack;
}

// ---- Calendars ---------------------------------------------------------------------------------

// Western Easter Sunday, by the anonymous Gregorian computus (Meeus, Astronomical Algorithms, ch. 8).
Day Easter(int year) {
  const int a = year % 19, b = year / 100, c = year % 100, d = b / 4, e = b % 4;
  const int f = (b + 8) / 25, g = (b - f + 1) / 3, h = (19 * a + b - d - g + 15) % 30;
  const int i = c / 4, k = c % 4, l = (32 + 2 * e + 2 * i - h - k) % 7;
  const int m = (a + 11 * h + 22 * l) / 451;
  const int month = (h + l - 7 * m + 114) / 31, day = (h + l - 7 * m + 114) % 31 + 1;
  return Day{date::year{year} / month / day};
}

class CalendarReader {
 public:
  explicit CalendarReader(Faults* faults) : faults_(*faults) {}

  HolidayCalendar Read(const std::string& name, const Node& root) {
    HolidayCalendar calendar;
    calendar.name = name;
    MapReader map(root, "the calendar", &faults_);
    if (!map.ok()) return calendar;
    map.Get("title");
    map.Get("source");
    map.Get("cites");
    if (const Node* years = map.Need("years")) {
      const auto list = ReadList(*years);
      if (list.size() != 2) {
        faults_.Add(*years, "`years` is the first and the last year it is complete for");
      } else {
        calendar.first_year = static_cast<int>(ReadInteger(*list[0], &faults_).value_or(0));
        calendar.last_year = static_cast<int>(ReadInteger(*list[1], &faults_).value_or(-1));
        if (calendar.last_year < calendar.first_year || calendar.last_year - calendar.first_year > 100) {
          faults_.Add(*years, "want a first year and a last one, not before it");
          return calendar;
        }
      }
    }
    weekend_ = 0x60;
    if (const Node* weekend = map.Get("weekend")) {
      weekend_ = 0;
      for (const Node* item : ReadList(*weekend)) {
        weekend_ = static_cast<uint8_t>(weekend_ | 1U << Weekday(*item));
      }
    }
    std::vector<Named> named;
    if (const Node* list = map.Need("days")) {
      for (const Node* item : ReadList(*list)) {
        // A year more on each side: what is observed on another day may move over New Year.
        for (int year = calendar.first_year - 1; year <= calendar.last_year + 1; ++year) {
          if (!AddDay(*item, year, &named)) break;
        }
      }
    }
    const std::set<Day> days = Observe(std::move(named));
    if (const Node* workdays = map.Get("workdays")) {
      for (const Node* item : ReadList(*workdays)) {
        MapReader one(*item, "the workday", &faults_);
        const Node* date = one.Need("date");
        const Node* as = one.Need("as");
        if (date == nullptr || as == nullptr) continue;
        const absl::StatusOr<Day> day = ParseDay(date->text);
        if (!day.ok()) {
          faults_.Add(*date, std::string(day.status().message()));
          continue;
        }
        calendar.workdays_as[*day] = Weekday(*as);
      }
    }
    calendar.weekend = weekend_;
    calendar.holidays.assign(days.begin(), days.end());
    return calendar;
  }

 private:
  int Weekday(const Node& node) {
    const auto* found = std::find(std::begin(kDays), std::end(kDays), node.text);
    if (found == std::end(kDays)) {
      faults_.Add(node, Unknown("day", node.text, {std::begin(kDays), std::end(kDays)}));
      return 0;
    }
    return static_cast<int>(found - std::begin(kDays));
  }
  std::optional<Day> MonthDay(const Node& node, int year) {
    const absl::StatusOr<Day> day = ParseDay(std::to_string(year) + "-" + node.text);
    if (day.ok()) return *day;
    // 29 February is a date in some years only.
    if (node.text == "02-29") return std::nullopt;
    faults_.Add(node, "not a date of the year: want MM-DD");
    return std::nullopt;
  }
  bool IsWeekend(Day day) const { return (weekend_ >> WeekdayOf(day) & 1) != 0; }

  // A day that a row names, and how it is kept where it falls badly.
  struct Named {
    Day day{};
    std::string observed = "none";
  };

  // What moves makes way for every day that is named, whatever the order of the rows.
  static std::set<Day> Observe(std::vector<Named> named) {
    std::stable_sort(named.begin(), named.end(),
                     [](const Named& a, const Named& b) { return a.day < b.day; });
    std::set<Day> days;
    for (const Named& one : named) {
      if (one.observed != "next_day") days.insert(one.day);
    }
    for (const Named& one : named) {
      Day kept = one.day;
      if (one.observed == "next_day" || one.observed == "next_day_too") {
        do {
          kept += date::days{1};
        } while (days.contains(kept));
      } else if (one.observed == "next_monday") {
        while (WeekdayOf(kept) != 0) kept += date::days{1};
      } else if (one.observed == "nearest_weekday") {
        // Saturday on the Friday before, Sunday on the Monday after (5 USC 6103(b), EO 11582).
        kept += date::days{WeekdayOf(kept) == 5 ? -1 : 1};
      }
      days.insert(kept);
    }
    return days;
  }

  // False after a fault, so that it is told once and not for every year.
  bool AddDay(const Node& item, int year, std::vector<Named>* days) {
    const size_t before = faults_.lines().size();
    MapReader one(item, "the day", &faults_);
    std::optional<Day> day;
    one.Get("name");
    if (const Node* fixed = one.Get("fixed")) day = MonthDay(*fixed, year);
    if (const Node* easter = one.Get("easter")) {
      day = Easter(year) + date::days{static_cast<int>(ReadInteger(*easter, &faults_).value_or(0))};
    }
    if (const Node* nth = one.Get("nth")) {
      const auto list = ReadList(*nth);
      if (list.size() == 3) {
        const int n = static_cast<int>(ReadInteger(*list[0], &faults_).value_or(1));
        const Day first{date::year{year} / Month(*list[2]) / 1};
        const int ahead = (Weekday(*list[1]) - WeekdayOf(first) + 7) % 7;
        const Day found = first + date::days{ahead + 7 * (n - 1)};
        // A fifth Tuesday is not there every year.
        if (date::year_month_day{found}.month() == date::year_month_day{first}.month()) day = found;
      } else {
        faults_.Add(*nth, "want [n, weekday, month]");
      }
    }
    if (const Node* last = one.Get("last")) {
      const auto list = ReadList(*last);
      if (list.size() == 2) {
        const Day end{date::year{year} / Month(*list[1]) / date::last};
        day = end - date::days{(WeekdayOf(end) - Weekday(*list[0]) + 7) % 7};
      } else {
        faults_.Add(*last, "want [weekday, month]");
      }
    }
    if (const Node* earlier = one.Get("before")) {
      const auto list = ReadList(*earlier);
      if (list.size() == 2) {
        if (const auto bound = MonthDay(*list[0], year)) {
          const Day end = *bound - date::days{1};
          day = end - date::days{(WeekdayOf(end) - Weekday(*list[1]) + 7) % 7};
        }
      } else {
        faults_.Add(*earlier, "want [MM-DD, weekday]");
      }
    }
    if (const Node* date = one.Get("date")) {
      const absl::StatusOr<Day> parsed = ParseDay(date->text);
      if (!parsed.ok()) {
        faults_.Add(*date, std::string(parsed.status().message()));
      } else if (static_cast<int>(date::year_month_day{*parsed}.year()) == year) {
        day = *parsed;
      }
    }
    std::string observed = "none";
    if (const Node* rule = one.Get("observed")) {
      static const std::vector<std::string> kWays = {"none", "next_day", "next_day_too",
                                                     "next_monday", "nearest_weekday"};
      observed = ReadText(*rule, &faults_).value_or("none");
      if (std::find(kWays.begin(), kWays.end(), observed) == kWays.end()) {
        faults_.Add(item, Unknown("observed", observed, kWays));
      }
    }
    uint8_t only_if = weekend_;
    if (const Node* when = one.Get("if")) {
      only_if = 0;
      for (const Node* item_day : ReadList(*when)) {
        only_if = static_cast<uint8_t>(only_if | 1U << Weekday(*item_day));
      }
    }
    one.Finish();
    if (faults_.lines().size() != before) return false;
    if (!day) return true;
    const bool moves = (only_if >> WeekdayOf(*day) & 1) != 0;
    days->push_back({*day, moves ? observed : "none"});
    return true;
  }
  unsigned Month(const Node& node) {
    static constexpr std::string_view kMonths[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                                   "jul", "aug", "sep", "oct", "nov", "dec"};
    const auto* found = std::find(std::begin(kMonths), std::end(kMonths), node.text);
    if (found == std::end(kMonths)) {
      faults_.Add(node, Unknown("month", node.text, {std::begin(kMonths), std::end(kMonths)}));
      return 1;
    }
    return static_cast<unsigned>(found - std::begin(kMonths)) + 1;
  }

  Faults& faults_;
  uint8_t weekend_ = 0x60;
};

}  // namespace

Pack ReadPack(std::string_view text, Faults* faults) {
  const Node root = Parse(text, faults);
  if (!faults->empty()) return {};
  Pack pack = PackReader(faults).Read(root);
  pack.digest_bytes = std::string(text);
  return pack;
}

HolidayCalendar ReadCalendar(const std::string& name, std::string_view text, Faults* faults) {
  const Node root = Parse(text, faults);
  if (!faults->empty()) return {};
  return CalendarReader(faults).Read(name, root);
}

void ReadPlaces(std::string_view text, PlaceTable* table, Faults* faults) {
  const Node root = Parse(text, faults);
  if (!faults->empty()) return;
  const auto texts = [&](const Node& node) {
    std::vector<std::string> list;
    for (const Node* item : ReadList(node)) {
      if (const auto one = ReadText(*item, faults)) list.push_back(*one);
    }
    std::sort(list.begin(), list.end());
    return list;
  };
  MapReader map(root, "the places file", faults);
  map.Get("source");
  if (const Node* aliases = map.Get("aliases")) {
    for (const auto& [old_name, zone] : aliases->members) {
      if (const auto name = ReadText(zone, faults)) table->aliases[old_name.text] = *name;
    }
  }
  if (const Node* countries = map.Get("countries")) {
    for (const auto& [code, zones] : countries->members) table->countries[code.text] = texts(zones);
  }
  if (const Node* subdivisions = map.Get("subdivisions")) {
    for (const auto& [code, body] : subdivisions->members) {
      SubdivisionZones& entry = table->subdivisions[code.text];
      if (!body.is_map()) {
        entry.zones = texts(body);
        continue;
      }
      MapReader one(body, "the subdivision", faults);
      if (const Node* zones = one.Need("zones")) entry.zones = texts(*zones);
      if (const Node* postal = one.Get("postal")) {
        for (const auto& [prefix, zones] : postal->members) {
          entry.postal.push_back({prefix.text, texts(zones)});
        }
      }
      if (const Node* cities = one.Get("cities")) {
        for (const auto& [city, part] : cities->members) {
          std::string lower = city.text;
          for (char& c : lower) {
            if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
          }
          table->cities[code.text][lower] = part.text;
        }
      }
    }
  }
}

absl::StatusOr<PhonePrefixes> PhonePrefixes::Read(std::string_view text) {
  PhonePrefixes prefixes;
  int number = 0;
  while (!text.empty()) {
    ++number;
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (line.empty() || line.front() == '#') continue;
    const size_t bar = line.find('|');
    if (bar == std::string_view::npos || bar == 0 || bar > 15) {
      return InvalidArgument("line " + std::to_string(number) +
                             ": want `PREFIX|ZONE&ZONE…`; restore the file");
    }
    Match match;
    match.prefix = std::string(line.substr(0, bar));
    std::string_view zones = line.substr(bar + 1);
    while (!zones.empty()) {
      const size_t next = zones.find('&');
      match.zones.emplace_back(zones.substr(0, next));
      zones = next == std::string_view::npos ? std::string_view{} : zones.substr(next + 1);
    }
    std::sort(match.zones.begin(), match.zones.end());
    prefixes.by_prefix_[match.prefix] = match;
  }
  return prefixes;
}

const PhonePrefixes::Match* PhonePrefixes::Find(std::string_view digits) const {
  for (size_t length = std::min<size_t>(digits.size(), 15); length > 0; --length) {
    const auto found = by_prefix_.find(digits.substr(0, length));
    if (found != by_prefix_.end()) return &found->second;
  }
  return nullptr;
}

NumberFacts FactsOfNumber(std::string_view e164, const PhonePrefixes& prefixes,
                          const PlaceTable& places) {
  NumberFacts facts;
  if (e164.empty() || e164.front() != '+') return facts;
  const PhonePrefixes::Match* match = prefixes.Find(e164.substr(1));
  if (match == nullptr) return facts;
  for (const std::string& zone : match->zones) {
    const auto alias = places.aliases.find(zone);
    facts.zones.push_back(alias == places.aliases.end() ? zone : alias->second);
  }
  std::sort(facts.zones.begin(), facts.zones.end());
  facts.zones.erase(std::unique(facts.zones.begin(), facts.zones.end()), facts.zones.end());
  // The prefix names only a country when it is a country calling code: one to three digits that
  // no shorter prefix contains, or the North American `1`.
  facts.whole_country = match->prefix.size() <= 3 && !(match->prefix.size() > 1 && match->prefix.front() == '1');
  // A country is told when every zone of the prefix is in use there and in no other.
  std::set<std::string> candidates;
  bool first = true;
  for (const std::string& zone : facts.zones) {
    std::set<std::string> users;
    for (const auto& [country, zones] : places.countries) {
      if (std::find(zones.begin(), zones.end(), zone) != zones.end()) users.insert(country);
    }
    if (first) {
      candidates = users;
    } else {
      std::set<std::string> both;
      std::set_intersection(candidates.begin(), candidates.end(), users.begin(), users.end(),
                            std::inserter(both, both.end()));
      candidates = both;
    }
    first = false;
  }
  if (candidates.size() == 1) facts.country = *candidates.begin();
  return facts;
}

namespace {

// The jurisdictions that a file of facts speaks of. Facts are prose for people and larger than a
// pack may be, so only this one key is looked at.
absl::Status ReadFactPlaces(const std::string& path, std::set<std::string>* places) {
  std::ifstream file(path);
  if (!file) return NotFound("cannot read `" + path + "`; restore it");
  constexpr std::string_view kKey = "  jurisdiction: ";
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(kKey)) places->insert(line.substr(kKey.size()));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<LoadedPolicies> LoadPolicies(const std::string& directory, bool with_overlay) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (!fs::is_directory(directory, error)) {
    return NotFound("no policies directory `" + directory + "`; name one that has packs");
  }
  std::vector<std::string> files;
  for (fs::recursive_directory_iterator at(directory, error), end; !error && at != end;
       at.increment(error)) {
    if (at->is_regular_file() && at->path().extension() == ".yaml") {
      files.push_back(fs::relative(at->path(), directory).generic_string());
    }
  }
  if (error) return NotFound("cannot read `" + directory + "`: " + error.message());
  std::sort(files.begin(), files.end());

  LoadedPolicies loaded;
  auto places = std::make_shared<PlaceTable>();
  std::vector<Pack> packs;
  std::map<std::string, HolidayCalendar> calendars;
  std::string faults_text;
  std::set<std::string> known_places;
  for (const std::string& file : files) {
    if (file.starts_with("facts/")) {
      FORBEAR_RETURN_IF_ERROR(ReadFactPlaces(directory + "/" + file, &known_places));
      continue;
    }
    if (file.starts_with("treatments/") || file.starts_with("schema/")) {
      continue;
    }
    if (file.ends_with(".scenarios.yaml")) {
      loaded.scenario_files.push_back(file);
      continue;
    }
    FORBEAR_ASSIGN_OR_RETURN(const std::string text, ReadFile(directory + "/" + file));
    Faults faults(directory + "/" + file);
    const std::string stem = fs::path(file).stem().string();
    if (file.starts_with("holidays/")) {
      calendars[stem] = ReadCalendar(stem, text, &faults);
    } else if (file.starts_with("places/")) {
      ReadPlaces(text, places.get(), &faults);
    } else {
      if (file == "house.yaml" && !with_overlay) continue;
      Pack pack = ReadPack(text, &faults);
      if (faults.empty() && pack.name != stem) {
        faults.AddAt(pack.mark.line, pack.mark.column,
                     "pack `" + pack.name + "` in file `" + stem + ".yaml`; give both one name");
      }
      loaded.pack_files.push_back(file);
      packs.push_back(std::move(pack));
    }
    for (const std::string& line : faults.lines()) faults_text += (faults_text.empty() ? "" : "\n") + line;
  }
  if (!faults_text.empty()) return InvalidArgument(faults_text);
  if (packs.empty()) return NotFound("no pack in `" + directory + "`; name a policies directory");
  const std::string overlay =
      with_overlay && fs::exists(directory + "/house.yaml", error) ? "house" : "";
  if (with_overlay && overlay.empty()) {
    return NotFound("no house.yaml in `" + directory + "`; house rules bind everywhere, restore it");
  }
  FORBEAR_ASSIGN_OR_RETURN(loaded.bundle,
                           Compile(std::move(packs), std::move(calendars), overlay));
  const absl::StatusOr<std::string> prefix_text =
      ReadFile(directory + "/places/phone-prefix-time-zones.txt");
  if (!prefix_text.ok()) return prefix_text.status();
  FORBEAR_ASSIGN_OR_RETURN(PhonePrefixes prefixes, PhonePrefixes::Read(*prefix_text));
  loaded.phone_prefixes = std::make_shared<const PhonePrefixes>(std::move(prefixes));
  loaded.places = std::move(places);
  for (const std::string& place : known_places) {
    const auto& all = loaded.bundle->packs();
    const bool encoded = std::any_of(all.begin(), all.end(), [&](const Pack& pack) {
      return pack.jurisdiction == place;
    });
    if (!encoded) loaded.places_without_pack.push_back(place);
  }
  return loaded;
}

}  // namespace forbear::yaml
