#include <algorithm>
#include <tuple>

#include "adapters/grpc/services.h"
#include "engine/audit/cj1.h"

namespace forbear::grpc_adapter {
namespace {

constexpr std::string_view kService = "BorrowerService";
// Entries of one borrower that a timeline looks through at a time.
constexpr size_t kEntriesAtOnce = 500;

absl::Status NoSuchBorrower() { return NotFound("no such borrower"); }

absl::StatusOr<std::shared_ptr<const BorrowerFile>> FindFile(const Backend& backend,
                                                             const Call& call,
                                                             const BorrowerId& id) {
  FORBEAR_ASSIGN_OR_RETURN(std::shared_ptr<const BorrowerFile> file,
                           backend.store().ReadBorrower(call.caller.tenant, id));
  if (file == nullptr) return NoSuchBorrower();
  return file;
}

// Narrowings that consents and revocations share.
template <typename Request>
void ReadNarrowings(const Request& request, Reading& reading, Event* event) {
  const Path root;
  event->covers = reading.ReadWords<Covers>(request.covers(), root.Of("covers"));
  event->channels = reading.ReadChannels(request.channels(), root.Of("channels"));
  const Path points = root.Of("contact_points");
  for (int i = 0; i < request.contact_points_size(); ++i) {
    event->points.push_back(
        reading.ReadOurId<ContactPointId>(request.contact_points(i), points.At(i)));
  }
  std::sort(event->points.begin(), event->points.end());
  const Path accounts = root.Of("accounts");
  for (int i = 0; i < request.accounts_size(); ++i) {
    event->accounts.push_back(
        reading.ReadOurId<AccountId>(request.accounts(i), accounts.At(i)));
  }
  std::sort(event->accounts.begin(), event->accounts.end());
}

// The paths of an event's fields as the flat requests spell them.
std::vector<Violation> Respelled(std::vector<Violation> violations, std::string_view time_field) {
  for (Violation& violation : violations) {
    if (violation.field == "event_time") violation.field = std::string(time_field);
    if (violation.field == "consent_form") violation.field = "form";
  }
  return violations;
}

// ---- Timeline ----------------------------------------------------------------------------------

// Where something stands on the timeline: by instant, then attempts before decisions before events,
// then by id. Unique, so a page can begin after one.
using Position = std::tuple<int64_t, int, std::string>;

struct Happening {
  Position position;
  v1::TimelineItem item;
};

void AddItem(Instant at, int kind, std::string id, v1::TimelineItem item,
             std::vector<Happening>* happenings) {
  Write(at, item.mutable_item_time());
  happenings->push_back({{at.time_since_epoch().count(), kind, std::move(id)}, std::move(item)});
}

std::string TextOf(const cj1::Value* value) {
  return value != nullptr && value->is_string() ? value->AsString() : "";
}

absl::Status AddDecisions(const Store& store, const Call& call, const BorrowerId& borrower,
                          std::vector<Happening>* happenings) {
  EntryQuery query;
  query.tenant = call.caller.tenant;
  query.borrower = borrower;
  query.kind_prefix = "decision.";
  query.limit = kEntriesAtOnce;
  while (true) {
    FORBEAR_ASSIGN_OR_RETURN(const std::vector<StoredEntry> entries, store.ListEntries(query));
    for (const StoredEntry& entry : entries) {
      FORBEAR_ASSIGN_OR_RETURN(const cj1::Value value, cj1::Parse(entry.bytes));
      const cj1::Value* data = value.Find("data");
      if (data == nullptr) continue;
      v1::TimelineItem item;
      v1::LoggedDecision* decision = item.mutable_decision();
      decision->set_seq(entry.seq);
      const std::string kind = TextOf(value.Find("kind"));
      if (const auto answer = ParseWord<Answer>(kind.substr(kind.find('.') + 1))) {
        decision->set_answer(ToProto(*answer));
      }
      FORBEAR_ASSIGN_OR_RETURN(const Instant at, ParseInstant(TextOf(value.Find("time"))));
      const absl::StatusOr<Instant> decided = ParseInstant(TextOf(data->Find("at")));
      Write(decided.ok() ? *decided : at, decision->mutable_evaluate_time());
      if (const auto channel = ParseWord<Channel>(TextOf(data->Find("channel")))) {
        decision->set_channel(ToProto(*channel));
      }
      if (const cj1::Value* ref = value.Find("ref"); ref != nullptr) {
        if (const cj1::Value* accounts = ref->Find("accounts");
            accounts != nullptr && accounts->is_array()) {
          for (const cj1::Value& account : accounts->AsArray()) {
            decision->add_account_ids(TextOf(&account));
          }
        }
      }
      // Each denial is the rule's id, or an object that names it.
      const cj1::Value* rules = data->Find("denials");
      if (rules == nullptr) rules = data->Find("rules");
      if (rules != nullptr && rules->is_array()) {
        for (const cj1::Value& rule : rules->AsArray()) {
          const std::string id = rule.is_string() ? rule.AsString() : TextOf(rule.Find("rule"));
          if (!id.empty()) decision->add_rules(id);
        }
      }
      const absl::StatusOr<Instant> next = ParseInstant(TextOf(data->Find("next_allowed_at")));
      if (next.ok()) Write(*next, decision->mutable_next_allowed_time());
      AddItem(at, 1, std::to_string(entry.seq), std::move(item), happenings);
    }
    if (entries.size() < kEntriesAtOnce) return absl::OkStatus();
    query.first_seq = entries.back().seq + 1;
  }
}

std::string ToText(const Position& position, bool newest_first) {
  return std::string(newest_first ? "n" : "o") + " " + std::to_string(std::get<0>(position)) + " " +
         std::to_string(std::get<1>(position)) + " " + std::get<2>(position);
}

// The inverse. Only text that we sealed comes here; nullopt when it is of the other order.
std::optional<Position> ToPosition(const std::string& text, bool newest_first) {
  if (text.size() < 2 || text[0] != (newest_first ? 'n' : 'o')) return std::nullopt;
  const size_t second = text.find(' ', 2);
  const size_t third = text.find(' ', second + 1);
  if (third == std::string::npos) return std::nullopt;
  return Position{std::stoll(text.substr(2, second - 2)),
                  std::stoi(text.substr(second + 1, third - second - 1)), text.substr(third + 1)};
}

}  // namespace

grpc::Status BorrowerServiceImpl::GetBorrower(grpc::ServerContext* context,
                                              const v1::GetBorrowerRequest* request,
                                              v1::GetBorrowerResponse* response) {
  return backend_.Serve(
      authenticator_, kService, "GetBorrower", *context, [&](const Call& call) -> absl::Status {
        Reading reading(IdSpace::kOurs, nullptr);
        BorrowerId id;
        std::optional<std::string> external_id;
        switch (request->key_case()) {
          case v1::GetBorrowerRequest::kBorrowerId:
            id = reading.ReadOurId<BorrowerId>(request->borrower_id(), Path{}.Of("borrower_id"));
            break;
          case v1::GetBorrowerRequest::kExternalId:
            external_id = request->external_id();
            break;
          case v1::GetBorrowerRequest::KEY_NOT_SET:
            reading.Refuse(Path{}.Of("borrower_id"), "is missing, and so is `external_id`");
        }
        FORBEAR_RETURN_IF_ERROR(ToStatus(reading.TakeViolations()));
        if (external_id) {
          FORBEAR_ASSIGN_OR_RETURN(
              const std::optional<BorrowerId> found,
              backend_.store().FindBorrowerByExternalId(call.caller.tenant, *external_id));
          if (!found) return NoSuchBorrower();
          id = *found;
        }
        FORBEAR_ASSIGN_OR_RETURN(const std::shared_ptr<const BorrowerFile> file,
                                 FindFile(backend_, call, id));
        FORBEAR_ASSIGN_OR_RETURN(const std::vector<BorrowerId> linked,
                                 backend_.store().ReadLinked(call.caller.tenant, id));
        // Before a name leaves the house the log says who asked for it; if it cannot, none leaves.
        FORBEAR_RETURN_IF_ERROR(backend_.LogPersonalRead(call, id));
        Write(file->borrower, call.masking(), response->mutable_borrower());
        for (const Account& account : file->accounts) {
          Write(account, call.masking(), response->add_accounts());
        }
        for (const BorrowerId& each : linked) response->add_linked_borrower_ids(each.Hex());
        response->set_masked(call.masking() == Masking::kMasked);
        return absl::OkStatus();
      });
}

grpc::Status BorrowerServiceImpl::UpdateBorrower(grpc::ServerContext* context,
                                                 const v1::UpdateBorrowerRequest* request,
                                                 v1::UpdateBorrowerResponse* response) {
  return backend_.Serve(
      authenticator_, kService, "UpdateBorrower", *context, [&](const Call& call) -> absl::Status {
        Reading reading(IdSpace::kOurs, backend_.options().phones);
        const Path root;
        forbear::UpdateBorrower update;
        update.borrower =
            reading.ReadOurId<BorrowerId>(request->borrower_id(), root.Of("borrower_id"));
        if (request->has_name()) {
          update.name = Personal(reading.ReadText(request->name(), root.Of("name")));
        }
        if (request->has_language()) {
          update.language = reading.ReadText(request->language(), root.Of("language"));
        }
        if (request->has_declared_zone()) {
          update.declared_zone =
              reading.ReadText(request->declared_zone(), root.Of("declared_zone"));
        }
        if (request->has_places()) {
          const Path places = root.Of("places");
          update.places = reading.ReadPlaces(request->places().places(), places.Of("places"));
        }
        const Path points = root.Of("contact_points");
        for (int i = 0; i < request->contact_points_size(); ++i) {
          update.add_or_replace_points.push_back(
              reading.ReadContactPoint(request->contact_points(i), points.At(i)));
        }
        AddLinkDigests(call.caller.tenant, backend_.options().index_key,
                       &update.add_or_replace_points);
        const Path removed = root.Of("remove_contact_points");
        for (int i = 0; i < request->remove_contact_points_size(); ++i) {
          update.remove_points.push_back(reading.ReadOurId<ContactPointId>(
              request->remove_contact_points(i), removed.At(i)));
        }
        FORBEAR_ASSIGN_OR_RETURN(
            const CommandResult result,
            backend_.Write(call, *request, reading,
                           CheckBorrowerUpdate(update, backend_.Intake()), update));
        response->set_change(ToProto(result.change));
        response->set_version(result.version);
        Write(result.receipts, response->mutable_receipts());
        Write(reading.TakeWarnings(), response->mutable_warnings());
        return absl::OkStatus();
      });
}

grpc::Status BorrowerServiceImpl::RecordConsent(grpc::ServerContext* context,
                                                const v1::RecordConsentRequest* request,
                                                v1::RecordConsentResponse* response) {
  return backend_.Serve(
      authenticator_, kService, "RecordConsent", *context, [&](const Call& call) -> absl::Status {
        Reading reading(IdSpace::kOurs, nullptr);
        const Path root;
        forbear::RecordEvent record;
        record.borrower =
            reading.ReadOurId<BorrowerId>(request->borrower_id(), root.Of("borrower_id"));
        Event& event = record.event;
        event.name = EventName::kConsent;
        event.by = DoneBy::kBorrower;
        ReadNarrowings(*request, reading, &event);
        event.consent_form = reading.ReadWord<ConsentForm>(request->form(), root.Of("form"));
        if (!request->has_consent_time()) {
          reading.Refuse(root.Of("consent_time"), "is missing");
        } else if (const auto at = reading.ReadInstant(request->consent_time(),
                                                       root.Of("consent_time"))) {
          event.at = *at;
        }
        event.via = reading.ReadWord<Via>(request->via(), root.Of("via"));
        event.windows = reading.ReadSlots(request->windows(), root.Of("windows"));
        event.first_day = reading.ReadDay(request->first_day(), root.Of("first_day"));
        event.last_day = reading.ReadDay(request->last_day(), root.Of("last_day"));
        if (request->has_given_to()) {
          if (const auto to = reading.ReadWord<DoneBy>(request->given_to(), root.Of("given_to"))) {
            event.given_to = *to;
          }
        }
        if (request->has_use_disclosed()) event.use_disclosed = request->use_disclosed();
        FORBEAR_ASSIGN_OR_RETURN(
            const CommandResult result,
            backend_.Write(call, *request, reading,
                           Respelled(CheckEvent(event, backend_.Intake(), ""), "consent_time"),
                           record));
        response->set_event_id(result.event.Hex());
        Write(result.receipts, response->mutable_receipts());
        return absl::OkStatus();
      });
}

grpc::Status BorrowerServiceImpl::RevokeConsent(grpc::ServerContext* context,
                                                const v1::RevokeConsentRequest* request,
                                                v1::RevokeConsentResponse* response) {
  return backend_.Serve(
      authenticator_, kService, "RevokeConsent", *context, [&](const Call& call) -> absl::Status {
        Reading reading(IdSpace::kOurs, nullptr);
        const Path root;
        forbear::RecordEvent record;
        record.borrower =
            reading.ReadOurId<BorrowerId>(request->borrower_id(), root.Of("borrower_id"));
        Event& event = record.event;
        event.name = EventName::kRevocation;
        event.by = DoneBy::kBorrower;
        ReadNarrowings(*request, reading, &event);
        if (!request->has_revoke_time()) {
          reading.Refuse(root.Of("revoke_time"), "is missing");
        } else if (const auto at = reading.ReadInstant(request->revoke_time(),
                                                       root.Of("revoke_time"))) {
          event.at = *at;
        }
        if (request->has_via()) event.via = reading.ReadWord<Via>(request->via(), root.Of("via"));
        FORBEAR_ASSIGN_OR_RETURN(
            const CommandResult result,
            backend_.Write(call, *request, reading,
                           Respelled(CheckEvent(event, backend_.Intake(), ""), "revoke_time"),
                           record));
        response->set_event_id(result.event.Hex());
        Write(result.receipts, response->mutable_receipts());
        return absl::OkStatus();
      });
}

grpc::Status BorrowerServiceImpl::SetPreferences(grpc::ServerContext* context,
                                                 const v1::SetPreferencesRequest* request,
                                                 v1::SetPreferencesResponse* response) {
  return backend_.Serve(
      authenticator_, kService, "SetPreferences", *context, [&](const Call& call) -> absl::Status {
        Reading reading(IdSpace::kOurs, nullptr);
        const Path root;
        forbear::SetPreferences preferences;
        preferences.borrower =
            reading.ReadOurId<BorrowerId>(request->borrower_id(), root.Of("borrower_id"));
        if (request->has_inconvenient_times()) {
          const Path times = root.Of("inconvenient_times");
          preferences.inconvenient_times =
              reading.ReadSlots(request->inconvenient_times().slots(), times.Of("slots"));
        }
        if (request->has_refused_channels()) {
          const Path refused = root.Of("refused_channels");
          preferences.refused_channels =
              reading.ReadChannels(request->refused_channels().channels(), refused.Of("channels"));
        }
        if (request->has_language()) {
          preferences.language = reading.ReadText(request->language(), root.Of("language"));
        }
        FORBEAR_ASSIGN_OR_RETURN(
            const CommandResult result,
            backend_.Write(call, *request, reading, CheckPreferences(preferences), preferences));
        response->set_change(ToProto(result.change));
        response->set_version(result.version);
        Write(result.receipts, response->mutable_receipts());
        return absl::OkStatus();
      });
}

grpc::Status BorrowerServiceImpl::RecordEvent(grpc::ServerContext* context,
                                              const v1::RecordEventRequest* request,
                                              v1::RecordEventResponse* response) {
  return backend_.Serve(
      authenticator_, kService, "RecordEvent", *context, [&](const Call& call) -> absl::Status {
        Reading reading(IdSpace::kOurs, nullptr);
        const Path root;
        forbear::RecordEvent record;
        record.borrower =
            reading.ReadOurId<BorrowerId>(request->borrower_id(), root.Of("borrower_id"));
        const Path at = root.Of("event");
        if (request->has_event()) {
          record.event = reading.ReadEvent(request->event(), at);
          // Other roles may record these (security.md section 3), so there is one way to each.
          if (record.event.name == EventName::kConsent) {
            reading.Refuse(at.Of("name"), "is a consent: use RecordConsent");
          } else if (record.event.name == EventName::kPayment) {
            reading.Refuse(at.Of("name"), "is a payment: use RecordPayment");
          }
        } else {
          reading.Refuse(at, "is missing");
        }
        FORBEAR_ASSIGN_OR_RETURN(
            const CommandResult result,
            backend_.Write(call, *request, reading,
                           CheckEvent(record.event, backend_.Intake(), "event"), record));
        response->set_event_id(result.event.Hex());
        Write(result.receipts, response->mutable_receipts());
        return absl::OkStatus();
      });
}

grpc::Status BorrowerServiceImpl::GetTimeline(grpc::ServerContext* context,
                                              const v1::GetTimelineRequest* request,
                                              v1::GetTimelineResponse* response) {
  return backend_.Serve(
      authenticator_, kService, "GetTimeline", *context, [&](const Call& call) -> absl::Status {
        Reading reading(IdSpace::kOurs, nullptr);
        const Path root;
        const auto id = reading.ReadOurId<BorrowerId>(request->borrower_id(), root.Of("borrower_id"));
        bool newest_first = true;
        if (request->has_order()) {
          if (request->order() != v1::TIMELINE_ORDER_NEWEST_FIRST &&
              request->order() != v1::TIMELINE_ORDER_OLDEST_FIRST) {
            reading.Refuse(root.Of("order"), "is no order that this version knows");
          }
          newest_first = request->order() == v1::TIMELINE_ORDER_NEWEST_FIRST;
        }
        CheckPageSize(request->page_size(), reading);
        FORBEAR_RETURN_IF_ERROR(ToStatus(reading.TakeViolations()));
        std::optional<Position> after;
        if (!request->page_token().empty()) {
          FORBEAR_ASSIGN_OR_RETURN(const std::string text,
                                   backend_.OpenToken(call, request->page_token()));
          after = ToPosition(text, newest_first);
          if (!after) return ToStatus({{"page_token", "belongs to the other order"}});
        }
        FORBEAR_ASSIGN_OR_RETURN(const std::shared_ptr<const BorrowerFile> file,
                                 FindFile(backend_, call, id));
        std::vector<Happening> happenings;
        for (const Event& event : file->events) {
          if (event.attempt) continue;  // shown as the attempt
          v1::TimelineItem item;
          Write(event, call.masking(), item.mutable_event());
          AddItem(event.at, 2, event.id.Hex(), std::move(item), &happenings);
        }
        FORBEAR_ASSIGN_OR_RETURN(const std::vector<Attempt> attempts,
                                 backend_.store().ListAttempts(call.caller.tenant, id));
        for (const Attempt& attempt : attempts) {
          v1::TimelineItem item;
          Write(attempt, item.mutable_attempt());
          AddItem(attempt.reserved_at, 0, attempt.id.Hex(), std::move(item), &happenings);
        }
        FORBEAR_RETURN_IF_ERROR(AddDecisions(backend_.store(), call, id, &happenings));

        std::sort(happenings.begin(), happenings.end(), [&](const Happening& a, const Happening& b) {
          return newest_first ? b.position < a.position : a.position < b.position;
        });
        const auto size = static_cast<size_t>(PageSize(request->page_size()));
        const Position* last = nullptr;
        for (Happening& happening : happenings) {
          const bool seen = after && (newest_first ? happening.position >= *after
                                                   : happening.position <= *after);
          if (seen) continue;
          if (static_cast<size_t>(response->items_size()) == size) {
            response->set_next_page_token(backend_.SealToken(call, ToText(*last, newest_first)));
            break;
          }
          last = &happening.position;
          *response->add_items() = std::move(happening.item);
        }
        return absl::OkStatus();
      });
}

}  // namespace forbear::grpc_adapter
