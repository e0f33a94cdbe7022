#include "adapters/grpc/services.h"
#include "engine/policy/bundle.h"

namespace forbear::grpc_adapter {
namespace {

constexpr std::string_view kService = "OperationsService";

// The scope a caller means. kPermissionDenied when it is not theirs to name.
absl::StatusOr<PauseScope> ReadScope(const Backend& backend, const Call& call,
                                     const v1::PauseScope& scope, Reading& reading) {
  const Path at = Path{}.Of("scope");
  PauseScope read;
  read.tenant = reading.ReadText(scope.tenant(), at.Of("tenant"));
  read.jurisdiction = reading.ReadText(scope.jurisdiction(), at.Of("jurisdiction"));
  if (scope.has_channel()) {
    read.channel = reading.ReadWord<Channel>(scope.channel(), at.Of("channel"));
  }
  if (call.access != Access::kAll) {
    if (!read.tenant.empty() && read.tenant != call.caller.tenant) {
      backend.LogDenied(call.caller, call.method->name, call.deadline);
      return absl::PermissionDeniedError("another tenant's contact is not yours to pause or resume");
    }
    read.tenant = call.caller.tenant;
  }
  return read;
}

// Whose pause a caller may lift (security.md section 3): a lender its own, an officer any of the
// tenant's, an operator operators'. Who outranks whom is checked again where it is lifted.
bool MayLift(const Caller& caller, const Pause& pause) {
  switch (caller.role) {
    case CallerRole::kLender:
      return pause.by_role == CallerRole::kLender && pause.by == caller.id;
    case CallerRole::kOfficer:
      return pause.by_role != CallerRole::kOperator;
    case CallerRole::kOperator:
      return pause.by_role == CallerRole::kOperator;
    case CallerRole::kDialler:
    case CallerRole::kAuditor:
      return false;
  }
  return false;
}

}  // namespace

grpc::Status OperationsServiceImpl::PauseContacts(grpc::ServerContext* context,
                                                  const v1::PauseContactsRequest* request,
                                                  v1::PauseContactsResponse* response) {
  return backend_.Serve(
      authenticator_, kService, "PauseContacts", *context, [&](const Call& call) -> absl::Status {
        Reading reading(IdSpace::kOurs, nullptr);
        forbear::PauseContacts pause;
        FORBEAR_ASSIGN_OR_RETURN(pause.scope,
                                 ReadScope(backend_, call, request->scope(), reading));
        pause.reason = request->reason();
        FORBEAR_ASSIGN_OR_RETURN(
            const CommandResult result,
            backend_.Write(call, *request, reading, CheckPause(pause.scope, pause.reason), pause));
        response->set_change(ToProto(result.change));
        response->set_in_flight(result.in_flight);
        Write(result.receipts, response->mutable_receipts());
        return absl::OkStatus();
      });
}

grpc::Status OperationsServiceImpl::ResumeContacts(grpc::ServerContext* context,
                                                   const v1::ResumeContactsRequest* request,
                                                   v1::ResumeContactsResponse* response) {
  return backend_.Serve(
      authenticator_, kService, "ResumeContacts", *context, [&](const Call& call) -> absl::Status {
        Reading reading(IdSpace::kOurs, nullptr);
        forbear::ResumeContacts resume;
        FORBEAR_ASSIGN_OR_RETURN(resume.scope,
                                 ReadScope(backend_, call, request->scope(), reading));
        FORBEAR_ASSIGN_OR_RETURN(const std::vector<Pause> pauses, backend_.store().ReadPauses());
        for (const Pause& pause : pauses) {
          if (pause.scope == resume.scope && !MayLift(call.caller, pause)) {
            backend_.LogDenied(call.caller, call.method->name, call.deadline);
            return absl::PermissionDeniedError(
                ToAbsl("contact was paused by somebody else in the role `" +
                       std::string(ToWord(pause.by_role)) + "`; ask them"));
          }
        }
        // There is no reason in a resumption; a word that passes stands for it.
        FORBEAR_ASSIGN_OR_RETURN(
            const CommandResult result,
            backend_.Write(call, *request, reading, CheckPause(resume.scope, "resume"), resume));
        response->set_change(ToProto(result.change));
        Write(result.receipts, response->mutable_receipts());
        return absl::OkStatus();
      });
}

grpc::Status OperationsServiceImpl::GetStatus(grpc::ServerContext* context,
                                              const v1::GetStatusRequest*,
                                              v1::GetStatusResponse* response) {
  return backend_.Serve(
      authenticator_, kService, "GetStatus", *context, [&](const Call& call) -> absl::Status {
        const StoreStatus status = backend_.store().Status();
        response->set_version(backend_.options().version);
        response->set_log_size(status.log_size);
        response->set_accounts(status.accounts);
        response->set_borrowers(status.borrowers);
        response->set_queued_commands(status.queued_commands);
        response->set_writes_refused(status.writes_refused);
        response->set_writes_refused_reason(status.why);
        response->set_bundle_digest(backend_.world().surroundings.bundle->digest());
        response->set_tzdata_version(backend_.world().surroundings.zones->version());
        Write(backend_.Now(), response->mutable_server_time());
        FORBEAR_ASSIGN_OR_RETURN(const std::vector<Pause> pauses, backend_.store().ReadPauses());
        for (const Pause& pause : pauses) {
          const bool shown = call.access == Access::kAll || pause.scope.tenant.empty() ||
                             pause.scope.tenant == call.caller.tenant;
          if (!shown) continue;
          v1::PausedScope* each = response->add_paused_scopes();
          each->mutable_scope()->set_tenant(pause.scope.tenant);
          each->mutable_scope()->set_jurisdiction(pause.scope.jurisdiction);
          if (pause.scope.channel) each->mutable_scope()->set_channel(ToProto(*pause.scope.channel));
          Write(pause.since, each->mutable_pause_time());
          each->set_by_role(ToProto(pause.by_role));
          each->set_reason(pause.reason);
        }
        return absl::OkStatus();
      });
}

}  // namespace forbear::grpc_adapter
