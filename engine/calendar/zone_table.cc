#include "engine/calendar/zone_table.h"

#include <algorithm>

#include "engine/model/status.h"

namespace forbear {

ZoneTable::ZoneTable(std::string name, std::vector<ZoneTransition> transitions)
    : name_(std::move(name)), transitions_(std::move(transitions)) {
  FORBEAR_CHECK(!transitions_.empty() && transitions_.front().at == kFirstInstant);
  for (size_t i = 1; i < transitions_.size(); ++i) {
    const LocalTime before{(transitions_[i].at - Seconds{1} + transitions_[i - 1].offset).time_since_epoch()};
    const LocalTime after{(transitions_[i].at + transitions_[i].offset).time_since_epoch()};
    dates_return_ = dates_return_ || date::floor<date::days>(after) < date::floor<date::days>(before);
  }
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
  // No zone's day begins more than two days before the same day of UTC.
  const Instant before{(day - date::days{2}).time_since_epoch()};
  const LocalTime midnight{day};
  Instant start = FirstAtOrAfter(midnight, before);
  if (!dates_return_) return start;
  // A clock that shows the day and goes back into the one before has not left that one for good.
  for (size_t i = IndexAt(start) + 1;
       i < transitions_.size() && transitions_[i].at < start + date::days{1}; ++i) {
    if (ToLocal(transitions_[i].at) < midnight) start = FirstAtOrAfter(midnight, transitions_[i].at);
  }
  return start;
}

}  // namespace forbear
