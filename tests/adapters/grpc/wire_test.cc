// What the services answer over a real connection: good requests, bad ones, repeats, health and
// reflection.
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/impl/codegen/client_unary_call.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/impl/codegen/sync_stream.h>

#include <thread>

#include "grpc/health/v1/health.pb.h"
#include "tests/adapters/grpc/service_house.h"

namespace forbear::service_house {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsSupersetOf;
using testing::UnorderedElementsAre;

grpc::Status Submit(House& house, const v1::SubmitAccountRequest& request,
                    v1::SubmitAccountResponse* response) {
  grpc::ClientContext context;
  return house.Accounts()->SubmitAccount(&context, request, response);
}

v1::SubmittedAccount MustSubmit(House& house, const std::string& request_id,
                                v1::AccountSubmission submission = Submission()) {
  v1::SubmitAccountResponse response;
  const grpc::Status status =
      Submit(house, SubmitRequest(request_id, std::move(submission)), &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return response.result();
}

TEST(SubmitAccount, IsAnsweredWithIdsAndReceiptsOfItsEntries) {
  House house;
  const v1::SubmittedAccount result = MustSubmit(house, "r1");
  EXPECT_EQ(result.change(), v1::CHANGE_MADE_CREATED);
  EXPECT_EQ(result.account_id().size(), 32u);
  EXPECT_EQ(result.borrower_id().size(), 32u);
  EXPECT_EQ(result.version(), 1u);
  ASSERT_GT(result.receipts_size(), 0);
  EXPECT_EQ(result.receipts(0).leaf_hash().size(), 32u);
  EXPECT_EQ(result.warnings_size(), 0);

  grpc::ClientContext context;
  v1::GetAccountRequest request;
  request.set_external_id("A-1");
  v1::GetAccountResponse response;
  ASSERT_TRUE(house.Accounts()->GetAccount(&context, request, &response).ok());
  EXPECT_EQ(response.account().id(), result.account_id());
  EXPECT_EQ(response.account().balance().minor_units(), 120'050);
  EXPECT_EQ(response.account().due_date(), "2026-01-15");
  EXPECT_EQ(response.account().state(), v1::ACCOUNT_STATE_OPEN);
}

TEST(BadInput, IsToldWithThePathOfEachField) {
  House house;
  const struct {
    const char* why;
    std::function<void(v1::AccountSubmission&)> spoil;
    const char* field;
  } rows[] = {
      {"no account", [](auto& s) { s.clear_account(); }, "submission.account"},
      {"no borrower", [](auto& s) { s.clear_borrower(); }, "submission.borrower"},
      {"no lender's id", [](auto& s) { s.mutable_account()->clear_external_id(); },
       "submission.account.external_id"},
      {"no borrower's id", [](auto& s) { s.mutable_borrower()->clear_external_id(); },
       "submission.borrower.external_id"},
      {"no role", [](auto& s) { s.mutable_account()->clear_role(); }, "submission.account.role"},
      {"a role of the future",
       [](auto& s) { s.mutable_account()->set_role(static_cast<v1::Role>(77)); },
       "submission.account.role"},
      {"an unspecified stage",
       [](auto& s) { s.mutable_account()->set_stage(v1::STAGE_UNSPECIFIED); },
       "submission.account.stage"},
      {"no balance", [](auto& s) { s.mutable_account()->clear_balance(); },
       "submission.account.balance"},
      {"nothing owed",
       [](auto& s) { s.mutable_account()->mutable_balance()->set_minor_units(0); },
       "submission.account.balance.minor_units"},
      {"negative money",
       [](auto& s) { s.mutable_account()->mutable_balance()->set_minor_units(-1); },
       "submission.account.balance.minor_units"},
      {"too much money",
       [](auto& s) { s.mutable_account()->mutable_balance()->set_minor_units(kMaxMinorUnits + 1); },
       "submission.account.balance.minor_units"},
      {"unknown currency",
       [](auto& s) { s.mutable_account()->mutable_balance()->set_currency("QQQ"); },
       "submission.account.balance.currency"},
      {"a currency that is a sentence",
       [](auto& s) { s.mutable_account()->mutable_balance()->set_currency("US dollars"); },
       "submission.account.balance.currency"},
      {"no due date", [](auto& s) { s.mutable_account()->clear_due_date(); },
       "submission.account.due_date"},
      {"a due date that is none",
       [](auto& s) { s.mutable_account()->set_due_date("2026-02-30"); },
       "submission.account.due_date"},
      {"a due date in the future",
       [](auto& s) { s.mutable_account()->set_due_date("2026-03-04"); },
       "submission.account.due_date"},
      {"unknown country",
       [](auto& s) { s.mutable_borrower()->mutable_places(0)->set_country("QQ"); },
       "submission.borrower.places[0].country"},
      {"a subdivision of another country",
       [](auto& s) { s.mutable_borrower()->mutable_places(0)->set_subdivision("CA-ON"); },
       "submission.borrower.places[0].subdivision"},
      {"unknown zone",
       [](auto& s) { s.mutable_borrower()->mutable_places(0)->set_zone("America/Nowhere"); },
       "submission.borrower.places[0].zone"},
      {"an impossible number",
       [](auto& s) { s.mutable_borrower()->mutable_contact_points(0)->set_value("+1614555"); },
       "submission.borrower.contact_points[0].value"},
      {"a number without its country",
       [](auto& s) { s.mutable_borrower()->mutable_contact_points(0)->set_value("6145550101"); },
       "submission.borrower.contact_points[0].value"},
      {"no mail address",
       [](auto& s) { s.mutable_borrower()->mutable_contact_points(1)->set_value("example.com"); },
       "submission.borrower.contact_points[1].value"},
      {"a number out of an address book",
       [](auto& s) {
         s.mutable_borrower()->mutable_contact_points(0)->set_source(v1::POINT_SOURCE_CONTACT_LIST);
       },
       "submission.borrower.contact_points[0].source"},
      {"two points of one label",
       [](auto& s) { s.mutable_borrower()->mutable_contact_points(1)->set_id("p1"); },
       "submission.borrower.contact_points[1].id"},
      {"an event about a point that is not there",
       [](auto& s) { s.mutable_history(0)->set_contact_points(0, "e9"); },
       "submission.history[0].contact_points[0]"},
      {"an event without its time", [](auto& s) { s.mutable_history(0)->clear_event_time(); },
       "submission.history[0].event_time"},
      {"half a second",
       [](auto& s) { s.mutable_history(0)->mutable_event_time()->set_nanos(500'000'000); },
       "submission.history[0].event_time"},
      {"after the zone tables end",
       [](auto& s) { s.mutable_history(0)->mutable_event_time()->set_seconds(2'145'916'800); },
       "submission.history[0].event_time"},
      {"an event in the future",
       [](auto& s) { Set(s.mutable_history(0)->mutable_event_time(), "2026-03-03T00:00:00Z"); },
       "submission.history[0].event_time"},
      {"free text as a cause",
       [](auto& s) { s.mutable_history(0)->set_cause("Jane lost her job"); },
       "submission.history[0].cause"},
      {"an id that is ours to give", [](auto& s) { s.mutable_account()->set_id("x"); },
       "submission.account.id"},
      {"no time of this body", [](auto& s) { s.clear_as_of(); }, "submission.as_of"},
      {"a name with a control character",
       [](auto& s) { s.mutable_borrower()->set_name("Jane\nDoe"); }, "submission.borrower.name"},
      {"thirty-three contact points",
       [](auto& s) {
         s.mutable_borrower()->clear_contact_points();
         s.clear_history();
         for (int i = 0; i < 33; ++i) {
           auto* point = s.mutable_borrower()->add_contact_points();
           point->set_kind(v1::POINT_KIND_EMAIL);
           point->set_value("j" + std::to_string(i) + "@example.com");
         }
       },
       "submission.borrower.contact_points"},
  };
  int serial = 0;
  for (const auto& row : rows) {
    v1::AccountSubmission submission = Submission();
    row.spoil(submission);
    v1::SubmitAccountResponse response;
    const grpc::Status status =
        Submit(house, SubmitRequest("r" + std::to_string(++serial), submission), &response);
    ASSERT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << row.why;
    const Details details = Details::Of(status);
    EXPECT_THAT(details.fields, Contains(row.field)) << row.why;
    EXPECT_EQ(details.info.domain(), "forbear") << row.why;
    EXPECT_EQ(details.info.reason(), "INVALID_REQUEST") << row.why;
    // S1: what is wrong is told, never what was sent.
    for (const char* secret : {"Jane", "6145550101", "example.com"}) {
      EXPECT_EQ(status.error_message().find(secret), std::string::npos) << row.why;
      EXPECT_EQ(status.error_details().find(secret), std::string::npos) << row.why;
    }
  }
  EXPECT_EQ(house.store().Status().accounts, 0u);
}

TEST(BadInput, IsToldAllAtOnce) {
  House house;
  v1::AccountSubmission submission = Submission();
  submission.mutable_account()->clear_role();
  submission.mutable_account()->mutable_balance()->set_currency("QQQ");
  submission.mutable_account()->set_due_date("yesterday");
  submission.mutable_borrower()->mutable_places(0)->set_country("QQ");
  submission.mutable_borrower()->mutable_contact_points(0)->set_value("+1");
  v1::SubmitAccountResponse response;
  v1::SubmitAccountRequest request = SubmitRequest("", submission);
  const grpc::Status status = Submit(house, request, &response);
  ASSERT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(Details::Of(status).fields,
              IsSupersetOf({"request_id", "submission.account.role",
                            "submission.account.balance.currency", "submission.account.due_date",
                            "submission.borrower.places[0].country",
                            "submission.borrower.contact_points[0].value"}));
}

TEST(BadInput, ANumberThatIsPossibleButNotInUseIsAWarning) {
  House house;
  v1::AccountSubmission submission = Submission();
  // A UK number of the drama range: kept for fiction, in no use.
  submission.mutable_borrower()->mutable_contact_points(0)->set_value("+447700900123");
  const v1::SubmittedAccount result = MustSubmit(house, "r1", submission);
  ASSERT_EQ(result.warnings_size(), 1);
  EXPECT_EQ(result.warnings(0).field(), "submission.borrower.contact_points[0].value");
}

TEST(BadInput, AMessageBeyondOneMebibyteIsRefused) {
  House house;
  v1::AccountSubmission submission = Submission();
  submission.mutable_account()->set_original_creditor(std::string(1'100'000, 'x'));
  v1::SubmitAccountResponse response;
  EXPECT_EQ(Submit(house, SubmitRequest("r1", submission), &response).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(house.store().Status().accounts, 0u);
}

TEST(BadInput, ARequestIdIsVisibleAsciiOfAtMost128) {
  House house;
  const struct {
    const char* why;
    std::string id;
    bool good;
  } rows[] = {{"empty", "", false},
              {"the longest", std::string(128, 'a'), true},
              {"one more", std::string(129, 'b'), false},
              {"a blank", "a b", false},
              {"not ASCII", "ä", false}};
  for (const auto& row : rows) {
    v1::SubmitAccountResponse response;
    EXPECT_EQ(Submit(house, SubmitRequest(row.id), &response).ok(), row.good) << row.why;
  }
}

TEST(J1, ARepeatGetsTheFirstAnswerAlsoAfterARestart) {
  Folder folder;
  House house(folder.path());
  const v1::SubmittedAccount first = MustSubmit(house, "r1");
  const uint64_t size = house.store().Status().log_size;
  const v1::SubmittedAccount second = MustSubmit(house, "r1");
  EXPECT_EQ(second.SerializeAsString(), first.SerializeAsString());
  house.Close();
  house.Open(folder.path());
  const v1::SubmittedAccount third = MustSubmit(house, "r1");
  EXPECT_EQ(third.SerializeAsString(), first.SerializeAsString());
  EXPECT_EQ(house.store().Status().log_size, size);

  // The same request_id for something else.
  v1::SubmitAccountResponse response;
  const grpc::Status other =
      Submit(house, SubmitRequest("r1", Submission("A-2", "B-2")), &response);
  EXPECT_EQ(other.error_code(), grpc::StatusCode::ALREADY_EXISTS);
  EXPECT_THAT(Details::Of(other).fields, ElementsAre("request_id"));
  EXPECT_EQ(Details::Of(other).info.reason(), "REQUEST_ID_REUSED");
}

TEST(J1, AnInvalidRequestIsNotRemembered) {
  House house;
  v1::AccountSubmission bad = Submission();
  bad.mutable_account()->clear_role();
  v1::SubmitAccountResponse response;
  ASSERT_FALSE(Submit(house, SubmitRequest("r1", bad), &response).ok());
  EXPECT_EQ(MustSubmit(house, "r1").change(), v1::CHANGE_MADE_CREATED);
}

TEST(J2, AResubmissionIsComparedByItsBody) {
  House house;
  const v1::SubmittedAccount first = MustSubmit(house, "r1");
  v1::AccountSubmission again = Submission();
  Set(again.mutable_as_of(), "2026-03-02T00:00:00Z");
  const v1::SubmittedAccount same = MustSubmit(house, "r2", again);
  EXPECT_EQ(same.change(), v1::CHANGE_MADE_UNCHANGED) << "the lender's clock is not the body";
  EXPECT_EQ(same.account_id(), first.account_id());
  EXPECT_EQ(same.receipts_size(), 0);

  v1::AccountSubmission other = again;
  other.mutable_account()->mutable_balance()->set_minor_units(99);
  other.mutable_borrower()->set_name("Jane Roe");
  v1::SubmitAccountResponse response;
  const grpc::Status differs = Submit(house, SubmitRequest("r3", other), &response);
  EXPECT_EQ(differs.error_code(), grpc::StatusCode::ALREADY_EXISTS);
  EXPECT_THAT(Details::Of(differs).fields,
              UnorderedElementsAre("account.balance", "borrower.name"));

  other.set_allow_update(true);
  EXPECT_EQ(MustSubmit(house, "r4", other).change(), v1::CHANGE_MADE_UPDATED);
  other.mutable_account()->mutable_balance()->set_minor_units(98);
  EXPECT_EQ(Submit(house, SubmitRequest("r5", other), &response).error_code(),
            grpc::StatusCode::ALREADY_EXISTS)
      << "not newer than what is known";
}

TEST(Accounts, ArePaidUpdatedAndClosed) {
  House house;
  const std::string id = MustSubmit(house, "r1").account_id();
  const auto accounts = house.Accounts();
  {
    grpc::ClientContext context;
    v1::UpdateAccountRequest request;
    request.set_request_id("u1");
    request.set_account_id(id);
    Set(request.mutable_as_of(), "2026-03-02T10:00:00Z");
    request.set_due_date("2026-02-15");
    v1::UpdateAccountResponse response;
    ASSERT_TRUE(accounts->UpdateAccount(&context, request, &response).ok());
    EXPECT_EQ(response.version(), 2u);
    EXPECT_EQ(response.receipts_size(), 1);
  }
  {
    grpc::ClientContext context;
    v1::RecordPaymentRequest request;
    request.set_request_id("p1");
    request.set_account_id(id);
    request.mutable_amount()->set_minor_units(20'050);
    request.mutable_amount()->set_currency("USD");
    Set(request.mutable_payment_time(), "2026-03-02T11:00:00Z");
    v1::RecordPaymentResponse response;
    ASSERT_TRUE(accounts->RecordPayment(&context, request, &response).ok());
  }
  {
    grpc::ClientContext context;
    v1::RecordPaymentRequest request;
    request.set_request_id("p2");
    request.set_account_id(id);
    request.mutable_amount()->set_minor_units(-5);
    request.mutable_amount()->set_currency("EURO");
    v1::RecordPaymentResponse response;
    const grpc::Status status = accounts->RecordPayment(&context, request, &response);
    EXPECT_THAT(Details::Of(status).fields,
                UnorderedElementsAre("amount.currency", "amount.minor_units", "payment_time"));
  }
  {
    grpc::ClientContext context;
    v1::GetAccountRequest request;
    request.set_account_id(id);
    v1::GetAccountResponse response;
    ASSERT_TRUE(accounts->GetAccount(&context, request, &response).ok());
    EXPECT_EQ(response.account().balance().minor_units(), 100'000);
    EXPECT_EQ(response.account().due_date(), "2026-02-15");
  }
  {
    grpc::ClientContext context;
    v1::CloseAccountRequest request;
    request.set_request_id("c1");
    request.set_account_id(id);
    v1::CloseAccountResponse response;
    EXPECT_THAT(Details::Of(accounts->CloseAccount(&context, request, &response)).fields,
                ElementsAre("reason"));
  }
  {
    grpc::ClientContext context;
    v1::CloseAccountRequest request;
    request.set_request_id("c1");
    request.set_account_id(id);
    request.set_reason(v1::CLOSE_REASON_RECALLED);
    v1::CloseAccountResponse response;
    ASSERT_TRUE(accounts->CloseAccount(&context, request, &response).ok());
    EXPECT_EQ(response.change(), v1::CHANGE_MADE_UPDATED);
  }
}

TEST(Accounts, AreListedPageByPageEachOnce) {
  House house;
  std::set<std::string> submitted;
  for (int i = 0; i < 7; ++i) {
    const std::string n = std::to_string(i);
    v1::AccountSubmission submission = Submission("A-" + n, "B-" + n);
    submission.mutable_borrower()->mutable_contact_points(0)->set_value("+1614555010" + n);
    submitted.insert(MustSubmit(house, "r" + n, submission).account_id());
  }
  std::set<std::string> listed;
  std::string token;
  int pages = 0;
  do {
    grpc::ClientContext context;
    v1::ListAccountsRequest request;
    request.set_page_size(3);
    request.set_page_token(token);
    v1::ListAccountsResponse response;
    ASSERT_TRUE(house.Accounts()->ListAccounts(&context, request, &response).ok());
    for (const auto& account : response.accounts()) {
      EXPECT_TRUE(listed.insert(account.id()).second);
    }
    token = response.next_page_token();
    ++pages;
    if (pages == 1) {
      // N3: a token is of no use to anybody else, nor when altered.
      const auto try_token = [&](const std::string& with, CallerRole role,
                                 const std::string& tenant) {
        grpc::ClientContext another;
        v1::ListAccountsRequest again;
        again.set_page_token(with);
        v1::ListAccountsResponse ignored;
        return house.Accounts(role, tenant)->ListAccounts(&another, again, &ignored).error_code();
      };
      std::string altered = token;
      altered[3] = altered[3] == 'A' ? 'B' : 'A';
      EXPECT_EQ(try_token(altered, CallerRole::kLender, "acme"),
                grpc::StatusCode::INVALID_ARGUMENT);
      EXPECT_EQ(try_token(token, CallerRole::kLender, "other"),
                grpc::StatusCode::INVALID_ARGUMENT);
      EXPECT_EQ(try_token(token, CallerRole::kOfficer, "acme"),
                grpc::StatusCode::INVALID_ARGUMENT);
      EXPECT_EQ(try_token(token, CallerRole::kLender, "acme"), grpc::StatusCode::OK);
    }
  } while (!token.empty());
  EXPECT_EQ(pages, 3);
  EXPECT_EQ(listed, submitted);
}

TEST(Borrowers, AreToldOfConsentsEventsAndPreferencesAndShowThemOnTheTimeline) {
  House house;
  const v1::SubmittedAccount submitted = MustSubmit(house, "r1");
  const std::string& id = submitted.borrower_id();
  const auto borrowers = house.Borrowers();
  std::string mail_point;
  {
    grpc::ClientContext context;
    v1::GetBorrowerRequest request;
    request.set_external_id("B-1");
    v1::GetBorrowerResponse response;
    ASSERT_TRUE(borrowers->GetBorrower(&context, request, &response).ok());
    EXPECT_EQ(response.borrower().id(), id);
    EXPECT_EQ(response.borrower().birth_date(), "1960-05-04");
    ASSERT_EQ(response.accounts_size(), 1);
    for (const auto& point : response.borrower().contact_points()) {
      if (point.kind() == v1::POINT_KIND_EMAIL) mail_point = point.id();
    }
  }
  {
    grpc::ClientContext context;
    v1::RecordConsentRequest request;
    request.set_request_id("c1");
    request.set_borrower_id(id);
    v1::RecordConsentResponse response;
    EXPECT_THAT(Details::Of(borrowers->RecordConsent(&context, request, &response)).fields,
                UnorderedElementsAre("covers", "form", "consent_time", "via"));
  }
  {
    grpc::ClientContext context;
    v1::RevokeConsentRequest request;
    request.set_request_id("v1");
    request.set_borrower_id(id);
    request.add_covers(v1::COVERS_CHANNEL);
    request.add_channels(v1::CHANNEL_EMAIL);
    request.add_contact_points(mail_point);
    Set(request.mutable_revoke_time(), "2026-03-02T17:00:00Z");
    v1::RevokeConsentResponse response;
    const grpc::Status status = borrowers->RevokeConsent(&context, request, &response);
    ASSERT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(response.event_id().size(), 32u);
    EXPECT_EQ(response.receipts_size(), 1);
  }
  {
    grpc::ClientContext context;
    v1::SetPreferencesRequest request;
    request.set_request_id("s1");
    request.set_borrower_id(id);
    request.mutable_refused_channels()->add_channels(v1::CHANNEL_CALL);
    auto* slot = request.mutable_inconvenient_times()->add_slots();
    slot->add_days(v1::WeeklySlot::DAY_SAT);
    slot->set_from("12:00");
    v1::SetPreferencesResponse response;
    ASSERT_TRUE(borrowers->SetPreferences(&context, request, &response).ok());
    EXPECT_EQ(response.change(), v1::CHANGE_MADE_UPDATED);
  }
  std::string dispute;
  {
    grpc::ClientContext context;
    v1::RecordEventRequest request;
    request.set_request_id("e1");
    request.set_borrower_id(id);
    request.mutable_event()->set_name(v1::EVENT_NAME_DISPUTE);
    Set(request.mutable_event()->mutable_event_time(), "2026-03-02T17:30:00Z");
    request.mutable_event()->set_via(v1::VIA_EMAIL);
    v1::RecordEventResponse response;
    ASSERT_TRUE(borrowers->RecordEvent(&context, request, &response).ok());
    dispute = response.event_id();
  }
  for (const v1::EventName name : {v1::EVENT_NAME_CONSENT, v1::EVENT_NAME_PAYMENT}) {
    grpc::ClientContext context;
    v1::RecordEventRequest request;
    request.set_request_id("e2");
    request.set_borrower_id(id);
    request.mutable_event()->set_name(name);
    Set(request.mutable_event()->mutable_event_time(), "2026-03-02T17:30:00Z");
    v1::RecordEventResponse response;
    EXPECT_THAT(Details::Of(borrowers->RecordEvent(&context, request, &response)).fields,
                Contains("event.name"))
        << "a role that may record events may not therefore record these";
  }
  std::vector<std::string> newest, oldest;
  for (const v1::TimelineOrder order :
       {v1::TIMELINE_ORDER_NEWEST_FIRST, v1::TIMELINE_ORDER_OLDEST_FIRST}) {
    std::string token;
    do {
      grpc::ClientContext context;
      v1::GetTimelineRequest request;
      request.set_borrower_id(id);
      request.set_order(order);
      request.set_page_size(2);
      request.set_page_token(token);
      v1::GetTimelineResponse response;
      const grpc::Status status = borrowers->GetTimeline(&context, request, &response);
      ASSERT_TRUE(status.ok()) << status.error_message();
      for (const auto& item : response.items()) {
        ASSERT_EQ(item.item_case(), v1::TimelineItem::kEvent);
        (order == v1::TIMELINE_ORDER_NEWEST_FIRST ? newest : oldest).push_back(item.event().id());
      }
      token = response.next_page_token();
    } while (!token.empty());
  }
  EXPECT_GE(newest.size(), 4u);
  EXPECT_THAT(newest, Contains(dispute));
  std::reverse(oldest.begin(), oldest.end());
  EXPECT_EQ(newest, oldest);
}

v1::EvaluateRequest Question() {
  v1::EvaluateRequest request;
  v1::Facts* facts = request.mutable_facts();
  const v1::AccountSubmission submission = Submission();
  *facts->mutable_borrower() = submission.borrower();
  *facts->add_accounts() = submission.account();
  facts->mutable_accounts(0)->set_id("d1");
  facts->set_channel_consent(v1::CHANNEL_CONSENT_GIVEN_LONG_AGO);
  facts->set_notices_given_by_default(true);
  facts->set_papers_in_order_by_default(true);
  v1::ProposedContact* contact = request.mutable_contact();
  contact->set_channel(v1::CHANNEL_EMAIL);
  contact->set_contact_point("e1");
  contact->add_accounts("d1");
  contact->mutable_message()->set_opt_out(v1::OPT_OUT_OFFER_LINK);
  contact->mutable_message()->set_mentions_debt(true);
  contact->mutable_message()->set_discloses_collector(true);
  contact->mutable_message()->set_reveals_trade(false);
  contact->mutable_message()->set_true_sender_name(true);
  Set(request.mutable_evaluate_time(), "2026-03-10T15:00:00Z");
  return request;
}

grpc::Status Evaluate(House& house, const v1::EvaluateRequest& request,
                      v1::EvaluateResponse* response) {
  grpc::ClientContext context;
  return house.Contacts()->Evaluate(&context, request, response);
}

TEST(Evaluate, ANoIsAnAnswerWithItsReasonsAndItsNextOpening) {
  House house;
  v1::EvaluateRequest request = Question();
  v1::EvaluateResponse response;
  ASSERT_TRUE(Evaluate(house, request, &response).ok());
  EXPECT_EQ(response.decision().answer(), v1::ANSWER_ALLOWED) << response.DebugString();

  // 03:00 in Columbus.
  Set(request.mutable_evaluate_time(), "2026-03-10T07:00:00Z");
  ASSERT_TRUE(Evaluate(house, request, &response).ok());
  const v1::Decision& decision = response.decision();
  EXPECT_EQ(decision.answer(), v1::ANSWER_DEFERRED);
  ASSERT_GT(decision.denials_size(), 0);
  EXPECT_EQ(decision.denials(0).kind(), v1::RULE_KIND_CONTACT_HOURS);
  EXPECT_GT(decision.denials(0).cites_size(), 0);
  EXPECT_FALSE(decision.denials(0).needs().empty());
  // The second after 08:00 in New York's zone, on a summer-time day: the law says after eight.
  EXPECT_EQ(decision.next_allowed_time().seconds(),
            Utc("2026-03-10T12:00:01Z").time_since_epoch().count());
  EXPECT_EQ(decision.grounds().bundle_digest().substr(0, 7), "sha256:");
  EXPECT_EQ(house.EntryKinds().size(), 1u) << "asking leaves no entry but log.opened";
}

TEST(Evaluate, OfFactsRefusesWhatItCannotRead) {
  House house;
  const struct {
    const char* why;
    std::function<void(v1::EvaluateRequest&)> spoil;
    const char* field;
  } rows[] = {
      {"no subject", [](auto& r) { r.clear_facts(); }, "account_id"},
      {"no contact", [](auto& r) { r.clear_contact(); }, "contact"},
      {"no accounts", [](auto& r) { r.mutable_contact()->clear_accounts(); }, "contact.accounts"},
      {"an account not declared",
       [](auto& r) { r.mutable_contact()->set_accounts(0, "d2"); }, "contact.accounts[0]"},
      {"a point not declared", [](auto& r) { r.mutable_contact()->set_contact_point("zz"); },
       "contact.contact_point"},
      {"no channel", [](auto& r) { r.mutable_contact()->clear_channel(); }, "contact.channel"},
      {"a place that is none",
       [](auto& r) { r.mutable_facts()->mutable_borrower()->mutable_places(0)->set_country("QQ"); },
       "facts.borrower.places[0].country"},
      {"history after the question",
       [](auto& r) {
         auto* event = r.mutable_facts()->add_history();
         event->set_name(v1::EVENT_NAME_DISPUTE);
         Set(event->mutable_event_time(), "2026-03-10T15:00:01Z");
       },
       "evaluate_time"},
      {"a required notice that is not named",
       [](auto& r) { r.mutable_contact()->set_purpose(v1::PURPOSE_REQUIRED_NOTICE); },
       "contact.notice"},
      {"two accounts of one label",
       [](auto& r) { *r.mutable_facts()->add_accounts() = r.facts().accounts(0); },
       "facts.accounts[1].id"},
  };
  for (const auto& row : rows) {
    v1::EvaluateRequest request = Question();
    row.spoil(request);
    v1::EvaluateResponse response;
    const grpc::Status status = Evaluate(house, request, &response);
    ASSERT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << row.why;
    EXPECT_THAT(Details::Of(status).fields, Contains(row.field)) << row.why;
  }
}

TEST(Evaluate, OfAStoredAccountAnswersFromWhatIsOnFile) {
  House house;
  const v1::SubmittedAccount submitted = MustSubmit(house, "r1");
  v1::EvaluateRequest request;
  *request.mutable_contact() = Question().contact();
  request.mutable_contact()->clear_accounts();
  request.mutable_contact()->clear_contact_point();
  request.mutable_contact()->set_channel(v1::CHANNEL_LETTER);
  request.set_account_id(submitted.account_id());
  v1::EvaluateResponse before;
  ASSERT_TRUE(Evaluate(house, request, &before).ok());
  EXPECT_NE(before.decision().answer(), v1::ANSWER_UNSPECIFIED);

  grpc::ClientContext context;
  v1::RecordEventRequest cease;
  cease.set_request_id("e1");
  cease.set_borrower_id(submitted.borrower_id());
  cease.mutable_event()->set_name(v1::EVENT_NAME_CEASE_REQUEST);
  cease.mutable_event()->set_via(v1::VIA_LETTER);
  Set(cease.mutable_event()->mutable_event_time(), "2026-03-02T12:00:00Z");
  v1::RecordEventResponse recorded;
  ASSERT_TRUE(house.Borrowers()->RecordEvent(&context, cease, &recorded).ok());
  v1::EvaluateResponse after;
  ASSERT_TRUE(Evaluate(house, request, &after).ok());
  EXPECT_EQ(after.decision().answer(), v1::ANSWER_DENIED);
  const auto& denials = after.decision().denials();
  EXPECT_TRUE(std::any_of(denials.begin(), denials.end(), [](const v1::Denial& denial) {
    return denial.kind() == v1::RULE_KIND_STOP_CONTACT;
  }));

  // The past is not asked about with what is known now.
  Set(request.mutable_evaluate_time(), "2026-01-01T12:00:00Z");
  EXPECT_THAT(Details::Of(Evaluate(house, request, &after)).fields, ElementsAre("evaluate_time"));
}

TEST(Operations, PausesAreLiftedOnlyByWhoMay) {
  House house;
  const auto pause = [&](CallerRole role, const std::string& tenant, const std::string& of,
                         const std::string& id) {
    grpc::ClientContext context;
    v1::PauseContactsRequest request;
    request.set_request_id(id);
    request.set_reason("drill");
    request.mutable_scope()->set_tenant(of);
    request.mutable_scope()->set_jurisdiction("US-OH");
    v1::PauseContactsResponse response;
    return house.Operations(role, tenant)->PauseContacts(&context, request, &response);
  };
  const auto resume = [&](CallerRole role, const std::string& tenant, const std::string& of,
                          const std::string& id) {
    grpc::ClientContext context;
    v1::ResumeContactsRequest request;
    request.set_request_id(id);
    request.mutable_scope()->set_tenant(of);
    request.mutable_scope()->set_jurisdiction("US-OH");
    v1::ResumeContactsResponse response;
    return house.Operations(role, tenant)->ResumeContacts(&context, request, &response);
  };
  EXPECT_EQ(pause(CallerRole::kLender, "acme", "other", "1").error_code(),
            grpc::StatusCode::PERMISSION_DENIED)
      << "A3: a scope of somebody else's tenant";
  ASSERT_TRUE(pause(CallerRole::kOfficer, "acme", "", "2").ok());
  EXPECT_EQ(resume(CallerRole::kLender, "acme", "", "3").error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(resume(CallerRole::kOperator, "", "acme", "4").error_code(),
            grpc::StatusCode::PERMISSION_DENIED)
      << "operators lift operators' pauses";
  {
    grpc::ClientContext context;
    v1::GetStatusResponse response;
    ASSERT_TRUE(house.Operations(CallerRole::kDialler)
                    ->GetStatus(&context, v1::GetStatusRequest(), &response)
                    .ok());
    ASSERT_EQ(response.paused_scopes_size(), 1);
    EXPECT_EQ(response.paused_scopes(0).scope().jurisdiction(), "US-OH");
    EXPECT_EQ(response.paused_scopes(0).by_role(), v1::CALLER_ROLE_OFFICER);
    EXPECT_EQ(response.bundle_digest().size(), 71u);
    EXPECT_EQ(response.version(), "test");
    EXPECT_GT(response.log_size(), 1u);
    EXPECT_FALSE(response.writes_refused());
  }
  {
    grpc::ClientContext context;
    v1::GetStatusResponse response;
    ASSERT_TRUE(house.Operations(CallerRole::kLender, "other")
                    ->GetStatus(&context, v1::GetStatusRequest(), &response)
                    .ok());
    EXPECT_EQ(response.paused_scopes_size(), 0) << "another tenant's pause";
  }
  EXPECT_TRUE(resume(CallerRole::kOfficer, "acme", "", "5").ok());
  ASSERT_TRUE(pause(CallerRole::kLender, "acme", "", "6").ok());
  EXPECT_TRUE(resume(CallerRole::kLender, "acme", "", "7").ok());
  ASSERT_TRUE(pause(CallerRole::kOperator, "", "", "8").ok());
  EXPECT_TRUE(resume(CallerRole::kOperator, "", "", "9").ok());
}

TEST(AuditLog, IsListedForItsTenantAlone) {
  House house;
  MustSubmit(house, "r1");
  grpc::ClientContext context;
  v1::ListEntriesRequest request;
  request.set_kind_prefix("account.");
  v1::ListEntriesResponse response;
  ASSERT_TRUE(house.Audit()->ListEntries(&context, request, &response).ok());
  ASSERT_EQ(response.entries_size(), 1);
  EXPECT_EQ(response.entries(0).kind(), "account.submitted");
  EXPECT_EQ(audit::AsText(audit::LeafHash(response.entries(0).canonical())),
            response.entries(0).leaf_hash());
  for (const char* secret : {"Jane", "614555", "example.com", "A-1"}) {
    EXPECT_EQ(response.entries(0).canonical().find(secret), std::string::npos) << secret;
  }
  grpc::ClientContext foreign;
  v1::ListEntriesResponse others;
  ASSERT_TRUE(house.Audit(CallerRole::kOfficer, "other")
                  ->ListEntries(&foreign, v1::ListEntriesRequest(), &others)
                  .ok());
  EXPECT_EQ(others.entries_size(), 0);
}

TEST(Upcoming, AccountsAreListedSoonestFirstAndPagedThroughOneInstant) {
  House house;
  std::set<std::string> submitted;
  for (int i = 0; i < 5; ++i) {
    const std::string n = std::to_string(i);
    v1::AccountSubmission submission = Submission("A-" + n, "B-" + n);
    submission.mutable_borrower()->mutable_contact_points(0)->set_value("+1614555010" + n);
    submitted.insert(MustSubmit(house, "r" + n, submission).account_id());
  }
  std::set<std::string> listed;
  std::string token;
  do {
    grpc::ClientContext context;
    v1::ListUpcomingRequest request;
    request.set_page_size(2);
    request.set_page_token(token);
    v1::ListUpcomingResponse response;
    ASSERT_TRUE(house.Contacts()->ListUpcoming(&context, request, &response).ok());
    for (const auto& each : response.contacts()) listed.insert(each.account_id());
    token = response.next_page_token();
  } while (!token.empty());
  EXPECT_EQ(listed, submitted) << "all five wake at the instant they came in";
}

// ---- Health and reflection ---------------------------------------------------------------------

// Speaks to a method that no stub of ours was made for.
template <typename Request, typename Response>
grpc::Status CallUnary(const std::shared_ptr<grpc::Channel>& channel, const char* path,
                       const Request& request, Response* response) {
  grpc::ClientContext context;
  return grpc::internal::BlockingUnaryCall(
      channel.get(), grpc::internal::RpcMethod(path, grpc::internal::RpcMethod::NORMAL_RPC, channel),
      &context, request, response);
}

TEST(Health, IsServingForEveryServiceAndNotWhileDraining) {
  House house;
  const auto check = [&](const std::string& service) {
    grpc::health::v1::HealthCheckRequest request;
    request.set_service(service);
    grpc::health::v1::HealthCheckResponse response;
    const grpc::Status status = CallUnary(house.To(CallerRole::kLender),
                                          "/grpc.health.v1.Health/Check", request, &response);
    return std::pair(status.error_code(), response.status());
  };
  for (const char* service :
       {"", "forbear.v1.AccountService", "forbear.v1.BorrowerService", "forbear.v1.ContactService",
        "forbear.v1.AuditService", "forbear.v1.OperationsService"}) {
    EXPECT_EQ(check(service),
              std::pair(grpc::StatusCode::OK, grpc::health::v1::HealthCheckResponse::SERVING))
        << service;
  }
  EXPECT_EQ(check("forbear.v1.NoSuchService").first, grpc::StatusCode::NOT_FOUND);
}

TEST(Health, SaysNotServingToWhoeverWatchesWhenTheServerDrains) {
  House house;
  const auto channel = house.To(CallerRole::kLender);
  grpc::ClientContext context;
  grpc::health::v1::HealthCheckRequest request;
  request.set_service("forbear.v1.AccountService");
  std::unique_ptr<grpc::ClientReader<grpc::health::v1::HealthCheckResponse>> watch(
      grpc::internal::ClientReaderFactory<grpc::health::v1::HealthCheckResponse>::Create(
          channel.get(),
          grpc::internal::RpcMethod("/grpc.health.v1.Health/Watch",
                                    grpc::internal::RpcMethod::SERVER_STREAMING, channel),
          &context, request));
  grpc::health::v1::HealthCheckResponse response;
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), grpc::health::v1::HealthCheckResponse::SERVING);
  std::thread drain([&] { house.server().Drain(std::chrono::milliseconds(200)); });
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), grpc::health::v1::HealthCheckResponse::NOT_SERVING);
  context.TryCancel();
  watch->Finish();
  drain.join();
}

}  // namespace
}  // namespace forbear::service_house
