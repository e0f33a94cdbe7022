// The stream of accounts: order, bad items among good, draining; and reflection, over raw bytes.
#include <grpcpp/generic/generic_stub.h>

#include <thread>

#include "tests/adapters/grpc/service_house.h"

namespace forbear::service_house {
namespace {

using testing::Contains;
using testing::ElementsAre;

using Stream = grpc::ClientReaderWriter<v1::SubmitAccountsRequest, v1::SubmitAccountsResponse>;

v1::SubmitAccountsRequest Item(int i) {
  v1::SubmitAccountsRequest item;
  const std::string n = std::to_string(i);
  *item.mutable_submission() = Submission("A-" + n, "B-" + n);
  // Two hundred numbers kept for fiction: 614-555-0100 to -0199, and the same of 216.
  const std::string last = std::to_string(100 + i % 100);
  item.mutable_submission()->mutable_borrower()->mutable_contact_points(0)->set_value(
      (i % 200 < 100 ? "+16145550" : "+12165550") + last);
  return item;
}

TEST(SubmitAccounts, AnswersEveryItemInOrderAndBadOnesDoNotStopGoodOnes) {
  House house;
  grpc::ClientContext context;
  const std::unique_ptr<Stream> stream = house.Accounts()->SubmitAccounts(&context);
  constexpr int kItems = 60;
  const auto is_bad = [](int i) { return i % 7 == 3; };
  std::thread writer([&] {
    for (int i = 0; i < kItems; ++i) {
      v1::SubmitAccountsRequest item = Item(i);
      if (i % 14 == 3) {
        item.mutable_submission()->mutable_account()->mutable_balance()->set_currency("QQQ");
      } else if (i % 14 == 10) {
        // More than 64 KiB.
        item.mutable_submission()->mutable_account()->set_original_creditor(
            std::string(70'000, 'x'));
      }
      ASSERT_TRUE(stream->Write(item));
    }
    stream->WritesDone();
  });
  v1::SubmitAccountsResponse result;
  int next = 0;
  std::set<std::string> ids;
  while (stream->Read(&result)) {
    ASSERT_EQ(result.item_index(), static_cast<uint64_t>(next));
    if (is_bad(next)) {
      ASSERT_EQ(result.outcome_case(), v1::SubmitAccountsResponse::kError) << next;
      const Details details(result.error());
      EXPECT_EQ(details.status.code(), 3);
      if (next % 14 == 3) {
        EXPECT_EQ(result.external_id(), "A-" + std::to_string(next));
        EXPECT_THAT(details.fields, ElementsAre("submission.account.balance.currency"));
      } else {
        EXPECT_EQ(details.info.reason(), "ITEM_TOO_LARGE");
      }
    } else {
      ASSERT_EQ(result.outcome_case(), v1::SubmitAccountsResponse::kResult) << next;
      EXPECT_EQ(result.external_id(), "A-" + std::to_string(next));
      EXPECT_EQ(result.result().change(), v1::CHANGE_MADE_CREATED);
      EXPECT_TRUE(ids.insert(result.result().account_id()).second);
    }
    ++next;
  }
  writer.join();
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(next, kItems);
  EXPECT_EQ(house.store().Status().accounts, ids.size());
}

TEST(SubmitAccounts, TheSameItemsAgainChangeNothing) {
  House house;
  uint64_t size = 0;
  for (const v1::ChangeMade expected : {v1::CHANGE_MADE_CREATED, v1::CHANGE_MADE_UNCHANGED}) {
    grpc::ClientContext context;
    const std::unique_ptr<Stream> stream = house.Accounts()->SubmitAccounts(&context);
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(stream->Write(Item(i)));
    stream->WritesDone();
    v1::SubmitAccountsResponse result;
    int results = 0;
    while (stream->Read(&result)) {
      EXPECT_EQ(result.result().change(), expected);
      ++results;
    }
    EXPECT_TRUE(stream->Finish().ok());
    EXPECT_EQ(results, 10);
    if (expected == v1::CHANGE_MADE_CREATED) size = house.store().Status().log_size;
  }
  EXPECT_EQ(house.store().Status().log_size, size);
}

TEST(SubmitAccounts, ALoneItemIsAnsweredWhileTheStreamStaysOpen) {
  House house;
  grpc::ClientContext context;
  const std::unique_ptr<Stream> stream = house.Accounts()->SubmitAccounts(&context);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(stream->Write(Item(i)));
    v1::SubmitAccountsResponse result;
    ASSERT_TRUE(stream->Read(&result));
    EXPECT_EQ(result.result().change(), v1::CHANGE_MADE_CREATED);
  }
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
}

// A call in bytes, so that what no stub can send can be sent.
class RawCall {
 public:
  RawCall(const std::shared_ptr<grpc::Channel>& channel, const std::string& path)
      : stub_(channel), call_(stub_.PrepareCall(&context_, path, &queue_)) {
    call_->StartCall(nullptr);
    Next();
  }
  ~RawCall() {
    context_.TryCancel();
    queue_.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) {
    }
  }
  void Write(const std::string& bytes) {
    const grpc::Slice slice(bytes);
    call_->Write(grpc::ByteBuffer(&slice, 1), nullptr);
    Next();
  }
  std::optional<std::string> Read() {
    grpc::ByteBuffer bytes;
    call_->Read(&bytes, nullptr);
    if (!Next()) return std::nullopt;
    std::vector<grpc::Slice> slices;
    FORBEAR_CHECK(bytes.Dump(&slices).ok());
    std::string text;
    for (const grpc::Slice& slice : slices) {
      text.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
    }
    return text;
  }
  grpc::Status Finish() {
    call_->WritesDone(nullptr);
    Next();
    grpc::Status status;
    call_->Finish(&status, nullptr);
    Next();
    return status;
  }

 private:
  bool Next() {
    void* tag = nullptr;
    bool ok = false;
    FORBEAR_CHECK(queue_.Next(&tag, &ok));
    return ok;
  }
  grpc::CompletionQueue queue_;
  grpc::ClientContext context_;
  grpc::GenericStub stub_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call_;
};

TEST(SubmitAccounts, AnItemThatIsNoMessageIsABadItemAndNotTheEndOfTheStream) {
  House house;
  RawCall call(house.To(CallerRole::kLender), "/forbear.v1.AccountService/SubmitAccounts");
  v1::SubmitAccountsRequest not_utf8 = Item(1);
  std::string broken_text = not_utf8.SerializeAsString();
  const size_t name = broken_text.find("Jane");
  ASSERT_NE(name, std::string::npos);
  broken_text[name] = '\xff';
  for (const std::string& bytes : {std::string("\xff\xff\xff"), broken_text, std::string()}) {
    call.Write(bytes);
    const std::optional<std::string> answer = call.Read();
    ASSERT_TRUE(answer.has_value());
    v1::SubmitAccountsResponse result;
    ASSERT_TRUE(result.ParseFromString(*answer));
    EXPECT_EQ(result.error().code(), 3);
  }
  call.Write(Item(2).SerializeAsString());
  v1::SubmitAccountsResponse result;
  ASSERT_TRUE(result.ParseFromString(call.Read().value()));
  EXPECT_EQ(result.item_index(), 3u);
  EXPECT_EQ(result.result().change(), v1::CHANGE_MADE_CREATED);
  EXPECT_TRUE(call.Finish().ok());
}

TEST(Draining, EndsAnIdleStreamAndWhatWasAcknowledgedIsThereAfterwards) {
  Folder folder;
  House house(folder.path());
  grpc::ClientContext context;
  const std::unique_ptr<Stream> stream = house.Accounts()->SubmitAccounts(&context);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(stream->Write(Item(i)));
  v1::SubmitAccountsResponse result;
  std::vector<std::string> acknowledged;
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(stream->Read(&result));
    acknowledged.push_back(result.result().account_id());
  }
  // The client neither writes nor closes: the server does not wait for it.
  house.server().Drain(std::chrono::seconds(30));
  EXPECT_FALSE(stream->Read(&result));
  const grpc::Status end = stream->Finish();
  EXPECT_EQ(end.error_code(), grpc::StatusCode::UNAVAILABLE);
  house.Close();
  house.Open(folder.path());
  for (const std::string& id : acknowledged) {
    EXPECT_TRUE(house.store().ReadAccount("acme", AccountId::Parse(id).value())->has_value());
  }
}

TEST(Draining, InTheMiddleOfAStreamEveryItemIsAnsweredOrReportedByTheEnd) {
  Folder folder;
  House house(folder.path());
  grpc::ClientContext context;
  const std::unique_ptr<Stream> stream = house.Accounts()->SubmitAccounts(&context);
  std::atomic<int> acknowledged{0};
  int sent = 0;
  std::thread writer([&] {
    // Until the server ends the stream.
    while (stream->Write(Item(sent++))) {
    }
  });
  std::thread drainer([&] {
    while (acknowledged < 50) std::this_thread::yield();
    house.server().Drain(std::chrono::seconds(30));
  });
  v1::SubmitAccountsResponse result;
  std::vector<std::string> ids;
  while (stream->Read(&result)) {
    ASSERT_EQ(result.item_index(), ids.size());
    ASSERT_EQ(result.outcome_case(), v1::SubmitAccountsResponse::kResult);
    ids.push_back(result.result().account_id());
    ++acknowledged;
  }
  const grpc::Status end = stream->Finish();
  writer.join();
  drainer.join();
  EXPECT_EQ(end.error_code(), grpc::StatusCode::UNAVAILABLE) << end.error_message();
  EXPECT_GE(ids.size(), 50u);
  house.Close();
  house.Open(folder.path());
  for (const std::string& id : ids) {
    EXPECT_TRUE(house.store().ReadAccount("acme", AccountId::Parse(id).value())->has_value());
  }
  // A client whose write was under way when the stream ended may not be given the results that had
  // already reached it (its library cancels the call). It does what the end asks of it: it sends the
  // items without a result again, and each is there once.
  EXPECT_GE(house.store().Status().accounts, ids.size());
  grpc::ClientContext again_context;
  const std::unique_ptr<Stream> again = house.Accounts()->SubmitAccounts(&again_context);
  std::thread again_writer([&] {
    for (int i = static_cast<int>(ids.size()); i < sent; ++i) again->Write(Item(i));
    again->WritesDone();
  });
  while (again->Read(&result)) {
    EXPECT_EQ(result.outcome_case(), v1::SubmitAccountsResponse::kResult);
  }
  again_writer.join();
  EXPECT_TRUE(again->Finish().ok());
  EXPECT_EQ(house.store().Status().accounts, static_cast<uint64_t>(sent));
}

TEST(Draining, RefusesNewCalls) {
  House house;
  const auto channel = house.To(CallerRole::kLender);
  house.server().Drain(std::chrono::milliseconds(100));
  grpc::ClientContext context;
  v1::SubmitAccountResponse response;
  EXPECT_EQ(v1::AccountService::NewStub(channel)
                ->SubmitAccount(&context, SubmitRequest("r1"), &response)
                .error_code(),
            grpc::StatusCode::UNAVAILABLE);
}

// ---- Reflection, v1alpha: field 7 lists services, field 4 asks for the file of a symbol ----------

std::string TextField(int number, const std::string& text) {
  return std::string(1, static_cast<char>(number << 3 | 2)) +
         std::string(1, static_cast<char>(text.size())) + text;
}

TEST(Reflection, ListsEveryServiceAndDescribesHealthToo) {
  House house;
  RawCall call(house.To(CallerRole::kLender),
               "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo");
  call.Write(TextField(7, "*"));
  const std::string list = call.Read().value();
  const std::vector<std::string> services = {
      "forbear.v1.AccountService", "forbear.v1.BorrowerService", "forbear.v1.ContactService",
      "forbear.v1.AuditService", "forbear.v1.OperationsService", "grpc.health.v1.Health"};
  for (const std::string& service : services) {
    EXPECT_NE(list.find(service), std::string::npos) << service;
    call.Write(TextField(4, service));
    const std::string file = call.Read().value();
    // The file's descriptor names the service's own requests.
    const std::string name = service.substr(service.rfind('.') + 1);
    EXPECT_NE(file.find(name), std::string::npos) << service;
    EXPECT_NE(file.find("Request"), std::string::npos) << service << " is listed, not described";
  }
  EXPECT_TRUE(call.Finish().ok());
}

}  // namespace
}  // namespace forbear::service_house
