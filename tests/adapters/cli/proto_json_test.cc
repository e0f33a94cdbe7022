// JSON as protobuf's own library reads and writes it.
#include "adapters/cli/proto_json.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "forbear/v1/contact_service.pb.h"

namespace forbear::cli {
namespace {

namespace pb = google::protobuf;
using testing::HasSubstr;

// Sets about half of the fields, some of them to what needs care.
class Scribbler {
 public:
  explicit Scribbler(uint32_t seed) : random_(seed) {}

  void Fill(pb::Message* message, int depth) {
    const pb::Descriptor* descriptor = message->GetDescriptor();
    const pb::Reflection* reflection = message->GetReflection();
    if (descriptor->full_name() == "google.protobuf.Timestamp") {
      auto* at = static_cast<pb::Timestamp*>(message);
      at->set_seconds(static_cast<int64_t>(Below(2'000'000'000)));
      if (Below(4) == 0) at->set_nanos(static_cast<int>(Below(1'000)) * 1'000'000);
      return;
    }
    for (int i = 0; i < descriptor->field_count(); ++i) {
      const pb::FieldDescriptor* field = descriptor->field(i);
      if (Below(2) == 0) continue;
      const pb::OneofDescriptor* one_of = field->real_containing_oneof();
      if (one_of != nullptr && reflection->HasOneof(*message, one_of)) continue;
      if (field->message_type() != nullptr && depth == 0) continue;
      for (uint32_t n = field->is_repeated() ? Below(3) : 1; n > 0; --n) Put(message, field, depth);
    }
  }

 private:
  uint32_t Below(uint32_t n) { return std::uniform_int_distribution<uint32_t>(0, n - 1)(random_); }

  template <typename Setter, typename Adder, typename Value>
  static void Put(pb::Message* message, const pb::FieldDescriptor* field, Setter set, Adder add,
                  const Value& value) {
    const pb::Reflection* reflection = message->GetReflection();
    if (field->is_repeated()) {
      (reflection->*add)(message, field, value);
    } else {
      (reflection->*set)(message, field, value);
    }
  }
  void Put(pb::Message* message, const pb::FieldDescriptor* field, int depth) {
    using R = pb::Reflection;
    static const int64_t kNumbers[] = {0, 1, -1, 2'147'483'647, -2'147'483'648LL,
                                       9'007'199'254'740'993, INT64_MAX, INT64_MIN};
    static const char* const kTexts[] = {"", "plain", "a \"quote\" and a \\", "line\nand\ttab\x01",
                                         "\xe6\x9c\x9f\xe9\x99\x90", "</script>&'", "\x7f"};
    const int64_t number = kNumbers[Below(std::size(kNumbers))];
    const std::string text = kTexts[Below(std::size(kTexts))];
    switch (field->cpp_type()) {
      case pb::FieldDescriptor::CPPTYPE_BOOL:
        return Put(message, field, &R::SetBool, &R::AddBool, Below(2) == 0);
      case pb::FieldDescriptor::CPPTYPE_INT32:
        return Put(message, field, &R::SetInt32, &R::AddInt32, static_cast<int32_t>(number));
      case pb::FieldDescriptor::CPPTYPE_INT64:
        return Put(message, field, &R::SetInt64, &R::AddInt64, number);
      case pb::FieldDescriptor::CPPTYPE_UINT32:
        return Put(message, field, &R::SetUInt32, &R::AddUInt32, static_cast<uint32_t>(number));
      case pb::FieldDescriptor::CPPTYPE_UINT64:
        return Put(message, field, &R::SetUInt64, &R::AddUInt64, static_cast<uint64_t>(number));
      case pb::FieldDescriptor::CPPTYPE_DOUBLE:
        return Put(message, field, &R::SetDouble, &R::AddDouble, static_cast<double>(number) / 8);
      case pb::FieldDescriptor::CPPTYPE_FLOAT:
        return Put(message, field, &R::SetFloat, &R::AddFloat, static_cast<float>(number) / 8);
      case pb::FieldDescriptor::CPPTYPE_ENUM: {
        const int count = field->enum_type()->value_count();
        const int at = static_cast<int>(Below(static_cast<uint32_t>(count) + 1));
        // One past the last: a word of a newer contract.
        const int value = at == count ? 9'999 : field->enum_type()->value(at)->number();
        return Put(message, field, &R::SetEnumValue, &R::AddEnumValue, value);
      }
      case pb::FieldDescriptor::CPPTYPE_STRING:
        return Put(message, field, &R::SetString, &R::AddString, text);
      case pb::FieldDescriptor::CPPTYPE_MESSAGE: {
        const R* reflection = message->GetReflection();
        Fill(field->is_repeated() ? reflection->AddMessage(message, field)
                                  : reflection->MutableMessage(message, field),
             depth - 1);
        return;
      }
    }
  }

  std::mt19937 random_;
};

template <typename Message>
void AgreesWithTheLibrary() {
  for (uint32_t seed = 1; seed <= 500; ++seed) {
    Message message;
    Scribbler(seed).Fill(&message, 5);
    std::string theirs;
    ASSERT_TRUE(pb::util::MessageToJsonString(message, &theirs).ok());
    const std::string ours = ToJson(message);
    ASSERT_EQ(nlohmann::json::parse(ours), nlohmann::json::parse(theirs)) << "seed " << seed;
    Message read;
    for (const std::string& text : {ours, theirs}) {
      read.Clear();
      const absl::Status how = FromJson(text, &read);
      ASSERT_TRUE(how.ok()) << "seed " << seed << ": " << how;
      ASSERT_TRUE(pb::util::MessageDifferencer::Equals(read, message)) << "seed " << seed;
    }
    // In the contract's own spelling of the names, with numbers for words.
    pb::util::JsonPrintOptions options;
    options.preserve_proto_field_names = true;
    options.always_print_enums_as_ints = true;
    options.add_whitespace = true;
    theirs.clear();
    ASSERT_TRUE(pb::util::MessageToJsonString(message, &theirs, options).ok());
    read.Clear();
    const absl::Status how = FromJson(theirs, &read);
    ASSERT_TRUE(how.ok()) << "seed " << seed << ": " << how;
    ASSERT_TRUE(pb::util::MessageDifferencer::Equals(read, message)) << "seed " << seed;
  }
}

TEST(ProtoJson, SaysOfRandomRequestsWhatTheLibrarySays) { AgreesWithTheLibrary<v1::EvaluateRequest>(); }
TEST(ProtoJson, SaysOfRandomResponsesWhatTheLibrarySays) {
  AgreesWithTheLibrary<v1::EvaluateResponse>();
}

TEST(ProtoJson, TheContractHoldsNothingElse) {
  EXPECT_TRUE(IsPlain(*v1::EvaluateRequest::descriptor()));
  EXPECT_TRUE(IsPlain(*v1::EvaluateResponse::descriptor()));
}

TEST(ProtoJson, TakesWhatTheMappingTakesAndRefusesTheRest) {
  const struct {
    const char* why;
    std::string text;
    const char* refused;  // nullptr: taken
  } rows[] = {
      {"nothing in it", "{}", nullptr},
      {"null is as not there", R"({"contact":null,"facts":{"accounts":null}})", nullptr},
      {"a list entry is never null", R"({"facts":{"accounts":[null]}})", "`facts.accounts[0]`"},
      {"64 bits as text", R"({"facts":{"accounts":[{"balance":{"minor_units":"-5"}}]}})", nullptr},
      {"and as a number", R"({"facts":{"accounts":[{"balance":{"minorUnits":1e3}}]}})", nullptr},
      {"but no fraction", R"({"facts":{"accounts":[{"balance":{"minorUnits":1.5}}]}})",
       "`facts.accounts[0].balance.minor_units` holds a value of another kind"},
      {"nor more than 64 bits",
       R"({"facts":{"accounts":[{"balance":{"minorUnits":"9223372036854775808"}}]}})", "minor_units"},
      {"nor another spelling of one", R"({"facts":{"accounts":[{"balance":{"minorUnits":"+5"}}]}})",
       "minor_units"},
      {"yes is no word for true", R"({"contact":{"automated":"true"}})", "`contact.automated`"},
      {"a word nobody knows", R"({"contact":{"channel":"CHANNEL_PIGEON"}})", "`contact.channel`"},
      {"an instant with an offset", R"({"evaluateTime":"2026-03-11T10:00:00-04:00"})", nullptr},
      {"an instant that is none", R"({"evaluateTime":"yesterday"})", "`evaluate_time`"},
      {"an instant as an object", R"({"evaluateTime":{"seconds":1}})", "`evaluate_time`"},
      {"a list where one is wanted", R"({"contact":[]})", "`contact`"},
      {"one where a list is wanted", R"({"facts":{"accounts":{}}})", "`facts.accounts`"},
      {"a list in a list", R"({"facts":{"accounts":[[]]}})", "`facts.accounts[0]`"},
      {"two subjects", R"({"account_id":"a","borrower_id":"b"})", "of which one may stand"},
      {"no object", "7", "the request holds a value of another kind"},
      {"a name twice", R"({"contact":{},"contact":{}})", "twice"},
  };
  for (const auto& row : rows) {
    v1::EvaluateRequest request;
    const absl::Status how = FromJson(row.text, &request);
    EXPECT_EQ(how.ok(), row.refused == nullptr) << row.why << ": " << how;
    if (row.refused != nullptr) {
      EXPECT_THAT(std::string(how.message()), HasSubstr(row.refused)) << row.why;
    }
  }
}

}  // namespace
}  // namespace forbear::cli
