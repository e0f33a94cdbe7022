#include "engine/orchestrator/merge.h"

#include <algorithm>

namespace forbear {
namespace {

bool SamePoint(const ContactPoint& a, const ContactPoint& b) {
  return a.id == b.id && a.kind == b.kind && a.value.SameAs(b.value) && a.line == b.line &&
         a.owner == b.owner && a.party == b.party && a.tied_to == b.tied_to &&
         a.shared == b.shared && a.verified == b.verified && a.source == b.source &&
         a.number_country == b.number_country && a.number_zones == b.number_zones &&
         a.number_is_whole_country == b.number_is_whole_country && a.link_digest == b.link_digest;
}

Id128 Mapped(const Id128& id, const IdMap& ids) {
  const auto it = ids.find(id);
  return it == ids.end() ? id : it->second;
}

}  // namespace

const ContactPoint* FindSame(const std::vector<ContactPoint>& points, const ContactPoint& point) {
  for (const ContactPoint& known : points) {
    if (known.kind != point.kind) continue;
    const bool by_digest = point.link_digest != Bytes32{} && known.link_digest == point.link_digest;
    if (by_digest || known.value.SameAs(point.value)) return &known;
  }
  return nullptr;
}

Borrower Merge(const Borrower& known, const Borrower& told, const std::function<Id128()>& new_id,
               IdMap* ids) {
  Borrower merged = known;
  if (!told.name.empty()) merged.name = told.name;
  if (told.born_on) merged.born_on = told.born_on;
  if (!told.language.empty()) merged.language = told.language;
  if (!told.declared_zone.empty()) {
    merged.declared_zone = told.declared_zone;
    merged.declared_zone_at = told.declared_zone_at;
  }
  if (!told.places.empty()) merged.places = told.places;
  if (told.work_hours) merged.work_hours = told.work_hours;
  for (const Channel channel : told.refused_channels) {
    auto& refused = merged.refused_channels;
    if (std::find(refused.begin(), refused.end(), channel) == refused.end()) {
      refused.push_back(channel);
    }
  }
  // Parties first: points name their owners.
  for (const Party& party : told.parties) {
    const auto same =
        std::find_if(merged.parties.begin(), merged.parties.end(), [&](const Party& each) {
          return each.relation == party.relation && each.born_on == party.born_on;
        });
    Id128 id;
    // Two spouses in one item are two people; only what was known before is matched.
    if (same != merged.parties.end() &&
        std::any_of(known.parties.begin(), known.parties.end(),
                    [&](const Party& each) { return each.id == same->id; })) {
      id = same->id;
    } else {
      Party added = party;
      added.id = id = new_id();
      merged.parties.push_back(std::move(added));
    }
    if (!party.id.IsZero()) (*ids)[party.id] = id;
  }
  for (const ContactPoint& point : told.contact_points) {
    ContactPoint stored = point;
    stored.party = Mapped(point.party, *ids);
    if (const ContactPoint* same = FindSame(merged.contact_points, point)) {
      stored.id = same->id;
      stored.verified = point.verified || same->verified;
      for (ContactPoint& each : merged.contact_points) {
        if (each.id == stored.id) each = stored;
      }
    } else {
      stored.id = ContactPointId(new_id());
      merged.contact_points.push_back(stored);
    }
    if (!point.id.IsZero()) (*ids)[point.id] = stored.id;
  }
  return merged;
}

bool SameBorrower(const Borrower& a, const Borrower& b) {
  const auto same_party = [](const Party& x, const Party& y) {
    return x.id == y.id && x.relation == y.relation && x.born_on == y.born_on;
  };
  return a.id == b.id && a.name.SameAs(b.name) && a.born_on == b.born_on &&
         a.language == b.language && a.declared_zone == b.declared_zone &&
         a.declared_zone_at == b.declared_zone_at && a.places == b.places &&
         a.refused_channels == b.refused_channels &&
         std::equal(a.parties.begin(), a.parties.end(), b.parties.begin(), b.parties.end(),
                    same_party) &&
         std::equal(a.contact_points.begin(), a.contact_points.end(), b.contact_points.begin(),
                    b.contact_points.end(), SamePoint);
}

Event Translate(Event event, const IdMap& ids) {
  event.by_party = Mapped(event.by_party, ids);
  event.to.party = Mapped(event.to.party, ids);
  event.answered_by = Mapped(event.answered_by, ids);
  event.owner_party = Mapped(event.owner_party, ids);
  if (event.attorney) event.attorney = Mapped(*event.attorney, ids);
  if (event.point) event.point = ContactPointId(Mapped(*event.point, ids));
  for (ContactPointId& point : event.points) point = ContactPointId(Mapped(point, ids));
  std::sort(event.points.begin(), event.points.end());
  for (AccountId& account : event.accounts) account = AccountId(Mapped(account, ids));
  std::sort(event.accounts.begin(), event.accounts.end());
  if (event.answers) event.answers = EventId(Mapped(*event.answers, ids));
  if (event.talk) {
    for (Talk& about : *event.talk) about.account = AccountId(Mapped(about.account, ids));
  }
  return event;
}

bool SameHappening(const Event& a, const Event& b) {
  return a.name == b.name && a.at == b.at && a.by == b.by && a.accounts == b.accounts &&
         a.channel == b.channel && a.point == b.point && a.purpose == b.purpose &&
         a.outcome == b.outcome && a.notice == b.notice && a.channels == b.channels &&
         a.points == b.points && a.covers == b.covers && a.windows == b.windows &&
         a.cause == b.cause && a.ended == b.ended && a.attempt == b.attempt;
}

size_t CountLiveConsents(const std::vector<Event>& events, Instant now) {
  const auto takes_back = [](const Event& later, const Event& consent) {
    if (later.name != EventName::kRevocation || later.at < consent.at) return false;
    return std::any_of(consent.covers.begin(), consent.covers.end(), [&](Covers covers) {
      return std::find(later.covers.begin(), later.covers.end(), covers) != later.covers.end();
    });
  };
  const Day yesterday{date::floor<date::days>(now).time_since_epoch() - date::days(1)};
  size_t live = 0;
  for (const Event& event : events) {
    if (event.name != EventName::kConsent || event.ended) continue;
    if (event.last_day && *event.last_day < yesterday) continue;
    if (event.until && *event.until <= now) continue;
    const bool revoked = std::any_of(events.begin(), events.end(),
                                     [&](const Event& later) { return takes_back(later, event); });
    if (!revoked) ++live;
  }
  return live;
}

}  // namespace forbear
