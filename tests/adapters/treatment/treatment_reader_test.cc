#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adapters/yaml/treatment.h"

namespace forbear::yaml {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kGood[] = R"(treatment: test
default_language: en
min_days_between: 5
steps:
  - {at_days_past_due: 3, channels: [sms, email], template: note}
  - {days_after_previous: 7, channels: [email], template: note}
templates:
  - id: note
    says: {mentions_debt: true, payment_link: false}
    channels:
      sms: {opt_out: reply_stop, text: {en: '{{sender}}: {{amount}}'}}
      email: {opt_out: reply_subject, text: {en: hello, zh-TW: 您好}}
)";

std::string Replaced(std::string from, std::string to) {
  std::string text = kGood;
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(TreatmentReader, ReadsStepsAndWords) {
  Faults faults("t.yaml");
  const Treatment treatment = ReadTreatment(kGood, &faults);
  ASSERT_THAT(faults.lines(), IsEmpty());
  EXPECT_EQ(treatment.name, "test");
  EXPECT_EQ(treatment.min_days_between, 5);
  EXPECT_FALSE(treatment.repeat_last_every_days.has_value());
  EXPECT_EQ(treatment.digest.size(), 7u + 64u);
  ASSERT_EQ(treatment.steps.size(), 2u);
  EXPECT_EQ(treatment.steps[0].at_days_past_due, 3);
  EXPECT_EQ(treatment.steps[1].days_after_previous, 7);
  const ChannelText& sms = treatment.templates.at("note").channels.at(Channel::kSms);
  EXPECT_EQ(sms.message.opt_out, OptOutOffer::kReplyStop);
  EXPECT_EQ(sms.message.mentions_debt, true);
  EXPECT_EQ(sms.message.payment_link, false);
  EXPECT_FALSE(sms.message.commercial.has_value()) << "nobody looked: it stays unknown";
  EXPECT_EQ(treatment.templates.at("note").channels.at(Channel::kEmail).texts.at("zh-TW"), "您好");
}

TEST(TreatmentReader, SaysWhereAndWhatToDo) {
  const struct {
    const char* why;
    std::string text;
    const char* says;
  } rows[] = {
      {"a slip in a key", Replaced("min_days_between", "min_days_betwen"),
       "t.yaml:3:1: unknown key `min_days_betwen`; did you mean `min_days_between`?"},
      {"no such template", Replaced("template: note}\n  - {days", "template: nota}\n  - {days"),
       "t.yaml:5:61: unknown template `nota`; did you mean `note`?"},
      {"no such channel", Replaced("[sms, email], t", "[smss, email], t"),
       "t.yaml:5:38: unknown channel `smss`; did you mean `sms`?"},
      {"a machine does not call", Replaced("[sms, email], t", "[call, email], t"),
       "t.yaml:5:38: a treatment cannot send by `call`"},
      {"a channel twice", Replaced("[sms, email], t", "[sms, sms], t"),
       "t.yaml:5:43: channel `sms`"},
      {"both times",
       Replaced("days_after_previous: 7", "days_after_previous: 7, at_days_past_due: 9"),
       "t.yaml:6:5: a step is due at one time"},
      {"backwards", Replaced("days_after_previous: 7", "at_days_past_due: 3"),
       "t.yaml:6:24: steps go forward in time"},
      {"the first follows nothing", Replaced("at_days_past_due: 3", "days_after_previous: 3"),
       "t.yaml:5:27: the first step follows nothing"},
      {"a placeholder that is none", Replaced("{{amount}}", "{{amuont}}"),
       "t.yaml:11:45: unknown placeholder `amuont`; did you mean `amount`?"},
      {"no way out", Replaced("opt_out: reply_stop", "opt_out: none"),
       "t.yaml:11:22: a message needs a way out"},
      {"a way out that is not built", Replaced("opt_out: reply_stop", "opt_out: link"),
       "t.yaml:11:22: no link is sent yet"},
      {"not in the default language", Replaced("text: {en: hello, ", "text: {"),
       "t.yaml:12:45: no text in the default language `en`"},
      {"days out of range", Replaced("min_days_between: 5", "min_days_between: 0"),
       "t.yaml:3:19: days are out of range"},
      {"a finding that is no truth value", Replaced("payment_link: false", "payment_link: no"),
       "t.yaml:9:47: "},
  };
  for (const auto& row : rows) {
    Faults faults("t.yaml");
    ReadTreatment(row.text, &faults);
    ASSERT_FALSE(faults.empty()) << row.why;
    EXPECT_THAT(faults.lines(), testing::Contains(HasSubstr(row.says))) << row.why;
  }
}

TEST(TreatmentReader, DigestsTheBytes) {
  Faults faults("t.yaml");
  EXPECT_NE(ReadTreatment(kGood, &faults).digest,
            ReadTreatment(std::string(kGood) + "\n", &faults).digest);
}

TEST(GentleTreatment, IsReadAndIsGentle) {
  const auto loaded =
      LoadTreatment(std::string(FORBEAR_SOURCE_DIR) + "/policies/treatments/gentle.yaml");
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const Treatment& gentle = **loaded;
  EXPECT_EQ(gentle.name, "gentle");
  EXPECT_GE(gentle.min_days_between, 5);
  for (const auto& [id, words] : gentle.templates) {
    for (const auto& [channel, text] : words.channels) {
      EXPECT_NE(text.message.opt_out, OptOutOffer::kNone) << id;
      EXPECT_EQ(text.message.demands_payment, false) << id;
      EXPECT_TRUE(text.texts.contains("en") && text.texts.contains("zh-TW")) << id;
      // Three parts of a text message at most; whoever reads them pays for the phone.
      if (channel == Channel::kSms) {
        EXPECT_LE(text.texts.at("en").size(), 3 * 153u) << id;
        EXPECT_THAT(text.texts.at("en"), HasSubstr("STOP")) << id;
      }
    }
  }
}

TEST(LoadTreatment, SaysWhenThereIsNone) {
  EXPECT_EQ(LoadTreatment("/no/such/file.yaml").status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace forbear::yaml
