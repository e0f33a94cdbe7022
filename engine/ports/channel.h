// A ChannelAdapter hands one message to the world: SMTP, an SMS gateway, a letter, a file.
//
// Send is called after the attempt is reserved and committed. A crash can thus leave an attempt
// nobody made; it cannot leave a contact nobody recorded.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/model/ids.h"
#include "engine/model/instant.h"
#include "engine/model/personal.h"
#include "engine/model/words.h"

namespace forbear {

// What is to be sent, complete: an adapter asks nobody anything.
struct Outgoing {
  AttemptId attempt;
  std::string tenant;
  BorrowerId borrower;
  std::vector<AccountId> accounts;
  Channel channel = Channel::kLetter;
  Personal address;    // number, mail address, postal address
  Personal addressee;  // the borrower's name
  Personal text;       // the words
  std::string language;
  std::string template_id;
  Instant reserved_at{};
};

enum class DeliveryKind : uint8_t {
  kDelivered,  // handed over; `outcome` says as what
  kRefused,    // the message did not leave; the attempt may be released
  kInDoubt,    // it may have left: counts as made, nobody sends it again
};

struct Delivery {
  DeliveryKind kind = DeliveryKind::kInDoubt;
  Outcome outcome = Outcome::kDelivered;
  std::string provider_id;  // the far side's name for it; may be empty
  std::string reason;       // a word, for kRefused and kInDoubt
};

class Dispatcher;

// The proof that an attempt is reserved and committed. Only the dispatcher makes one, so there is
// no other way to a ChannelAdapter (security.md C1).
class Reservation {
 public:
  const AttemptId& attempt() const { return attempt_; }

 private:
  friend class Dispatcher;
  explicit Reservation(const AttemptId& attempt) : attempt_(attempt) {}
  AttemptId attempt_;
};

// Implementations: adapters/outbox, tests' null and lying channels.
// Thread safety: Send may run concurrently for different attempts.
class ChannelAdapter {
 public:
  virtual ~ChannelAdapter() = default;

  // Hands `outgoing` over, once. Blocks until the far side answers or `timeout` is over, and then
  // says kInDoubt. Called once per attempt, ever (security.md C4).
  virtual Delivery Send(const Reservation& reservation, const Outgoing& outgoing,
                        std::chrono::milliseconds timeout) = 0;
};

}  // namespace forbear
