// The audit service over the wire: filters, pages, the stream, counts and proofs, each for the
// tenant that asks and for nobody else.
#include <thread>

#include "adapters/grpc/audit_query.h"
#include "engine/audit/proof_text.h"
#include "tests/adapters/grpc/service_house.h"

namespace forbear::service_house {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Id128 IdOf(char digit) { return Id128::FromHexDigits(std::string(32, digit)).value(); }

// A decision that names these; the smallest that has all a filter asks about.
RecordFact Decision(const std::string& answer, const char* rule, const char* place, Channel channel,
                    char account = '1') {
  RecordFact fact{.kind = "decision." + answer};
  fact.ref.Set("accounts", cj1::Array().Append(IdOf(account).Hex()));
  fact.ref.Set("attempt", IdOf('d').Hex());
  fact.data.Set("channel", ToWord(channel));
  fact.data.Set("jurisdictions", cj1::Array().Append("US").Append(place));
  if (*rule != 0) {
    fact.data.Set("denials", cj1::Array().Append(cj1::Object().Set("rule", rule)));
  }
  fact.borrower = BorrowerId(IdOf('b'));
  return fact;
}

std::vector<uint64_t> SeqsOf(const google::protobuf::RepeatedPtrField<v1::Entry>& entries) {
  std::vector<uint64_t> seqs;
  for (const v1::Entry& entry : entries) {
    EXPECT_EQ(audit::AsText(audit::LeafHash(entry.canonical())), entry.leaf_hash());
    seqs.push_back(entry.seq());
  }
  return seqs;
}

// All pages of it.
std::vector<uint64_t> List(House& house, v1::ListEntriesRequest request,
                           CallerRole role = CallerRole::kOfficer,
                           const std::string& tenant = "acme") {
  std::vector<uint64_t> seqs;
  for (int pages = 0; pages < 1'000; ++pages) {
    grpc::ClientContext context;
    v1::ListEntriesResponse response;
    const grpc::Status status =
        house.Audit(role, tenant)->ListEntries(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    for (const uint64_t seq : SeqsOf(response.entries())) seqs.push_back(seq);
    if (response.next_page_token().empty()) break;
    request.set_page_token(response.next_page_token());
  }
  return seqs;
}

struct Streamed {
  std::vector<uint64_t> seqs;
  uint64_t next_seq = 0;
  int answers = 0;
  grpc::Status status;
};
Streamed Stream(House& house, const v1::ExportEntriesRequest& request,
                CallerRole role = CallerRole::kAuditor, const std::string& tenant = "acme") {
  Streamed streamed;
  grpc::ClientContext context;
  const auto reader = house.Audit(role, tenant)->ExportEntries(&context, request);
  v1::ExportEntriesResponse response;
  while (reader->Read(&response)) {
    ++streamed.answers;
    EXPECT_LE(response.entries_size(), 256);
    EXPECT_GE(response.next_seq(), streamed.next_seq);
    for (const uint64_t seq : SeqsOf(response.entries())) {
      EXPECT_LT(seq, response.next_seq());
      streamed.seqs.push_back(seq);
    }
    streamed.next_seq = response.next_seq();
  }
  streamed.status = reader->Finish();
  return streamed;
}

class AuditService : public testing::Test {
 protected:
  House house_;
};

TEST_F(AuditService, EntriesAreFoundByWhatTheyAreAboutPageByPageAndInAStream) {
  const uint64_t one = house_.Record("acme", Decision("denied", "us.cap", "US-OH", Channel::kSms));
  house_.clock.Set(Utc("2026-03-03T00:00:00Z"));
  const uint64_t two =
      house_.Record("acme", Decision("deferred", "us.hours", "US-MA", Channel::kCall, '2'));
  const uint64_t foreign =
      house_.Record("other", Decision("denied", "us.cap", "US-OH", Channel::kSms));
  house_.clock.Set(Utc("2026-03-04T00:00:00Z"));
  const uint64_t three = house_.Record("acme", Decision("allowed", "", "US-OH", Channel::kSms));

  const struct {
    const char* why;
    std::function<void(v1::ListEntriesRequest&)> ask;
    std::vector<uint64_t> seqs;
  } rows[] = {
      {"decisions", [](auto& r) { r.set_kind_prefix("decision."); }, {one, two, three}},
      {"a rule", [](auto& r) { r.set_rule("us.cap"); }, {one}},
      {"a place", [](auto& r) { r.set_jurisdiction("US-OH"); }, {one, three}},
      {"a country", [](auto& r) { r.set_jurisdiction("US"); }, {one, two, three}},
      {"a channel", [](auto& r) { r.set_channel(v1::CHANNEL_CALL); }, {two}},
      {"an account", [](auto& r) { r.set_account_id(IdOf('2').Hex()); }, {two}},
      {"an attempt", [](auto& r) { r.set_attempt_id(IdOf('d').Hex()); }, {one, two, three}},
      {"another attempt", [](auto& r) { r.set_attempt_id(IdOf('e').Hex()); }, {}},
      {"a borrower and a rule",
       [](auto& r) {
         r.set_borrower_id(IdOf('b').Hex());
         r.set_rule("us.hours");
       },
       {two}},
      {"from an instant on",
       [](auto& r) {
         r.set_kind_prefix("decision.");
         Set(r.mutable_start_time(), "2026-03-02T18:00:01Z");
       },
       {two, three}},
      {"a day",
       [](auto& r) {
         Set(r.mutable_start_time(), "2026-03-03T00:00:00Z");
         Set(r.mutable_end_time(), "2026-03-04T00:00:00Z");
       },
       {two}},
      {"from a number on",
       [&](auto& r) {
         r.set_rule("us.cap");
         r.set_first_seq(one + 1);
       },
       {}},
  };
  for (const auto& row : rows) {
    v1::ListEntriesRequest request;
    row.ask(request);
    EXPECT_EQ(List(house_, request), row.seqs) << row.why;
    request.set_page_size(1);
    EXPECT_EQ(List(house_, request, CallerRole::kAuditor), row.seqs) << row.why << ", one by one";
    v1::ExportEntriesRequest stream;
    stream.set_borrower_id(request.borrower_id());
    stream.set_kind_prefix(request.kind_prefix());
    stream.set_first_seq(request.first_seq());
    stream.set_account_id(request.account_id());
    stream.set_attempt_id(request.attempt_id());
    stream.set_rule(request.rule());
    stream.set_jurisdiction(request.jurisdiction());
    if (request.has_channel()) stream.set_channel(request.channel());
    if (request.has_start_time()) *stream.mutable_start_time() = request.start_time();
    if (request.has_end_time()) *stream.mutable_end_time() = request.end_time();
    const Streamed streamed = Stream(house_, stream);
    EXPECT_TRUE(streamed.status.ok()) << streamed.status.error_message();
    EXPECT_EQ(streamed.seqs, row.seqs) << row.why << ", as a stream";
    EXPECT_EQ(streamed.next_seq, house_.store().Head().size);
  }
  v1::ListEntriesRequest cap;
  cap.set_rule("us.cap");
  EXPECT_THAT(List(house_, cap, CallerRole::kOfficer, "other"), ElementsAre(foreign));
  EXPECT_THAT(List(house_, cap, CallerRole::kAuditor, ""), ElementsAre(one, foreign))
      << "an auditor of every tenant";
}

TEST_F(AuditService, AFilterThatCannotBeReadIsToldWithItsPathByPageAndByStream) {
  v1::ListEntriesRequest request;
  request.set_account_id("x");
  request.set_attempt_id(std::string(32, 'Z'));
  request.set_borrower_id("1");
  request.set_channel(static_cast<v1::Channel>(99));
  Set(request.mutable_start_time(), "2026-03-03T00:00:00Z");
  Set(request.mutable_end_time(), "2026-03-02T00:00:00Z");
  grpc::ClientContext context;
  v1::ListEntriesResponse response;
  const grpc::Status status = house_.Audit()->ListEntries(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(Details::Of(status).fields,
              testing::UnorderedElementsAre("account_id", "attempt_id", "borrower_id", "channel",
                                            "end_time"));
  v1::ExportEntriesRequest stream;
  stream.set_account_id("x");
  const Streamed streamed = Stream(house_, stream);
  EXPECT_EQ(streamed.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(Details::Of(streamed.status).fields, ElementsAre("account_id"));
  EXPECT_EQ(streamed.answers, 0);
}

TEST_F(AuditService, AStreamOfMoreThanABatchIsWholeAndEndsWhereTheLogStood) {
  constexpr int kEntries = 2'600;  // more than ten batches, and more than one stretch
  for (int i = 0; i < kEntries; ++i) {
    house_.Record(i % 2 == 0 ? "acme" : "other", {.kind = "test.noted"});
  }
  const uint64_t size = house_.store().Head().size;
  v1::ExportEntriesRequest request;
  const Streamed own = Stream(house_, request);
  EXPECT_TRUE(own.status.ok()) << own.status.error_message();
  EXPECT_EQ(own.seqs.size(), static_cast<size_t>(kEntries / 2));
  EXPECT_TRUE(std::is_sorted(own.seqs.begin(), own.seqs.end()));
  EXPECT_GE(own.answers, 6);
  EXPECT_EQ(own.next_seq, size);
  const Streamed all = Stream(house_, request, CallerRole::kAuditor, "");
  EXPECT_EQ(all.seqs.size(), size);
  // A stream that broke goes on where it was.
  request.set_first_seq(own.seqs[1'000]);
  EXPECT_EQ(Stream(house_, request).seqs,
            std::vector<uint64_t>(own.seqs.begin() + 1'000, own.seqs.end()));
  // A stretch without a match is an answer without entries.
  request.set_first_seq(0);
  request.set_rule("us.none");
  const Streamed none = Stream(house_, request, CallerRole::kAuditor, "");
  EXPECT_TRUE(none.status.ok());
  EXPECT_THAT(none.seqs, IsEmpty());
  EXPECT_EQ(none.answers, 2);
  request.set_first_seq(size + 100);
  EXPECT_EQ(Stream(house_, request).answers, 1) << "beyond the end there is nothing, said once";
}

TEST_F(AuditService, AStreamThatIsGivenUpLeavesItsRoom) {
  for (int i = 0; i < 3'000; ++i) house_.Record("acme", {.kind = "test.noted"});
  // More of them, one after the other, than a tenant may have at once.
  for (int i = 0; i < 80; ++i) {
    grpc::ClientContext context;
    const auto reader = house_.Audit()->ExportEntries(&context, v1::ExportEntriesRequest());
    v1::ExportEntriesResponse response;
    ASSERT_TRUE(reader->Read(&response)) << i;
    context.TryCancel();
    EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  // The last may still be leaving when the next comes; then there is room.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  Streamed streamed;
  do {
    streamed = Stream(house_, v1::ExportEntriesRequest());
  } while (!streamed.status.ok() && std::chrono::steady_clock::now() < deadline);
  EXPECT_TRUE(streamed.status.ok()) << streamed.status.error_message();
}

TEST_F(AuditService, AStreamEndsWhenTheServerDrains) {
  for (int i = 0; i < 3'000; ++i) house_.Record("acme", {.kind = "test.noted"});
  grpc::ClientContext context;
  const auto reader = house_.Audit()->ExportEntries(&context, v1::ExportEntriesRequest());
  v1::ExportEntriesResponse response;
  ASSERT_TRUE(reader->Read(&response));
  std::thread drain([&] { house_.server().Drain(std::chrono::seconds(10)); });
  uint64_t next = response.next_seq();
  while (reader->Read(&response)) next = response.next_seq();
  const grpc::Status status = reader->Finish();
  drain.join();
  // It had been told, or had everything on its way already.
  if (!status.ok()) {
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
    EXPECT_LT(next, house_.store().Head().size);
  }
}

TEST_F(AuditService, AReportCountsTheTenantsEntriesInASpan) {
  house_.Record("acme", Decision("denied", "us.cap", "US-OH", Channel::kSms));
  house_.clock.Set(Utc("2026-03-03T00:00:00Z"));
  house_.Record("acme", Decision("denied", "us.cap", "US-OH", Channel::kSms));
  house_.Record("acme", Decision("deferred", "us.hours", "US-MA", Channel::kCall));
  house_.Record("acme", Decision("allowed", "", "US-OH", Channel::kSms));
  house_.Record("acme", {.kind = "test.noted"});
  house_.Record("other", Decision("denied", "us.cap", "US-OH", Channel::kSms));
  house_.clock.Set(Utc("2026-03-04T00:00:00Z"));
  house_.Record("acme", Decision("allowed", "", "US-OH", Channel::kSms));

  v1::GetReportRequest request;
  Set(request.mutable_start_time(), "2026-03-03T00:00:00Z");
  Set(request.mutable_end_time(), "2026-03-04T00:00:00Z");
  const auto report = [&](CallerRole role, const std::string& tenant) {
    grpc::ClientContext context;
    v1::GetReportResponse response;
    const grpc::Status status = house_.Audit(role, tenant)->GetReport(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(response.next_page_token(), "");
    return response;
  };
  const v1::GetReportResponse own = report(CallerRole::kOfficer, "acme");
  EXPECT_EQ(own.entries(), 4u);
  ASSERT_EQ(own.kinds_size(), 4);
  EXPECT_EQ(own.kinds(0).kind(), "decision.allowed");
  EXPECT_EQ(own.kinds(3).kind(), "test.noted");
  EXPECT_EQ(own.answers().allowed(), 1u);
  EXPECT_EQ(own.answers().deferred(), 1u);
  EXPECT_EQ(own.answers().denied(), 1u);
  ASSERT_EQ(own.denying_rules_size(), 2);
  EXPECT_EQ(own.denying_rules(0).rule(), "us.cap");
  EXPECT_EQ(own.denying_rules(0).count(), 1u);
  ASSERT_EQ(own.places_size(), 4) << "US by call and sms, US-MA by call, US-OH by sms";
  EXPECT_EQ(own.places(0).jurisdiction(), "US");
  EXPECT_EQ(own.places(0).channel(), v1::CHANNEL_CALL);
  EXPECT_EQ(own.places(3).jurisdiction(), "US-OH");
  EXPECT_EQ(own.places(3).channel(), v1::CHANNEL_SMS);
  EXPECT_EQ(own.places(3).answers().allowed(), 1u);
  EXPECT_EQ(own.places(3).answers().denied(), 1u);
  EXPECT_EQ(report(CallerRole::kOfficer, "other").answers().denied(), 1u);
  EXPECT_EQ(report(CallerRole::kAuditor, "").answers().denied(), 2u) << "of every tenant";
  request.clear_start_time();
  request.clear_end_time();
  EXPECT_EQ(report(CallerRole::kAuditor, "acme").answers().denied(), 2u) << "all of the log";
}

TEST_F(AuditService, ACountThatStopsSaysWhereToGoOnAndTheCountsAddUp) {
  for (int i = 0; i < 25; ++i) {
    house_.Record(i % 5 == 0 ? "other" : "acme",
                  Decision("denied", "us.cap", "US-OH", Channel::kSms));
  }
  const auto later = std::chrono::system_clock::now() + std::chrono::minutes(1);
  EntryQuery query;
  query.tenant = "acme";
  audit::EntryReport whole, parts;
  const auto all = grpc_adapter::CountEntries(house_.store(), query, 1'000, later, &whole);
  ASSERT_TRUE(all.ok());
  EXPECT_EQ(*all, std::nullopt);
  EXPECT_EQ(whole.entries, 20u);
  int calls = 0;
  for (std::optional<uint64_t> next = 0; next.has_value(); ++calls) {
    ASSERT_LT(calls, 10);
    query.first_seq = *next;
    const auto went_to = grpc_adapter::CountEntries(house_.store(), query, 8, later, &parts);
    ASSERT_TRUE(went_to.ok());
    next = *went_to;
  }
  EXPECT_EQ(calls, 3) << "8, 8 and 4";
  EXPECT_EQ(parts.entries, whole.entries);
  EXPECT_EQ(parts.kinds, whole.kinds);
  EXPECT_EQ(parts.answers, whole.answers);
  EXPECT_EQ(parts.denying_rules, whole.denying_rules);
  EXPECT_EQ(parts.places, whole.places);
  EXPECT_TRUE(absl::IsDeadlineExceeded(
      grpc_adapter::CountEntries(house_.store(), query, 8, later - std::chrono::minutes(2), &parts)
          .status()));
}

// ---- Proofs ------------------------------------------------------------------------------------

TEST_F(AuditService, AnEntryIsProvedUnderTheNewestCheckpointAndCheckedOffline) {
  std::vector<uint64_t> seqs;
  for (int i = 0; i < 300; ++i) seqs.push_back(house_.Record("acme", {.kind = "test.noted"}));
  const std::string note = house_.Sign();
  const audit::VerifierKey& key = House::Key().verifier();
  for (const CallerRole role : {CallerRole::kLender, CallerRole::kOfficer, CallerRole::kAuditor}) {
    const uint64_t seq = seqs[static_cast<size_t>(role) * 70];
    grpc::ClientContext context, again;
    v1::GetInclusionProofRequest request;
    request.set_seq(seq);
    v1::GetInclusionProofResponse response;
    const grpc::Status status = house_.Audit(role)->GetInclusionProof(&context, request, &response);
    ASSERT_TRUE(status.ok()) << status.error_message();
    v1::GetEntryRequest which;
    which.set_seq(seq);
    v1::GetEntryResponse entry;
    ASSERT_TRUE(house_.Audit(role)->GetEntry(&again, which, &entry).ok());
    const auto proof = audit::ParseProofText(response.proof());
    ASSERT_TRUE(proof.ok()) << proof.status();
    EXPECT_TRUE(audit::CheckProofText(*proof, entry.entry().canonical(), key).ok());
    EXPECT_EQ(response.checkpoint(), note);
    EXPECT_EQ(response.tree_size(), house_.store().Head().size);
    EXPECT_EQ(response.leaf_hash(), entry.entry().leaf_hash());
    ASSERT_EQ(static_cast<size_t>(response.hashes_size()), proof->hashes.size());
    for (int i = 0; i < response.hashes_size(); ++i) {
      EXPECT_EQ(response.hashes(i), audit::AsText(proof->hashes[static_cast<size_t>(i)]));
    }
  }
}

TEST_F(AuditService, AnEntryIsProvedInATreeThatSomebodyKept) {
  for (int i = 0; i < 20; ++i) house_.Record("acme", {.kind = "test.noted"});
  const auto older = audit::PeekCheckpoint(house_.Sign());
  ASSERT_TRUE(older.ok());
  for (int i = 0; i < 20; ++i) house_.Record("acme", {.kind = "test.noted"});
  house_.Sign();
  grpc::ClientContext context;
  v1::GetInclusionProofRequest request;
  request.set_seq(7);
  request.set_tree_size(older->head.size);
  v1::GetInclusionProofResponse response;
  ASSERT_TRUE(house_.Audit()->GetInclusionProof(&context, request, &response).ok());
  EXPECT_EQ(response.proof(), "") << "the checkpoint of that size is the caller's";
  EXPECT_EQ(response.checkpoint(), "");
  audit::Proof proof;
  for (const std::string& hash : response.hashes()) proof.push_back(audit::AsBytes32(hash));
  EXPECT_TRUE(
      audit::VerifyInclusion(audit::AsBytes32(response.leaf_hash()), 7, older->head, proof).ok());
}

TEST_F(AuditService, WhatNoCheckpointReachesYetIsSaidSo) {
  const uint64_t seq = house_.Record("acme", {.kind = "test.noted"});
  const auto inclusion = [&](uint64_t of, uint64_t size) {
    grpc::ClientContext context;
    v1::GetInclusionProofRequest request;
    request.set_seq(of);
    request.set_tree_size(size);
    v1::GetInclusionProofResponse response;
    return house_.Audit()->GetInclusionProof(&context, request, &response);
  };
  const auto consistency = [&](uint64_t from, uint64_t to) {
    grpc::ClientContext context;
    v1::GetConsistencyProofRequest request;
    request.set_from_size(from);
    request.set_to_size(to);
    v1::GetConsistencyProofResponse response;
    return house_.Audit()->GetConsistencyProof(&context, request, &response);
  };
  const auto expect_later = [](const grpc::Status& status) {
    EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
    EXPECT_EQ(Details::Of(status).info.reason(), "NOT_SIGNED_YET");
  };
  expect_later(inclusion(seq, 0));
  expect_later(consistency(0, 0));
  house_.Sign();
  EXPECT_TRUE(inclusion(seq, 0).ok());
  const uint64_t size = house_.store().Head().size;
  const uint64_t later = house_.Record("acme", {.kind = "test.noted"});
  expect_later(inclusion(later, 0));
  expect_later(inclusion(seq, size + 1));
  expect_later(consistency(1, size + 1));
  expect_later(consistency(size + 1, 0));
  EXPECT_EQ(Details::Of(inclusion(seq, seq)).fields, std::vector<std::string>{"tree_size"});
  EXPECT_EQ(Details::Of(consistency(3, 2)).fields, std::vector<std::string>{"from_size"});
}

TEST_F(AuditService, AnyRoleMaySeeThatALogGoesOnFromACheckpointKept) {
  std::vector<audit::Checkpoint> kept = {{"audit.example/test", {}}};
  for (int i = 0; i < 4; ++i) {
    for (int n = 0; n < 70; ++n) house_.Record("acme", {.kind = "test.noted"});
    kept.push_back(audit::PeekCheckpoint(house_.Sign()).value());
  }
  for (const Caller& caller : House::Everybody()) {
    for (size_t from = 0; from < kept.size(); ++from) {
      for (size_t to = std::max<size_t>(from, 1); to < kept.size(); ++to) {
        grpc::ClientContext context;
        v1::GetConsistencyProofRequest request;
        request.set_from_size(kept[from].head.size);
        request.set_to_size(kept[to].head.size);
        v1::GetConsistencyProofResponse response;
        const grpc::Status status = house_.Audit(caller.role, caller.tenant)
                                        ->GetConsistencyProof(&context, request, &response);
        ASSERT_TRUE(status.ok()) << caller.id << status.error_message();
        audit::Proof proof;
        for (const std::string& hash : response.hashes()) proof.push_back(audit::AsBytes32(hash));
        EXPECT_TRUE(audit::VerifyConsistency(kept[from].head, kept[to].head, proof).ok());
        EXPECT_EQ(response.checkpoint().empty(), to + 1 != kept.size());
      }
    }
  }
}

TEST_F(AuditService, N2AnotherTenantsEntryIsProvedLikeOneThatNobodyHas) {
  const uint64_t theirs = house_.Record("other", {.kind = "test.noted"});
  house_.Record("acme", {.kind = "test.noted"});
  const auto ask = [&](uint64_t seq, uint64_t tree_size) {
    grpc::ClientContext context;
    v1::GetInclusionProofRequest request;
    request.set_seq(seq);
    request.set_tree_size(tree_size);
    v1::GetInclusionProofResponse response;
    const grpc::Status status = house_.Audit()->GetInclusionProof(&context, request, &response);
    EXPECT_EQ(response.ByteSizeLong(), 0u);
    return status;
  };
  for (const bool is_signed : {false, true}) {
    if (is_signed) house_.Sign();
    for (const uint64_t tree_size : {0, 1, 3, 1'000'000}) {
      const grpc::Status unknown = ask(1'000'000, tree_size);
      EXPECT_EQ(unknown.error_code(), grpc::StatusCode::NOT_FOUND);
      // Theirs, and the house's own first entry, which is no tenant's.
      for (const uint64_t seq : {theirs, uint64_t{0}}) {
        const grpc::Status foreign = ask(seq, tree_size);
        EXPECT_EQ(foreign.error_code(), unknown.error_code());
        EXPECT_EQ(foreign.error_message(), unknown.error_message());
        EXPECT_EQ(foreign.error_details(), unknown.error_details());
      }
    }
  }
  grpc::ClientContext context;
  v1::GetInclusionProofRequest request;
  request.set_seq(theirs);
  v1::GetInclusionProofResponse response;
  EXPECT_TRUE(
      house_.Audit(CallerRole::kAuditor, "")->GetInclusionProof(&context, request, &response).ok())
      << "an auditor of every tenant";
}

TEST(AuditServiceOnDisk, ProofsAndFiltersAreTheSame) {
  Folder folder;
  House house(folder.path());
  const uint64_t one = house.Record("acme", Decision("denied", "us.cap", "US-OH", Channel::kSms));
  for (int i = 0; i < 600; ++i) house.Record("acme", {.kind = "test.noted"});
  house.Sign();
  v1::ListEntriesRequest by_rule;
  by_rule.set_rule("us.cap");
  EXPECT_THAT(List(house, by_rule), ElementsAre(one));
  grpc::ClientContext context;
  v1::GetInclusionProofRequest request;
  request.set_seq(one);
  v1::GetInclusionProofResponse response;
  const grpc::Status status = house.Audit()->GetInclusionProof(&context, request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  const auto proof = audit::ParseProofText(response.proof());
  ASSERT_TRUE(proof.ok());
  const auto entries = house.store().ListEntries({.first_seq = one, .limit = 1});
  ASSERT_TRUE(entries.ok());
  EXPECT_TRUE(audit::CheckProofText(*proof, entries->front().bytes, House::Key().verifier()).ok());
}

}  // namespace
}  // namespace forbear::service_house
