#include "engine/orchestrator/intake.h"

#include <algorithm>
#include <set>

#include "absl/strings/cord.h"
#include "engine/audit/entry.h"
#include "engine/model/status.h"
#include "engine/orchestrator/facts_codec.h"

namespace forbear {
namespace {

// Under this name a Status carries its violations: one line each, `field` TAB `why`.
constexpr char kPayload[] = "type.forbear/violations";

// Texts are for people and providers: longer than any name or street, short of a novel (Q1 bounds
// a field at 4 KiB).
constexpr size_t kMaxIdText = 200;
constexpr size_t kMaxText = 4'096;
// One submission's history. More is told with RecordEvent, one by one.
constexpr size_t kMaxHistory = 500;
constexpr size_t kMaxParties = 32;
constexpr size_t kMaxWindows = 64;
// What a message may carry, be found to hold, or be written in.
constexpr size_t kMaxWords = 64;
constexpr char kTooLarge[] = "says more than one entry of the log can hold; leave something out";
// A lender's clock may be ahead of ours, not by more than this.
constexpr Seconds kClockLeeway = std::chrono::minutes(5);
// The first place where a day begins.
constexpr Seconds kFirstPlaceOnEarth = std::chrono::hours(14);

// ISO 3166-1 alpha-2, officially assigned (249 of them), blank-separated.
constexpr std::string_view kCountries =
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR "
    "BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ "
    "EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW "
    "GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY "
    "KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV "
    "MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY "
    "QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG "
    "TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM "
    "ZW";
// ISO 3166 keeps XA free for private use: the made-up place where mechanisms are tried.
constexpr std::string_view kMadeUpPlace = "XA";

// Beside it stand the member's own name and brackets.
bool FitsIntoAnEntry(const cj1::Value& facts) {
  constexpr size_t kAround = 100;
  const absl::StatusOr<std::string> bytes = cj1::Encode(facts);
  // What cannot be written at all is another field's fault, and told there.
  return !bytes.ok() || bytes->size() + kAround <= audit::kMostSealedBytes;
}

// Collects violations under one path.
class Faults {
 public:
  explicit Faults(std::string_view at) : at_(at) {}

  void Add(std::string_view field, std::string_view why) {
    found_.push_back({Path(field), std::string(why)});
  }
  void Need(bool holds, std::string_view field, std::string_view why) {
    if (!holds) Add(field, why);
  }
  void Append(std::vector<Violation> more) {
    found_.insert(found_.end(), std::make_move_iterator(more.begin()),
                  std::make_move_iterator(more.end()));
  }
  std::string Path(std::string_view field) const {
    if (at_.empty()) return std::string(field);
    return field.empty() ? at_ : at_ + "." + std::string(field);
  }
  std::vector<Violation> Take() { return std::move(found_); }

 private:
  std::string at_;
  std::vector<Violation> found_;
};

std::string Indexed(std::string_view list, size_t i) {
  return std::string(list) + "[" + std::to_string(i) + "]";
}

bool HasControls(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

// U+202A … U+202E and U+2066 … U+2069 turn the order of what is shown (I4).
bool HasBidiOverrides(std::string_view text) {
  for (size_t at = text.find('\xe2'); at != std::string_view::npos;
       at = text.find('\xe2', at + 1)) {
    if (at + 2 >= text.size()) return false;
    const auto second = static_cast<unsigned char>(text[at + 1]);
    const auto third = static_cast<unsigned char>(text[at + 2]);
    if (second == 0x80 && third >= 0xaa && third <= 0xae) return true;
    if (second == 0x81 && third >= 0xa6 && third <= 0xa9) return true;
  }
  return false;
}

void CheckText(Faults& faults, std::string_view field, std::string_view text, size_t most) {
  faults.Need(text.size() <= most, field,
              "is too long: " + std::to_string(most) + " bytes at most");
  faults.Need(!HasControls(text) && !HasBidiOverrides(text), field, "holds control characters");
}

void CheckExternalId(Faults& faults, std::string_view field, std::string_view id) {
  faults.Need(!id.empty(), field, "is missing: it is the lender's own id");
  CheckText(faults, field, id, kMaxIdText);
}

// BCP 47 as far as its shape goes.
bool LooksLikeLanguage(std::string_view tag) {
  size_t part = 0;
  size_t length = 0;
  for (const char c : tag) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (c == '-') {
      if (length == 0) return false;
      ++part;
      length = 0;
      continue;
    }
    if (!letter && (part == 0 || c < '0' || c > '9')) return false;
    if (++length > 8) return false;
  }
  return length > 0 && (part > 0 || length >= 2);
}

void CheckMoney(Faults& faults, std::string_view field, const Money& money) {
  const std::string at(field);
  faults.Need(IsCurrency(money.currency), at + ".currency", "is no ISO 4217 currency");
  faults.Need(money.minor_units >= 0, at + ".minor_units", "is negative");
  faults.Need(money.minor_units <= kMaxMinorUnits, at + ".minor_units",
              "is larger than any one person's debt");
}

void CheckWindows(Faults& faults, std::string_view field, const std::vector<WeeklySlot>& windows) {
  faults.Need(windows.size() <= kMaxWindows, field,
              "has more than " + std::to_string(kMaxWindows) + " windows");
  for (size_t i = 0; i < windows.size(); ++i) {
    const WeeklySlot& slot = windows[i];
    const std::string at = Indexed(field, i);
    faults.Need(slot.days != 0 && slot.days <= 0x7f, at + ".days", "names no day of the week");
    faults.Need(slot.from_minute >= 0 && slot.from_minute < 1440, at + ".from",
                "is no time of day");
    faults.Need(slot.to_minute >= 0 && slot.to_minute <= 1440, at + ".to", "is no time of day");
    faults.Need(slot.from_minute != slot.to_minute, at, "is empty: from equals to");
  }
}

void CheckZone(Faults& faults, std::string_view field, const std::string& zone,
               const IntakeContext& context) {
  if (zone.empty()) return;
  faults.Need(context.zones->Find(zone) != nullptr, field, "is no IANA time zone known here");
}

void CheckDay(Faults& faults, std::string_view field, const std::optional<Day>& day) {
  if (!day) return;
  const Day last{date::year{2037} / 12 / 31};
  const Day first{date::year{1900} / 1 / 1};
  faults.Need(*day >= first && *day <= last, field, "lies outside 1900 to 2037");
}

void CheckPastInstant(Faults& faults, std::string_view field, Instant at,
                      const IntakeContext& context) {
  if (at <= kFirstInstant) {
    faults.Add(field, "is missing, or before 1970");
  } else {
    faults.Need(at <= context.now + kClockLeeway, field, "lies in the future");
  }
}

// The latest civil day it may be now where this borrower is.
Day LatestToday(const Borrower& borrower, const IntakeContext& context) {
  std::optional<Day> latest;
  const auto widen = [&](const std::string& name) {
    if (const auto zone = context.zones->Find(name)) {
      const Day day = zone->DayOf(context.now);
      latest = latest ? std::max(*latest, day) : day;
    }
  };
  if (!borrower.declared_zone.empty()) widen(borrower.declared_zone);
  for (const Place& place : borrower.places) {
    for (const std::string& zone : context.places->ZonesOf(place)) widen(zone);
  }
  for (const ContactPoint& point : borrower.contact_points) {
    for (const std::string& zone : point.number_zones) widen(zone);
  }
  if (latest) return *latest;
  return Day{date::floor<date::days>(context.now + kFirstPlaceOnEarth).time_since_epoch()};
}

std::vector<Violation> CheckPlaces(const std::vector<Place>& places, const IntakeContext& context,
                                   const std::string& at) {
  Faults faults("");
  faults.Need(places.size() <= kMaxPlaces, at,
              "has more than " + std::to_string(kMaxPlaces) + " places");
  for (size_t i = 0; i < places.size(); ++i) {
    faults.Append(CheckPlace(places[i], context, Indexed(at, i)));
  }
  return faults.Take();
}

std::vector<Violation> CheckBorrower(const Borrower& borrower, const IntakeContext& context,
                                     std::string_view at) {
  Faults faults(at);
  CheckExternalId(faults, "external_id", borrower.external_id);
  CheckText(faults, "name", borrower.name.Reveal(RevealFor::kStoring), kMaxText);
  CheckDay(faults, "birth_date", borrower.born_on);
  faults.Need(borrower.language.empty() || LooksLikeLanguage(borrower.language), "language",
              "is no BCP 47 tag");
  CheckZone(faults, "declared_zone", borrower.declared_zone, context);
  faults.Append(CheckPlaces(borrower.places, context, faults.Path("places")));
  faults.Append(CheckContactPoints(borrower.contact_points, borrower.parties, at));
  faults.Need(borrower.parties.size() <= kMaxParties, "parties",
              "has more than " + std::to_string(kMaxParties) + " parties");
  std::set<Id128> ids;
  for (size_t i = 0; i < borrower.parties.size(); ++i) {
    const Party& party = borrower.parties[i];
    faults.Need(party.id.IsZero() || ids.insert(party.id).second, Indexed("parties", i) + ".id",
                "names another party too");
    faults.Need(party.relation != Relation::kBorrower, Indexed("parties", i) + ".relation",
                "is the borrower, who is no party");
    CheckDay(faults, Indexed("parties", i) + ".birth_date", party.born_on);
  }
  return faults.Take();
}

std::vector<Violation> CheckAccount(const Account& account, Day latest_today,
                                    const IntakeContext& context, std::string_view at) {
  Faults faults(at);
  CheckExternalId(faults, "external_id", account.external_id);
  CheckMoney(faults, "balance", account.balance);
  faults.Need(account.balance.minor_units != 0, "balance.minor_units",
              "is zero: nothing is owed, so there is nothing to remind of");
  if (account.principal.minor_units != 0 || !account.principal.currency.empty()) {
    CheckMoney(faults, "principal", account.principal);
    faults.Need(account.principal.currency == account.balance.currency, "principal.currency",
                "is not the balance's currency");
  }
  if (account.due_on == Day{}) {
    faults.Add("due_date", "is missing");
  } else {
    CheckDay(faults, "due_date", account.due_on);
    faults.Need(account.due_on <= latest_today, "due_date",
                "lies in the future: the account is not overdue");
  }
  CheckText(faults, "original_creditor", account.original_creditor, kMaxText);
  faults.Need(FitsIntoAnEntry(FactsOf(account)), "", kTooLarge);
  CheckText(faults, "account_number_at_placement", account.account_number_at_placement, kMaxIdText);
  CheckDay(faults, "placed_date", account.placed_on);
  CheckDay(faults, "defaulted_date", account.defaulted_on);
  CheckDay(faults, "charged_off_date", account.charged_off_on);
  CheckDay(faults, "limitation_expires_date", account.limitation_expires_on);
  faults.Need(account.stage != Stage::kPaid && account.stage != Stage::kSettled, "stage",
              "says that nothing is owed any more");
  faults.Need(account.as_of <= context.now + kClockLeeway, "as_of", "lies in the future");
  return faults.Take();
}

// The fields without which an event of a name says nothing.
void CheckEventShape(Faults& faults, const Event& event) {
  if (event.name == EventName::kAttempt) {
    faults.Need(event.channel.has_value(), "channel", "is missing: an attempt went some way");
    faults.Need(event.outcome.has_value(), "outcome",
                "is missing: say `unreported` when nobody knows");
  }
  if (event.name == EventName::kInbound) {
    faults.Need(event.channel.has_value(), "channel", "is missing: it came some way");
    faults.Need(event.outcome.has_value(), "outcome", "is missing");
  }
  if (event.name == EventName::kNotice) {
    faults.Need(event.notice.has_value(), "notice", "is missing: which notice went out");
  }
  if (event.name == EventName::kConsent) {
    faults.Need(!event.covers.empty(), "covers", "is missing: what is agreed to");
    const bool for_channels =
        std::find(event.covers.begin(), event.covers.end(), Covers::kChannel) != event.covers.end();
    faults.Need(!for_channels || !event.channels.empty(), "channels",
                "is missing: consent to be contacted names its channels");
    faults.Need(!for_channels || event.consent_form.has_value(), "consent_form",
                "is missing: consent to a channel was given in some form");
    const bool for_hours =
        std::find(event.covers.begin(), event.covers.end(), Covers::kHours) != event.covers.end();
    faults.Need(!for_hours || !event.windows.empty(), "windows",
                "is missing: consent to hours names them");
  }
  if (event.name == EventName::kRevocation) {
    faults.Need(!event.covers.empty(), "covers", "is missing: what is taken back");
  }
  if (event.name == EventName::kInconvenientPlace) {
    faults.Need(!event.places.empty(), "places", "is missing: which place does not suit");
  }
  if (event.name == EventName::kWhereabouts) {
    faults.Need(event.where.has_value(), "where", "is missing: where the borrower is");
    faults.Need(event.where != Whereabouts::kElsewhere || event.place.has_value(), "place",
                "is missing: where elsewhere");
  }
  if (event.name == EventName::kOwnerLearned || event.name == EventName::kReassignmentCheck ||
      event.name == EventName::kMovedAway) {
    faults.Need(event.point.has_value(), "contact_point", "is missing: which one it is about");
  }
  if (event.name == EventName::kPayment) {
    faults.Need(event.amount_minor_units >= 0 && event.amount_minor_units <= kMaxMinorUnits,
                "amount", "is no amount of a payment");
  }
}

}  // namespace

bool IsCountry(std::string_view alpha2) {
  if (alpha2.size() != 2) return false;
  if (alpha2 == kMadeUpPlace) return true;
  for (size_t at = 0; at + 2 <= kCountries.size(); at += 3) {
    if (kCountries.substr(at, 2) == alpha2) return true;
  }
  return false;
}

bool LooksLikeSubdivision(std::string_view code) {
  if (code.size() < 4 || code.size() > 6 || code[2] != '-') return false;
  if (!IsCountry(code.substr(0, 2))) return false;
  return std::all_of(code.begin() + 3, code.end(),
                     [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); });
}

std::vector<Violation> CheckPlace(const Place& place, const IntakeContext& context,
                                  std::string_view at) {
  Faults faults(at);
  faults.Need(IsCountry(place.country), "country", "is no ISO 3166-1 country");
  if (!place.subdivision.empty()) {
    if (!LooksLikeSubdivision(place.subdivision)) {
      faults.Add("subdivision", "is no ISO 3166-2 subdivision");
    } else {
      faults.Need(place.subdivision.substr(0, 2) == place.country, "subdivision",
                  "lies in another country");
    }
  }
  CheckText(faults, "city", place.city, kMaxIdText);
  CheckText(faults, "postal_code", place.postal_code, kMaxIdText);
  CheckZone(faults, "zone", place.zone, context);
  return faults.Take();
}

std::vector<Violation> CheckContactPoints(const std::vector<ContactPoint>& points,
                                          const std::vector<Party>& parties, std::string_view at) {
  Faults faults(at);
  faults.Need(points.size() <= kMaxContactPoints, "contact_points",
              "has more than " + std::to_string(kMaxContactPoints) + " contact points");
  std::set<std::pair<PointKind, std::string>> seen;
  std::set<Id128> ids;
  for (size_t i = 0; i < points.size(); ++i) {
    const ContactPoint& point = points[i];
    const std::string path = Indexed("contact_points", i);
    const std::string& value = point.value.Reveal(RevealFor::kMatching);
    faults.Need(!value.empty(), path + ".value", "is missing");
    faults.Need(value.size() <= kMaxText, path + ".value", "is too long");
    if (point.kind != PointKind::kPostal) {
      faults.Need(!HasControls(value), path + ".value", "holds control characters");
    }
    faults.Need(value.empty() || seen.emplace(point.kind, value).second, path + ".value",
                "is the same as one before");
    faults.Need(point.id.IsZero() || ids.insert(point.id).second, path + ".id",
                "names another contact point too");
    faults.Need(point.source != PointSource::kContactList, path + ".source",
                "is an address book: nobody is contacted who was found in one");
    if (point.owner != Relation::kBorrower && point.owner != Relation::kEmployer) {
      const bool declared = std::any_of(parties.begin(), parties.end(), [&](const Party& party) {
        return party.relation == point.owner && (point.party.IsZero() || party.id == point.party);
      });
      faults.Need(declared, path + ".owner", "is somebody who is not among the parties");
    } else if (!point.party.IsZero()) {
      faults.Need(std::any_of(parties.begin(), parties.end(),
                              [&](const Party& party) { return party.id == point.party; }),
                  path + ".party", "is not among the parties");
    }
  }
  return faults.Take();
}

std::vector<Violation> CheckEvent(const Event& event, const IntakeContext& context,
                                  std::string_view at) {
  Faults faults(at);
  CheckPastInstant(faults, "event_time", event.at, context);
  if (event.received_at) {
    CheckPastInstant(faults, "received_time", *event.received_at, context);
    faults.Need(*event.received_at >= event.at, "received_time", "is before the event itself");
  }
  CheckEventShape(faults, event);
  // Bounds that keep one event within one entry of the log.
  faults.Need(event.accounts.size() <= kMaxAccounts, "accounts",
              "has more than " + std::to_string(kMaxAccounts) + " accounts");
  faults.Need(event.points.size() <= kMaxContactPoints, "contact_points",
              "has more than " + std::to_string(kMaxContactPoints) + " contact points");
  faults.Need(!event.talk || event.talk->size() <= kMaxAccounts, "talk",
              "has more than " + std::to_string(kMaxAccounts) + " topics");
  faults.Need(event.channels.size() <= AllWords<Channel>().size(), "channels",
              "names a channel twice");
  faults.Need(event.covers.size() <= AllWords<Covers>().size(), "covers", "names one twice");
  faults.Need(event.places.size() <= AllWords<TiedTo>().size(), "places", "names one twice");
  CheckWindows(faults, "windows", event.windows);
  CheckDay(faults, "opt_out_by", event.opt_out_by);
  CheckDay(faults, "period_ends_date", event.period_ends_on);
  CheckDay(faults, "received_date", event.received_on);
  CheckDay(faults, "first_day", event.first_day);
  CheckDay(faults, "last_day", event.last_day);
  CheckDay(faults, "same_user_since", event.same_user_since);
  faults.Need(!event.first_day || !event.last_day || *event.first_day <= *event.last_day,
              "last_day", "is before the first day");
  faults.Need(!event.until || (*event.until > event.at && *event.until < kEndOfTime), "until",
              "is not after the event, or past 2037");
  if (event.place) faults.Append(CheckPlace(*event.place, context, faults.Path("place")));
  CheckText(faults, "cause", event.cause, kMaxIdText);
  const auto few = [](const std::optional<std::vector<std::string>>& words) {
    return !words || words->size() <= kMaxWords;
  };
  const std::string too_many = "has more than " + std::to_string(kMaxWords) + " words";
  faults.Need(few(event.message.carries), "message.carries", too_many);
  faults.Need(few(event.message.found), "message.found", too_many);
  faults.Need(few(event.message.languages), "message.languages", too_many);
  faults.Need(FitsIntoAnEntry(FactsOf(event)), "", kTooLarge);
  return faults.Take();
}

std::vector<Violation> CheckSubmission(const SubmitAccount& item, const IntakeContext& context,
                                       std::string_view at) {
  Faults faults(at);
  faults.Append(CheckAccount(item.account, LatestToday(item.borrower, context), context,
                             faults.Path("account")));
  faults.Append(CheckBorrower(item.borrower, context, faults.Path("borrower")));
  faults.Need(item.history.size() <= kMaxHistory, "history",
              "has more than " + std::to_string(kMaxHistory) + " events");
  std::set<Id128> points;
  for (const ContactPoint& point : item.borrower.contact_points) points.insert(point.id);
  std::set<Id128> ids;
  size_t consents = 0;
  for (size_t i = 0; i < item.history.size(); ++i) {
    const Event& event = item.history[i];
    const std::string path = Indexed("history", i);
    faults.Append(CheckEvent(event, context, faults.Path(path)));
    faults.Need(!event.point || points.contains(*event.point), path + ".contact_point",
                "is not among the contact points");
    for (size_t j = 0; j < event.points.size(); ++j) {
      faults.Need(points.contains(event.points[j]), Indexed(path + ".contact_points", j),
                  "is not among the contact points");
    }
    for (size_t j = 0; j < event.accounts.size(); ++j) {
      faults.Need(event.accounts[j] == item.account.id, Indexed(path + ".accounts", j),
                  "is not the account submitted");
    }
    faults.Need(!event.answers || ids.contains(*event.answers), path + ".answers",
                "is no event before this one");
    faults.Need(event.id.IsZero() || ids.insert(event.id).second, path + ".id",
                "names another event too");
    faults.Need(!event.attempt, path + ".attempt_id", "is ours to give");
    if (event.name == EventName::kConsent) ++consents;
  }
  faults.Need(consents <= kMaxLiveConsents, "history",
              "has more than " + std::to_string(kMaxLiveConsents) + " consents");
  return faults.Take();
}

std::vector<Violation> CheckUpdate(const UpdateAccount& update, const IntakeContext& context) {
  Faults faults("");
  if (update.balance) CheckMoney(faults, "balance", *update.balance);
  if (update.due_on) {
    CheckDay(faults, "due_date", update.due_on);
    const Day latest{date::floor<date::days>(context.now + kFirstPlaceOnEarth).time_since_epoch()};
    faults.Need(*update.due_on <= latest, "due_date",
                "lies in the future: the account is not overdue");
  }
  CheckDay(faults, "charged_off_date", update.charged_off_on);
  CheckDay(faults, "limitation_expires_date", update.limitation_expires_on);
  CheckPastInstant(faults, "as_of", update.as_of, context);
  return faults.Take();
}

std::vector<Violation> CheckPayment(const RecordPayment& payment, const IntakeContext& context) {
  Faults faults("");
  CheckMoney(faults, "amount", payment.amount);
  faults.Need(payment.amount.minor_units != 0, "amount.minor_units", "is zero: nothing was paid");
  CheckPastInstant(faults, "payment_time", payment.paid_at, context);
  return faults.Take();
}

std::vector<Violation> CheckClose(const CloseAccount& close) {
  Faults faults("");
  constexpr std::string_view kReasons[] = {"paid", "recalled", "settled", "sold", "error"};
  faults.Need(
      std::find(std::begin(kReasons), std::end(kReasons), close.reason) != std::end(kReasons),
      "reason", "is none of paid, recalled, settled, sold, error");
  return faults.Take();
}

std::vector<Violation> CheckBorrowerUpdate(const UpdateBorrower& update,
                                           const IntakeContext& context) {
  Faults faults("");
  if (update.name) CheckText(faults, "name", update.name->Reveal(RevealFor::kStoring), kMaxText);
  faults.Need(!update.language || update.language->empty() || LooksLikeLanguage(*update.language),
              "language", "is no BCP 47 tag");
  if (update.declared_zone) CheckZone(faults, "declared_zone", *update.declared_zone, context);
  if (update.places) faults.Append(CheckPlaces(*update.places, context, "places"));
  faults.Append(CheckContactPoints(update.add_or_replace_points, {}, ""));
  std::set<ContactPointId> removed;
  for (size_t i = 0; i < update.remove_points.size(); ++i) {
    faults.Need(removed.insert(update.remove_points[i]).second, Indexed("remove_contact_points", i),
                "is named twice");
  }
  return faults.Take();
}

std::vector<Violation> CheckPreferences(const SetPreferences& preferences) {
  Faults faults("");
  if (preferences.inconvenient_times) {
    CheckWindows(faults, "inconvenient_times.slots", *preferences.inconvenient_times);
  }
  faults.Need(!preferences.language || preferences.language->empty() ||
                  LooksLikeLanguage(*preferences.language),
              "language", "is no BCP 47 tag");
  faults.Need(!preferences.refused_channels ||
                  preferences.refused_channels->size() <= AllWords<Channel>().size(),
              "refused_channels.channels", "names a channel twice");
  return faults.Take();
}

std::vector<Violation> CheckPause(const PauseScope& scope, std::string_view reason) {
  Faults faults("");
  const std::string_view place = scope.jurisdiction;
  // A city is a subdivision and a part more: US-NY-NYC.
  const std::string_view subdivision = place.substr(0, place.find('-', 3));
  faults.Need(place.empty() || IsCountry(place) || LooksLikeSubdivision(subdivision),
              "scope.jurisdiction", "is no country, subdivision or city");
  faults.Need(!reason.empty() && audit::MayStandInClear(reason), "reason",
              "is not a word: letters, digits, _ and - only");
  return faults.Take();
}

absl::Status WithViolations(absl::Status status, const std::vector<Violation>& violations) {
  std::string lines;
  for (const Violation& violation : violations) {
    lines += violation.field + "\t" + violation.why + "\n";
  }
  if (!lines.empty()) status.SetPayload(kPayload, absl::Cord(lines));
  return status;
}

absl::Status ToStatus(const std::vector<Violation>& violations) {
  if (violations.empty()) return absl::OkStatus();
  std::string message;
  for (const Violation& violation : violations) {
    message += (message.empty() ? "`" : "; `") + violation.field + "` " + violation.why;
  }
  return WithViolations(InvalidArgument(message), violations);
}

std::vector<Violation> ViolationsOf(const absl::Status& status) {
  std::vector<Violation> violations;
  const auto payload = status.GetPayload(kPayload);
  if (!payload) return violations;
  const std::string lines(*payload);
  size_t at = 0;
  while (at < lines.size()) {
    const size_t tab = lines.find('\t', at);
    const size_t end = lines.find('\n', tab);
    violations.push_back({lines.substr(at, tab - at), lines.substr(tab + 1, end - tab - 1)});
    at = end + 1;
  }
  return violations;
}

}  // namespace forbear
