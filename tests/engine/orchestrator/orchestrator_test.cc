// The path of one reminder from the queue to the channel and back, and what may come in between.
#include "engine/orchestrator/orchestrator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/ports/store_rules.h"
#include "tests/engine/orchestrator/house.h"

namespace forbear::house {
namespace {

using testing::ElementsAre;

TEST(DueQueue, GivesEachDueAccountOnceSoonestFirst) {
  DueQueue queue;
  const auto account = [](uint8_t n) { return policy::NumberedId<AccountId>(n); };
  queue.Add(account(1), kNoon + Seconds(5));
  queue.Add(account(2), kNoon);
  queue.Add(account(1), kNoon + Seconds(1));  // the newer plan; the first entry goes stale
  queue.Add(account(3), kNoon + Seconds(6));
  EXPECT_EQ(queue.NextWake(), kNoon);
  EXPECT_THAT(queue.TakeDue(kNoon - Seconds(1), 10), ElementsAre());
  EXPECT_THAT(queue.TakeDue(kNoon + Seconds(5), 10), ElementsAre(account(2), account(1)));
  EXPECT_THAT(queue.TakeDue(kNoon + Seconds(9), 0), ElementsAre());
  EXPECT_THAT(queue.TakeDue(kNoon + Seconds(9), 1), ElementsAre(account(3)));
  EXPECT_FALSE(queue.NextWake().has_value());
}

TEST(Round, PlansReservesSendsAndSettles) {
  House house;
  const CommandResult submitted = house.Submit(Item("A-1", "B-1"));
  const Round round = house.orchestrator->RunOnce();
  EXPECT_EQ(round.looked_at, 1u);
  EXPECT_EQ(round.sent, 1u);
  EXPECT_EQ(round.wake_at, house.PlanOf(submitted).wake_at);
  ASSERT_EQ(house.channel.calls.size(), 1u);
  EXPECT_THAT(house.Kinds("attempt."), ElementsAre("attempt.reserved", "attempt.settled"));
  EXPECT_EQ(house.clock.holds(), 0) << "the clock goes on";
  const Tally tally = house.orchestrator->tally();
  EXPECT_EQ(tally.sent, 1u);
  EXPECT_EQ(tally.sent_by_channel.at(Channel::kEmail), 1u);
}

TEST(Round, TheReservationIsInTheLogBeforeSendIsCalled) {
  House house;
  house.Submit(Item("A-1", "B-1"));
  std::vector<std::string> seen;
  int holds = 0;
  house.channel.answer = [&](const Outgoing&, std::chrono::milliseconds) {
    seen = house.Kinds("attempt.");
    holds = house.clock.holds();
    return ScriptedChannel::Delivered();
  };
  house.orchestrator->RunOnce();
  EXPECT_THAT(seen, ElementsAre("attempt.reserved"));
  EXPECT_GT(holds, 0) << "a simulated clock stands still while a send is in flight";
}

TEST(Round, WhatIsInDoubtIsNeverSentAgain) {
  House house;
  house.channel.answer = [](const Outgoing&, auto) { return ScriptedChannel::Lost(); };
  const CommandResult submitted = house.Submit(Item("A-1", "B-1"));
  EXPECT_EQ(house.orchestrator->RunOnce().in_doubt, 1u);
  ASSERT_TRUE(house.Do(RecordEvent{submitted.borrower, Said(EventName::kHardship, kNoon)}).ok());
  house.orchestrator->RunOnce();
  EXPECT_EQ(house.channel.calls.size(), 1u);
  EXPECT_THAT(house.Kinds("attempt."), ElementsAre("attempt.reserved", "attempt.in_doubt"));
}

TEST(Round, ARefusedMessageIsTriedLaterAsAnotherAttempt) {
  House house;
  house.channel.answer = [](const Outgoing&, auto) { return ScriptedChannel::Refused(); };
  house.Submit(Item("A-1", "B-1"));
  EXPECT_EQ(house.orchestrator->RunOnce().released, 1u);
  EXPECT_EQ(house.orchestrator->RunOnce().looked_at, 0u) << "not at once";
  house.clock.Advance(std::chrono::hours(1));
  house.channel.answer = nullptr;
  EXPECT_EQ(house.orchestrator->RunOnce().sent, 1u);
  ASSERT_EQ(house.channel.calls.size(), 2u);
  EXPECT_NE(house.channel.calls[0].attempt, house.channel.calls[1].attempt);
}

TEST(Round, AChannelWithoutAnAdapterIsReleased) {
  House house;
  house.orchestrator = std::make_unique<Orchestrator>(
      OrchestratorParts{house.store, house.clock, house.randomness, {}});
  ASSERT_TRUE(house.orchestrator->Start().ok());
  house.Submit(Item("A-1", "B-1"));
  EXPECT_EQ(house.orchestrator->RunOnce().released, 1u);
  EXPECT_EQ(house.Entries().back().Word("reason"), "no_adapter");
}

TEST(Round, ASendBeginsWithinFiveSecondsOfItsReservationOrNotAtAll) {
  House house;
  for (int i = 0; i < 3; ++i) {
    house.Submit(Item("A-" + std::to_string(i), "B-" + std::to_string(i)));
  }
  house.channel.answer = [&](const Outgoing&, auto) {
    house.clock.AdvanceMonotonic(std::chrono::seconds(5));  // exactly: the second is still in time
    return ScriptedChannel::Delivered();
  };
  Round round = house.orchestrator->RunOnce();
  EXPECT_EQ(round.sent, 2u);
  EXPECT_EQ(round.released, 1u);
  EXPECT_EQ(house.Entries("attempt.released").at(0).Word("reason"), "too_late");
  round = house.orchestrator->RunOnce();
  EXPECT_EQ(round.sent, 1u) << "judged anew, sent once";
  EXPECT_EQ(house.channel.calls.size(), 3u);
}

TEST(Stop, AnOptOutBetweenCommitAndSendWins) {
  House house;
  const CommandResult first = house.Submit(Item("A-1", "B-1"));
  const CommandResult second = house.Submit(Item("A-2", "B-2"));
  // While the first message leaves, the borrower of the other asks to be left alone.
  bool asked = false;
  house.channel.answer = [&](const Outgoing& outgoing, auto) {
    const CommandResult& other = outgoing.borrower == first.borrower ? second : first;
    if (!asked) {
      asked = true;
      EXPECT_TRUE(
          house.Do(RecordEvent{other.borrower, Said(EventName::kCeaseRequest, kNoon)}).ok());
    }
    return ScriptedChannel::Delivered();
  };
  const Round round = house.orchestrator->RunOnce();
  EXPECT_EQ(round.sent, 1u);
  EXPECT_EQ(round.released, 1u);
  EXPECT_EQ(house.Entries("attempt.released").at(0).Word("reason"), "overtaken");
  house.orchestrator->RunOnce();
  EXPECT_EQ(house.channel.calls.size(), 1u);
  EXPECT_EQ(house.Entries().back().kind, "decision.denied");
}

TEST(Stop, SaidByOneHoldsForAllWhoMayBeTheSamePerson) {
  House house;
  for (int i = 0; i < 2; ++i) {
    SubmitAccount item = Item("A-" + std::to_string(i), "B-" + std::to_string(i));
    item.borrower.contact_points[0].link_digest[0] = 7;
    house.Submit(item);
  }
  const CommandResult linked = house.Submit(Item("A-9", "B-9"));
  (void)linked;
  const BorrowerId speaker = *house.store.FindBorrowerByExternalId("lender", "B-0").value();
  bool asked = false;
  house.channel.answer = [&](const Outgoing&, auto) {
    if (!asked) {
      asked = true;
      EXPECT_TRUE(house.Do(RecordEvent{speaker, Said(EventName::kCeaseRequest, kNoon)}).ok());
    }
    return ScriptedChannel::Delivered();
  };
  house.orchestrator->RunOnce();
  house.orchestrator->RunOnce();
  size_t to_the_linked = 0;
  for (const ScriptedChannel::Call& call : house.channel.calls) {
    if (call.outgoing.borrower != linked.borrower) ++to_the_linked;
  }
  EXPECT_LE(to_the_linked, 1u) << "at most the one that had begun";
}

TEST(Stop, APausedSendDoesNotBeginOnceThePauseIsAnswered) {
  const struct {
    const char* why;
    PauseScope scope;
    CallerRole role;
    const char* tenant;
    size_t sent;
  } rows[] = {
      {"everything", {}, CallerRole::kOperator, "", 1},
      {"the tenant", {}, CallerRole::kOfficer, "lender", 1},
      {"another tenant", {"other", "", {}}, CallerRole::kOperator, "", 3},
      {"the channel", {"", "", Channel::kEmail}, CallerRole::kOfficer, "lender", 1},
      {"another channel", {"", "", Channel::kSms}, CallerRole::kOfficer, "lender", 3},
      {"the country", {"", "XA", {}}, CallerRole::kOfficer, "lender", 1},
      {"the subdivision", {"", "XA-N", {}}, CallerRole::kOfficer, "lender", 1},
      {"another one", {"", "XA-S", {}}, CallerRole::kOfficer, "lender", 3},
  };
  for (const auto& row : rows) {
    House house;
    for (int i = 0; i < 3; ++i) {
      house.Submit(Item("A-" + std::to_string(i), "B-" + std::to_string(i)));
    }
    bool paused = false;
    house.channel.answer = [&](const Outgoing&, auto) {
      if (!paused) {
        paused = true;
        EXPECT_TRUE(house.Do(PauseContacts{row.scope, "incident"}, row.role, row.tenant).ok());
      }
      return ScriptedChannel::Delivered();
    };
    const Round round = house.orchestrator->RunOnce();
    EXPECT_EQ(round.sent, row.sent) << row.why;
    EXPECT_EQ(round.released, 3 - row.sent) << row.why;
  }
}

TEST(Pause, HoldsWhatIsDueAndResumingLetsItGo) {
  House house;
  ASSERT_TRUE(house.Do(PauseContacts{{}, "incident"}, CallerRole::kOfficer).ok());
  const CommandResult submitted = house.Submit(Item("A-1", "B-1"));
  EXPECT_EQ(house.orchestrator->RunOnce().sent, 0u);
  EXPECT_EQ(house.orchestrator->tally().paused, 1u);
  EXPECT_EQ(house.PlanOf(submitted).wake_at, kNoon) << "no row was written";
  EXPECT_EQ(house.orchestrator->RunOnce().looked_at, 0u) << "and it is not asked again and again";
  ASSERT_TRUE(house.Do(ResumeContacts{{}}, CallerRole::kOfficer).ok());
  EXPECT_EQ(house.orchestrator->RunOnce().sent, 1u);
}

TEST(Pause, OutlivesARestart) {
  House house;
  ASSERT_TRUE(house.Do(PauseContacts{{}, "incident"}, CallerRole::kOperator, "").ok());
  house.Submit(Item("A-1", "B-1"));
  ASSERT_TRUE(house.Restart().ok());
  const Round round = house.orchestrator->RunOnce();
  EXPECT_EQ(round.looked_at, 0u) << "everything is paused: nobody is even asked";
  EXPECT_FALSE(round.wake_at.has_value());
  ASSERT_TRUE(house.Do(ResumeContacts{{}}, CallerRole::kOperator, "").ok());
  EXPECT_EQ(house.orchestrator->RunOnce().sent, 1u);
}

TEST(Pause, ARepeatedRequestDoesNotPauseAgain) {
  House house;
  Command pause = house.As(PauseContacts{{}, "incident"}, CallerRole::kOfficer);
  pause.request = RequestStamp{"PauseContacts", "r1", {}};
  Command repeat = pause;
  house.randomness.Fill(repeat.seed);
  ASSERT_TRUE(house.orchestrator->ApplyAndWait(pause).ok());
  ASSERT_TRUE(house.Do(ResumeContacts{{}}, CallerRole::kOfficer).ok());
  const absl::StatusOr<Applied> again = house.orchestrator->ApplyAndWait(repeat);
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(again->result.repeated);
  house.Submit(Item("A-1", "B-1"));
  EXPECT_EQ(house.orchestrator->RunOnce().sent, 1u);
}

// ---- Queued channels
// ------------------------------------------------------------------------------

TEST(Queued, IsReservedThenJudgedAgainThenSent) {
  House house;
  house.QueueMail(10);
  const CommandResult submitted = house.Submit(Item("A-1", "B-1"));
  const Round round = house.orchestrator->RunOnce();
  EXPECT_EQ(round.sent, 1u);
  EXPECT_THAT(house.Kinds(), testing::IsSupersetOf({"decision.allowed", "attempt.reserved",
                                                    "attempt.dispatched", "attempt.settled"}));
  EXPECT_THAT(house.Kinds("attempt."),
              ElementsAre("attempt.reserved", "attempt.dispatched", "attempt.settled"));
  EXPECT_EQ(house.Entries("attempt.reserved").at(0).Word("dispatch"), "queued");
  // Each step names the decision that allowed it, and they are two decisions.
  const Entry reserved = house.Entries("attempt.reserved").at(0);
  const Entry dispatched = house.Entries("attempt.dispatched").at(0);
  EXPECT_EQ(house.Kinds("decision.").size(), 2u);
  EXPECT_NE(reserved.Ref("entry")->AsString(), dispatched.Ref("entry")->AsString());
  EXPECT_TRUE(house.PlanOf(submitted).wake_at.has_value());
}

TEST(Queued, TakesNoMoreTurnsASecondThanItsRate) {
  House house;
  house.QueueMail(2);
  for (int i = 0; i < 5; ++i) {
    house.Submit(Item("A-" + std::to_string(i), "B-" + std::to_string(i)));
  }
  Round round = house.orchestrator->RunOnce();
  EXPECT_EQ(round.sent, 2u);
  EXPECT_EQ(round.wake_at, kNoon + Seconds(1));
  EXPECT_EQ(house.orchestrator->tally().queued, 2u) << "the fifth is not even reserved";
  EXPECT_EQ(house.orchestrator->RunOnce().sent, 0u) << "the same second";
  house.clock.Advance(Seconds(1));
  EXPECT_EQ(house.orchestrator->RunOnce().sent, 2u);
  house.clock.Advance(Seconds(1));
  EXPECT_EQ(house.orchestrator->RunOnce().sent, 1u);
  EXPECT_EQ(house.orchestrator->tally().queued, 0u);
  EXPECT_EQ(house.channel.calls.size(), 5u);
}

TEST(Queued, ReservesNoMoreThanItCanSendSoon) {
  House house;
  house.QueueMail(2);
  for (int i = 0; i < 300; ++i) {  // more than one round
    house.Submit(Item("A-" + std::to_string(i), "B-" + std::to_string(i)));
  }
  size_t sent = 0;
  for (int second = 0; second < 30; ++second) {
    for (int i = 0; i < 3; ++i) sent += house.orchestrator->RunOnce().sent;
    EXPECT_LE(house.orchestrator->tally().queued, 2 * kMostSecondsAhead);
    house.clock.Advance(Seconds(1));
  }
  EXPECT_EQ(sent, 60u) << "and the channel is never idle";
  while (house.channel.calls.size() < 300 && house.clock.Now() < kNoon + std::chrono::hours(1)) {
    house.orchestrator->RunOnce();
    house.clock.Advance(Seconds(1));
  }
  EXPECT_EQ(house.channel.calls.size(), 300u);
}

TEST(Recovery, TakesMoreThanTheStoresQueueHolds) {
  House house;
  house.QueueMail(1);
  const size_t many = kMostQueuedCommands + 100;
  for (size_t i = 0; i < many; ++i) {
    const CommandResult one =
        house.Submit(Item("A-" + std::to_string(i), "B-" + std::to_string(i)));
    ASSERT_TRUE(house.Do(PlanAccount{one.account, {}})->queued.has_value());
  }
  ASSERT_TRUE(house.Restart().ok());
  EXPECT_EQ(house.Entries("attempt.released").size(), many);
}

TEST(Queued, WhatChangedWhileItWaitedDecides) {
  const struct {
    const char* name;
    std::function<void(House&, const CommandResult&)> meanwhile;
    const char* reason;
    const char* last_decision;
  } rows[] = {
      {"the window has closed",
       [](House& house, const CommandResult&) { house.clock.Advance(std::chrono::hours(9)); },
       "denied", "decision.deferred"},
      {"a cease request",
       [](House& house, const CommandResult& who) {
         EXPECT_TRUE(
             house.Do(RecordEvent{who.borrower, Said(EventName::kCeaseRequest, kNoon)}).ok());
       },
       "overtaken", "decision.denied"},
      {"all is paid",
       [](House& house, const CommandResult& who) {
         EXPECT_TRUE(house.Do(RecordPayment{who.account, {123'456, "USD"}, kNoon}).ok());
       },
       "overtaken", "decision.allowed"},
      {"a pause of everything",
       [](House& house, const CommandResult&) {
         EXPECT_TRUE(house.Do(PauseContacts{{}, "drill"}, CallerRole::kOfficer).ok());
       },
       "paused", "decision.allowed"},
      {"a pause of the place",
       [](House& house, const CommandResult&) {
         PauseScope scope;
         scope.jurisdiction = "XA";
         EXPECT_TRUE(house.Do(PauseContacts{scope, "drill"}, CallerRole::kOfficer).ok());
       },
       "paused", "decision.allowed"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    House house;
    house.QueueMail(1);
    const CommandResult first = house.Submit(Item("A-1", "B-1"));
    const CommandResult second = house.Submit(Item("A-2", "B-2"));
    ASSERT_EQ(house.orchestrator->RunOnce().sent, 1u);
    const CommandResult& waiting =
        house.channel.calls.at(0).outgoing.borrower == first.borrower ? second : first;
    row.meanwhile(house, waiting);
    // No second has passed in most rows: what is let go needs no turn.
    house.orchestrator->RunOnce();
    house.orchestrator->RunOnce();
    EXPECT_EQ(house.channel.calls.size(), 1u);
    ASSERT_EQ(house.Entries("attempt.released").size(), 1u);
    EXPECT_EQ(house.Entries("attempt.released").at(0).Word("reason"), row.reason);
    EXPECT_EQ(house.Kinds("decision.").back(), row.last_decision);
    EXPECT_EQ(house.orchestrator->tally().queued, 0u);
  }
}

TEST(Queued, APauseDoesNotCountWhatWaitsAsInFlight) {
  House house;
  house.QueueMail(1);
  house.Submit(Item("A-1", "B-1"));
  house.Submit(Item("A-2", "B-2"));
  ASSERT_EQ(house.orchestrator->RunOnce().sent, 1u);
  ASSERT_EQ(house.orchestrator->tally().queued, 1u);
  const auto paused = house.Do(PauseContacts{{}, "drill"}, CallerRole::kOfficer);
  ASSERT_TRUE(paused.ok());
  EXPECT_EQ(paused->result.in_flight, 0u);
}

TEST(Queued, ItsOwnReservationDoesNotUseUpItsCap) {
  House house;  // one a day: were its own reservation counted, the turn would deny it
  house.QueueMail(1);
  house.Submit(Item("A-1", "B-1"));
  EXPECT_EQ(house.orchestrator->RunOnce().sent, 1u);
}

TEST(Queued, TheInstantOfSendingIsTheOneThatCounts) {
  House house;
  house.QueueMail(1);
  const CommandResult first = house.Submit(Item("A-1", "B-1"));
  const CommandResult second = house.Submit(Item("A-2", "B-2"));
  house.orchestrator->RunOnce();
  house.clock.Advance(std::chrono::hours(2));
  ASSERT_EQ(house.orchestrator->RunOnce().sent, 1u);
  const BorrowerId last = house.channel.calls.at(1).outgoing.borrower;
  const CommandResult& waited = last == first.borrower ? first : second;
  const BorrowerFile file = house.File(waited.borrower);
  ASSERT_EQ(file.events.size(), 1u);
  EXPECT_EQ(file.events[0].at, kNoon + std::chrono::hours(2));
  EXPECT_EQ(house.PlanOf(waited).last_sent_at, kNoon + std::chrono::hours(2));
}

TEST(Recovery, ReleasesWhatWaitedForItsTurnAndPlansItAgain) {
  House house;
  house.QueueMail(1);
  const CommandResult submitted = house.Submit(Item("A-1", "B-1"));
  ASSERT_TRUE(house.Do(PlanAccount{submitted.account})->queued.has_value());
  ASSERT_TRUE(house.Restart().ok());
  EXPECT_THAT(house.Kinds("attempt."), ElementsAre("attempt.reserved", "attempt.released"));
  EXPECT_EQ(house.Entries("attempt.released").at(0).Word("reason"), "restart");
  EXPECT_EQ(house.orchestrator->RunOnce().sent, 1u) << "a new decision, a new attempt";
  EXPECT_EQ(house.Entries("attempt.reserved").size(), 2u);
}

TEST(Recovery, PutsWhatWasDispatchedInDoubt) {
  House house;
  house.QueueMail(1);
  const CommandResult submitted = house.Submit(Item("A-1", "B-1"));
  const AttemptId attempt = house.Do(PlanAccount{submitted.account})->result.attempt;
  ASSERT_TRUE(house.Do(DispatchAttempt{attempt})->send.has_value());
  EXPECT_FALSE(house.Do(DispatchAttempt{attempt}).ok()) << "once, ever";
  ASSERT_TRUE(house.Restart().ok());
  EXPECT_EQ(house.Kinds("attempt.").back(), "attempt.in_doubt");
  house.orchestrator->RunOnce();
  EXPECT_TRUE(house.channel.calls.empty());
}

TEST(Recovery, PutsWhatACrashLeftOpenInDoubtBeforeAnythingIsSent) {
  House house;
  const CommandResult submitted = house.Submit(Item("A-1", "B-1"));
  // Reserved and committed; the process ends before, in or after Send: nobody can tell.
  ASSERT_TRUE(house.Do(PlanAccount{submitted.account})->send.has_value());
  ASSERT_TRUE(house.Restart().ok());
  EXPECT_THAT(house.Kinds("attempt."), ElementsAre("attempt.reserved", "attempt.in_doubt"));
  EXPECT_EQ(house.Entries().back().Word("reason"), "crash");
  EXPECT_TRUE(house.channel.calls.empty());
  ASSERT_TRUE(house.Restart().ok());
  EXPECT_EQ(house.Entries("attempt.").size(), 2u) << "recovery does the same again: nothing";
  house.orchestrator->RunOnce();
  EXPECT_TRUE(house.channel.calls.empty()) << "never sent again";
  EXPECT_EQ(house.PlanOf(submitted).wake_at, Utc("2026-03-27T04:00:00Z"));
}

TEST(Restart, FindsWhatWaits) {
  House house;
  house.Submit(Item("A-1", "B-1"));
  ASSERT_TRUE(house.Restart().ok());
  EXPECT_EQ(house.orchestrator->RunOnce().sent, 1u);
}

TEST(Stopping, TakesNothingNew) {
  House house;
  house.Submit(Item("A-1", "B-1"));
  house.Submit(Item("A-2", "B-2"));
  house.channel.answer = [&](const Outgoing&, auto) {
    house.orchestrator->Stop();
    return ScriptedChannel::Delivered();
  };
  EXPECT_EQ(house.orchestrator->RunOnce().sent, 2u) << "the round that runs is finished";
  EXPECT_EQ(house.Entries("attempt.settled").size(), 2u);
  house.Submit(Item("A-3", "B-3"));
  EXPECT_EQ(house.orchestrator->RunOnce().looked_at, 0u);
}

TEST(Wake, IsCalledForWhoeverIsDueSooner) {
  House house;
  int woken = 0;
  house.orchestrator->OnWork([&] { ++woken; });
  house.Submit(Item("A-1", "B-1"));
  EXPECT_EQ(woken, 1);
}

TEST(Caps, HoldOverTheAccountsOfOnePerson) {
  House house;
  for (int i = 0; i < 5; ++i) house.Submit(Item("A-" + std::to_string(i), "B-1"));
  house.orchestrator->RunOnce();
  EXPECT_EQ(house.channel.calls.size(), 1u) << "one a day";
  for (int day = 1; day < 7; ++day) {
    house.clock.Advance(std::chrono::hours(24));
    house.orchestrator->RunOnce();
  }
  EXPECT_EQ(house.channel.calls.size(), 3u) << "three in seven days";
}

}  // namespace
}  // namespace forbear::house
