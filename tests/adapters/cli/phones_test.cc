// What a number tells, on the packs' own prefix table.
#include "adapters/phones/phones.h"

#include "engine/model/status.h"

namespace forbear {
namespace {

const Phones& TestPhones() {
  static const auto loaded = yaml::LoadPolicies(FORBEAR_SOURCE_DIR "/policies", true);
  FORBEAR_CHECK(loaded.ok());
  static const Phones phones(loaded->phone_prefixes);
  return phones;
}

TEST(Phones, ReadWhatANumberTells) {
  const struct {
    const char* text;
    const char* e164;
    bool valid;
    Line line;
    const char* country;
    bool zoned;  // tells at least one zone
  } rows[] = {
      {"+886 912-345.678", "+886912345678", true, Line::kMobile, "TW", true},
      {"+1 (614) 555-0101", "+16145550101", true, Line::kUnknown, "US", true},
      {"+442079460000", "+442079460000", true, Line::kLandline, "GB", true},
      {"+18005550199", "+18005550199", true, Line::kTollFree, "", false},
  };
  for (const auto& row : rows) {
    const PhoneReading reading = TestPhones().Read(row.text);
    ASSERT_TRUE(reading.possible) << row.text;
    EXPECT_EQ(reading.e164, row.e164);
    EXPECT_EQ(reading.line, row.line) << row.text;
    EXPECT_EQ(reading.country, row.country) << row.text;
    EXPECT_EQ(!reading.zones.empty(), row.zoned) << row.text;
    EXPECT_TRUE(std::is_sorted(reading.zones.begin(), reading.zones.end()));
  }
}

TEST(Phones, TheLongestPrefixOfTheTableTellsTheZones) {
  EXPECT_THAT(TestPhones().Read("+14232025501").zones, testing::ElementsAre("America/New_York"));
  EXPECT_THAT(TestPhones().Read("+14235550101").zones, testing::ElementsAre("America/Chicago"));
}

TEST(Phones, RefuseWhatCannotBeANumber) {
  for (const char* text : {"", "+", "0912345678", "886912345678", "+886", "+88691234567890123",
                           "+1614555O101", "+999123456789", "+86 10", "call me"}) {
    EXPECT_FALSE(TestPhones().Read(text).possible) << text;
  }
}

TEST(Phones, PossibleAndNotInUseIsAWarningNotARefusal) {
  const PhoneReading reading = TestPhones().Read("+12015550");
  EXPECT_FALSE(reading.possible && reading.valid);
  const PhoneReading unused = TestPhones().Read("+886212");
  EXPECT_FALSE(unused.possible && unused.valid);
}

TEST(Phones, DescribeKeepsTheLineThatWasTold) {
  ContactPoint point;
  point.kind = PointKind::kPhone;
  point.value = Personal("+1 614 555 0101");
  point.line = Line::kMobile;
  TestPhones().Describe(point);
  EXPECT_EQ(point.value.Reveal(RevealFor::kStoring), "+16145550101");
  EXPECT_EQ(point.line, Line::kMobile);
  EXPECT_EQ(point.number_country, "US");
  EXPECT_FALSE(point.number_zones.empty());
}

}  // namespace
}  // namespace forbear
