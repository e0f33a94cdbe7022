#include "engine/orchestrator/describe.h"

#include <algorithm>
#include <set>

#include "engine/audit/entry.h"

namespace forbear {
namespace {

// Of one number. A prefix that names a whole country may stand for thirty zones, and 32 such
// numbers would not fit into an entry; the decision names the zones it used.
constexpr size_t kMostZonesNamed = 6;

template <typename E>
void SetWord(cj1::Value& object, const char* name, E word) {
  object.Set(name, ToWord(word));
}
template <typename E>
void SetWord(cj1::Value& object, const char* name, const std::optional<E>& word) {
  if (word) object.Set(name, ToWord(*word));
}
template <typename E>
void SetWords(cj1::Value& object, const char* name, const std::vector<E>& words) {
  if (words.empty()) return;
  cj1::Value array = cj1::Array();
  for (const E word : words) array.Append(ToWord(word));
  object.Set(name, std::move(array));
}
void SetDay(cj1::Value& object, const char* name, const std::optional<Day>& day) {
  if (day) object.Set(name, FormatDay(*day));
}
void SetInstant(cj1::Value& object, const char* name, const std::optional<Instant>& at) {
  if (at) object.Set(name, FormatInstant(*at));
}
void SetId(cj1::Value& object, const char* name, const Id128& id) {
  if (!id.IsZero()) object.Set(name, id.Hex());
}
void SetFlag(cj1::Value& object, const char* name, bool flag) {
  if (flag) object.Set(name, true);
}
void SetFlag(cj1::Value& object, const char* name, const std::optional<bool>& flag) {
  if (flag) object.Set(name, *flag);
}

cj1::Value StringArray(const std::vector<std::string>& strings) {
  cj1::Value array = cj1::Array();
  for (const std::string& each : strings) {
    if (audit::MayStandInClear(each)) array.Append(each);
  }
  return array;
}
void SetStrings(cj1::Value& object, const char* name,
                const std::optional<std::vector<std::string>>& strings) {
  if (strings) object.Set(name, StringArray(*strings));
}

cj1::Value DescribeMessage(const Message& message) {
  cj1::Value value = cj1::Object();
  if (message.form != MessageForm::kFull) SetWord(value, "form", message.form);
  if (message.opt_out != OptOutOffer::kUnstated) SetWord(value, "opt_out", message.opt_out);
  SetFlag(value, "mentions_debt", message.mentions_debt);
  SetFlag(value, "discloses_collector", message.discloses_collector);
  SetFlag(value, "reveals_trade", message.reveals_trade);
  SetFlag(value, "true_sender_name", message.true_sender_name);
  SetFlag(value, "names_firm_unasked", message.names_firm_unasked);
  SetFlag(value, "misleading_reason", message.misleading_reason);
  SetFlag(value, "payment_link", message.payment_link);
  SetFlag(value, "pressing_offer", message.pressing_offer);
  SetFlag(value, "demands_payment", message.demands_payment);
  SetFlag(value, "offer", message.offer);
  SetFlag(value, "commercial", message.commercial);
  SetFlag(value, "recipient_charged", message.recipient_charged);
  SetStrings(value, "carries", message.carries);
  SetStrings(value, "found", message.found);
  SetStrings(value, "languages", message.languages);
  return value;
}

cj1::Value DescribeWindows(const std::vector<WeeklySlot>& windows) {
  cj1::Value array = cj1::Array();
  for (const WeeklySlot& slot : windows) {
    cj1::Value value = cj1::Object();
    value.Set("days", int{slot.days});
    value.Set("from_minute", slot.from_minute);
    value.Set("to_minute", slot.to_minute);
    array.Append(std::move(value));
  }
  return array;
}

cj1::Value DescribeTalk(const std::vector<Talk>& talk) {
  cj1::Value array = cj1::Array();
  for (const Talk& about : talk) {
    cj1::Value value = cj1::Object();
    value.Set("account", about.account.Hex());
    value.Set("raised_by_tenant", about.raised_by_tenant);
    SetFlag(value, "declined", about.declined);
    array.Append(std::move(value));
  }
  return array;
}

}  // namespace

void SetClear(cj1::Value& object, const char* name, std::string_view text) {
  if (!text.empty() && audit::MayStandInClear(text)) object.Set(name, text);
}

cj1::Value DescribePlace(const Place& place) {
  // City and postal code narrow a person down; the decision names the jurisdictions they gave.
  cj1::Value value = cj1::Object();
  SetWord(value, "kind", place.kind);
  SetClear(value, "country", place.country);
  SetClear(value, "subdivision", place.subdivision);
  SetClear(value, "zone", place.zone);
  return value;
}

cj1::Value DescribePoint(const ContactPoint& point) {
  cj1::Value value = cj1::Object();
  value.Set("id", point.id.Hex());
  SetWord(value, "kind", point.kind);
  if (point.line != Line::kUnknown) SetWord(value, "line", point.line);
  if (point.owner != Relation::kBorrower) SetWord(value, "owner", point.owner);
  SetId(value, "party", point.party);
  if (point.tied_to != TiedTo::kNone) SetWord(value, "tied_to", point.tied_to);
  SetFlag(value, "shared", point.shared);
  SetFlag(value, "verified", point.verified);
  SetWord(value, "source", point.source);
  SetClear(value, "country", point.number_country);
  if (point.number_zones.size() > kMostZonesNamed) {
    value.Set("zone_count", static_cast<uint64_t>(point.number_zones.size()));
  } else if (!point.number_zones.empty()) {
    value.Set("zones", StringArray(point.number_zones));
  }
  SetFlag(value, "whole_country", point.number_is_whole_country);
  return value;
}

cj1::Value DescribeBorrower(const Borrower& borrower) {
  cj1::Value value = cj1::Object();
  cj1::Value places = cj1::Array();
  for (const Place& place : borrower.places) places.Append(DescribePlace(place));
  value.Set("places", std::move(places));
  cj1::Value points = cj1::Array();
  for (const ContactPoint& point : borrower.contact_points) points.Append(DescribePoint(point));
  value.Set("contact_points", std::move(points));
  if (!borrower.parties.empty()) {
    cj1::Value parties = cj1::Array();
    for (const Party& party : borrower.parties) {
      cj1::Value each = cj1::Object();
      SetId(each, "id", party.id);
      SetWord(each, "relation", party.relation);
      parties.Append(std::move(each));
    }
    value.Set("parties", std::move(parties));
  }
  SetClear(value, "language", borrower.language);
  SetClear(value, "declared_zone", borrower.declared_zone);
  SetInstant(value, "declared_zone_at", borrower.declared_zone_at);
  SetWords(value, "refused_channels", borrower.refused_channels);
  if (borrower.work_hours) value.Set("work_hours", DescribeWindows(*borrower.work_hours));
  value.Set("version", borrower.version);
  return value;
}

cj1::Value DescribePreferences(const Borrower& borrower) {
  cj1::Value value = cj1::Object();
  SetClear(value, "language", borrower.language);
  cj1::Value refused = cj1::Array();
  for (const Channel channel : borrower.refused_channels) refused.Append(ToWord(channel));
  value.Set("refused_channels", std::move(refused));
  value.Set("version", borrower.version);
  return value;
}

cj1::Value DescribeAccount(const Account& account) {
  cj1::Value value = cj1::Object();
  SetWord(value, "role", account.role);
  SetWord(value, "product", account.product);
  SetClear(value, "product_name", account.declared_product);
  if (account.kind != AccountKind::kUnknown) SetWord(value, "kind", account.kind);
  if (account.held_as != HeldAs::kUnknown) SetWord(value, "held_as", account.held_as);
  if (account.creditor_kind != FirmKind::kUnknown) {
    SetWord(value, "creditor_kind", account.creditor_kind);
  }
  SetFlag(value, "secured", account.secured);
  SetFlag(value, "stale", account.stale);
  if (account.hours) value.Set("contact_hours", DescribeWindows(*account.hours));
  value.Set("balance", account.balance.minor_units);
  SetClear(value, "currency", account.balance.currency);
  if (account.principal.minor_units > 0) value.Set("principal", account.principal.minor_units);
  value.Set("due_on", FormatDay(account.due_on));
  SetDay(value, "placed_on", account.placed_on);
  SetDay(value, "defaulted_on", account.defaulted_on);
  SetDay(value, "charged_off_on", account.charged_off_on);
  SetDay(value, "limitation_expires_on", account.limitation_expires_on);
  SetFlag(value, "serviced_by_tenant", account.serviced_by_tenant);
  SetWord(value, "stage", account.stage);
  constexpr std::string_view kStates[] = {"open", "paid", "closed"};
  value.Set("state", kStates[static_cast<size_t>(account.state)]);
  value.Set("as_of", FormatInstant(account.as_of));
  value.Set("version", account.version);
  return value;
}

cj1::Value DescribeEvent(const Event& event) {
  cj1::Value value = cj1::Object();
  value.Set("id", event.id.Hex());
  SetWord(value, "event", event.name);
  SetClear(value, "declared_name", event.declared_name);
  value.Set("at", FormatInstant(event.at));
  SetInstant(value, "received_at", event.received_at);
  SetWord(value, "by", event.by);
  SetId(value, "by_party", event.by_party);
  if (!event.accounts.empty()) value.Set("accounts", SortedHex(event.accounts));
  SetWord(value, "channel", event.channel);
  if (event.point) value.Set("contact_point", event.point->Hex());
  if (event.to.relation != Relation::kBorrower) SetWord(value, "to", event.to.relation);
  SetId(value, "to_party", event.to.party);
  SetWord(value, "purpose", event.purpose);
  SetWord(value, "outcome", event.outcome);
  if (cj1::Value message = DescribeMessage(event.message); !message.empty()) {
    value.Set("message", std::move(message));
  }
  if (event.dialling != Dialling::kManual) SetWord(value, "dialling", event.dialling);
  if (event.voice != Voice::kHuman) SetWord(value, "voice", event.voice);
  SetFlag(value, "automated", event.automated);
  SetFlag(value, "requested", event.requested);
  if (event.answers) value.Set("answers", event.answers->Hex());
  SetWord(value, "relies_on", event.relies_on);
  SetId(value, "answered_by", event.answered_by);
  if (event.talk) value.Set("talk", DescribeTalk(*event.talk));
  if (event.attempt) value.Set("attempt", event.attempt->Hex());
  SetWord(value, "notice", event.notice);
  SetClear(value, "notice_name", event.declared_notice);
  SetClear(value, "document", event.document);
  SetDay(value, "opt_out_by", event.opt_out_by);
  SetDay(value, "period_ends_on", event.period_ends_on);
  SetDay(value, "received_on", event.received_on);
  SetWord(value, "via", event.via);
  SetWords(value, "channels", event.channels);
  if (!event.points.empty()) value.Set("contact_points", SortedHex(event.points));
  SetWords(value, "covers", event.covers);
  SetWord(value, "form", event.consent_form);
  if (!event.use_disclosed) value.Set("use_disclosed", false);
  if (event.given_to != DoneBy::kTenant) SetWord(value, "given_to", event.given_to);
  if (!event.windows.empty()) value.Set("windows", DescribeWindows(event.windows));
  SetDay(value, "first_day", event.first_day);
  SetDay(value, "last_day", event.last_day);
  SetInstant(value, "until", event.until);
  SetWords(value, "places", event.places);
  SetWord(value, "where", event.where);
  if (event.place) value.Set("place", DescribePlace(*event.place));
  SetWord(value, "wording", event.wording);
  if (event.attorney) SetId(value, "attorney", *event.attorney);
  SetFlag(value, "repeats", event.repeats);
  SetFlag(value, "new_evidence", event.new_evidence);
  SetFlag(value, "refuses_to_pay", event.refuses_to_pay);
  SetFlag(value, "confirmed", event.confirmed);
  SetFlag(value, "ended", event.ended);
  SetClear(value, "cause", event.cause);
  if (event.owner != Relation::kBorrower) SetWord(value, "owner", event.owner);
  SetId(value, "owner_party", event.owner_party);
  SetDay(value, "same_user_since", event.same_user_since);
  if (event.amount_minor_units != 0) value.Set("amount", event.amount_minor_units);
  return value;
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
      SetWord(each, "reason", denial.reason);
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
