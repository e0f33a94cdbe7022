#include "adapters/yaml/unreachable.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "adapters/yaml/pack_reader.h"

namespace forbear::yaml {

using namespace policy;  // NOLINT: as in pack_reader.cc

namespace {

// ---- conditions that leave nothing over --------------------------------------------------------

// A field has one known value; what all other facts are is open.
struct Supposed {
  Field field;
  Value value;
};

// Can it hold, and does it whatever else is so?
struct Odds {
  bool can = true;
  bool sure = true;
};

Odds Of(const Test& test, const Supposed* supposed) {
  const Odds open{true, false};
  if (supposed == nullptr || test.field != supposed->field) return open;
  const Value& value = supposed->value;
  const int64_t bound = test.values.empty() ? 0 : test.values.front().number;
  const auto settled = [](bool holds) { return Odds{holds, holds}; };
  const bool named = std::find(test.values.begin(), test.values.end(), value) != test.values.end();
  switch (test.op) {
    case Test::Op::kOneOf:
      return settled(named);
    case Test::Op::kNotOneOf:
      return settled(!named);
    case Test::Op::kOver:
      return settled(value.number > bound);
    case Test::Op::kUnder:
    case Test::Op::kBefore:
      return settled(value.number < bound);
    case Test::Op::kAtLeast:
    case Test::Op::kFromDay:
      return settled(value.number >= bound);
    case Test::Op::kAtMost:
      return settled(value.number <= bound);
    case Test::Op::kWithin:
    case Test::Op::kAfter:
    case Test::Op::kPassed:
    case Test::Op::kHas:
    case Test::Op::kKnown:
      return open;
  }
  return open;
}

Odds Of(const Condition& condition, const Supposed* supposed) {
  Odds all;
  const auto add = [&all](const Odds& part) {
    all.can = all.can && part.can;
    all.sure = all.sure && part.sure;
  };
  for (const Test& test : condition.tests) add(Of(test, supposed));
  for (const Condition& part : condition.all) add(Of(part, supposed));
  for (const Condition& part : condition.none) {
    const Odds odds = Of(part, supposed);
    add({!odds.sure, !odds.can});
  }
  if (!condition.any.empty()) {
    Odds some{false, false};
    for (const Condition& part : condition.any) {
      const Odds odds = Of(part, supposed);
      some.can = some.can || odds.can;
      some.sure = some.sure || odds.sure;
    }
    add(some);
  }
  const bool asks_more = !condition.seen.empty() || !condition.consents.empty() ||
                         !condition.standings.empty() || !condition.declared.empty() ||
                         !condition.during.empty() || !condition.switches.empty() ||
                         condition.in_session.has_value();
  if (asks_more) add({true, false});
  return all;
}

// A contact has one value of it, if any. Sets are left out, and so is where the borrower is: most
// are nowhere special.
bool HasOneValue(const FieldInfo& info) {
  const bool of_contact = info.field < Field::kOutcome;
  return of_contact && info.field != Field::kBorrowerWhereabouts &&
         (info.type == FieldType::kWord || info.type == FieldType::kOpenWord ||
          info.type == FieldType::kNumber || info.type == FieldType::kDay);
}

using Values = std::map<Field, std::vector<Value>>;

void AddNamed(const Condition& condition, Values* values) {
  for (const Test& test : condition.tests) {
    if (!HasOneValue(InfoOf(test.field))) continue;
    std::vector<Value>& of_field = (*values)[test.field];
    of_field.insert(of_field.end(), test.values.begin(), test.values.end());
  }
  for (const auto* list : {&condition.all, &condition.any, &condition.none}) {
    for (const Condition& part : *list) AddNamed(part, values);
  }
}

// Values of which one passes if any does: of numbers the answer changes only beside those named.
std::vector<Value> ToTry(const FieldInfo& info, const std::vector<Value>& named) {
  std::vector<Value> values = named;
  if (info.type == FieldType::kWord || info.type == FieldType::kOpenWord) {
    for (size_t i = 0; i < info.words.size(); ++i) {
      // A word that no pack here names; a blank is in no name.
      const bool declared = info.words[i] == "declared";
      values.push_back({static_cast<int64_t>(i), declared ? "some other" : ""});
    }
    return values;
  }
  for (const Value& value : named) {
    using Limits = std::numeric_limits<int64_t>;
    if (value.number > Limits::min()) values.push_back({value.number - 1, ""});
    if (value.number < Limits::max()) values.push_back({value.number + 1, ""});
  }
  return values;
}

// The name of a field of which no known value passes; empty: there is none.
std::string_view FieldWithoutValue(const Condition& applies) {
  Values named;
  AddNamed(applies, &named);
  for (const auto& [field, of_field] : named) {
    const std::vector<Value> values = ToTry(InfoOf(field), of_field);
    const Field here = field;
    const bool passes = values.empty() ||
                        std::any_of(values.begin(), values.end(), [&](const Value& value) {
                          const Supposed supposed{here, value};
                          return Of(applies, &supposed).can;
                        });
    if (!passes) return InfoOf(field).name;
  }
  return {};
}

bool AlwaysHolds(const Condition& when) { return Of(when, nullptr).sure; }

// ---- hours that never close --------------------------------------------------------------------

constexpr int kDaySeconds = 24 * 60 * 60;
constexpr size_t kHoliday = 7;  // after the days of the week

bool IsOn(const HoursRow& row, size_t day) {
  return day == kHoliday ? row.holiday : (row.days >> day & 1) != 0;
}

// Is every second of every kind of day inside some row?
bool NeverClose(const ContactHours& hours) {
  // A tenant without a seat has no clock, and is denied for that.
  if (hours.source || hours.clock.kind == ClockChoice::Kind::kTenant) return false;
  const size_t kinds = hours.calendar.empty() ? kHoliday : kHoliday + 1;
  const auto first = [](const HoursRow& row) {
    return row.from_minute * 60 + (row.from_exclusive ? 1 : 0);
  };
  const auto end = [](const HoursRow& row) {
    return row.to_minute * 60 + (row.to_inclusive ? 1 : 0);
  };
  const auto wraps = [](const HoursRow& row) { return row.to_minute <= row.from_minute; };
  // What every kind of day leaves open of the day after it: any may come before any.
  int from_yesterday = kDaySeconds;
  for (size_t day = 0; day < kinds; ++day) {
    int latest = 0;
    for (const HoursRow& row : hours.windows) {
      if (IsOn(row, day) && wraps(row)) latest = std::max(latest, end(row));
    }
    from_yesterday = std::min(from_yesterday, latest);
  }
  for (size_t day = 0; day < kinds; ++day) {
    std::vector<std::pair<int, int>> open = {{0, from_yesterday}};
    for (const HoursRow& row : hours.windows) {
      if (IsOn(row, day)) open.emplace_back(first(row), wraps(row) ? kDaySeconds : end(row));
    }
    std::sort(open.begin(), open.end());
    int covered = 0;
    for (const auto& [from, to] : open) {
      if (from <= covered) covered = std::max(covered, to);
    }
    if (covered < kDaySeconds) return false;
  }
  return true;
}

// ---- rules that stand twice --------------------------------------------------------------------

// One text for whatever reads as one value: the order of keys means nothing, nor a list of one.
std::string Meaning(const Node& node) {
  if (node.is_list() && node.items.size() == 1) return Meaning(node.items.front());
  if (node.is_list()) {
    std::string text = "[";
    for (const Node& item : node.items) text += Meaning(item) + ",";
    return text + "]";
  }
  if (node.is_map()) {
    std::map<std::string, std::string> members;
    for (const auto& [key, value] : node.members) members[key.text] = Meaning(value);
    std::string text = "{";
    for (const auto& [key, value] : members) text += key + ":" + value + ",";
    return text + "}";
  }
  return std::to_string(node.text.size()) + " " + node.text;
}

// What of a rule decides; the rest tells where it comes from.
std::string DecidingPart(const Node& rule) {
  static constexpr std::string_view kTells[] = {"id",   "facts",      "cites",
                                                "note", "confidence", "verified"};
  Node rest = rule;
  std::erase_if(rest.members, [](const auto& member) {
    return std::find(std::begin(kTells), std::end(kTells), member.first.text) != std::end(kTells);
  });
  return Meaning(rest);
}

// ---- one rule ----------------------------------------------------------------------------------

// The conditions under `key` that hold whatever is so, and are not used up.
template <typename Part>
void FindAlways(const Node& whole, std::string_view key, const std::vector<Part>& parts,
                const std::string& says, Faults* faults) {
  const Node* list = whole.Find(key);
  if (list == nullptr) return;
  const std::vector<const Node*> nodes = ReadList(*list);
  for (size_t i = 0; i < std::min(nodes.size(), parts.size()); ++i) {
    if (!parts[i].up_to && AlwaysHolds(parts[i].when)) faults->Add(*nodes[i], says);
  }
}

void FindIn(const Node& node, const Rule& rule, Faults* faults) {
  const std::string name = "rule `" + rule.id + "`";
  if (const Node* applies = node.Find("applies")) {
    const std::string_view field = FieldWithoutValue(rule.applies);
    if (!Of(rule.applies, nullptr).can) {
      faults->Add(*applies, "`applies` never holds, so " + name + " binds nothing; mend it");
    } else if (!field.empty()) {
      faults->Add(*applies, "`applies` leaves no `" + std::string(field) + "` over, so " + name +
                                " binds nothing that is known; mend its tests");
    }
  }
  // With `same_as` they are those of another rule, and told there.
  if (node.Find("same_as") != nullptr) return;
  FindAlways(node, "exceptions", rule.exceptions,
             "an exception that always holds, so " + name +
                 " never denies; say in `when` what it spares",
             faults);
  if (const auto* cap = std::get_if<FrequencyCap>(&rule.body)) {
    const Node* body = node.Find("frequency_cap");
    if (body == nullptr) return;
    FindAlways(*body, "excludes", cap->excludes,
               "an exclusion that always holds, so " + name +
                   " counts nothing and never denies; say in `when` what it leaves out",
               faults);
  }
  if (const auto* hours = std::get_if<ContactHours>(&rule.body)) {
    const Node* body = node.Find("contact_hours");
    if (body == nullptr || !NeverClose(*hours)) return;
    const Node* windows = body->Find("windows");
    faults->Add(windows == nullptr ? *body : *windows,
                "open all week, so " + name +
                    " never denies; narrow a window, or leave the rule out");
  }
}

}  // namespace

void FindUnreachable(std::string_view text, Faults* faults) {
  Faults of_form(faults->file());
  const Node root = Parse(text, &of_form);
  const Pack pack = ReadPack(text, &of_form);
  const Node* list = root.Find("rules");
  if (!of_form.empty() || list == nullptr) return;
  const std::vector<const Node*> nodes = ReadList(*list);
  std::map<std::string, const Node*> ids;  // of those above, by what of them decides
  for (size_t i = 0; i < std::min(nodes.size(), pack.rules.size()); ++i) {
    const Rule& rule = pack.rules[i];
    if (rule.status == RuleStatus::kRepealed) continue;
    FindIn(*nodes[i], rule, faults);
    // No decision reads what other parts of a house read; and `same_as` means to say it once more.
    const Node* id = nodes[i]->Find("id");
    if (id == nullptr || std::holds_alternative<Parameters>(rule.body) ||
        nodes[i]->Find("same_as") != nullptr) {
      continue;
    }
    const auto [first, fresh] = ids.emplace(DecidingPart(*nodes[i]), id);
    if (fresh) continue;
    const Node& above = *first->second;
    faults->Add(*id, "rule `" + rule.id + "` says what `" + above.text + "` says in line " +
                         std::to_string(above.line) +
                         "; write one rule, and both under its `facts`");
  }
}

}  // namespace forbear::yaml
