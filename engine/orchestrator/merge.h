// Merging what a lender says about a borrower into what is known of them. Pure.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "engine/model/borrower.h"
#include "engine/model/event.h"
#include "engine/model/ids.h"

namespace forbear {

// From the ids of an item to those of the store.
using IdMap = std::map<Id128, Id128>;

// The stored point that is the same number, mail or address; nullptr: none.
const ContactPoint* FindSame(const std::vector<ContactPoint>& points, const ContactPoint& point);

// `known` with `told` merged in: contact points and parties are united, what is told of places,
// name or language replaces what was known, refused channels only grow. `ids` gains the stored id
// of each point and party of `told`. `new_id` is asked once for each that is new. The version does
// not change.
Borrower Merge(const Borrower& known, const Borrower& told, const std::function<Id128()>& new_id,
               IdMap* ids);

// True when both say the same of the person, versions aside.
bool SameBorrower(const Borrower& a, const Borrower& b);

// The event with every id it refers to replaced by its stored one. A reference that `ids` does not
// know stays as it is.
Event Translate(Event event, const IdMap& ids);

// True when both events tell the same happening, ids aside: a history submitted again.
bool SameHappening(const Event& a, const Event& b);

// How many consents of `events` still hold at `now`: not past their last day or `until`, and not
// taken back since.
size_t CountLiveConsents(const std::vector<Event>& events, Instant now);

}  // namespace forbear
