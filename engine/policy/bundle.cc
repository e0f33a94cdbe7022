#include "engine/policy/bundle.h"

#include <algorithm>
#include <set>

#include "engine/audit/hash.h"
#include "engine/model/status.h"

namespace forbear::policy {
namespace {

absl::Status At(const SourceMark& mark, const std::string& what) {
  return InvalidArgument(mark.file + ":" + std::to_string(mark.line) + ":" +
                         std::to_string(mark.column) + ": " + what);
}

// Every name that a rule uses and some pack must have declared.
struct Names {
  std::set<std::string> calendars, periods, declared, switches;
  std::set<std::string> notices, items, findings, events, products;
};

// Items that the language itself wants: of a rule that says `same_as_message`, and of a licence.
constexpr std::string_view kOwnItems[] = {"same_language", "licence_number"};

absl::Status CheckWords(const std::vector<std::string>& words, const std::set<std::string>& known,
                        const char* what, const char* list, const SourceMark& mark) {
  for (const std::string& word : words) {
    if (known.contains(word) || std::find(std::begin(kOwnItems), std::end(kOwnItems), word) !=
                                    std::end(kOwnItems)) {
      continue;
    }
    return At(mark, std::string("no ") + what + " `" + word + "`; declare it under `vocabulary`, `" +
                        list + "`");
  }
  return absl::OkStatus();
}

absl::Status CheckWaits(const Waits& waits, const Names& names, const SourceMark& mark);

absl::Status CheckWait(const Wait& wait, const Names& names, const SourceMark& mark) {
  if (!wait.calendar.empty() && wait.calendar != "pack" && !names.calendars.contains(wait.calendar)) {
    return At(mark, "no calendar `" + wait.calendar + "`; add it under holidays/");
  }
  return wait.otherwise == nullptr ? absl::OkStatus() : CheckWait(*wait.otherwise, names, mark);
}

absl::Status CheckWaits(const Waits& waits, const Names& names, const SourceMark& mark) {
  for (const Wait& wait : waits) FORBEAR_RETURN_IF_ERROR(CheckWait(wait, names, mark));
  return absl::OkStatus();
}

absl::Status CheckFilter(const std::shared_ptr<const Filter>& filter, const Names& names,
                         const SourceMark& mark);

// Values that a pack has to declare.
absl::Status CheckValues(const Test& test, const Names& names, const SourceMark& mark) {
  std::vector<std::string> words;
  for (const Value& value : test.values) {
    if (!value.text.empty()) words.push_back(value.text);
  }
  switch (test.field) {
    case Field::kNotice:
      return CheckWords(words, names.notices, "notice", "notices", mark);
    case Field::kAccountProduct:
      return CheckWords(words, names.products, "product", "products", mark);
    case Field::kMessageCarries:
      return CheckWords(words, names.items, "item", "items", mark);
    case Field::kMessageFound:
      return CheckWords(words, names.findings, "finding", "findings", mark);
    default:
      return absl::OkStatus();
  }
}

absl::Status CheckCondition(const Condition& condition, const Names& names,
                            const SourceMark& mark) {
  for (const std::string& period : condition.during) {
    if (!names.periods.contains(period)) {
      return At(mark, "no period `" + period + "`; declare it under `periods`");
    }
  }
  for (const std::string& name : condition.switches) {
    if (!names.switches.contains(name)) {
      return At(mark, "no switch `" + name + "`; declare it under `switches`");
    }
  }
  for (const DeclaredTest& test : condition.declared) {
    if (!names.declared.contains(test.name)) {
      return At(mark, "no declared answer `" + test.name + "`; declare it under `declares`");
    }
    FORBEAR_RETURN_IF_ERROR(CheckWaits(test.wait, names, mark));
  }
  for (const Test& test : condition.tests) {
    FORBEAR_RETURN_IF_ERROR(CheckWaits(test.wait, names, mark));
    FORBEAR_RETURN_IF_ERROR(CheckValues(test, names, mark));
  }
  for (const Seen& seen : condition.seen) {
    FORBEAR_RETURN_IF_ERROR(CheckFilter(seen.of, names, mark));
    FORBEAR_RETURN_IF_ERROR(CheckFilter(seen.window.since, names, mark));
  }
  for (const ConsentTest& test : condition.consents) {
    FORBEAR_RETURN_IF_ERROR(CheckWaits(test.lasts, names, mark));
    FORBEAR_RETURN_IF_ERROR(CheckFilter(test.spent_by, names, mark));
  }
  for (const StandingTest& test : condition.standings) {
    FORBEAR_RETURN_IF_ERROR(CheckFilter(test.began_by, names, mark));
  }
  for (const auto* list : {&condition.all, &condition.any, &condition.none}) {
    for (const Condition& part : *list) {
      FORBEAR_RETURN_IF_ERROR(CheckCondition(part, names, mark));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckFilter(const std::shared_ptr<const Filter>& filter, const Names& names,
                         const SourceMark& mark) {
  if (filter == nullptr) return absl::OkStatus();
  FORBEAR_RETURN_IF_ERROR(CheckWords(filter->declared_events, names.events, "event",
                                     "statements` or `statuses", mark));
  return CheckCondition(filter->when, names, mark);
}

absl::Status CheckAllowance(const std::optional<Allowance>& allowance, const Names& names,
                            const SourceMark& mark) {
  if (!allowance) return absl::OkStatus();
  FORBEAR_RETURN_IF_ERROR(CheckWaits(allowance->within, names, mark));
  return allowance->window ? CheckFilter(allowance->window->since, names, mark) : absl::OkStatus();
}

// Every name in the body of a rule, kind by kind.
class BodyCheck {
 public:
  BodyCheck(const Names& names, const SourceMark& mark) : names_(names), mark_(mark) {}

  absl::Status operator()(const ContactHours& hours) const { return Calendar(hours.calendar); }
  absl::Status operator()(const DayBlackout& blackout) const { return Calendar(blackout.calendar); }
  absl::Status operator()(const FrequencyCap& cap) const {
    for (const CapLimit& limit : cap.limits) FORBEAR_RETURN_IF_ERROR(Check(limit.window.since));
    if (cap.of) FORBEAR_RETURN_IF_ERROR(CheckCondition(*cap.of, names_, mark_));
    for (const Exclusion& exclusion : cap.excludes) {
      FORBEAR_RETURN_IF_ERROR(CheckCondition(exclusion.when, names_, mark_));
      FORBEAR_RETURN_IF_ERROR(CheckAllowance(exclusion.up_to, names_, mark_));
    }
    if (cap.starts_after) FORBEAR_RETURN_IF_ERROR(Check(cap.starts_after->of));
    return CheckWaits(cap.gap, names_, mark_);
  }
  absl::Status operator()(const Cooldown& cooldown) const {
    FORBEAR_RETURN_IF_ERROR(Check(cooldown.after));
    return CheckWaits(cooldown.wait, names_, mark_);
  }
  absl::Status operator()(const ConsentRequired& required) const {
    FORBEAR_RETURN_IF_ERROR(CheckWaits(required.consent.lasts, names_, mark_));
    FORBEAR_RETURN_IF_ERROR(Check(required.consent.spent_by));
    for (const ConsentRequired::Route& route : required.routes) {
      FORBEAR_RETURN_IF_ERROR(CheckCondition(route.when, names_, mark_));
    }
    if (!required.fresh) return absl::OkStatus();
    for (const auto& filter : required.fresh->by) FORBEAR_RETURN_IF_ERROR(Check(filter));
    return CheckWait(required.fresh->within, names_, mark_);
  }
  absl::Status operator()(const OptOut& opt_out) const {
    return CheckWaits(opt_out.lasts, names_, mark_);
  }
  absl::Status operator()(const StopContact& stop) const {
    if (!stop.during.empty() && !names_.periods.contains(stop.during)) {
      return At(mark_, "no period `" + stop.during + "`; declare it under `periods`");
    }
    FORBEAR_RETURN_IF_ERROR(Check(stop.standing));
    if (stop.not_before) FORBEAR_RETURN_IF_ERROR(CheckWaits(stop.not_before->wait, names_, mark_));
    for (const StopContact::Until& until : stop.until) {
      FORBEAR_RETURN_IF_ERROR(Check(until.event));
      FORBEAR_RETURN_IF_ERROR(Check(until.after));
      FORBEAR_RETURN_IF_ERROR(Check(until.unless));
      FORBEAR_RETURN_IF_ERROR(CheckWaits(until.wait, names_, mark_));
      FORBEAR_RETURN_IF_ERROR(CheckWaits(until.unless_within, names_, mark_));
    }
    return absl::OkStatus();
  }
  absl::Status operator()(const Inconvenient&) const { return absl::OkStatus(); }
  absl::Status operator()(const ThirdParty&) const { return absl::OkStatus(); }
  absl::Status operator()(const NoticeFirst& notice) const {
    for (const Value& one : notice.notices) {
      if (one.text.empty()) continue;
      FORBEAR_RETURN_IF_ERROR(CheckWords({one.text}, names_.notices, "notice", "notices", mark_));
    }
    for (const auto& filter : notice.renew_on) FORBEAR_RETURN_IF_ERROR(Check(filter));
    FORBEAR_RETURN_IF_ERROR(Check(notice.after));
    FORBEAR_RETURN_IF_ERROR(CheckWaits(notice.wait, names_, mark_));
    return CheckWaits(notice.within, names_, mark_);
  }
  absl::Status operator()(const MustSay& rule) const { return Items(rule.items); }
  absl::Status operator()(const ContentBan& ban) const { return Check(ban.forbids); }
  absl::Status operator()(const TimeBarred& rule) const {
    FORBEAR_RETURN_IF_ERROR(CheckWaits(rule.wait, names_, mark_));
    FORBEAR_RETURN_IF_ERROR(Items(rule.items));
    return Check(rule.forbids);
  }
  absl::Status operator()(const Licence&) const { return absl::OkStatus(); }
  absl::Status operator()(const Parameters&) const { return absl::OkStatus(); }
  absl::Status operator()(const BarsContact&) const { return absl::OkStatus(); }

 private:
  absl::Status Check(const std::shared_ptr<const Filter>& filter) const {
    return CheckFilter(filter, names_, mark_);
  }
  absl::Status Items(const std::vector<std::string>& items) const {
    return CheckWords(items, names_.items, "item", "items", mark_);
  }
  absl::Status Check(const Forbidden& forbids) const {
    FORBEAR_RETURN_IF_ERROR(
        CheckWords(forbids.codes, names_.findings, "finding", "findings", mark_));
    for (const Condition& condition : forbids.conditions) {
      FORBEAR_RETURN_IF_ERROR(CheckCondition(condition, names_, mark_));
    }
    return absl::OkStatus();
  }
  absl::Status Calendar(const std::string& name) const {
    if (name.empty() || name == "pack" || names_.calendars.contains(name)) return absl::OkStatus();
    return At(mark_, "no calendar `" + name + "`; add it under holidays/");
  }

  const Names& names_;
  const SourceMark& mark_;
};

absl::Status CheckRule(const Rule& rule, const Names& names) {
  FORBEAR_RETURN_IF_ERROR(CheckCondition(rule.applies, names, rule.mark));
  for (const Exception& exception : rule.exceptions) {
    FORBEAR_RETURN_IF_ERROR(CheckCondition(exception.when, names, rule.mark));
    FORBEAR_RETURN_IF_ERROR(CheckAllowance(exception.up_to, names, rule.mark));
  }
  return std::visit(BodyCheck(names, rule.mark), rule.body);
}

// `us-{subdivision}` stands for every calendar of that shape.
bool HasCalendar(const std::set<std::string>& calendars, const std::string& name) {
  constexpr std::string_view kHole = "{subdivision}";
  const size_t hole = name.find(kHole);
  if (hole == std::string::npos) return calendars.contains(name);
  const std::string before = name.substr(0, hole);
  const std::string after = name.substr(hole + kHole.size());
  return std::any_of(calendars.begin(), calendars.end(), [&](const std::string& known) {
    return known.size() > before.size() + after.size() && known.starts_with(before) &&
           known.ends_with(after);
  });
}

// What an overlay sets aside, and the days it adds: guidance and suggestions alone may be set aside,
// and nothing at all by a pack of law.
absl::Status CheckOverlay(const std::vector<Pack>& packs, const std::string& overlay,
                          std::map<std::string, HolidayCalendar>* calendars) {
  const auto find = [&](const std::string& id) -> const Rule* {
    for (const Pack& pack : packs) {
      for (const Rule& rule : pack.rules) {
        if (rule.id == id) return &rule;
      }
    }
    return nullptr;
  };
  for (const Pack& pack : packs) {
    if (pack.warn.empty() && pack.mute.empty() && pack.proclaimed.empty()) continue;
    if (pack.name != overlay) {
      return At(pack.mark, "pack `" + pack.name +
                               "` is no overlay: `warn`, `mute` and `proclaimed` stand in house.yaml");
    }
    for (const std::string& id : pack.warn) {
      const Rule* rule = find(id);
      if (rule == nullptr) return At(pack.mark, "`warn` names `" + id + "`, which is no rule");
      if (rule->effect != Effect::kGuidance) {
        return At(pack.mark, "`warn` names `" + id + "`, which is no guidance: law is not set aside");
      }
    }
    for (const std::string& id : pack.mute) {
      const Rule* rule = find(id);
      if (rule == nullptr) return At(pack.mark, "`mute` names `" + id + "`, which is no rule");
      bool suggests = rule->suggested;
      if (const auto* cap = std::get_if<FrequencyCap>(&rule->body)) {
        for (const CapLimit& limit : cap->limits) suggests = suggests || limit.suggested;
      }
      if (!suggests) {
        return At(pack.mark, "`mute` names `" + id + "`, which suggests nothing: law is not muted");
      }
    }
    for (const Pack::Proclaimed& one : pack.proclaimed) {
      const auto calendar = calendars->find(one.calendar);
      if (calendar == calendars->end()) {
        return At(pack.mark, "`proclaimed` names no calendar `" + one.calendar + "`");
      }
      std::vector<Day>& days = calendar->second.holidays;
      const auto at = std::lower_bound(days.begin(), days.end(), one.day);
      if (at == days.end() || *at != one.day) days.insert(at, one.day);
    }
  }
  return absl::OkStatus();
}

// A pack that is its own ancestor, directly or through others.
absl::Status CheckParents(const std::vector<Pack>& packs) {
  for (const Pack& pack : packs) {
    std::set<std::string> seen;
    std::vector<std::string> open = pack.parents;
    while (!open.empty()) {
      const std::string name = open.back();
      open.pop_back();
      if (name == pack.name) {
        return At(pack.mark, "pack `" + name + "` is its own ancestor; mend `parents`");
      }
      if (!seen.insert(name).second) continue;
      for (const Pack& other : packs) {
        if (other.name == name) open.insert(open.end(), other.parents.begin(), other.parents.end());
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace

const Pack* Bundle::FindPack(std::string_view name) const {
  for (const Pack& pack : packs_) {
    if (pack.name == name) return &pack;
  }
  return nullptr;
}

const Rule* Bundle::FindRule(std::string_view id) const {
  for (const Pack& pack : packs_) {
    for (const Rule& rule : pack.rules) {
      if (rule.id == id) return &rule;
    }
  }
  return nullptr;
}

bool Bundle::IsAskedOfTenant(std::string_view question) const {
  const auto found = asked_of_tenant_.find(question);
  return found != asked_of_tenant_.end() && found->second;
}

uint32_t Bundle::RankOf(std::string_view id) const {
  const auto at = std::lower_bound(ids_.begin(), ids_.end(), id);
  const auto before = static_cast<uint32_t>(at - ids_.begin());
  return 2 * before + (at != ids_.end() && *at == id ? 1 : 0);
}

const std::vector<Bundle::Binding>& Bundle::PacksOf(std::string_view jurisdiction) const {
  static const auto* const kNone = new std::vector<Binding>();
  const auto found = bindings_.find(jurisdiction);
  return found == bindings_.end() ? *kNone : found->second;
}

namespace {

std::vector<size_t> WithParents(const std::vector<Pack>& packs, size_t pack) {
  std::set<size_t> found;
  std::vector<size_t> open{pack};
  while (!open.empty()) {
    const size_t at = open.back();
    open.pop_back();
    if (!found.insert(at).second) continue;
    for (const std::string& parent : packs[at].parents) {
      for (size_t i = 0; i < packs.size(); ++i) {
        if (packs[i].name == parent) open.push_back(i);
      }
    }
  }
  return {found.begin(), found.end()};
}

// A contact always says these of itself (an account its role).
bool IsAlwaysKnown(Field field) {
  return field == Field::kChannel || field == Field::kPurpose || field == Field::kTo ||
         field == Field::kTenantRole || field == Field::kDialling || field == Field::kVoice;
}

RulePlan PlanOf(const Rule& rule, const Pack* overlay) {
  RulePlan plan;
  plan.beyond_gates = rule.applies;
  plan.beyond_gates.tests.clear();
  for (const Test& test : rule.applies.tests) {
    const bool negated = test.op == Test::Op::kNotOneOf;
    if (!IsAlwaysKnown(test.field) || (test.op != Test::Op::kOneOf && !negated)) {
      plan.beyond_gates.tests.push_back(test);
      continue;
    }
    RulePlan::Gate gate{test.field, 0};
    for (const Value& value : test.values) {
      FORBEAR_CHECK(value.text.empty() && value.number >= 0 && value.number < 64);
      gate.words |= uint64_t{1} << value.number;
    }
    if (negated) gate.words = ~gate.words;
    plan.gates.push_back(gate);
  }
  if (overlay != nullptr) {
    const auto names = [&rule](const std::vector<std::string>& list) {
      return std::find(list.begin(), list.end(), rule.id) != list.end();
    };
    plan.warned = rule.effect == Effect::kGuidance && names(overlay->warn);
    plan.muted = names(overlay->mute);
  }
  return plan;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Bundle>> Compile(
    std::vector<Pack> packs, std::map<std::string, HolidayCalendar> calendars,
    std::string overlay) {
  std::sort(packs.begin(), packs.end(),
            [](const Pack& a, const Pack& b) { return a.name < b.name; });
  std::set<std::string> pack_names;
  std::map<std::string, SourceMark> rule_ids;
  Names names;
  for (const auto& [name, calendar] : calendars) names.calendars.insert(name);
  for (const Pack& pack : packs) {
    if (!pack_names.insert(pack.name).second) {
      return At(pack.mark, "pack `" + pack.name + "` stands twice; names are unique");
    }
    for (const Period& period : pack.periods) names.periods.insert(period.name);
    for (const Pack::Declares& declares : pack.declares) names.declared.insert(declares.name);
    for (const Pack::Switch& one : pack.switches) names.switches.insert(one.name);
    const Pack::Vocabulary& words = pack.vocabulary;
    names.notices.insert(words.notices.begin(), words.notices.end());
    names.items.insert(words.items.begin(), words.items.end());
    names.findings.insert(words.findings.begin(), words.findings.end());
    names.events.insert(words.statements.begin(), words.statements.end());
    names.events.insert(words.statuses.begin(), words.statuses.end());
    names.products.insert(words.products.begin(), words.products.end());
  }
  for (const Pack& pack : packs) {
    for (const std::string& parent : pack.parents) {
      if (!pack_names.contains(parent)) {
        return At(pack.mark, "no pack `" + parent + "`; `parents` names packs that are loaded");
      }
    }
    for (const std::string& name : pack.holidays) {
      if (!HasCalendar(names.calendars, name)) {
        return At(pack.mark, "no calendar `" + name + "`; add it under holidays/");
      }
    }
    for (const Period& period : pack.periods) {
      FORBEAR_RETURN_IF_ERROR(CheckWaits(period.wait, names, pack.mark));
    }
    for (const Rule& rule : pack.rules) {
      const auto [at, fresh] = rule_ids.emplace(rule.id, rule.mark);
      if (!fresh) {
        return At(rule.mark, "rule `" + rule.id + "` stands twice, first at " + at->second.file +
                                 ":" + std::to_string(at->second.line) + "; ids are unique");
      }
      if (rule.cites.empty()) {
        return At(rule.mark, "rule `" + rule.id + "` has no citation; add `cites`");
      }
      FORBEAR_RETURN_IF_ERROR(CheckRule(rule, names));
    }
  }
  FORBEAR_RETURN_IF_ERROR(CheckParents(packs));
  FORBEAR_RETURN_IF_ERROR(CheckOverlay(packs, overlay, &calendars));
  if (!overlay.empty() && !pack_names.contains(overlay)) {
    return InvalidArgument("no pack `" + overlay + "` for the overlay; add " + overlay + ".yaml");
  }
  std::string text = "forbear/bundle/v1\n" + overlay + "\n";
  const auto add = [&text](const std::string& name, const std::string& bytes) {
    text += name + "\n" + std::to_string(bytes.size()) + "\n" + bytes + "\n";
  };
  for (const Pack& pack : packs) add("pack " + pack.name, pack.digest_bytes);
  for (const auto& [name, calendar] : calendars) {
    std::string days = std::to_string(calendar.first_year) + " " +
                       std::to_string(calendar.last_year) + "\n";
    for (const Day day : calendar.holidays) days += FormatDay(day) + "\n";
    if (calendar.weekend != kDefaultWeekend) {
      days += "weekend " + std::to_string(calendar.weekend) + "\n";
    }
    for (const auto& [day, as] : calendar.workdays_as) {
      days += FormatDay(day) + " as " + std::to_string(as) + "\n";
    }
    add("calendar " + name, days);
  }
  const Bytes32 hash = audit::Sha256(text);
  auto bundle = std::shared_ptr<Bundle>(new Bundle());
  bundle->digest_ =
      "sha256:" + ToHex({reinterpret_cast<const char*>(hash.data()), hash.size()});
  bundle->packs_ = std::move(packs);
  bundle->calendars_ = std::move(calendars);
  bundle->overlay_ = std::move(overlay);
  for (const Pack& pack : bundle->packs_) {
    for (const Rule& rule : pack.rules) bundle->ids_.push_back(rule.id);
  }
  std::sort(bundle->ids_.begin(), bundle->ids_.end());
  const Pack* house = bundle->FindPack(bundle->overlay_);
  for (size_t i = 0; i < bundle->packs_.size(); ++i) {
    const Pack& pack = bundle->packs_[i];
    std::vector<RulePlan>& plans = bundle->plans_.emplace_back();
    std::set<RuleKind> leftovers;
    for (const Rule& rule : pack.rules) {
      plans.push_back(PlanOf(rule, house));
      plans.back().rank = bundle->RankOf(rule.id);
      if (rule.only_where_no_rule_of_kind) leftovers.insert(rule.kind);
    }
    bundle->leftover_kinds_.emplace_back(leftovers.begin(), leftovers.end());
    if (pack.name != bundle->overlay_) {
      bundle->bindings_[pack.jurisdiction].push_back({i, WithParents(bundle->packs_, i)});
    }
    for (const Pack::Declares& declares : pack.declares) {
      bundle->asked_of_tenant_.try_emplace(declares.name, declares.of == "tenant");
    }
  }
  return std::shared_ptr<const Bundle>(std::move(bundle));
}

}  // namespace forbear::policy
