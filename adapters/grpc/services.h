// The five services of the contract. Each method translates, lets the engine answer and translates
// back; what is lawful, allowed or remembered is decided elsewhere.
#pragma once

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include "adapters/grpc/backend.h"
#include "forbear/v1/account_service.grpc.pb.h"
#include "forbear/v1/audit_service.grpc.pb.h"
#include "forbear/v1/borrower_service.grpc.pb.h"
#include "forbear/v1/contact_service.grpc.pb.h"
#include "forbear/v1/operations_service.grpc.pb.h"

namespace forbear::grpc_adapter {

// The stream's items come in as bytes, so that one that is no message at all is a bad item and not
// the end of the stream.
using AccountServiceBase =
    v1::AccountService::WithRawCallbackMethod_SubmitAccounts<v1::AccountService::Service>;

// The export's stream does not hold a thread while a caller reads slowly.
using AuditServiceBase =
    v1::AuditService::WithCallbackMethod_ExportEntries<v1::AuditService::Service>;

#define FORBEAR_UNARY(Name)                                                              \
  grpc::Status Name(grpc::ServerContext* context, const v1::Name##Request* request,      \
                    v1::Name##Response* response) override;

class AccountServiceImpl final : public AccountServiceBase {
 public:
  AccountServiceImpl(Backend& backend, const Authenticator& authenticator)
      : backend_(backend), authenticator_(authenticator) {}
  FORBEAR_UNARY(SubmitAccount)
  FORBEAR_UNARY(GetAccount)
  FORBEAR_UNARY(ListAccounts)
  FORBEAR_UNARY(RecordPayment)
  FORBEAR_UNARY(UpdateAccount)
  FORBEAR_UNARY(CloseAccount)
  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* SubmitAccounts(
      grpc::CallbackServerContext* context) override;

 private:
  Backend& backend_;
  const Authenticator& authenticator_;
};

class BorrowerServiceImpl final : public v1::BorrowerService::Service {
 public:
  BorrowerServiceImpl(Backend& backend, const Authenticator& authenticator)
      : backend_(backend), authenticator_(authenticator) {}
  FORBEAR_UNARY(GetBorrower)
  FORBEAR_UNARY(UpdateBorrower)
  FORBEAR_UNARY(RecordConsent)
  FORBEAR_UNARY(RevokeConsent)
  FORBEAR_UNARY(SetPreferences)
  FORBEAR_UNARY(RecordEvent)
  FORBEAR_UNARY(GetTimeline)

 private:
  Backend& backend_;
  const Authenticator& authenticator_;
};

class ContactServiceImpl final : public v1::ContactService::Service {
 public:
  ContactServiceImpl(Backend& backend, const Authenticator& authenticator)
      : backend_(backend), authenticator_(authenticator) {}
  FORBEAR_UNARY(Evaluate)
  FORBEAR_UNARY(ListUpcoming)

 private:
  Backend& backend_;
  const Authenticator& authenticator_;
};

class AuditServiceImpl final : public AuditServiceBase {
 public:
  AuditServiceImpl(Backend& backend, const Authenticator& authenticator)
      : backend_(backend), authenticator_(authenticator) {}
  FORBEAR_UNARY(ListEntries)
  FORBEAR_UNARY(GetEntry)
  FORBEAR_UNARY(GetCheckpoint)
  FORBEAR_UNARY(GetInclusionProof)
  FORBEAR_UNARY(GetConsistencyProof)
  FORBEAR_UNARY(GetReport)
  grpc::ServerWriteReactor<v1::ExportEntriesResponse>* ExportEntries(
      grpc::CallbackServerContext* context, const v1::ExportEntriesRequest* request) override;

 private:
  Backend& backend_;
  const Authenticator& authenticator_;
};

class OperationsServiceImpl final : public v1::OperationsService::Service {
 public:
  OperationsServiceImpl(Backend& backend, const Authenticator& authenticator)
      : backend_(backend), authenticator_(authenticator) {}
  FORBEAR_UNARY(PauseContacts)
  FORBEAR_UNARY(ResumeContacts)
  FORBEAR_UNARY(GetStatus)

 private:
  Backend& backend_;
  const Authenticator& authenticator_;
};

#undef FORBEAR_UNARY

// An account as it is submitted, by unary call or as an item: read, checked, with its digests.
// Violations are in the Status; `warnings` are for the answer.
absl::StatusOr<SubmitAccount> ReadSubmission(const Backend& backend, const Caller& caller,
                                             const v1::AccountSubmission& submission,
                                             const IntakeContext& intake,
                                             std::vector<Violation> also,
                                             std::vector<Violation>* warnings);

// The stream of SubmitAccounts; owns itself. `why`: not let in, and why.
grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* MakeSubmitStream(
    Backend& backend, const Authenticator& authenticator, grpc::CallbackServerContext* context);

// Stateless Evaluate, for `forbear decide` as well. `now`: the instant asked about when the request
// names none; absent: it has to name one.
absl::Status EvaluateFacts(const v1::EvaluateRequest& request, const policy::Surroundings& world,
                           const Phones& phones, std::optional<Instant> now,
                           v1::EvaluateResponse* response);
// The same, as the engine says it.
absl::StatusOr<policy::Decision> DecideFacts(const v1::EvaluateRequest& request,
                                             const policy::Surroundings& world,
                                             const Phones& phones, std::optional<Instant> now);

}  // namespace forbear::grpc_adapter
