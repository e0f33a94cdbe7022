// Rules that protect nobody are told with line and column, and those that may yet deny are not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "adapters/yaml/unreachable.h"

namespace forbear::yaml {
namespace {

using testing::ElementsAre;
using testing::StartsWith;

std::vector<std::string> FoundIn(const std::string& rules) {
  Faults faults("xa.yaml");
  FindUnreachable("pack: xa\njurisdiction: XA\nrules:\n" + rules, &faults);
  return faults.lines();
}

TEST(Unreachable, RulesThatCannotDenyAreTold) {
  const struct {
    const char* why;
    const char* rule;
    const char* says;  // nullptr: nothing
  } rows[] = {
      {"two lists of channels without a common one",
       "applies: {channels: [call], channel: [sms]}, third_party: {}",
       "xa.yaml:4:37: `applies` leaves no `channel` over, so rule `xa.a` binds nothing"},
      {"a list and the same list shut out",
       "applies: {purposes: [reply], purpose: {not: [reply, service]}}, third_party: {}",
       "xa.yaml:4:37: `applies` leaves no `purpose` over"},
      {"a channel and none of its group",
       "applies: {channels: [call, visit], none: [{channels: oral}]}, third_party: {}",
       "xa.yaml:4:37: `applies` leaves no `channel` over"},
      {"every choice is shut out",
       "applies: {roles: [creditor], any: [{roles: [debt_buyer]}, {roles: "
       "[third_party_collector]}]}, third_party: {}",
       "xa.yaml:4:37: `applies` leaves no `tenant.role` over"},
      {"deep inside",
       "applies: {all: [{to: borrower}, {all: [{to: [spouse, friend]}]}]}, third_party: {}",
       "xa.yaml:4:37: `applies` leaves no `to` over"},
      {"a product of a pack's own that is shut out",
       "applies: {products: [boat_loan], account.product: {not: [boat_loan]}}, third_party: "
       "{}",
       "xa.yaml:4:37: `applies` leaves no `account.product` over"},
      {"more than ninety and fewer than thirty",
       "applies: {account.days_past_due: {over: 90, under: 30}}, third_party: {}",
       "xa.yaml:4:37: `applies` leaves no `account.days_past_due` over"},
      {"nothing between two whole numbers",
       "applies: {account.balance: {over: 5, under: 6}}, third_party: {}",
       "xa.yaml:4:37: `applies` leaves no `account.balance` over"},
      {"a day before it begins",
       "applies: {account.due_on: {before: 2026-01-01, from: 2026-01-01}}, third_party: {}",
       "xa.yaml:4:37: `applies` leaves no `account.due_on` over"},
      {"none of everything",
       "applies: {none: [{}]}, third_party: {}",
       "xa.yaml:4:37: `applies` never holds, so rule `xa.a` binds nothing"},
      {"an exception for everybody",
       "exceptions: [{when: {requested: true}}, {when: {}}], third_party: {}",
       "xa.yaml:4:68: an exception that always holds, so rule `xa.a` never denies"},
      {"an exception for one or everybody",
       "exceptions: [{when: {any: [{requested: true}, {}]}}], third_party: {}",
       "xa.yaml:4:41: an exception that always holds"},
      {"an exclusion of everything",
       "frequency_cap: {limit: 1, counts: attempts, window: {calendar_day: 1}, excludes: "
       "[{when: {}}]}",
       "xa.yaml:4:110: an exclusion that always holds, so rule `xa.a` counts nothing and "
       "never denies"},
      {"hours that never close",
       "contact_hours: {windows: [{days: [mon, tue, wed, thu, fri, sat, sun], from: '00:00', "
       "to: '24:00'}]}",
       "xa.yaml:4:53: open all week, so rule `xa.a` never denies"},
      {"day and night shifts without a gap",
       "contact_hours: {windows: [{days: [mon, tue, wed, thu, fri, sat, sun], from: '06:00', "
       "to: '22:00'}, {days: [mon, tue, wed, thu, fri, sat, sun], from: '22:00', to: "
       "'06:00'}]}",
       "xa.yaml:4:53: open all week"},
      {"holidays as well",
       "contact_hours: {calendar: pack, windows: [{days: [mon, tue, wed, thu, fri, sat, sun, "
       "holiday], from: '00:00', to: '24:00'}]}",
       "xa.yaml:4:69: open all week"},
      {"two lists with a common channel",
       "applies: {channels: [call, sms], channel: {not: [sms]}}, third_party: {}",
       nullptr},
      {"two fields",
       "applies: {channels: [call], purposes: [reply]}, third_party: {}",
       nullptr},
      {"one of two choices",
       "applies: {channels: [call], any: [{channels: [sms]}, {channels: [oral]}]}, "
       "third_party: {}",
       nullptr},
      {"none of this and that together",
       "applies: {channels: [call], none: [{channels: [call], requested: true}]}, "
       "third_party: {}",
       nullptr},
      {"a product that is none of ours",
       "applies: {account.product: {not: [credit_card, other]}}, third_party: {}",
       nullptr},
      {"just one number",
       "applies: {account.days_past_due: {over: 29, under: 31}}, third_party: {}",
       nullptr},
      {"whoever is nowhere special",
       "applies: {borrower.whereabouts: {not: [home, work, hospital, elsewhere]}}, "
       "third_party: {}",
       nullptr},
      {"what nobody told",
       "applies: {account.kind: {known: false}}, third_party: {}",
       nullptr},
      {"a set may have both",
       "applies: {message.found: insult, all: [{message.found: {not: [threat]}}]}, "
       "third_party: {}",
       nullptr},
      {"an exception for the first",
       "exceptions: [{when: {}, up_to: {limit: 1, window: {calendar_day: 1}}}], third_party: "
       "{}",
       nullptr},
      {"an exception that history decides",
       "exceptions: [{when: {none: [{standing: dispute}]}}], third_party: {}",
       nullptr},
      {"hours that close for a second",
       "contact_hours: {windows: [{days: [mon, tue, wed, thu, fri, sat, sun], from: '00:00', "
       "to: '24:00', from_exclusive: true}]}",
       nullptr},
      {"hours that close for a minute",
       "contact_hours: {windows: [{days: [mon, tue, wed, thu, fri, sat, sun], from: '06:00', "
       "to: '05:59'}]}",
       nullptr},
      {"hours that close on one night",
       "contact_hours: {windows: [{days: [mon, tue, wed, thu, fri, sat, sun], from: '06:00', "
       "to: '24:00'}, {days: [mon, tue, wed, thu, fri, sat], from: '00:00', to: '06:00'}]}",
       nullptr},
      {"hours that close on holidays",
       "contact_hours: {calendar: pack, windows: [{days: [mon, tue, wed, thu, fri, sat, "
       "sun], from: '00:00', to: '24:00'}]}",
       nullptr},
      {"hours within a table",
       "contact_hours: {source: {of: tenant_hours, as: within}, windows: [{days: [mon, tue, "
       "wed, thu, fri, sat, sun], from: '00:00', to: '24:00'}]}",
       nullptr},
      {"hours on a clock that may be missing",
       "contact_hours: {clock: tenant, windows: [{days: [mon, tue, wed, thu, fri, sat, sun], "
       "from: '00:00', to: '24:00'}]}",
       nullptr},
      {"what is repealed",
       "status: repealed, applies: {channels: [call], channel: [sms]}, third_party: {}",
       nullptr},
  };
  for (const auto& row : rows) {
    const std::vector<std::string> found =
        FoundIn("  - {id: xa.a, cites: [x], " + std::string(row.rule) + "}\n");
    if (row.says == nullptr) {
      EXPECT_THAT(found, ElementsAre()) << row.why;
    } else {
      EXPECT_THAT(found, ElementsAre(StartsWith(row.says))) << row.why;
    }
  }
}

TEST(Unreachable, ARuleThatStandsTwiceIsTold) {
  const std::string first =
      "  - id: xa.a\n"
      "    applies: {channels: [call], purposes: reply}\n"
      "    third_party: {as_borrower: [guarantor]}\n"
      "    cites: [XA act 1]\n";
  const struct {
    const char* why;
    const char* second;
    bool twice;
  } rows[] = {
      {"word for word",
       "    applies: {channels: [call], purposes: reply}\n"
       "    third_party: {as_borrower: [guarantor]}\n",
       true},
      {"in another order and form, with another note",
       "    third_party: {as_borrower: guarantor}\n"
       "    note: The stricter reading.\n"
       "    applies: {purposes: [reply], channels: call}\n"
       "    confidence: high\n",
       true},
      {"of another channel",
       "    applies: {channels: [sms], purposes: reply}\n"
       "    third_party: {as_borrower: [guarantor]}\n",
       false},
      {"with an exception",
       "    applies: {channels: [call], purposes: reply}\n"
       "    third_party: {as_borrower: [guarantor]}\n"
       "    exceptions: [{when: {requested: true}}]\n",
       false},
      {"ours beside the law's",
       "    applies: {channels: [call], purposes: reply}\n"
       "    suggested: true\n"
       "    third_party: {as_borrower: [guarantor]}\n",
       false},
      {"from another day on",
       "    applies: {channels: [call], purposes: reply}\n"
       "    in_force: {from: 2027-01-01}\n"
       "    third_party: {as_borrower: [guarantor]}\n",
       false},
      {"meant to be the same", "    applies: {channels: [call]}\n    same_as: xa.a\n", false},
  };
  for (const auto& row : rows) {
    const std::vector<std::string> found =
        FoundIn(first + "  - id: xa.b\n" + row.second + "    cites: [XA act 2]\n");
    if (row.twice) {
      EXPECT_THAT(found, ElementsAre("xa.yaml:8:9: rule `xa.b` says what `xa.a` says in line 4; "
                                     "write one rule, and both under its `facts`"))
          << row.why;
    } else {
      EXPECT_THAT(found, ElementsAre()) << row.why;
    }
  }
}

TEST(Unreachable, WhatIsNotReadIsLeftToTheReader) {
  EXPECT_THAT(FoundIn("  - {id: xa.a, applies: {channels: [call], channel: [sms]}}\n"),
              ElementsAre());
  EXPECT_THAT(FoundIn("  []\n"), ElementsAre());
}

}  // namespace
}  // namespace forbear::yaml
