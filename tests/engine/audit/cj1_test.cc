// CJ1: one way to write each value, and nothing else is read.
#include "engine/audit/cj1.h"

#include <random>

#include "tests/engine/audit/vectors.h"

namespace forbear::cj1 {
namespace {

Value FromJson(const nlohmann::json& json) {
  if (json.is_boolean()) return json.get<bool>();
  if (json.is_number_integer()) return json.get<int64_t>();
  if (json.is_string()) return json.get<std::string>();
  if (json.is_array()) {
    Value array = Array();
    for (const auto& item : json) array.Append(FromJson(item));
    return array;
  }
  // Members in falling order, so that Encode has something to sort.
  Value object = Object();
  for (auto it = json.rbegin(); it != json.rend(); ++it) object.Set(it.key(), FromJson(*it));
  return object;
}

Value Nested(int depth) {
  Value value = Object();
  for (int i = 1; i < depth; ++i) {
    Value outer = Object();
    outer.Set("a", std::move(value));
    value = std::move(outer);
  }
  return value;
}

TEST(Cj1, WritesEachVectorAsItsCanonicalBytes) {
  const auto& rows = audit::Vectors()["cj1"]["encode"];
  ASSERT_EQ(rows.size(), 7u);
  for (const auto& row : rows) {
    const auto bytes = Encode(FromJson(row["json"]));
    ASSERT_TRUE(bytes.ok()) << row;
    EXPECT_EQ(ToHex(*bytes), row["canonical_hex"].get<std::string>()) << row;
  }
}

TEST(Cj1, ReadsEachVectorAndWritesItAgain) {
  for (const auto& row : audit::Vectors()["cj1"]["encode"]) {
    const std::string bytes = audit::Unhex(row["canonical_hex"]);
    const auto value = Parse(bytes);
    ASSERT_TRUE(value.ok()) << row << value.status();
    EXPECT_EQ(Encode(*value).value(), bytes) << row;
  }
}

TEST(Cj1, RefusesEveryOtherSpelling) {
  const auto& rows = audit::Vectors()["cj1"]["refuse_hex"];
  ASSERT_EQ(rows.size(), 27u);
  for (const auto& row : rows) {
    const auto value = Parse(audit::Unhex(row["hex"]));
    EXPECT_EQ(value.status().code(), absl::StatusCode::kInvalidArgument) << row["why"];
  }
}

TEST(Cj1, RefusesToWriteWhatNobodyMayRead) {
  const struct {
    const char* why;
    Value value;
  } rows[] = {
      {"an upper-case name", Object().Set("A", 1)},
      {"an empty name", Object().Set("", 1)},
      {"twins side by side", Object().Set("a", 1).Set("a", 2)},
      {"twins apart", Object().Set("a", 1).Set("b", 1).Set("a", 2)},
      {"one past the largest integer", Object().Set("a", kMaxInteger + 1)},
      {"one past the smallest integer", Object().Set("a", -kMaxInteger - 1)},
      {"a count too large for int64", Object().Set("a", uint64_t{18446744073709551615u})},
      {"half a character", Object().Set("a", "\xc3")},
      {"an overlong character", Object().Set("a", "\xc0\xaf")},
      {"a surrogate", Object().Set("a", "\xed\xa0\x80")},
      {"above the last character", Object().Set("a", "\xf4\x90\x80\x80")},
      {"an array at the top", Array().Append(1)},
      {"seventeen levels", Nested(17)},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(Encode(row.value).status().code(), absl::StatusCode::kInvalidArgument) << row.why;
  }
}

TEST(Cj1, NestsSixteenDeepAndNotSeventeen) {
  const std::string sixteen = Encode(Nested(16)).value();
  EXPECT_TRUE(Parse(sixteen).ok());
  EXPECT_FALSE(Parse("{\"a\":" + sixteen + "}").ok());
  std::string arrays = "{\"a\":";
  EXPECT_TRUE(Parse(arrays + std::string(15, '[') + std::string(15, ']') + "}").ok());
  EXPECT_FALSE(Parse(arrays + std::string(16, '[') + std::string(16, ']') + "}").ok());
}

TEST(Cj1, KeepsTheLargestAndSmallestIntegers) {
  for (const int64_t number : {kMaxInteger, -kMaxInteger, int64_t{0}}) {
    const std::string bytes = Encode(Object().Set("n", number)).value();
    EXPECT_EQ(Parse(bytes).value().Find("n")->AsInteger(), number);
  }
}

TEST(Cj1, SpellsEachControlCharacterOneWay) {
  for (int c = 0; c < 0x20; ++c) {
    const std::string text(1, static_cast<char>(c));
    const std::string bytes = Encode(Object().Set("s", text)).value();
    EXPECT_EQ(Parse(bytes).value().Find("s")->AsString(), text) << c;
  }
  EXPECT_EQ(Encode(Object().Set("s", std::string_view("\0\x1f\x7f", 3))).value(),
            "{\"s\":\"\\u0000\\u001f\x7f\"}");
}

// Law: whatever is read is written back byte for byte. The mutations come near to canonical
// bytes, where a second spelling would hide.
TEST(Cj1, WhatIsReadIsWrittenBackByteForByte) {
  const uint64_t seed = 20260302;
  std::mt19937_64 random(seed);
  const std::string alphabet = "{}[]\",:\\ abu0019-+.eEtrfalsn\n\xc3\xa9\xff";
  const std::string base =
      R"({"a":[true,false,0,-1,[]],"b":{"c":"x\n\u0001\"é","d":12345},"e":"","f":{}})";
  int read = 0;
  for (int round = 0; round < 200'000; ++round) {
    std::string bytes = base;
    const int edits = 1 + static_cast<int>(random() % 3);
    for (int i = 0; i < edits; ++i) {
      const size_t at = random() % bytes.size();
      const char c = alphabet[random() % alphabet.size()];
      switch (random() % 3) {
        case 0:
          bytes[at] = c;
          break;
        case 1:
          bytes.insert(at, 1, c);
          break;
        default:
          bytes.erase(at, 1);
      }
    }
    const auto value = Parse(bytes);
    if (!value.ok()) continue;
    ++read;
    ASSERT_EQ(Encode(*value).value(), bytes) << "seed " << seed << " round " << round;
  }
  EXPECT_GT(read, 1000) << "too few mutations were valid to say anything";
}

}  // namespace
}  // namespace forbear::cj1
