#include "engine/calendar/zone_table.h"

#include <algorithm>

#include "engine/model/status.h"

namespace forbear {

ZoneTable::ZoneTable(std::string name, std::vector<ZoneTransition> transitions)
    : name_(std::move(name)), transitions_(std::move(transitions)) {
  FORBEAR_CHECK(!transitions_.empty() && transitions_.front().at == kFirstInstant);
}

size_t ZoneTable::IndexAt(Instant at) const {
  const auto after = std::upper_bound(
      transitions_.begin(), transitions_.end(), at,
      [](Instant instant, const ZoneTransition& transition) { return instant < transition.at; });
  // An instant before 1970 reads as the table's first offset.
  return after == transitions_.begin() ? 0 : static_cast<size_t>(after - transitions_.begin()) - 1;
}

Seconds ZoneTable::OffsetAt(Instant at) const { return transitions_[IndexAt(at)].offset; }

Instant ZoneTable::NextTransition(Instant at) const {
  const size_t next = IndexAt(at) + 1;
  if (at < transitions_.front().at) return transitions_.front().at;
  return next < transitions_.size() ? transitions_[next].at : kEndOfTime;
}

Instant ZoneTable::FirstAtOrAfter(LocalTime reading, Instant from) const {
  // Between two transitions local time runs with UTC, so in each stretch the answer is either the
  // stretch's start or one subtraction away.
  for (size_t i = IndexAt(from);; ++i) {
    const Instant begin = std::max(from, transitions_[i].at);
    const Instant end = i + 1 < transitions_.size() ? transitions_[i + 1].at : kEndOfTime;
    const Instant wanted = Instant{reading.time_since_epoch()} - transitions_[i].offset;
    const Instant found = std::max(begin, wanted);
    if (found < end || i + 1 == transitions_.size()) return found;
  }
}

Instant ZoneTable::StartOfDay(Day day) const {
  // A clock set back over midnight shows the new day's first hour twice; the day began the first
  // time. Searching from two days before finds that first showing.
  const Instant before{(day - date::days{2}).time_since_epoch()};
  return FirstAtOrAfter(LocalTime{day}, before);
}

}  // namespace forbear
