// The contract and the model have the same words.
#include <gtest/gtest.h>

#include "adapters/grpc/proto_words.h"
#include "adapters/grpc/errors.h"
#include "engine/model/status.h"
#include "google/rpc/error_details.pb.h"

namespace forbear::grpc_adapter {
namespace {

template <typename E>
void ExpectOneToOne() {
  const auto& descriptor = *google::protobuf::GetEnumDescriptor<ProtoEnum<E>>();
  SCOPED_TRACE(descriptor.name());
  EXPECT_EQ(descriptor.name(), Words<E>::kName);
  // No value of the contract is without a word, and none has two.
  EXPECT_EQ(descriptor.value_count() - 1, static_cast<int>(AllWords<E>().size()));
  std::set<int> numbers;
  for (size_t i = 0; i < AllWords<E>().size(); ++i) {
    const E value = static_cast<E>(i);
    numbers.insert(static_cast<int>(ToProto(value)));
    EXPECT_EQ(FromProto<E>(ToProto(value)), value) << AllWords<E>()[i];
  }
  EXPECT_EQ(numbers.size(), AllWords<E>().size());
  EXPECT_EQ(descriptor.value(0)->number(), 0);
  EXPECT_EQ(FromProto<E>(static_cast<ProtoEnum<E>>(0)), std::nullopt);
  EXPECT_EQ(FromProto<E>(static_cast<ProtoEnum<E>>(descriptor.value_count())), std::nullopt);
  EXPECT_EQ(FromProto<E>(static_cast<ProtoEnum<E>>(-1)), std::nullopt);
  EXPECT_EQ(FromProto<E>(static_cast<ProtoEnum<E>>(1'000'000)), std::nullopt);
}

TEST(Words, OfTheContractAreThoseOfTheModelBothWays) {
#define FORBEAR_EXPECT_(Name) ExpectOneToOne<Name>();
  FORBEAR_PROTO_ENUMS(FORBEAR_EXPECT_)
#undef FORBEAR_EXPECT_
}

TEST(Words, EveryEnumOfTheVocabularyIsMapped) {
  std::set<std::string> mapped;
#define FORBEAR_NAME_(Name) mapped.insert(#Name);
  FORBEAR_PROTO_ENUMS(FORBEAR_NAME_)
#undef FORBEAR_NAME_
  const auto& file = *v1::Channel_descriptor()->file();
  for (int i = 0; i < file.enum_type_count(); ++i) {
    EXPECT_TRUE(mapped.contains(file.enum_type(i)->name())) << file.enum_type(i)->name();
  }
  EXPECT_EQ(static_cast<int>(mapped.size()), file.enum_type_count());
}

TEST(Errors, CarryReasonFieldsAndRetryForAProgramToRead) {
  const google::rpc::Status bad =
      ToRpcStatus(ToStatus({{"history[0].at", "is missing"}, {"account.due_on", "is no date"}}));
  EXPECT_EQ(bad.code(), 3);
  ASSERT_EQ(bad.details_size(), 2);
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(bad.details(0).UnpackTo(&info));
  EXPECT_EQ(info.domain(), "forbear");
  EXPECT_EQ(info.reason(), "INVALID_REQUEST");
  google::rpc::BadRequest fields;
  ASSERT_TRUE(bad.details(1).UnpackTo(&fields));
  EXPECT_EQ(fields.field_violations(0).field(), "history[0].event_time");
  EXPECT_EQ(fields.field_violations(1).field(), "account.due_date");

  const google::rpc::Status full = ToRpcStatus(absl::ResourceExhaustedError("full"));
  google::rpc::RetryInfo retry;
  ASSERT_EQ(full.details_size(), 2);
  ASSERT_TRUE(full.details(1).UnpackTo(&retry));
  EXPECT_GT(retry.retry_delay().seconds(), 0);
}

TEST(Errors, OfTwoChecksAreToldOnceForEachField) {
  const std::vector<Violation> joined =
      Join({{"a.b", "cannot be read"}},
           {{"a.b.c", "is missing"}, {"a", "is wrong"}, {"a.bc", "is another field"}});
  ASSERT_EQ(joined.size(), 2u);
  EXPECT_EQ(joined[1].field, "a.bc");
}

}  // namespace
}  // namespace forbear::grpc_adapter
