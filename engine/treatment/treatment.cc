#include "engine/treatment/treatment.h"

#include <algorithm>
#include <cctype>

namespace forbear {
namespace {

// The first place where a day has ended everywhere else: nobody's day begins later.
constexpr Seconds kLastPlaceOnEarth = -std::chrono::hours(12);

using Zones = std::vector<std::shared_ptr<const ZoneTable>>;

// The civil day in the zone where it is still earliest: a day counts once it has begun everywhere.
Day Today(const Zones& zones, Instant now) {
  if (zones.empty()) {
    const auto there = now + kLastPlaceOnEarth;
    return Day{date::floor<date::days>(there).time_since_epoch()};
  }
  Day earliest = zones.front()->DayOf(now);
  for (const auto& zone : zones) earliest = std::min(earliest, zone->DayOf(now));
  return earliest;
}

// The civil day of something past, in the zone where it is latest: waits are the longest.
Day DayOfPast(const Zones& zones, Instant at) {
  if (zones.empty()) return Day{date::floor<date::days>(at).time_since_epoch()};
  Day latest = zones.front()->DayOf(at);
  for (const auto& zone : zones) latest = std::max(latest, zone->DayOf(at));
  return latest;
}

// The first instant from `now` on at which `day` has begun everywhere.
Instant Begins(const Zones& zones, Day day, Instant now) {
  const LocalTime midnight{day};
  if (zones.empty()) {
    return std::max(now, Instant{midnight.time_since_epoch()} - kLastPlaceOnEarth);
  }
  Instant latest = now;
  for (const auto& zone : zones) latest = std::max(latest, zone->FirstAtOrAfter(midnight, now));
  return latest;
}

struct DueStep {
  int step = 0;
  Day on{};  // not before this local day
};

// What is proposed next. First the newest step that the days past due have reached; steps before
// it are skipped. Otherwise whichever of the steps ahead comes soonest.
std::optional<DueStep> NextStep(const Treatment& treatment, const Account& account,
                                const Progress& progress, std::optional<Day> last_sent_on,
                                Day today) {
  const int size = static_cast<int>(treatment.steps.size());
  if (progress.step >= size) {
    if (!treatment.repeat_last_every_days || !last_sent_on) return std::nullopt;
    return DueStep{size - 1, *last_sent_on + date::days(*treatment.repeat_last_every_days)};
  }
  std::optional<DueStep> ahead;
  for (int i = size - 1; i >= progress.step; --i) {
    const Step& step = treatment.steps[static_cast<size_t>(i)];
    DueStep candidate{i, {}};
    if (step.at_days_past_due) {
      candidate.on = account.due_on + date::days(*step.at_days_past_due);
      if (candidate.on <= today) return candidate;  // the newest one reached
    } else if (i == progress.step && last_sent_on) {
      candidate.on = *last_sent_on + date::days(*step.days_after_previous);
    } else {
      continue;  // follows a contact that has not been made
    }
    if (!ahead || candidate.on <= ahead->on) ahead = candidate;
  }
  return ahead;
}

PointKind KindFor(Channel channel) {
  switch (channel) {
    case Channel::kCall:
    case Channel::kVoicemail:
    case Channel::kSms:
    case Channel::kFax:
      return PointKind::kPhone;
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
  }
  return PointKind::kPostal;
}

// Whether a message on `channel` can arrive at `point` at all, and is the borrower's to receive.
bool Fits(Channel channel, const ContactPoint& point) {
  if (point.kind != KindFor(channel) || point.owner != Relation::kBorrower) return false;
  if (point.source == PointSource::kContactList || point.value.empty()) return false;
  if (channel != Channel::kSms) return true;
  return point.line == Line::kMobile || point.line == Line::kVoip || point.line == Line::kUnknown ||
         point.line == Line::kPersonalNumber;
}

// Better points come first: verified ones, then those that are not at work.
int Rank(const ContactPoint& point) {
  return (point.verified ? 0 : 2) + (point.tied_to == TiedTo::kWork ? 1 : 0);
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

std::string_view PrimarySubtag(std::string_view tag) { return tag.substr(0, tag.find('-')); }

// The text's language that suits `wanted` best: the same tag, one of the same language, the
// treatment's default, the first there is. Empty: there are no texts.
std::string ChooseLanguage(const ChannelText& words, const std::string& wanted,
                           const std::string& fallback) {
  for (const std::string& tag : {wanted, fallback}) {
    if (tag.empty()) continue;
    for (const auto& [language, text] : words.texts) {
      if (Lower(language) == Lower(tag)) return language;
    }
    for (const auto& [language, text] : words.texts) {
      if (Lower(PrimarySubtag(language)) == Lower(PrimarySubtag(tag))) return language;
    }
  }
  return words.texts.empty() ? std::string() : words.texts.begin()->first;
}

std::vector<Way> WaysOf(const Treatment& treatment, const Step& step, const Borrower& borrower) {
  std::vector<Way> ways;
  const auto found = treatment.templates.find(step.template_id);
  if (found == treatment.templates.end()) return ways;
  for (const Channel channel : step.channels) {
    if (std::find(borrower.refused_channels.begin(), borrower.refused_channels.end(), channel) !=
        borrower.refused_channels.end()) {
      continue;
    }
    const auto words = found->second.channels.find(channel);
    if (words == found->second.channels.end()) continue;
    const std::string language =
        ChooseLanguage(words->second, borrower.language, treatment.default_language);
    if (language.empty()) continue;

    std::vector<const ContactPoint*> points;
    for (const ContactPoint& point : borrower.contact_points) {
      if (Fits(channel, point)) points.push_back(&point);
    }
    std::stable_sort(
        points.begin(), points.end(),
        [](const ContactPoint* a, const ContactPoint* b) { return Rank(*a) < Rank(*b); });
    for (const ContactPoint* point : points) {
      ways.push_back({channel, point->id, found->second.id, language, &words->second});
    }
  }
  return ways;
}

}  // namespace

Message MessageOf(const Way& way) {
  Message message = way.words->message;
  message.languages = std::vector<std::string>{way.language};
  return message;
}

Proposal Propose(const Treatment& treatment, const Account& account, const Borrower& borrower,
                 const Progress& progress, const Zones& zones, Instant now) {
  const Day today = Today(zones, now);
  std::optional<Day> last_sent_on;
  if (progress.last_sent_at) last_sent_on = DayOfPast(zones, *progress.last_sent_at);

  std::optional<DueStep> next = NextStep(treatment, account, progress, last_sent_on, today);
  if (!next) return NothingDue{};
  if (last_sent_on) {
    next->on = std::max(next->on, *last_sent_on + date::days(treatment.min_days_between));
  }
  if (next->on > today) return NothingDue{Begins(zones, next->on, now)};
  const Step& step = treatment.steps[static_cast<size_t>(next->step)];
  return DueContact{next->step, WaysOf(treatment, step, borrower)};
}

int StepAfter(const Treatment& treatment, int step) {
  return std::min(step + 1, static_cast<int>(treatment.steps.size()));
}

const std::vector<std::string>& KnownPlaceholders() {
  static const std::vector<std::string> known = {"amount", "creditor", "due_date", "name",
                                                 "sender"};
  return known;
}

std::vector<std::string> UnknownPlaceholders(std::string_view text) {
  std::vector<std::string> unknown;
  size_t at = 0;
  while ((at = text.find("{{", at)) != std::string_view::npos) {
    const size_t end = text.find("}}", at);
    if (end == std::string_view::npos) {
      unknown.emplace_back(text.substr(at));
      return unknown;
    }
    const std::string name(text.substr(at + 2, end - at - 2));
    const auto& known = KnownPlaceholders();
    if (std::find(known.begin(), known.end(), name) == known.end()) unknown.push_back(name);
    at = end + 2;
  }
  return unknown;
}

std::string FormatMoney(const Money& money) {
  const int digits = std::max(0, MinorDigits(money.currency));
  std::string all = std::to_string(money.minor_units < 0 ? -money.minor_units : money.minor_units);
  while (static_cast<int>(all.size()) <= digits) all.insert(all.begin(), '0');
  std::string whole = all.substr(0, all.size() - static_cast<size_t>(digits));
  const std::string fraction = all.substr(whole.size());
  for (size_t i = whole.size(); i > 3; i -= 3) whole.insert(i - 3, ",");
  std::string text = money.currency + (money.minor_units < 0 ? " -" : " ") + whole;
  return fraction.empty() ? text : text + "." + fraction;
}

namespace {

std::string WithoutControls(std::string value) {
  for (char& c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) c = ' ';
  }
  return value;
}

}  // namespace

Personal Render(std::string_view text, const Borrower& borrower, const Account& account,
                std::string_view sender) {
  std::string rendered;
  size_t at = 0;
  while (at < text.size()) {
    const size_t open = text.find("{{", at);
    const size_t end = open == std::string_view::npos ? open : text.find("}}", open);
    if (end == std::string_view::npos) break;
    rendered += text.substr(at, open - at);
    const std::string_view name = text.substr(open + 2, end - open - 2);
    std::string value;
    if (name == "name") value = borrower.name.Reveal(RevealFor::kSending);
    if (name == "amount") value = FormatMoney(account.balance);
    if (name == "sender") value = std::string(sender);
    if (name == "creditor") {
      value = account.original_creditor.empty() ? std::string(sender) : account.original_creditor;
    }
    if (name == "due_date") value = FormatDay(account.due_on);
    rendered += WithoutControls(std::move(value));
    at = end + 2;
  }
  rendered += text.substr(at);
  return Personal(std::move(rendered));
}

}  // namespace forbear
