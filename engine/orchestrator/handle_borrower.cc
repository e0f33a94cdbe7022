// What is learned about a borrower: who and where they are, what they prefer, what they said.
#include <algorithm>

#include "engine/model/status.h"
#include "engine/orchestrator/describe.h"
#include "engine/orchestrator/facts_codec.h"
#include "engine/orchestrator/handling.h"
#include "engine/orchestrator/intake.h"
#include "engine/orchestrator/merge.h"

namespace forbear {
namespace {

// Marks the times that SetPreferences wrote, so that the next call replaces these and no others.
constexpr std::string_view kByPreference = "preferences";

bool HasPoint(const Borrower& borrower, const ContactPointId& id) {
  return std::any_of(borrower.contact_points.begin(), borrower.contact_points.end(),
                     [&](const ContactPoint& point) { return point.id == id; });
}

bool HasParty(const Borrower& borrower, const Id128& id) {
  return id.IsZero() || std::any_of(borrower.parties.begin(), borrower.parties.end(),
                                    [&](const Party& party) { return party.id == id; });
}

// That an event speaks only of what is this borrower's own.
absl::Status CheckReferences(const Event& event, const BorrowerFile& file) {
  std::vector<Violation> violations;
  const auto need = [&](bool holds, std::string field, const char* why) {
    if (!holds) violations.push_back({std::move(field), why});
  };
  const Borrower& borrower = file.borrower;
  need(!event.point || HasPoint(borrower, *event.point), "event.contact_point",
       "is no contact point of this borrower");
  for (size_t i = 0; i < event.points.size(); ++i) {
    need(HasPoint(borrower, event.points[i]), "event.contact_points[" + std::to_string(i) + "]",
         "is no contact point of this borrower");
  }
  for (size_t i = 0; i < event.accounts.size(); ++i) {
    const bool known = std::any_of(file.accounts.begin(), file.accounts.end(),
                                   [&](const Account& a) { return a.id == event.accounts[i]; });
    need(known, "event.accounts[" + std::to_string(i) + "]", "is no account of this borrower");
  }
  need(HasParty(borrower, event.by_party), "event.by_party", "is no party of this borrower");
  need(HasParty(borrower, event.to.party), "event.to.party", "is no party of this borrower");
  need(HasParty(borrower, event.answered_by), "event.answered_by", "is no party of this borrower");
  need(HasParty(borrower, event.owner_party), "event.owner_party", "is no party of this borrower");
  need(!event.attorney || HasParty(borrower, *event.attorney), "event.attorney",
       "is no party of this borrower");
  need(!event.answers || std::any_of(file.events.begin(), file.events.end(),
                                     [&](const Event& e) { return e.id == *event.answers; }),
       "event.answers", "is no event of this borrower");
  return ToStatus(violations);
}

// The entry's kind. A few have a name of their own, because people look for them.
std::string KindOf(const Event& event) {
  if (event.name == EventName::kConsent) return "borrower.consent_recorded";
  if (event.name == EventName::kRevocation) return "borrower.consent_revoked";
  if (event.name == EventName::kOptOut) return "borrower.opted_out";
  if (event.name == EventName::kDispute) return "borrower.disputed";
  if (event.name == EventName::kCeaseRequest) return "borrower.cease_requested";
  if (event.name == EventName::kInbound) return "inbound.recorded";
  return "borrower.event_recorded";
}

void AnswerFor(const Borrower& borrower, ChangeMade change, Handling& handling) {
  handling.result().change = change;
  handling.result().borrower = borrower.id;
  handling.result().version = borrower.version;
}

}  // namespace

// The lender's newer knowledge of the person. What is not named stays.
absl::Status Handle(const UpdateBorrower& update, Handling& handling) {
  FORBEAR_ASSIGN_OR_RETURN(const FileSet files,
                           LoadFileSet(handling.state, handling.tenant(), update.borrower));
  const Borrower& before = files.own->borrower;
  Borrower borrower = before;
  if (update.name) borrower.name = *update.name;
  if (update.language) borrower.language = *update.language;
  if (update.declared_zone) {
    borrower.declared_zone = *update.declared_zone;
    borrower.declared_zone_at.reset();
    if (!update.declared_zone->empty()) borrower.declared_zone_at = handling.now;
  }
  if (update.places) borrower.places = *update.places;
  for (const ContactPointId& id : update.remove_points) {
    if (!HasPoint(borrower, id)) return NotFound("no such contact point of this borrower");
    std::erase_if(borrower.contact_points, [&](const ContactPoint& p) { return p.id == id; });
  }
  for (const ContactPoint& point : update.add_or_replace_points) {
    ContactPoint stored = point;
    if (point.id.IsZero()) {
      const ContactPoint* same = FindSame(borrower.contact_points, point);
      stored.id = same != nullptr ? same->id : handling.NewRandomId<ContactPointId>();
    } else if (!HasPoint(borrower, point.id)) {
      return NotFound("no such contact point of this borrower");
    }
    std::erase_if(borrower.contact_points,
                  [&](const ContactPoint& p) { return p.id == stored.id; });
    borrower.contact_points.push_back(std::move(stored));
  }
  if (borrower.contact_points.size() > kMaxContactPoints) {
    return FailedPrecondition(
        "borrower has too many contact points: " + std::to_string(kMaxContactPoints) +
        " is the most; remove some first");
  }
  if (SameBorrower(before, borrower)) {
    AnswerFor(before, ChangeMade::kUnchanged, handling);
    return absl::OkStatus();
  }
  ++borrower.version;
  LogFacts("borrower.updated", borrower, handling);
  WakeAll(handling, files);
  AnswerFor(borrower, ChangeMade::kUpdated, handling);
  handling.changes.borrowers.push_back(std::move(borrower));
  return absl::OkStatus();
}

// What the borrower asked for: times that do not suit, channels they do not want, a language.
absl::Status Handle(const SetPreferences& preferences, Handling& handling) {
  FORBEAR_ASSIGN_OR_RETURN(const FileSet files,
                           LoadFileSet(handling.state, handling.tenant(), preferences.borrower));
  const Borrower& before = files.own->borrower;
  Borrower borrower = before;
  if (preferences.language) borrower.language = *preferences.language;
  if (preferences.refused_channels) borrower.refused_channels = *preferences.refused_channels;

  cj1::Value events = cj1::Array();
  const auto record = [&](Event event) {
    events.Append(FactsOf(event));
    handling.changes.events.emplace_back(borrower.id, std::move(event));
  };
  if (preferences.inconvenient_times) {
    const std::vector<WeeklySlot>& wanted = *preferences.inconvenient_times;
    bool stands = wanted.empty();
    for (const Event& event : files.own->events) {
      if (event.name != EventName::kInconvenientTime || event.cause != kByPreference ||
          event.ended) {
        continue;
      }
      if (event.windows == wanted) {
        stands = true;
        continue;
      }
      Event over = event;
      over.ended = true;
      over.until = handling.now;
      record(std::move(over));
    }
    if (!stands) {
      Event event;
      event.id = handling.NewEventId();
      event.name = EventName::kInconvenientTime;
      event.at = handling.now;
      event.by = DoneBy::kBorrower;
      event.via = Via::kPortal;
      event.windows = wanted;
      event.cause = std::string(kByPreference);
      record(std::move(event));
    }
  }
  if (handling.changes.events.empty() && SameBorrower(before, borrower)) {
    AnswerFor(before, ChangeMade::kUnchanged, handling);
    return absl::OkStatus();
  }
  ++borrower.version;
  LogFacts("borrower.preferences_set", borrower, handling);
  if (!events.empty()) {
    cj1::Value facts = cj1::Object();
    facts.Set("events", std::move(events));
    for (cj1::Value& piece : InPieces(facts)) {
      audit::EntryDraft& entry =
          handling.Log("borrower.inconvenient_times_set", borrower.tenant, borrower.id);
      entry.data.Set("events", static_cast<uint64_t>(piece.Find("events")->AsArray().size()));
      entry.facts = std::move(piece);
    }
  }
  WakeAll(handling, files);
  AnswerFor(borrower, ChangeMade::kUpdated, handling);
  handling.changes.borrowers.push_back(std::move(borrower));
  return absl::OkStatus();
}

// Something happened. It counts from this commit on, for everybody who may be the same person.
absl::Status Handle(const RecordEvent& record, Handling& handling) {
  FORBEAR_ASSIGN_OR_RETURN(const FileSet files,
                           LoadFileSet(handling.state, handling.tenant(), record.borrower));
  FORBEAR_RETURN_IF_ERROR(CheckReferences(record.event, *files.own));
  Event event = record.event;
  event.id = handling.NewEventId();
  event.attempt.reset();  // only the dispatcher's own attempts name one
  std::sort(event.accounts.begin(), event.accounts.end());
  std::sort(event.points.begin(), event.points.end());
  std::sort(event.channels.begin(), event.channels.end());
  if (event.name == EventName::kConsent &&
      CountLiveConsents(files.own->events, handling.now) >= kMaxLiveConsents) {
    return FailedPrecondition("borrower has too many live consents: " +
                              std::to_string(kMaxLiveConsents) + " is the most");
  }
  audit::EntryDraft& entry =
      handling.Log(KindOf(event), files.own->borrower.tenant, record.borrower);
  entry.ref.Set("event", event.id.Hex());
  entry.facts.Set("events", cj1::Array().Append(FactsOf(event)));
  WakeAll(handling, files);
  AnswerFor(files.own->borrower, ChangeMade::kCreated, handling);
  handling.result().event = event.id;
  handling.changes.events.emplace_back(record.borrower, std::move(event));
  return absl::OkStatus();
}

}  // namespace forbear
