#include <algorithm>

#include "adapters/grpc/services.h"
#include "engine/orchestrator/file_set.h"

namespace forbear::grpc_adapter {
namespace {

constexpr std::string_view kService = "ContactService";

// Everything planned before the end of time, and no sooner than the first instant.
struct Span {
  Instant from = kFirstInstant;
  Instant to = kEndOfTime;
};

// The newest thing that is known; a question about an earlier instant would look into the future.
std::optional<Instant> NewestEvent(const FileSet& files) {
  std::optional<Instant> newest;
  const auto look = [&](const BorrowerFile& file) {
    for (const Event& event : file.events) newest = newest ? std::max(*newest, event.at) : event.at;
  };
  look(*files.own);
  for (const auto& file : files.linked) look(*file);
  return newest;
}

constexpr std::string_view kTooEarly = "is before the newest event that is known";

absl::Status EvaluateStored(const Backend& backend, const Call& call,
                            const v1::EvaluateRequest& request, v1::EvaluateResponse* response) {
  Reading reading(IdSpace::kOurs, nullptr);
  const Path root;
  const Path contact_at = root.Of("contact");
  policy::Contact contact = reading.ReadContact(request.contact(), contact_at);
  if (!request.has_contact()) reading.Refuse(contact_at, "is missing");
  BorrowerId borrower;
  std::optional<AccountId> about;
  if (request.subject_case() == v1::EvaluateRequest::kAccountId) {
    about = reading.ReadOurId<AccountId>(request.account_id(), root.Of("account_id"));
  } else {
    borrower = reading.ReadOurId<BorrowerId>(request.borrower_id(), root.Of("borrower_id"));
  }
  Instant at = backend.Now();
  if (request.has_evaluate_time()) {
    at = reading.ReadInstant(request.evaluate_time(), root.Of("evaluate_time")).value_or(at);
  }
  FORBEAR_RETURN_IF_ERROR(ToStatus(reading.TakeViolations()));
  if (about) {
    FORBEAR_ASSIGN_OR_RETURN(const std::optional<Account> account,
                             backend.store().ReadAccount(call.caller.tenant, *about));
    if (!account) return NotFound("no such account");
    borrower = account->borrower;
    if (contact.accounts.empty()) contact.accounts = {*about};
  }
  FORBEAR_ASSIGN_OR_RETURN(const FileSet files,
                           ReadFileSet(backend.store(), call.caller.tenant, borrower));
  if (contact.accounts.empty()) {
    for (const Account& account : files.own->accounts) {
      if (account.state == AccountState::kOpen) contact.accounts.push_back(account.id);
    }
    if (contact.accounts.empty()) {
      return FailedPrecondition("the borrower has no open account; name the accounts it is about");
    }
  }
  for (const AccountId& account : contact.accounts) {
    if (files.FindAccount(account) == nullptr) return NotFound("no such account of this borrower");
  }
  if (contact.point) {
    const auto& points = files.own->borrower.contact_points;
    if (std::none_of(points.begin(), points.end(),
                     [&](const ContactPoint& point) { return point.id == *contact.point; })) {
      return NotFound("no such contact point of this borrower");
    }
  }
  const std::optional<Instant> newest = NewestEvent(files);
  if (newest && at < *newest) return ToStatus({{"evaluate_time", std::string(kTooEarly)}});
  const policy::TenantFacts tenant = backend.world().TenantOf(call.caller.tenant);
  const policy::Facts facts = FactsFor(files, tenant, std::move(contact));
  Write(Decide(Resolve(facts, backend.world().surroundings), at), response->mutable_decision());
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<policy::Decision> DecideFacts(const v1::EvaluateRequest& request,
                                             const policy::Surroundings& world,
                                             const Phones& phones, std::optional<Instant> now) {
  Reading reading(IdSpace::kLabels, &phones);
  const Path root;
  const Path facts_at = root.Of("facts");
  const Path contact_at = root.Of("contact");
  OwnedFacts owned;
  ReadFacts(request.facts(), request.contact(), reading, facts_at, contact_at, &owned);
  if (!request.has_contact()) reading.Refuse(contact_at, "is missing");
  std::optional<Instant> at = now;
  if (request.has_evaluate_time()) {
    at = reading.ReadInstant(request.evaluate_time(), root.Of("evaluate_time"));
  } else if (!at) {
    reading.Refuse(root.Of("evaluate_time"), "is missing: there is no clock here");
  }

  std::vector<Violation> found;
  const IntakeContext intake{at.value_or(kFirstInstant), world.zones.get(), world.places.get()};
  const auto check_places = [&](const std::vector<Place>& places, const Path& list) {
    for (size_t i = 0; i < places.size(); ++i) {
      for (Violation& each :
           CheckPlace(places[i], intake, list.At(static_cast<int>(i)).ToString())) {
        found.push_back(std::move(each));
      }
    }
  };
  const Path tenant = facts_at.Of("tenant");
  check_places(owned.tenant.seats, tenant.Of("seats"));
  check_places(owned.tenant.fallback_places, tenant.Of("fallback_places"));
  const Path borrower = facts_at.Of("borrower");
  check_places(owned.borrower.places, borrower.Of("places"));
  for (Violation& each : CheckContactPoints(owned.borrower.contact_points, owned.borrower.parties,
                                            borrower.ToString())) {
    found.push_back(std::move(each));
  }
  if (!owned.borrower.declared_zone.empty() &&
      world.zones->Find(owned.borrower.declared_zone) == nullptr) {
    found.push_back({"facts.borrower.declared_zone", "is no IANA time zone known here"});
  }
  if (at && !owned.history.empty() && owned.history.back().at > *at) {
    found.push_back({"evaluate_time", std::string(kTooEarly)});
  }
  FORBEAR_RETURN_IF_ERROR(ToStatus(Join(reading.TakeViolations(), found)));
  return Decide(Resolve(owned.facts, world), *at);
}

absl::Status EvaluateFacts(const v1::EvaluateRequest& request, const policy::Surroundings& world,
                           const Phones& phones, std::optional<Instant> now,
                           v1::EvaluateResponse* response) {
  FORBEAR_ASSIGN_OR_RETURN(const policy::Decision decision,
                           DecideFacts(request, world, phones, now));
  Write(decision, response->mutable_decision());
  return absl::OkStatus();
}

grpc::Status ContactServiceImpl::Evaluate(grpc::ServerContext* context,
                                          const v1::EvaluateRequest* request,
                                          v1::EvaluateResponse* response) {
  return backend_.Serve(
      authenticator_, kService, "Evaluate", *context, [&](const Call& call) -> absl::Status {
        switch (request->subject_case()) {
          case v1::EvaluateRequest::kFacts:
            return EvaluateFacts(*request, backend_.world().surroundings,
                                 *backend_.options().phones, backend_.Now(), response);
          case v1::EvaluateRequest::kAccountId:
          case v1::EvaluateRequest::kBorrowerId:
            return EvaluateStored(backend_, call, *request, response);
          case v1::EvaluateRequest::SUBJECT_NOT_SET:
            break;
        }
        return ToStatus({{"account_id", "is missing, and so are `borrower_id` and `facts`"}});
      });
}

grpc::Status ContactServiceImpl::ListUpcoming(grpc::ServerContext* context,
                                              const v1::ListUpcomingRequest* request,
                                              v1::ListUpcomingResponse* response) {
  return backend_.Serve(
      authenticator_, kService, "ListUpcoming", *context, [&](const Call& call) -> absl::Status {
        Reading reading(IdSpace::kOurs, nullptr);
        const Path root;
        CheckPageSize(request->page_size(), reading);
        Span span;
        span.from = backend_.Now();
        if (request->has_start_time()) {
          span.from = reading.ReadInstant(request->start_time(), root.Of("start_time"))
                          .value_or(span.from);
        }
        if (request->has_end_time()) {
          span.to = reading.ReadInstant(request->end_time(), root.Of("end_time")).value_or(span.to);
          if (span.to < span.from) reading.Refuse(root.Of("end_time"), "is before `start_time`");
        }
        FORBEAR_RETURN_IF_ERROR(ToStatus(reading.TakeViolations()));
        // Many accounts wake at one instant, when a window opens, so a page begins at an instant and
        // passes over those of that instant that were shown: `<instant> <how many>`.
        size_t shown = 0;
        if (!request->page_token().empty()) {
          FORBEAR_ASSIGN_OR_RETURN(const std::string text,
                                   backend_.OpenToken(call, request->page_token()));
          const size_t blank = text.find(' ');
          span.from = Instant{Seconds{std::stoll(text.substr(0, blank))}};
          shown = static_cast<size_t>(std::stoull(text.substr(blank + 1)));
        }
        const auto size = static_cast<size_t>(PageSize(request->page_size()));
        FORBEAR_ASSIGN_OR_RETURN(
            const std::vector<Plan> plans,
            backend_.store().ListPlans(call.caller.tenant, span.from, span.to, shown + size + 1));
        const size_t end = std::min(plans.size(), shown + size);
        for (size_t i = shown; i < end; ++i) {
          v1::UpcomingContact* each = response->add_contacts();
          each->set_account_id(plans[i].account.Hex());
          each->set_borrower_id(plans[i].borrower.Hex());
          if (plans[i].wake_at) Write(*plans[i].wake_at, each->mutable_wake_time());
          each->set_step(plans[i].step);
          if (plans[i].last_sent_at) Write(*plans[i].last_sent_at, each->mutable_last_sent_time());
        }
        if (plans.size() > end && end > 0 && plans[end - 1].wake_at) {
          const Instant last = *plans[end - 1].wake_at;
          size_t of_last = 0;
          while (of_last < end && plans[end - 1 - of_last].wake_at == last) ++of_last;
          response->set_next_page_token(backend_.SealToken(
              call, std::to_string(last.time_since_epoch().count()) + " " +
                        std::to_string(of_last)));
        }
        return absl::OkStatus();
      });
}

}  // namespace forbear::grpc_adapter
