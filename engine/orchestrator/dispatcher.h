// The Dispatcher hands a reserved attempt to its channel, once, if nothing has come in between.
#pragma once

#include <chrono>
#include <map>

#include "engine/orchestrator/command.h"
#include "engine/orchestrator/stop_switch.h"
#include "engine/ports/channel.h"
#include "engine/ports/clock.h"

namespace forbear {

// C3: a send begins at most this long after its reservation committed, or not at all.
inline constexpr std::chrono::seconds kSendWithin{5};
// How long one Send may take before it is in doubt.
inline constexpr std::chrono::seconds kSendTimeout{10};

class Dispatcher {
 public:
  // Adapters and clock are borrowed.
  Dispatcher(std::map<Channel, ChannelAdapter*> channels, const Clock& clock)
      : channels_(std::move(channels)), clock_(clock) {}

  // Sends, unless it is too late, somebody said stop, or the channel has no adapter. Returns the
  // command that ends the attempt: SettleAttempt, DoubtAttempt or ReleaseAttempt. `committed_at`
  // is the monotonic time at which the reservation was known to be durable.
  //
  // SAFETY: the only caller of ChannelAdapter::Send in the house, and it calls once for each
  // attempt: the orchestrator hands each reservation over once, and a crash leaves it in doubt.
  CommandBody Send(const AccountId& account, const ReservedSend& send,
                   std::chrono::nanoseconds committed_at, StopSwitch& stops);

 private:
  std::map<Channel, ChannelAdapter*> channels_;
  const Clock& clock_;
};

}  // namespace forbear
