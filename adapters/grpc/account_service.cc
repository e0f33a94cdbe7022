#include "adapters/grpc/services.h"

namespace forbear::grpc_adapter {
namespace {

constexpr std::string_view kService = "AccountService";

absl::Status NoSuchAccount() { return NotFound("no such account"); }

absl::StatusOr<Account> FindAccount(const Backend& backend, const Call& call, const AccountId& id) {
  FORBEAR_ASSIGN_OR_RETURN(std::optional<Account> account,
                           backend.store().ReadAccount(call.caller.tenant, id));
  if (!account) return NoSuchAccount();
  return *std::move(account);
}

}  // namespace

absl::StatusOr<SubmitAccount> ReadSubmission(const Backend& backend, const Caller& caller,
                                             const v1::AccountSubmission& submission,
                                             const IntakeContext& intake,
                                             std::vector<Violation> also,
                                             std::vector<Violation>* warnings) {
  Reading reading(IdSpace::kLabels, backend.options().phones);
  SubmitAccount item = reading.ReadSubmission(submission, Path{}.Of("submission"));
  for (Violation& violation : reading.TakeViolations()) also.push_back(std::move(violation));
  also = Join(std::move(also), CheckSubmission(item, intake, "submission"));
  FORBEAR_RETURN_IF_ERROR(ToStatus(also));
  AddDigests(submission, backend.options().index_key, &item);
  AddLinkDigests(caller.tenant, backend.options().index_key, &item.borrower.contact_points);
  *warnings = reading.TakeWarnings();
  return item;
}

grpc::Status AccountServiceImpl::SubmitAccount(grpc::ServerContext* context,
                                               const v1::SubmitAccountRequest* request,
                                               v1::SubmitAccountResponse* response) {
  return backend_.Serve(authenticator_, kService, "SubmitAccount", *context, [&](const Call& call) {
    return [&]() -> absl::Status {
      Reading reading(IdSpace::kLabels, nullptr);
      FORBEAR_ASSIGN_OR_RETURN(RequestStamp stamp, backend_.Stamp(call, *request, reading));
      std::vector<Violation> warnings;
      FORBEAR_ASSIGN_OR_RETURN(
          forbear::SubmitAccount item,
          ReadSubmission(backend_, call.caller, request->submission(), backend_.Intake(),
                         reading.TakeViolations(), &warnings));
      Command command = backend_.Make(call.caller, std::move(item));
      command.request = std::move(stamp);
      absl::StatusOr<Applied> applied = backend_.Apply(call, std::move(command));
      FORBEAR_RETURN_IF_ERROR(applied.status());
      Write(applied->result, warnings, response->mutable_result());
      return absl::OkStatus();
    }();
  });
}

grpc::Status AccountServiceImpl::GetAccount(grpc::ServerContext* context,
                                            const v1::GetAccountRequest* request,
                                            v1::GetAccountResponse* response) {
  return backend_.Serve(
      authenticator_, kService, "GetAccount", *context, [&](const Call& call) -> absl::Status {
        Reading reading(IdSpace::kOurs, nullptr);
        AccountId id;
        std::optional<std::string> external_id;
        switch (request->key_case()) {
          case v1::GetAccountRequest::kAccountId:
            id = reading.ReadOurId<AccountId>(request->account_id(), Path{}.Of("account_id"));
            break;
          case v1::GetAccountRequest::kExternalId:
            external_id = request->external_id();
            break;
          case v1::GetAccountRequest::KEY_NOT_SET:
            reading.Refuse(Path{}.Of("account_id"), "is missing, and so is `external_id`");
        }
        FORBEAR_RETURN_IF_ERROR(ToStatus(reading.TakeViolations()));
        if (external_id) {
          FORBEAR_ASSIGN_OR_RETURN(
              const std::optional<AccountId> found,
              backend_.store().FindAccountByExternalId(call.caller.tenant, *external_id));
          if (!found) return NoSuchAccount();
          id = *found;
        }
        FORBEAR_ASSIGN_OR_RETURN(const Account account, FindAccount(backend_, call, id));
        Write(account, call.masking(), response->mutable_account());
        return absl::OkStatus();
      });
}

grpc::Status AccountServiceImpl::ListAccounts(grpc::ServerContext* context,
                                              const v1::ListAccountsRequest* request,
                                              v1::ListAccountsResponse* response) {
  return backend_.Serve(
      authenticator_, kService, "ListAccounts", *context, [&](const Call& call) -> absl::Status {
        Reading reading(IdSpace::kOurs, nullptr);
        CheckPageSize(request->page_size(), reading);
        FORBEAR_RETURN_IF_ERROR(ToStatus(reading.TakeViolations()));
        AccountId after;
        if (!request->page_token().empty()) {
          FORBEAR_ASSIGN_OR_RETURN(const std::string last,
                                   backend_.OpenToken(call, request->page_token()));
          FORBEAR_ASSIGN_OR_RETURN(after, AccountId::Parse(last));
        }
        const auto size = static_cast<size_t>(PageSize(request->page_size()));
        FORBEAR_ASSIGN_OR_RETURN(
            const std::vector<Account> accounts,
            backend_.store().ListAccounts(call.caller.tenant, after, size + 1));
        for (size_t i = 0; i < std::min(size, accounts.size()); ++i) {
          Write(accounts[i], call.masking(), response->add_accounts());
        }
        if (accounts.size() > size) {
          response->set_next_page_token(backend_.SealToken(call, accounts[size - 1].id.Hex()));
        }
        return absl::OkStatus();
      });
}

grpc::Status AccountServiceImpl::RecordPayment(grpc::ServerContext* context,
                                               const v1::RecordPaymentRequest* request,
                                               v1::RecordPaymentResponse* response) {
  return backend_.Serve(
      authenticator_, kService, "RecordPayment", *context, [&](const Call& call) -> absl::Status {
        Reading reading(IdSpace::kOurs, nullptr);
        const Path root;
        forbear::RecordPayment payment;
        payment.account =
            reading.ReadOurId<AccountId>(request->account_id(), root.Of("account_id"));
        if (!request->has_amount()) reading.Refuse(root.Of("amount"), "is missing");
        payment.amount = reading.ReadMoney(request->amount(), root.Of("amount"));
        if (!request->has_payment_time()) {
          reading.Refuse(root.Of("payment_time"), "is missing");
        } else if (const auto at = reading.ReadInstant(request->payment_time(),
                                                       root.Of("payment_time"))) {
          payment.paid_at = *at;
        }
        FORBEAR_ASSIGN_OR_RETURN(
            const CommandResult result,
            backend_.Write(call, *request, reading, CheckPayment(payment, backend_.Intake()),
                           payment));
        response->set_version(result.version);
        Write(result.receipts, response->mutable_receipts());
        return absl::OkStatus();
      });
}

grpc::Status AccountServiceImpl::UpdateAccount(grpc::ServerContext* context,
                                               const v1::UpdateAccountRequest* request,
                                               v1::UpdateAccountResponse* response) {
  return backend_.Serve(
      authenticator_, kService, "UpdateAccount", *context, [&](const Call& call) -> absl::Status {
        Reading reading(IdSpace::kOurs, nullptr);
        const Path root;
        forbear::UpdateAccount update;
        update.account =
            reading.ReadOurId<AccountId>(request->account_id(), root.Of("account_id"));
        if (!request->has_as_of()) {
          reading.Refuse(root.Of("as_of"), "is missing");
        } else if (const auto at = reading.ReadInstant(request->as_of(), root.Of("as_of"))) {
          update.as_of = *at;
        }
        if (request->has_balance()) {
          update.balance = reading.ReadMoney(request->balance(), root.Of("balance"));
        }
        const auto read_day = [&](bool has, const std::string& text, std::string_view field,
                                  std::optional<Day>* day) {
          if (!has) return;
          if (text.empty()) {
            reading.Refuse(root.Of(field), "is empty: a date cannot be taken back, only changed");
          }
          *day = reading.ReadDay(text, root.Of(field));
        };
        read_day(request->has_due_date(), request->due_date(), "due_date", &update.due_on);
        read_day(request->has_charged_off_date(), request->charged_off_date(), "charged_off_date",
                 &update.charged_off_on);
        read_day(request->has_limitation_expires_date(), request->limitation_expires_date(),
                 "limitation_expires_date", &update.limitation_expires_on);
        if (request->has_stage()) {
          update.stage = reading.ReadWord<Stage>(request->stage(), root.Of("stage"));
        }
        FORBEAR_ASSIGN_OR_RETURN(
            const CommandResult result,
            backend_.Write(call, *request, reading, CheckUpdate(update, backend_.Intake()),
                           update));
        response->set_change(ToProto(result.change));
        response->set_version(result.version);
        Write(result.receipts, response->mutable_receipts());
        return absl::OkStatus();
      });
}

grpc::Status AccountServiceImpl::CloseAccount(grpc::ServerContext* context,
                                              const v1::CloseAccountRequest* request,
                                              v1::CloseAccountResponse* response) {
  return backend_.Serve(
      authenticator_, kService, "CloseAccount", *context, [&](const Call& call) -> absl::Status {
        Reading reading(IdSpace::kOurs, nullptr);
        const Path root;
        forbear::CloseAccount close;
        close.account = reading.ReadOurId<AccountId>(request->account_id(), root.Of("account_id"));
        switch (request->reason()) {
          case v1::CLOSE_REASON_PAID:
            close.reason = "paid";
            break;
          case v1::CLOSE_REASON_RECALLED:
            close.reason = "recalled";
            break;
          case v1::CLOSE_REASON_SETTLED:
            close.reason = "settled";
            break;
          case v1::CLOSE_REASON_SOLD:
            close.reason = "sold";
            break;
          case v1::CLOSE_REASON_ERROR:
            close.reason = "error";
            break;
          case v1::CLOSE_REASON_UNSPECIFIED:
            reading.Refuse(root.Of("reason"), "is missing: `_UNSPECIFIED` is never obeyed");
            break;
          default:
            reading.Refuse(root.Of("reason"), "is no value that this version knows");
        }
        FORBEAR_ASSIGN_OR_RETURN(
            const CommandResult result,
            backend_.Write(call, *request, reading, CheckClose(close), close));
        response->set_change(ToProto(result.change));
        response->set_version(result.version);
        Write(result.receipts, response->mutable_receipts());
        return absl::OkStatus();
      });
}

grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* AccountServiceImpl::SubmitAccounts(
    grpc::CallbackServerContext* context) {
  return MakeSubmitStream(backend_, authenticator_, context);
}

}  // namespace forbear::grpc_adapter
