// A small desk for the store's own tests: a handler that uses every kind of row and no law, a
// clock moved by hand, and randomness from a seed. The orchestrator's Handle has tests of its own.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>

#include "engine/ports/clock.h"
#include "engine/ports/randomness.h"
#include "engine/ports/store.h"

namespace forbear::desk {

class HandClock : public Clock {
 public:
  Instant Now() const override { return now_.load(); }
  std::chrono::nanoseconds Monotonic() const override { return now_.load().time_since_epoch(); }
  void Hold() override { ++holds_; }
  void Release() override { --holds_; }
  void Set(Instant at) { now_ = at; }
  int holds() const { return holds_; }

 private:
  std::atomic<Instant> now_{Instant(date::sys_days(date::year(2026) / 3 / 2))};
  std::atomic<int> holds_{0};
};

class SeededRandomness : public Randomness {
 public:
  explicit SeededRandomness(uint64_t seed) : state_(seed) {}
  void Fill(std::span<uint8_t> bytes) override;

 private:
  std::mutex mutex_;
  uint64_t state_;
};

// Lets a test stop the store's thread inside Handle.
class Gate {
 public:
  void Close();
  void Open();
  void WaitUntilSomebodyWaits();
  void Pass();  // what `test.gate` does

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool closed_ = false;
  int waiting_ = 0;
};

// What commands mean here:
//   SubmitAccount   a borrower if the external id is new, the account, its plan, the history;
//                   the same body again changes nothing
//   UpdateBorrower  points are added, replaced and removed
//   RecordEvent     one event
//   PlanAccount     reserves an attempt: event, attempt, plan without wake_at, two entries
//   Settle, Doubt, ReleaseAttempt     move it on; a release forgets its event
//   PauseContacts, ResumeContacts     rows; `in_flight` is what the store counts
//   RecordFact by kind:
//     test.noted     one entry          test.many      2 entries per unit of data.entries
//     test.about     one entry with the fact's ref, data and borrower
//     test.refused   kFailedPrecondition   test.spoiled  two good entries and a bad one
//     test.stolen    a borrower under an external id that is taken (data.external_id)
//     test.gate      waits at `gate`, then one entry
//     test.impure    answers differently every time it is asked
//     test.newest    one entry; the answer's version is the newest seq that the view includes
//     test.skipped   settles an attempt that is not there
//     test.twice     one entry under the id of the entry before
Handler MakeDeskHandler(std::shared_ptr<Gate> gate);

// The n-th 16 bytes that a command's seed gives.
Id128 DerivedId(const Command& command, int n);

// Commands. Each call draws another seed.
class Desk {
 public:
  explicit Desk(uint64_t seed) : randomness_(seed) {}

  Command Make(std::string tenant, CommandBody body);
  Command Submit(std::string tenant, std::string borrower, std::string account,
                 int64_t minor_units = 12'345);
  Command Note(std::string tenant, std::string kind = "test.noted");
  static Command With(Command command, std::string method, std::string request_id,
                      uint8_t body = 1);

 private:
  SeededRandomness randomness_;
  std::atomic<uint64_t> made_{0};
};

// A contact point whose digest is made of `link`.
ContactPoint Phone(uint8_t id, const std::string& number, uint8_t link);

}  // namespace forbear::desk
