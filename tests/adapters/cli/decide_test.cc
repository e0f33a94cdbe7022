// `forbear decide`: one question a line, whatever stands in the lines beside it.
#include "adapters/cli/decide_command.h"

#include <google/protobuf/util/json_util.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "adapters/yaml/pack_reader.h"

#include "adapters/zones/zones.h"
#include "engine/model/status.h"
#include "forbear/v1/contact_service.pb.h"

namespace forbear::cli {
namespace {

using nlohmann::json;
using testing::HasSubstr;

const DecideWorld& World() {
  static const auto zones = LoadZones();
  FORBEAR_CHECK(zones.ok());
  static const auto loaded = yaml::LoadPolicies(FORBEAR_SOURCE_DIR "/policies", false);
  FORBEAR_CHECK(loaded.ok());
  static const Phones phones(loaded->phone_prefixes);
  static const DecideWorld world{{loaded->bundle, *zones, loaded->places}, &phones};
  return world;
}

// A call to Columbus, Ohio, about a card debt, at an hour of 11 March 2026 there.
std::string Question(const std::string& hour = "10") {
  return R"({"facts":{"borrower":{"places":[{"kind":"TIED_TO_HOME","country":"US","subdivision":"US-OH",)"
         R"("city":"Columbus","postal_code":"43215"}],"contact_points":[{"id":"m1",)"
         R"("kind":"POINT_KIND_PHONE","value":"+16145550101","line":"LINE_MOBILE",)"
         R"("source":"POINT_SOURCE_BORROWER"}]},"accounts":[{"id":"d1","role":"ROLE_THIRD_PARTY_COLLECTOR",)"
         R"("product":"PRODUCT_CREDIT_CARD","balance":{"minor_units":"1000","currency":"USD"},)"
         R"("due_date":"2026-01-02"}],"notices_given_by_default":true,"papers_in_order_by_default":true,)"
         R"("channel_consent":"CHANNEL_CONSENT_GIVEN_LONG_AGO"},"contact":{"channel":"CHANNEL_CALL",)"
         R"("contact_point":"m1","accounts":["d1"],"purpose":"PURPOSE_PAYMENT_REMINDER"},)"
         R"("evaluate_time":"2026-03-11T)" +
         hour + R"(:00:00-04:00"})";
}

struct Ran {
  bool good = false;
  std::vector<json> lines;
};
Ran Decided(const std::string& in) {
  std::istringstream input(in);
  std::ostringstream output;
  Ran ran;
  ran.good = DecideLines(World(), input, output);
  std::istringstream answers(output.str());
  for (std::string line; std::getline(answers, line);) ran.lines.push_back(json::parse(line));
  return ran;
}

TEST(DecideLines, AnswersEachLineInItsPlace) {
  const Ran ran = Decided(Question("10") + "\n" + Question("03") + "\r\n" + Question("10") + "\n");
  EXPECT_TRUE(ran.good);
  ASSERT_EQ(ran.lines.size(), 3u);
  EXPECT_EQ(ran.lines[0]["decision"]["answer"], "ANSWER_ALLOWED") << ran.lines[0].dump(1);
  EXPECT_EQ(ran.lines[1]["decision"]["answer"], "ANSWER_DEFERRED");
  EXPECT_EQ(ran.lines[1]["decision"]["nextAllowedTime"], "2026-03-11T12:00:01Z");
  EXPECT_EQ(ran.lines[0], ran.lines[2]) << "the same question, the same answer";
}

TEST(DecideLines, ABadLineIsAnsweredAndTheRunGoesOn) {
  const std::string good = Question();
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string line = good;
    const size_t at = line.find(from);
    FORBEAR_CHECK(at != std::string::npos);
    return line.replace(at, from.size(), to);
  };
  std::string deep = R"({"facts":)";
  for (int i = 0; i < 40; ++i) deep += '[';
  const struct {
    const char* why;
    std::string line;
    const char* says;
  } rows[] = {
      {"no JSON", "hello", "no JSON"},
      {"nothing", "", "no JSON"},
      {"something after it", good + " {}", "no JSON"},
      {"a comment", good + " // why", "no JSON"},
      {"a byte order mark", "\xef\xbb\xbf" + good, "byte order mark"},
      {"bytes that are no UTF-8", with("Columbus", "Col\xff"), "no JSON"},
      {"a name twice",
       with(R"("kind":"TIED_TO_HOME")", R"("kind":"TIED_TO_HOME","kind":"TIED_TO_WORK")"), "twice"},
      {"one name in two spellings",
       with(R"("postal_code":"43215")", R"("postal_code":"43215","postalCode":"10001")"), "twice"},
      {"an unknown field", with(R"("city")", R"("town")"), "places[0]"},
      {"a value of another kind", with(R"("accounts":["d1"])", R"("accounts":7)"), "accounts"},
      {"nested deep", deep, "`facts` holds a value of another kind"},
      {"no facts", R"({"evaluate_time":"2026-03-11T10:00:00Z"})", "facts"},
      {"a stored account", R"({"account_id":"00","evaluate_time":"2026-03-11T10:00:00Z"})",
       "facts"},
      {"no instant", with(R"(,"evaluate_time":"2026-03-11T10:00:00-04:00")", ""), "evaluate_time"},
      {"a longer line than a message may be", std::string(1'024 * 1'024 + 1, ' '), "1 MiB"},
  };
  for (const auto& row : rows) {
    const Ran ran = Decided(good + "\n" + row.line + "\n" + good + "\n");
    EXPECT_FALSE(ran.good) << row.why;
    ASSERT_EQ(ran.lines.size(), 3u) << row.why;
    EXPECT_TRUE(ran.lines[0].contains("decision")) << row.why;
    EXPECT_EQ(ran.lines[1].value("line", 0), 2) << row.why;
    EXPECT_THAT(ran.lines[1]["error"].dump(), HasSubstr(row.says)) << row.why;
    EXPECT_EQ(ran.lines[0], ran.lines[2]) << row.why;
  }
}

TEST(DecideLines, AnErrorNeverRepeatsWhatStoodInTheLine) {
  std::string line = Question();
  const std::string from = R"("value":"+16145550101")";
  line.replace(line.find(from), from.size(), R"("value":{"ada":"+16145550101"})");
  const Ran ran = Decided(line + "\n");
  ASSERT_EQ(ran.lines.size(), 1u);
  EXPECT_EQ(ran.lines[0].dump().find("6145550101"), std::string::npos) << ran.lines[0].dump();
  EXPECT_EQ(ran.lines[0].dump().find("ada"), std::string::npos) << ran.lines[0].dump();
}

std::string Framed(const std::string& bytes) {
  std::string frame;
  for (size_t size = bytes.size();; size >>= 7) {
    if (size < 0x80) {
      frame.push_back(static_cast<char>(size));
      break;
    }
    frame.push_back(static_cast<char>((size & 0x7f) | 0x80));
  }
  return frame + bytes;
}
std::string Bytes(const std::string& question) {
  v1::EvaluateRequest request;
  FORBEAR_CHECK(google::protobuf::util::JsonStringToMessage(question, &request).ok());
  return request.SerializeAsString();
}

TEST(DecideBinary, SaysWhatTheLinesSay) {
  std::istringstream in(Framed(Bytes(Question("10"))) + Framed(Bytes(Question("03"))));
  std::ostringstream out, err;
  EXPECT_TRUE(DecideBinary(World(), in, out, err)) << err.str();
  const std::string answers = out.str();
  size_t at = 0;
  for (const char* hour : {"10", "03"}) {
    size_t size = 0;
    for (int shift = 0;; shift += 7) {
      const auto byte = static_cast<uint8_t>(answers.at(at++));
      size |= static_cast<size_t>(byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    v1::EvaluateResponse response;
    ASSERT_TRUE(response.ParseFromString(answers.substr(at, size)));
    at += size;
    std::string text;
    ASSERT_TRUE(google::protobuf::util::MessageToJsonString(response, &text).ok());
    EXPECT_EQ(json::parse(text), Decided(Question(hour) + "\n").lines.at(0));
  }
  EXPECT_EQ(at, answers.size());
}

TEST(DecideBinary, ABadMessageIsAnsweredByAnEmptyOneAndABrokenFrameEndsTheRun) {
  {
    std::istringstream in(Framed("\xff\xff") + Framed(Bytes(Question())));
    std::ostringstream out, err;
    EXPECT_FALSE(DecideBinary(World(), in, out, err));
    EXPECT_THAT(err.str(), HasSubstr("message 1"));
    ASSERT_GT(out.str().size(), 1u);
    EXPECT_EQ(out.str()[0], '\0') << "an empty answer, and then the good one's";
  }
  for (const std::string& broken : {std::string("\x05"
                                                "ab"),
                                    std::string("\x80"), std::string("\xff\xff\xff\xff\xff\x01")}) {
    std::istringstream in(Framed(Bytes(Question())) + broken);
    std::ostringstream out, err;
    EXPECT_FALSE(DecideBinary(World(), in, out, err));
    EXPECT_THAT(err.str(), HasSubstr("message 2: its frame is broken"));
    EXPECT_GT(out.str().size(), 1u) << "what was good is answered";
  }
}

}  // namespace
}  // namespace forbear::cli
