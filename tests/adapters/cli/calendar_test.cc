// `policy calendar` and `policy explain`, as they are typed, on the packs that are here.
#include "adapters/cli/calendar_command.h"

#include <nlohmann/json.hpp>
#include <sstream>

#include "adapters/cli/exit_codes.h"
#include "adapters/cli/explain_command.h"

namespace forbear::cli {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

struct Said {
  int exit_code = -1;
  std::string out, err;
};
Said Calendar(CalendarCall call) {
  call.policies = FORBEAR_SOURCE_DIR "/policies";
  std::ostringstream out, err;
  const int exit_code = RunPolicyCalendar(call, out, err);
  return {exit_code, out.str(), err.str()};
}

TEST(PolicyCalendar, DrawsTheWeekThatTheDayIsIn) {
  CalendarCall call;
  call.at = {"US-OH"};
  call.week = "2026-11-26";
  const Said text = Calendar(call);
  EXPECT_EQ(text.exit_code, kOk) << text.err;
  EXPECT_THAT(text.out, HasSubstr("week of 2026-11-23, America/New_York time"));
  EXPECT_THAT(text.out, HasSubstr("Thu 11-26  ................##########################......  "
                                  "08:00:01 to 21:00"));
  EXPECT_THAT(text.out, HasSubstr("us.regf.contact-hours, 12 CFR 1006.6(b)(1)(i)"));
}

TEST(PolicyCalendar, IsOpenOnlyWhereEveryZoneOfThePlaceIs) {
  CalendarCall call;
  call.at = {"US-TN"};
  call.channel = Channel::kSms;
  call.week = "2026-11-23";
  call.format = "json";
  const json week = json::parse(Calendar(call).out);
  EXPECT_EQ(week["zone"], "America/Chicago");
  EXPECT_EQ(week["zones"], json({"America/Chicago", "America/New_York"}));
  ASSERT_EQ(week["days"].size(), 7u);
  for (const json& day : week["days"]) {
    for (const json& span : day["spans"]) {
      EXPECT_EQ(span["open"], span["closed_by"].empty());
      if (!span["open"]) continue;
      EXPECT_EQ(span["from"], "08:00:01");
      EXPECT_EQ(span["to"], "20:00") << "nine in the evening in the east";
    }
  }
}

TEST(PolicyCalendar, OnTheDayTheClockJumpsTheWallTimeCounts) {
  CalendarCall call;
  call.at = {"US-OH"};
  call.week = "2026-03-08";  // the Sunday that skips an hour ends the week of 2 March
  const Said text = Calendar(call);
  EXPECT_THAT(text.out, HasSubstr("Sun 03-08  ................##########################......  "
                                  "08:00:01 to 21:00"));
}

TEST(PolicyCalendar, ThePictureIsWholeAndNamesWhatCloses) {
  CalendarCall call;
  call.at = {"TW"};
  call.week = "2026-11-23";
  call.format = "svg";
  const Said picture = Calendar(call);
  EXPECT_EQ(picture.out.substr(0, 4), "<svg");
  EXPECT_THAT(picture.out, HasSubstr("tw.outsourcing14.contact-hours"));
  EXPECT_THAT(picture.out, HasSubstr("07:00 to 22:00"));
  EXPECT_EQ(picture.out.substr(picture.out.size() - 7), "</svg>\n");
}

TEST(PolicyCalendar, RefusesWhatItCannotDraw) {
  const struct {
    const char* why;
    CalendarCall call;
    const char* says;
  } rows[] = {
      {"no such place", {.at = {"QQ"}, .week = "2026-11-23"}, "no such place"},
      {"no such city", {.at = {"US-NY-ZZZ"}, .week = "2026-11-23"}, "no such place"},
      {"half a place", {.at = {"US-"}, .week = "2026-11-23"}, "no such place"},
      {"no day", {.at = {"US-OH"}, .week = "next week"}, "next week"},
      {"past the zone data", {.at = {"US-OH"}, .week = "2040-01-01"}, "1970 to 2037"},
      {"no such zone", {.at = {"US-OH"}, .week = "2026-11-23", .zone = "Mars/Base"}, "IANA"},
  };
  for (const auto& row : rows) {
    const Said said = Calendar(row.call);
    EXPECT_EQ(said.exit_code, kWrongUse) << row.why;
    EXPECT_THAT(said.err, HasSubstr(row.says)) << row.why;
    EXPECT_TRUE(said.out.empty()) << row.why;
  }
}

TEST(PolicyExplain, TellsADecisionInEachLanguage) {
  const std::string request =
      R"({"facts":{"borrower":{"places":[{"kind":"TIED_TO_HOME","country":"US","subdivision":"US-OH"}],)"
      R"("contact_points":[{"id":"m1","kind":"POINT_KIND_PHONE","value":"+16145550101",)"
      R"("line":"LINE_MOBILE","source":"POINT_SOURCE_BORROWER"}]},"accounts":[{"id":"d1",)"
      R"("role":"ROLE_THIRD_PARTY_COLLECTOR","product":"PRODUCT_CREDIT_CARD","balance":)"
      R"({"minor_units":"1000","currency":"USD"},"due_date":"2026-01-02"}],)"
      R"("notices_given_by_default":true,"papers_in_order_by_default":true,"channel_consent":"CHANNEL_CONSENT_GIVEN_LONG_AGO"},)"
      R"("contact":{"channel":"CHANNEL_CALL","contact_point":"m1","accounts":["d1"],)"
      R"("purpose":"PURPOSE_PAYMENT_REMINDER"},"evaluate_time":"2026-03-11T03:00:00-04:00"})";
  const struct {
    Tongue tongue;
    const char* says;
  } rows[] = {
      {Tongue::kEnglish, "may not be made on Wed 11 March 2026, 03:00 America/New_York;"},
      {Tongue::kChineseTraditional,
       "最早可進行的時刻是 America/New_York 時間 2026年3月11日週三 08:00:01。"},
      {Tongue::kChineseSimplified,
       "最早可进行的时刻是 America/New_York 时间 2026年3月11日周三 08:00:01。"}};
  for (const auto& row : rows) {
    std::istringstream in(request);
    std::ostringstream out, err;
    const ExplainCall call{.request = "-",
                           .policies = FORBEAR_SOURCE_DIR "/policies",
                           .tongue = row.tongue,
                           .json = true};
    EXPECT_EQ(RunPolicyExplain(call, in, out, err), kOk) << err.str();
    EXPECT_THAT(out.str(), HasSubstr(row.says));
    EXPECT_THAT(out.str(), HasSubstr("us.fdcpa.contact-hours"));
    EXPECT_THAT(out.str(), Not(HasSubstr("6145550101")));
  }
}

TEST(PolicyExplain, RefusesWhatIsNoQuestion) {
  const struct {
    const char* text;
    const char* says;
  } rows[] = {{"{", "no JSON"}, {"{}", "facts"}, {R"({"fact":1})", "no field"}};
  for (const auto& row : rows) {
    std::istringstream in(row.text);
    std::ostringstream out, err;
    const ExplainCall call{.request = "-", .policies = FORBEAR_SOURCE_DIR "/policies"};
    EXPECT_EQ(RunPolicyExplain(call, in, out, err), kWrongUse);
    EXPECT_THAT(err.str(), HasSubstr(row.says));
    EXPECT_TRUE(out.str().empty());
  }
}

}  // namespace
}  // namespace forbear::cli
