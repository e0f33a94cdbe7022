#include "engine/orchestrator/dispatcher.h"

namespace forbear {

CommandBody Dispatcher::Send(const AccountId& account, const ReservedSend& send,
                             std::chrono::nanoseconds committed_at, StopSwitch& stops) {
  const auto adapter = channels_.find(send.outgoing.channel);
  if (adapter == channels_.end() || adapter->second == nullptr) {
    return ReleaseAttempt{send.attempt, "no_adapter"};
  }
  if (clock_.Monotonic() - committed_at > kSendWithin) {
    return ReleaseAttempt{send.attempt, "too_late"};
  }
  switch (stops.Begin(account, send)) {
    case StopSwitch::Verdict::kPaused:
      return ReleaseAttempt{send.attempt, "paused"};
    case StopSwitch::Verdict::kOvertaken:
      return ReleaseAttempt{send.attempt, "overtaken"};
    case StopSwitch::Verdict::kSend:
      break;
  }
  const Delivery delivery =
      adapter->second->Send(Reservation(send.attempt), send.outgoing, kSendTimeout);
  switch (delivery.kind) {
    case DeliveryKind::kDelivered:
      return SettleAttempt{send.attempt, delivery};
    case DeliveryKind::kRefused:
      return ReleaseAttempt{send.attempt, "refused"};
    case DeliveryKind::kInDoubt:
      break;
  }
  return DoubtAttempt{send.attempt, delivery.reason.empty() ? "unknown" : delivery.reason};
}

}  // namespace forbear
