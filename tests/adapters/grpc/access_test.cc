// R1: every method of every service, for every role, over the wire, against the table of security.md
// section 3; N2: another tenant's id answers exactly like one that nobody has.
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>

#include <sstream>

#include "adapters/grpc/access.h"
#include "tests/adapters/grpc/service_house.h"

namespace forbear::service_house {
namespace {

using grpc_adapter::Access;

// The table, written out a second time from the page: y own tenant, m masked, a every tenant, - nobody.
constexpr std::string_view kTable = R"(
AccountService/SubmitAccount        y - - - -
AccountService/SubmitAccounts       y - - - -
AccountService/RecordPayment        y - - - -
AccountService/UpdateAccount        y - - - -
AccountService/CloseAccount         y - - - -
AccountService/GetAccount           y - y m -
AccountService/ListAccounts         y - y m -
BorrowerService/GetBorrower         y m y m -
BorrowerService/UpdateBorrower      y - - - -
BorrowerService/RecordConsent       y - y - -
BorrowerService/RevokeConsent       y y y - -
BorrowerService/SetPreferences      y y y - -
BorrowerService/RecordEvent         y y y - -
BorrowerService/GetTimeline         y - y m -
ContactService/Evaluate             y y y m -
ContactService/ListUpcoming         y y y m -
AuditService/GetCheckpoint          y y y y a
AuditService/GetEntry               y - y y -
AuditService/ListEntries            - - y y -
AuditService/ExportEntries          - - y y -
AuditService/GetReport              - - y y -
AuditService/GetInclusionProof      y - y y -
AuditService/GetConsistencyProof    y y y y a
OperationsService/GetStatus         y y y y a
OperationsService/PauseContacts     y - y - a
OperationsService/ResumeContacts    y - y - a
)";

constexpr std::array kRoles = {CallerRole::kLender, CallerRole::kDialler, CallerRole::kOfficer,
                               CallerRole::kAuditor, CallerRole::kOperator};

std::map<std::string, std::string> Table() {
  std::map<std::string, std::string> rows;
  std::istringstream lines{std::string(kTable)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string method, cell, cells;
    if (!(words >> method)) continue;
    while (words >> cell) cells += cell;
    rows[method] = cells;
  }
  return rows;
}

std::vector<const google::protobuf::MethodDescriptor*> AllMethods() {
  std::vector<const google::protobuf::MethodDescriptor*> methods;
  for (const char* name : {"forbear.v1.AccountService", "forbear.v1.BorrowerService",
                           "forbear.v1.ContactService", "forbear.v1.AuditService",
                           "forbear.v1.OperationsService"}) {
    const auto* service =
        google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(name);
    FORBEAR_CHECK(service != nullptr);
    for (int i = 0; i < service->method_count(); ++i) methods.push_back(service->method(i));
  }
  return methods;
}

// Calls a method with an empty request, whatever it is, and tells how it ended.
grpc::Status CallEmpty(const std::shared_ptr<grpc::Channel>& channel,
                       const google::protobuf::MethodDescriptor& method) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  const std::string path = "/" + method.service()->full_name() + "/" + method.name();
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call =
      stub.PrepareCall(&context, path, &queue);
  const auto next = [&] {
    void* tag = nullptr;
    bool ok = false;
    FORBEAR_CHECK(queue.Next(&tag, &ok));
    return ok;
  };
  call->StartCall(nullptr);
  next();
  grpc::Slice nothing;
  grpc::ByteBuffer request(&nothing, 1);
  call->WriteLast(request, grpc::WriteOptions(), nullptr);
  next();
  grpc::ByteBuffer response;
  call->Read(&response, nullptr);
  next();
  grpc::Status status;
  call->Finish(&status, nullptr);
  next();
  return status;
}

TEST(R1, EveryMethodIsInTheTableAndTheTableIsThePage) {
  const std::map<std::string, std::string> table = Table();
  EXPECT_EQ(table.size(), grpc_adapter::access_table::kMethods.size());
  for (const auto* method : AllMethods()) {
    const std::string name = method->service()->name() + "/" + method->name();
    ASSERT_TRUE(table.contains(name)) << name << " is in no row of the page";
    const grpc_adapter::Method* row =
        grpc_adapter::FindMethod(method->service()->name(), method->name());
    ASSERT_NE(row, nullptr) << name;
    for (size_t i = 0; i < kRoles.size(); ++i) {
      const Access access = row->For(kRoles[i]);
      const char cell = access == Access::kOwn      ? 'y'
                        : access == Access::kMasked ? 'm'
                        : access == Access::kAll    ? 'a'
                                                    : '-';
      EXPECT_EQ(cell, table.at(name)[i]) << name << " for " << ToWord(kRoles[i]);
    }
  }
  EXPECT_EQ(AllMethods().size(), table.size());
}

TEST(R1, EveryRoleIsRefusedOverTheWireWhereTheTableIsEmptyAndNowhereElse) {
  House house;
  const std::map<std::string, std::string> table = Table();
  int refused = 0;
  for (const auto* method : AllMethods()) {
    const std::string name = method->service()->name() + "/" + method->name();
    for (size_t i = 0; i < kRoles.size(); ++i) {
      const std::string tenant = kRoles[i] == CallerRole::kOperator ? "" : "acme";
      const grpc::Status status = CallEmpty(house.To(kRoles[i], tenant), *method);
      const bool expect_refused = table.at(name)[i] == '-';
      EXPECT_EQ(status.error_code() == grpc::StatusCode::PERMISSION_DENIED, expect_refused)
          << name << " for " << ToWord(kRoles[i]) << ": " << status.error_message();
      if (expect_refused) {
        ++refused;
        EXPECT_EQ(Details::Of(status).info.reason(), "ROLE_MAY_NOT");
      }
    }
  }
  EXPECT_EQ(house.CountEntries("access.denied"), refused);
}

TEST(N2, AnotherTenantsIdAnswersLikeOneThatNobodyHas) {
  House house;
  v1::SubmitAccountResponse submitted;
  {
    grpc::ClientContext context;
    ASSERT_TRUE(house.Accounts()->SubmitAccount(&context, SubmitRequest("r1"), &submitted).ok());
  }
  const std::string account = submitted.result().account_id();
  const std::string borrower = submitted.result().borrower_id();
  const std::string nobodys(32, 'a');
  const auto accounts = house.Accounts(CallerRole::kLender, "other");
  const auto borrowers = house.Borrowers(CallerRole::kLender, "other");
  const auto contacts = house.Contacts(CallerRole::kLender, "other");

  const auto expect_same = [&](const char* what, auto call) {
    const grpc::Status foreign = call(account, borrower);
    const grpc::Status unknown = call(nobodys, nobodys);
    EXPECT_EQ(foreign.error_code(), grpc::StatusCode::NOT_FOUND) << what;
    EXPECT_EQ(foreign.error_code(), unknown.error_code()) << what;
    EXPECT_EQ(foreign.error_message(), unknown.error_message()) << what;
    EXPECT_EQ(foreign.error_details(), unknown.error_details()) << what;
  };
  int serial = 0;
  const auto next_id = [&] { return "x" + std::to_string(++serial); };
  expect_same("GetAccount", [&](const std::string& a, const std::string&) {
    grpc::ClientContext context;
    v1::GetAccountRequest request;
    request.set_account_id(a);
    v1::GetAccountResponse response;
    return accounts->GetAccount(&context, request, &response);
  });
  expect_same("RecordPayment", [&](const std::string& a, const std::string&) {
    grpc::ClientContext context;
    v1::RecordPaymentRequest request;
    request.set_request_id(next_id());
    request.set_account_id(a);
    request.mutable_amount()->set_minor_units(1);
    request.mutable_amount()->set_currency("USD");
    Set(request.mutable_payment_time(), "2026-03-01T00:00:00Z");
    v1::RecordPaymentResponse response;
    return accounts->RecordPayment(&context, request, &response);
  });
  expect_same("CloseAccount", [&](const std::string& a, const std::string&) {
    grpc::ClientContext context;
    v1::CloseAccountRequest request;
    request.set_request_id(next_id());
    request.set_account_id(a);
    request.set_reason(v1::CLOSE_REASON_SOLD);
    v1::CloseAccountResponse response;
    return accounts->CloseAccount(&context, request, &response);
  });
  expect_same("GetBorrower", [&](const std::string&, const std::string& b) {
    grpc::ClientContext context;
    v1::GetBorrowerRequest request;
    request.set_borrower_id(b);
    v1::GetBorrowerResponse response;
    return borrowers->GetBorrower(&context, request, &response);
  });
  expect_same("SetPreferences", [&](const std::string&, const std::string& b) {
    grpc::ClientContext context;
    v1::SetPreferencesRequest request;
    request.set_request_id(next_id());
    request.set_borrower_id(b);
    request.set_language("de");
    v1::SetPreferencesResponse response;
    return borrowers->SetPreferences(&context, request, &response);
  });
  expect_same("GetTimeline", [&](const std::string&, const std::string& b) {
    grpc::ClientContext context;
    v1::GetTimelineRequest request;
    request.set_borrower_id(b);
    v1::GetTimelineResponse response;
    return borrowers->GetTimeline(&context, request, &response);
  });
  expect_same("Evaluate", [&](const std::string& a, const std::string&) {
    grpc::ClientContext context;
    v1::EvaluateRequest request;
    request.set_account_id(a);
    request.mutable_contact()->set_channel(v1::CHANNEL_EMAIL);
    v1::EvaluateResponse response;
    return contacts->Evaluate(&context, request, &response);
  });
  // The lender's own id of one tenant means nothing to another.
  grpc::ClientContext context;
  v1::GetAccountRequest request;
  request.set_external_id("A-1");
  v1::GetAccountResponse response;
  EXPECT_EQ(accounts->GetAccount(&context, request, &response).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST(N2, AnEntryOfAnotherTenantIsNotThere) {
  House house;
  v1::SubmitAccountResponse submitted;
  grpc::ClientContext submit;
  ASSERT_TRUE(house.Accounts()->SubmitAccount(&submit, SubmitRequest("r1"), &submitted).ok());
  ASSERT_GT(submitted.result().receipts_size(), 0);
  v1::GetEntryRequest request;
  request.set_seq(submitted.result().receipts(0).seq());
  v1::GetEntryResponse response;
  grpc::ClientContext own;
  ASSERT_TRUE(house.Audit()->GetEntry(&own, request, &response).ok());
  EXPECT_EQ(response.entry().leaf_hash(), submitted.result().receipts(0).leaf_hash());
  grpc::ClientContext foreign;
  EXPECT_EQ(house.Audit(CallerRole::kOfficer, "other")
                ->GetEntry(&foreign, request, &response)
                .error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST(R2, MaskedRolesSeeInitialsAndTwoDigits) {
  House house;
  v1::SubmitAccountResponse submitted;
  grpc::ClientContext submit;
  ASSERT_TRUE(house.Accounts()->SubmitAccount(&submit, SubmitRequest("r1"), &submitted).ok());
  v1::GetBorrowerRequest request;
  request.set_borrower_id(submitted.result().borrower_id());
  const struct {
    CallerRole role;
    bool masked;
  } rows[] = {{CallerRole::kLender, false},
              {CallerRole::kOfficer, false},
              {CallerRole::kDialler, true},
              {CallerRole::kAuditor, true}};
  int reads = 0;
  for (const auto& row : rows) {
    grpc::ClientContext context;
    v1::GetBorrowerResponse response;
    ASSERT_TRUE(house.Borrowers(row.role)->GetBorrower(&context, request, &response).ok());
    EXPECT_EQ(response.masked(), row.masked) << ToWord(row.role);
    EXPECT_EQ(response.borrower().name(), row.masked ? "J. M. D." : "Jane Mary Doe");
    const std::string& number = response.borrower().contact_points(0).value();
    EXPECT_EQ(number, row.masked ? "…01" : "+16145550101");
    const std::string text = response.DebugString();
    for (const char* secret : {"Jane", "Mary", "614555", "1960-05-04", "B-1@", "43215"}) {
      EXPECT_EQ(text.find(secret) == std::string::npos, row.masked) << secret;
    }
    // The read is in the log by the time it is answered.
    EXPECT_EQ(house.CountEntries("access.personal_data"), ++reads);
  }
}

}  // namespace
}  // namespace forbear::service_house
