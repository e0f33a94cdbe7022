#include <gtest/gtest.h>

#include <set>

#include "engine/model/account.h"
#include "engine/model/event.h"
#include "engine/model/ids.h"
#include "engine/model/instant.h"
#include "engine/model/money.h"
#include "engine/model/words.h"
#include "engine/policy/pack.h"

namespace forbear {
namespace {

TEST(Instant, IsReadWithAnyOffsetAndWrittenInUtc) {
  const struct {
    const char* why;
    const char* text;
    const char* utc;
  } rows[] = {
      {"UTC", "2026-03-10T08:00:00Z", "2026-03-10T08:00:00Z"},
      {"west", "2026-03-10T08:00:00-07:00", "2026-03-10T15:00:00Z"},
      {"east, into the day before", "2026-03-10T01:00:00+05:30", "2026-03-09T19:30:00Z"},
      {"a leap day", "2028-02-29T23:59:59Z", "2028-02-29T23:59:59Z"},
      {"the first there is", "1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"},
      {"the last there is", "2037-12-31T23:59:59Z", "2037-12-31T23:59:59Z"},
  };
  for (const auto& row : rows) {
    const absl::StatusOr<Instant> at = ParseInstant(row.text);
    ASSERT_TRUE(at.ok()) << row.why;
    EXPECT_EQ(FormatInstant(*at), row.utc) << row.why;
  }
}

TEST(Instant, WhatIsNoneIsRefused) {
  const struct {
    const char* why;
    const char* text;
  } rows[] = {
      {"no offset", "2026-03-10T08:00:00"},       {"no seconds", "2026-03-10T08:00Z"},
      {"a fraction", "2026-03-10T08:00:00.5Z"},   {"hour 24", "2026-03-10T24:00:00Z"},
      {"no such date", "2026-02-29T08:00:00Z"},   {"a leap second", "2016-12-31T23:59:60Z"},
      {"before the tables", "1969-12-31T23:59:59Z"}, {"after the tables", "2038-01-01T00:00:00Z"},
      {"small t", "2026-03-10t08:00:00Z"},        {"empty", ""},
  };
  for (const auto& row : rows) EXPECT_FALSE(ParseInstant(row.text).ok()) << row.why;
}

TEST(Ids, AreThirtyTwoLowerCaseHexDigits) {
  const absl::StatusOr<AccountId> id = AccountId::Parse("000102030405060708090a0b0c0d0e0f");
  ASSERT_TRUE(id.ok());
  EXPECT_EQ(id->Hex(), "000102030405060708090a0b0c0d0e0f");
  for (const char* wrong : {"", "000102030405060708090A0B0C0D0E0F", "0001", "zz0102030405060708090a0b0c0d0e0f"}) {
    EXPECT_FALSE(AccountId::Parse(wrong).ok()) << wrong;
  }
}

TEST(Money, KnowsTheCurrenciesAndTheirMinorDigits) {
  const struct {
    const char* code;
    int digits;
  } rows[] = {{"USD", 2}, {"TWD", 2}, {"JPY", 0}, {"KWD", 3}, {"XXQ", -1}, {"usd", -1}, {"", -1}, {"USDX", -1}};
  for (const auto& row : rows) EXPECT_EQ(MinorDigits(row.code), row.digits) << row.code;
}

TEST(DaysPastDue, AreWholeDaysAndNeverNegative) {
  Account account;
  account.due_on = ParseDay("2026-03-01").value();
  EXPECT_EQ(DaysPastDue(account, ParseDay("2026-02-20").value()), 0);
  EXPECT_EQ(DaysPastDue(account, ParseDay("2026-03-01").value()), 0);
  EXPECT_EQ(DaysPastDue(account, ParseDay("2026-03-31").value()), 30);
}

template <typename E>
void EveryWordIsItself() {
  std::set<std::string_view> seen;
  for (size_t i = 0; i < AllWords<E>().size(); ++i) {
    const std::string_view word = AllWords<E>()[i];
    EXPECT_TRUE(seen.insert(word).second) << word;
    EXPECT_EQ(ParseWord<E>(word), static_cast<E>(i));
    EXPECT_EQ(ToWord(static_cast<E>(i)), word);
  }
  EXPECT_FALSE(ParseWord<E>("no such word").has_value());
}

TEST(Words, EachHasOneSpellingBothWays) {
  EveryWordIsItself<Channel>();
  EveryWordIsItself<Purpose>();
  EveryWordIsItself<Relation>();
  EveryWordIsItself<Outcome>();
  EveryWordIsItself<EventName>();
  EveryWordIsItself<NoticeKind>();
  EveryWordIsItself<Covers>();
  EveryWordIsItself<RuleKind>();
  EveryWordIsItself<Reason>();
}

TEST(Fields, AreFoundByTheirNames) {
  for (const policy::FieldInfo& info : policy::AllFields()) {
    ASSERT_NE(policy::FindField(info.name), nullptr);
    EXPECT_EQ(policy::FindField(info.name)->field, info.field);
    const bool has_words = info.type == FieldType::kWord || info.type == FieldType::kOpenWord;
    EXPECT_EQ(has_words, !info.words.empty()) << info.name;
  }
  EXPECT_EQ(policy::FindField("no.such.field"), nullptr);
}

}  // namespace
}  // namespace forbear
