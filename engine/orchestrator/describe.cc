#include "engine/orchestrator/describe.h"

#include <algorithm>
#include <set>

#include "engine/audit/entry.h"

namespace forbear {
namespace {

void SetInstant(cj1::Value& object, const char* name, const std::optional<Instant>& at) {
  if (at) object.Set(name, FormatInstant(*at));
}

cj1::Value StringArray(const std::vector<std::string>& strings) {
  cj1::Value array = cj1::Array();
  for (const std::string& each : strings) {
    if (audit::MayStandInClear(each)) array.Append(each);
  }
  return array;
}

}  // namespace

void SetClear(cj1::Value& object, const char* name, std::string_view text) {
  if (!text.empty() && audit::MayStandInClear(text)) object.Set(name, text);
}

std::vector<std::string> Names(const std::vector<policy::Because>& places) {
  std::set<std::string> names;
  for (const policy::Because& because : places) names.insert(because.what);
  return {names.begin(), names.end()};
}

cj1::Value DescribeDecision(const policy::Decision& decision) {
  cj1::Value value = cj1::Object();
  value.Set("at", FormatInstant(decision.at));
  if (decision.grounds != nullptr) {
    value.Set("jurisdictions", StringArray(Names(decision.grounds->jurisdictions)));
    value.Set("zones", StringArray(Names(decision.grounds->zones)));
    SetClear(value, "tzdata", decision.grounds->tzdata);
  }
  if (!decision.denials.empty()) {
    cj1::Value denials = cj1::Array();
    for (const policy::Denial& denial : decision.denials) {
      cj1::Value each = cj1::Object();
      SetClear(each, "rule", denial.rule);
      each.Set("reason", ToWord(denial.reason));
      SetInstant(each, "opens_at", denial.opens_at);
      denials.Append(std::move(each));
    }
    value.Set("denials", std::move(denials));
  }
  if (!decision.set_aside.empty()) {
    cj1::Value set_aside = cj1::Array();
    for (const policy::SetAside& one : decision.set_aside) {
      cj1::Value each = cj1::Object();
      SetClear(each, "rule", one.denial.rule);
      each.Set("how", one.how == policy::SetAsideHow::kWarned ? "warned" : "muted");
      set_aside.Append(std::move(each));
    }
    value.Set("set_aside", std::move(set_aside));
  }
  if (!decision.obligations.empty()) {
    cj1::Value obligations = cj1::Array();
    for (const policy::Obligation& obligation : decision.obligations) {
      cj1::Value each = cj1::Object();
      SetClear(each, "rule", obligation.rule);
      SetClear(each, "duty", obligation.duty);
      SetInstant(each, "due_at", obligation.due_at);
      obligations.Append(std::move(each));
    }
    value.Set("obligations", std::move(obligations));
  }
  SetInstant(value, "next_allowed_at", decision.next_allowed_at);
  return value;
}

}  // namespace forbear
