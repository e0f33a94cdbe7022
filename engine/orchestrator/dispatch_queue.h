// The DispatchQueue holds reservations on queued channels until their channel's turn (security.md
// C2), in the order they were made.
//
// A turn is a place in the channel's rate. What must be let go (something happened to the borrower,
// a pause covers it) needs none and comes first: a stop waits for nobody. Order and rate only say
// *when* a reservation is judged again; whether it leaves is decided there.
// Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <unordered_set>
#include <vector>

#include "engine/model/ids.h"
#include "engine/model/instant.h"
#include "engine/orchestrator/command.h"

namespace forbear {

// A limited channel has at most so many seconds of turns reserved ahead: enough to keep it busy
// while a round is planned, few enough that caps are not used up by what may never leave.
inline constexpr uint32_t kMostSecondsAhead = 2;

struct WaitingSend {
  AccountId account;
  QueuedSend queued;
};

class DispatchQueue {
 public:
  // `per_second`: the most turns in one second of the engine's clock; a channel that is not there
  // has no limit.
  explicit DispatchQueue(std::map<Channel, uint32_t> per_second)
      : per_second_(std::move(per_second)) {}

  void Add(WaitingSend waiting);
  // Something happened to the borrower: what waits for this account is let go first.
  void Touch(const AccountId& account);

  // Removes and returns whose turn it is at `now`, at most `most`: first what is to be let go, then
  // each channel's oldest.
  std::vector<WaitingSend> TakeTurn(Instant now, const std::vector<PauseScope>& paused,
                                    size_t most);

  // Limited channels that have kMostSecondsAhead of turns waiting if the `nth` accounts planned
  // before in this round all chose them, and when to come back: put off together, back one after
  // the other.
  std::map<Channel, Instant> Full(Instant now, size_t nth) const;

  // When to ask again; absent: nobody waits.
  std::optional<Instant> NextTurn(Instant now) const;
  size_t size() const;

 private:
  struct Rate {
    Instant second{};
    uint32_t used = 0;
  };
  void Take(WaitingSend waiting, std::vector<WaitingSend>& taken);
  // Turns left at `now`.
  size_t Left(Channel channel, Instant now) const;

  const std::map<Channel, uint32_t> per_second_;
  std::map<Channel, std::deque<WaitingSend>> waiting_;
  std::map<Channel, Rate> used_;
  std::vector<WaitingSend> touched_;
  std::unordered_set<AccountId, IdHash> accounts_;  // of all that wait
};

}  // namespace forbear
