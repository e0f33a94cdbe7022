#include "adapters/cli/calendar_command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "adapters/cli/exit_codes.h"
#include "adapters/yaml/pack_reader.h"
#include "adapters/zones/zones.h"
#include "engine/model/status.h"
#include "engine/policy/bundle.h"
#include "engine/policy/week.h"

namespace forbear::cli {
namespace {

constexpr int kDays = 7;
constexpr int kMinutesADay = 24 * 60;
constexpr const char* kDayNames[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

// ---- The question -------------------------------------------------------------------------------

// "US-NY-NYC" as an address. kInvalidArgument when no data know it.
absl::StatusOr<Place> PlaceAt(const std::string& jurisdiction, const PlaceTable& places) {
  Place place;
  place.country = jurisdiction.substr(0, 2);
  const absl::Status unknown =
      InvalidArgument("--at " + jurisdiction +
                      ": no such place in places/; use ISO 3166, as in US, US-MA, US-NY-NYC");
  if (!places.countries.contains(place.country)) return unknown;
  const size_t second = jurisdiction.find('-', 3);
  if (jurisdiction.size() > 2) place.subdivision = jurisdiction.substr(0, second);
  if (!place.subdivision.empty() && (jurisdiction[2] != '-' || place.subdivision.size() < 4)) {
    return unknown;
  }
  if (second == std::string::npos) return place;
  const auto cities = places.cities.find(place.subdivision);
  if (cities == places.cities.end()) return unknown;
  for (const auto& [name, code] : cities->second) {
    if (code == jurisdiction.substr(second + 1)) place.city = name;
  }
  if (place.city.empty()) return unknown;
  return place;
}

template <typename Id>
Id Numbered(uint8_t number) {
  Id128 id;
  id.bytes[0] = number;
  return Id(id);
}

PointKind KindFor(Channel channel) {
  switch (channel) {
    case Channel::kEmail:
      return PointKind::kEmail;
    case Channel::kPush:
    case Channel::kInApp:
      return PointKind::kApp;
    case Channel::kLetter:
    case Channel::kPostcard:
    case Channel::kVisit:
      return PointKind::kPostal;
    case Channel::kSocialPrivate:
    case Channel::kSocialPublic:
      return PointKind::kSocial;
    case Channel::kCall:
    case Channel::kVoicemail:
    case Channel::kSms:
    case Channel::kFax:
      break;
  }
  return PointKind::kPhone;
}

// Well past due, so that no wait after a due date is still running.
constexpr date::days kPastDue{120};

policy::Question Ask(const CalendarCall& call, const std::vector<Place>& places, Day monday,
                     const policy::Surroundings& surroundings) {
  policy::TenantFacts tenant;
  tenant.id = "calendar";
  Borrower borrower;
  borrower.places = places;
  ContactPoint point;
  point.id = Numbered<ContactPointId>(1);
  point.kind = KindFor(call.channel);
  point.line = Line::kMobile;  // it names no country: only the places asked about count
  point.source = PointSource::kBorrower;
  point.verified = true;
  if (point.kind == PointKind::kPostal) point.tied_to = TiedTo::kHome;
  borrower.contact_points = {point};
  Account account;
  account.id = Numbered<AccountId>(2);
  account.role = call.role;
  account.product = Product::kCreditCard;
  account.kind = AccountKind::kConsumer;
  account.due_on = monday - kPastDue;

  policy::Facts facts;
  facts.tenant = &tenant;
  facts.borrower = &borrower;
  facts.accounts = {&account};
  facts.channel_consent = policy::ChannelConsent::kGivenLongAgo;
  facts.notices_given_by_default = true;
  facts.papers_in_order_by_default = true;
  policy::Contact& contact = facts.contact;
  contact.channel = call.channel;
  contact.point = point.id;
  contact.accounts = {account.id};
  Message& message = contact.message;
  message.opt_out = OptOutOffer::kReplyStop;
  message.mentions_debt = message.discloses_collector = message.true_sender_name = true;
  message.reveals_trade = message.names_firm_unasked = message.misleading_reason =
      message.payment_link = message.pressing_offer = message.demands_payment = message.offer =
          message.commercial = false;
  return policy::Resolve(facts, surroundings);
}

// ---- The week -----------------------------------------------------------------------------------

struct Stretch {
  int from = 0, until = 0;  // seconds since local midnight; the day's own reading of the clock
  std::vector<std::string> closed_by;
};

struct Week {
  std::vector<std::string> at;
  Channel channel{};
  Role role{};
  Day monday;
  std::string zone;                          // whose clock is drawn
  std::vector<std::string> zones;            // all that must be open
  std::vector<std::vector<Stretch>> days;    // kDays of them
  std::vector<std::string> closing;          // every rule that closes some of it, sorted
  std::map<std::string, std::string> cited;  // rule -> citation
  std::map<std::string, bool> house;         // rule -> ours and not law's
};

Week LookAt(const CalendarCall& call, Day monday, const policy::Question& question,
            const ZoneTable& zone, const policy::Bundle& bundle) {
  Week week{call.at, call.channel, call.role, monday, zone.name(), {}, {}, {}, {}, {}};
  for (int i = 0; i < kDays; ++i) {
    const Day day = monday + date::days{i};
    const Instant start = zone.StartOfDay(day), end = zone.StartOfDay(day + date::days{1});
    std::vector<Stretch>& stretches = week.days.emplace_back();
    for (policy::OpenSpan& span : policy::SpansOf(question, start, end)) {
      const auto reading = [&](Instant at) {
        if (at >= end) return kMinutesADay * 60;
        return static_cast<int>((zone.ToLocal(at) - LocalTime(day)).count());
      };
      for (const std::string& rule : span.closed_by) week.closing.push_back(rule);
      stretches.push_back({reading(span.from), reading(span.until), std::move(span.closed_by)});
    }
  }
  std::sort(week.closing.begin(), week.closing.end());
  week.closing.erase(std::unique(week.closing.begin(), week.closing.end()), week.closing.end());
  for (const std::string& id : week.closing) {
    if (const policy::Rule* rule = bundle.FindRule(id)) {
      week.cited[id] = rule->cites.empty() ? "" : rule->cites.front().text;
      week.house[id] = rule->suggested;
    }
  }
  return week;
}

std::string Clock(int second) {
  const int minute = second / 60;
  std::string text = fmt::format("{:02}:{:02}", minute / 60, minute % 60);
  if (second % 60 != 0) text += fmt::format(":{:02}", second % 60);
  return text;
}

std::string DayName(const Week& week, int i) {
  const date::year_month_day day{week.monday + date::days{i}};
  return fmt::format("{} {:02}-{:02}", kDayNames[i], unsigned{day.month()}, unsigned{day.day()});
}

std::string Joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

std::string Heading(const Week& week) {
  return fmt::format("{} to {}, {}, week of {}, {} time", ToWord(week.channel), Joined(week.at),
                     ToWord(week.role), FormatDay(week.monday), week.zone);
}

// The rules by letter, so that a row of the picture can name them.
std::string Letters(const Week& week, const std::vector<std::string>& rules) {
  std::string letters;
  for (const std::string& rule : rules) {
    const auto at = std::find(week.closing.begin(), week.closing.end(), rule);
    const auto index = static_cast<size_t>(at - week.closing.begin());
    letters += index < 26 ? static_cast<char>('a' + index) : '+';
  }
  return letters;
}

// ---- Text ---------------------------------------------------------------------------------------

void PrintText(const Week& week, std::ostream& out) {
  out << Heading(week) << "\n";
  if (week.zones.size() > 1) out << "It must be open in all of " << Joined(week.zones) << ".\n";
  out << "\n           0     3     6     9     12    15    18    21    24\n";
  for (int i = 0; i < kDays; ++i) {
    const std::vector<Stretch>& stretches = week.days[static_cast<size_t>(i)];
    std::string bar(48, '.');
    std::string open;
    for (const Stretch& stretch : stretches) {
      if (!stretch.closed_by.empty()) continue;
      // A half hour is drawn open only where all of it is.
      for (int slot = (stretch.from + 1799) / 1800; slot < stretch.until / 1800; ++slot) {
        bar[static_cast<size_t>(slot)] = '#';
      }
      // Opening a second late is an opening all the same.
      if (stretch.from % 1800 == 1 && stretch.until >= (stretch.from / 1800 + 1) * 1800) {
        bar[static_cast<size_t>(stretch.from / 1800)] = '#';
      }
      open += (open.empty() ? "" : ", ") + Clock(stretch.from) + " to " + Clock(stretch.until);
    }
    out << fmt::format("{:<10} {}  {}\n", DayName(week, i), bar, open.empty() ? "closed" : open);
  }
  if (week.closing.empty()) return;
  out << "\nClosed by:\n";
  for (const std::string& rule : week.closing) {
    // When it closes, day by day; equal days together.
    std::vector<std::pair<std::string, std::string>> when;  // reading -> days
    for (int i = 0; i < kDays; ++i) {
      std::string closed;
      int from = -1, until = -1;
      const auto flush = [&] {
        if (from < 0) return;
        closed += (closed.empty() ? "" : ", ") + Clock(from) + " to " + Clock(until);
        from = -1;
      };
      for (const Stretch& stretch : week.days[static_cast<size_t>(i)]) {
        const bool here =
            std::binary_search(stretch.closed_by.begin(), stretch.closed_by.end(), rule);
        if (here && from >= 0 && until == stretch.from) {
          until = stretch.until;
        } else if (here) {
          flush();
          from = stretch.from;
          until = stretch.until;
        }
      }
      flush();
      if (closed.empty()) continue;
      if (closed == "00:00 to 24:00") closed = "all day";
      if (!when.empty() && when.back().first == closed) {
        when.back().second += std::string(" ") + kDayNames[i];
      } else {
        when.emplace_back(closed, kDayNames[i]);
      }
    }
    out << "  " << rule << (week.house.contains(rule) && week.house.at(rule) ? " (ours)" : "");
    const auto cited = week.cited.find(rule);
    if (cited != week.cited.end() && !cited->second.empty()) out << ", " << cited->second;
    out << "\n";
    for (const auto& [closed, days] : when) out << "      " << days << ": " << closed << "\n";
  }
}

// ---- Picture ------------------------------------------------------------------------------------

std::string Escaped(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    escaped += c == '&'   ? "&amp;"
               : c == '<' ? "&lt;"
               : c == '>' ? "&gt;"
               : c == '"' ? "&quot;"
                          : std::string(1, c);
  }
  return escaped;
}

// Days across, hours down, as on a wall calendar. Colour is never the only sign: closed parts carry
// the letters of their rules.
void PrintSvg(const Week& week, std::ostream& out) {
  constexpr int kLeft = 52, kTop = 66, kDayWidth = 118, kHour = 20;
  constexpr int kLine = 18;
  const int grid_bottom = kTop + 24 * kHour;
  const int legend = grid_bottom + 30;
  const int width = kLeft + kDays * kDayWidth + 20;
  const int height = legend + kLine * static_cast<int>(week.closing.size() + 1) + 14;
  const auto y = [&](int second) { return kTop + second * kHour / 3600.0; };
  out << fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
      "height=\"{1}\" font-family=\"sans-serif\" font-size=\"12\" role=\"img\">\n"
      "<title>{2}</title>\n<rect width=\"{0}\" height=\"{1}\" fill=\"#ffffff\"/>\n"
      "<text x=\"12\" y=\"22\" font-size=\"15\" font-weight=\"bold\" fill=\"#1b1b1b\">{2}</text>\n",
      width, height, Escaped(Heading(week)));
  if (week.zones.size() > 1) {
    out << fmt::format(
        "<text x=\"12\" y=\"40\" fill=\"#444444\">open only where it is open in all "
        "of {}</text>\n",
        Escaped(Joined(week.zones)));
  }
  for (int i = 0; i < kDays; ++i) {
    const int x = kLeft + i * kDayWidth;
    out << fmt::format(
        "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\" fill=\"#1b1b1b\">{}</text>\n",
        x + kDayWidth / 2, kTop - 8, DayName(week, i));
    for (const Stretch& stretch : week.days[static_cast<size_t>(i)]) {
      const bool open = stretch.closed_by.empty();
      const double from = y(stretch.from), tall = y(stretch.until) - from;
      std::string told = open ? "open" : "closed by " + Joined(stretch.closed_by);
      told += ", " + Clock(stretch.from) + " to " + Clock(stretch.until);
      out << fmt::format(
          "<rect x=\"{}\" y=\"{:.2f}\" width=\"{}\" height=\"{:.2f}\" fill=\"{}\" "
          "stroke=\"#ffffff\"><title>{}</title></rect>\n",
          x, from, kDayWidth, tall, open ? "#2e7d4f" : "#d9d9de", Escaped(told));
      if (tall < 14) continue;
      const std::string label = open ? Clock(stretch.from) + " to " + Clock(stretch.until)
                                     : Letters(week, stretch.closed_by);
      out << fmt::format(
          "<text x=\"{}\" y=\"{:.2f}\" text-anchor=\"middle\" font-size=\"11\" "
          "fill=\"{}\">{}</text>\n",
          x + kDayWidth / 2, from + tall / 2 + 4, open ? "#ffffff" : "#3a3a44", Escaped(label));
    }
  }
  for (int hour = 0; hour <= 24; hour += 3) {
    out << fmt::format(
        "<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\" font-size=\"11\" "
        "fill=\"#444444\">{:02}:00</text>\n",
        kLeft - 6, y(hour * 3600) + 4, hour);
  }
  int line = legend;
  out << fmt::format("<text x=\"12\" y=\"{}\" font-weight=\"bold\" fill=\"#1b1b1b\">{}</text>\n",
                     line, week.closing.empty() ? "Nothing closes it." : "Closed by");
  for (const std::string& rule : week.closing) {
    line += kLine;
    const auto cited = week.cited.find(rule);
    std::string text = Letters(week, {rule}) + ": " + rule;
    if (week.house.contains(rule) && week.house.at(rule)) text += " (ours)";
    if (cited != week.cited.end() && !cited->second.empty()) text += ", " + cited->second;
    out << fmt::format("<text x=\"12\" y=\"{}\" fill=\"#1b1b1b\">{}</text>\n", line, Escaped(text));
  }
  out << "</svg>\n";
}

void PrintJson(const Week& week, std::ostream& out) {
  nlohmann::ordered_json json;
  json["at"] = week.at;
  json["channel"] = ToWord(week.channel);
  json["role"] = ToWord(week.role);
  json["week"] = FormatDay(week.monday);
  json["zone"] = week.zone;
  json["zones"] = week.zones;
  json["days"] = nlohmann::ordered_json::array();
  for (int i = 0; i < kDays; ++i) {
    nlohmann::ordered_json day;
    day["date"] = FormatDay(week.monday + date::days{i});
    day["spans"] = nlohmann::ordered_json::array();
    for (const Stretch& stretch : week.days[static_cast<size_t>(i)]) {
      day["spans"].push_back({{"from", Clock(stretch.from)},
                              {"to", Clock(stretch.until)},
                              {"open", stretch.closed_by.empty()},
                              {"closed_by", stretch.closed_by}});
    }
    json["days"].push_back(std::move(day));
  }
  out << json.dump(2) << "\n";
}

absl::StatusOr<Week> MakeWeek(const CalendarCall& call) {
  const absl::StatusOr<Day> asked_day = ParseDay(call.week);
  if (!asked_day.ok()) return InvalidArgument("--week " + call.week + ": want YYYY-MM-DD");
  const Day asked = *asked_day;
  const Day monday = asked - (date::weekday{asked} - date::Monday);
  FORBEAR_ASSIGN_OR_RETURN(const std::shared_ptr<const ZoneTables> zones, LoadZones());
  FORBEAR_ASSIGN_OR_RETURN(const yaml::LoadedPolicies loaded,
                           yaml::LoadPolicies(call.policies, !call.without_house));
  std::vector<Place> places;
  for (const std::string& at : call.at) {
    FORBEAR_ASSIGN_OR_RETURN(Place place, PlaceAt(at, *loaded.places));
    // What is not judged is not drawn as open.
    for (const std::string& jurisdiction : loaded.places->JurisdictionsOf(place)) {
      const auto& lacking = loaded.places_without_pack;
      if (std::find(lacking.begin(), lacking.end(), jurisdiction) == lacking.end()) continue;
      return InvalidArgument("--at " + at + ": there are facts of the law of " + jurisdiction +
                             " and no pack; write one first");
    }
    places.push_back(std::move(place));
  }
  const policy::Question question = Ask(call, places, monday, {loaded.bundle, zones, loaded.places});
  std::vector<std::string> names;
  for (const Place& place : places) {
    for (const std::string& name : loaded.places->ZonesOf(place)) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  if (names.empty()) return InvalidArgument("--at " + Joined(call.at) + ": no zone is known there");
  const std::string name = call.zone.empty() ? names.front() : call.zone;
  const auto zone = zones->Find(name);
  if (zone == nullptr)
    return InvalidArgument("--zone " + name + ": no such zone; use an IANA name");
  if (monday < zone->DayOf(kFirstInstant) + date::days{1} ||
      monday + date::days{kDays} >= zone->DayOf(kEndOfTime - Seconds{1})) {
    return InvalidArgument("--week " + call.week + ": zone data are for 1970 to 2037");
  }
  Week week = LookAt(call, monday, question, *zone, *loaded.bundle);
  week.zones = names;
  return week;
}

}  // namespace

int RunPolicyCalendar(const CalendarCall& call, std::ostream& out, std::ostream& err) {
  const absl::StatusOr<Week> week = MakeWeek(call);
  if (!week.ok()) {
    err << "forbear: policy calendar: " << week.status().message() << "\n";
    return kWrongUse;
  }
  if (call.format == "svg") {
    PrintSvg(*week, out);
  } else if (call.format == "json") {
    PrintJson(*week, out);
  } else {
    PrintText(*week, out);
  }
  return kOk;
}

void AddCalendarCommand(CLI::App& policy, int* exit_code) {
  struct Options {
    CalendarCall call;
    std::string channel = "call", role = "third_party_collector";
  };
  const auto options = std::make_shared<Options>();
  CLI::App* command = policy.add_subcommand(
      "calendar", "a place's week: when a reminder is open, and which rules close the rest");
  command->add_option("--at", options->call.at, "an address in each, ISO 3166: US-MA, US-NY-NYC")
      ->required();
  command->add_option("--channel", options->channel, "call, sms, email, …")
      ->check(CLI::IsMember(
          std::vector<std::string>(AllWords<Channel>().begin(), AllWords<Channel>().end())))
      ->capture_default_str();
  command->add_option("--week", options->call.week, "a day of the week, YYYY-MM-DD")->required();
  command->add_option("--role", options->role, "who collects")
      ->check(
          CLI::IsMember(std::vector<std::string>(AllWords<Role>().begin(), AllWords<Role>().end())))
      ->capture_default_str();
  command->add_option("--zone", options->call.zone,
                      "whose clock is drawn; the first of the place's zones by name if not given");
  command->add_option("--policies", options->call.policies, "a policies directory")
      ->capture_default_str();
  command->add_flag("--without-house", options->call.without_house,
                    "law alone, without the house rules that `serve` adds");
  command->add_option("--format", options->call.format, "text, svg or json")
      ->check(CLI::IsMember({"text", "svg", "json"}))
      ->capture_default_str();
  command->callback([options, exit_code] {
    options->call.channel = *ParseWord<Channel>(options->channel);
    options->call.role = *ParseWord<Role>(options->role);
    *exit_code = RunPolicyCalendar(options->call, std::cout, std::cerr);
  });
}

}  // namespace forbear::cli
