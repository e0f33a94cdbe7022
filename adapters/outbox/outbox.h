// The outbox is a channel whose far side is a folder: one new file for each call of Send.
//
// A file is called `<attempt in hex>.<call number>`. A second call for one attempt, which must
// never happen, leaves a file `….2` behind, so that a test can see it by counting. Each holds one
// JSON object: attempt, call, tenant, borrower, accounts, channel, address, addressee, language,
// template, text, reserved_at, sent_at. It is personal data: files are 0600, the folder 0700.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "engine/ports/channel.h"
#include "engine/ports/clock.h"

namespace forbear {

class Outbox : public ChannelAdapter {
 public:
  // kNever: a power cut may lose a file whose attempt is settled, never the other way round.
  enum class Sync { kNever, kEachFile };

  // Makes the folder if it is missing. kFailedPrecondition when it cannot be written to. `clock`
  // is borrowed and says only what the file shows as `sent_at`. `takes`: how long a Send on that
  // channel pretends to take, in real time, half of it before the file is there and half after: a
  // provider's round trip, for trying out what a slow one does to us. Absent: none.
  static absl::StatusOr<std::unique_ptr<Outbox>> Open(
      const std::string& folder, const Clock& clock, Sync sync = Sync::kNever,
      std::map<Channel, std::chrono::milliseconds> takes = {});

  // kDelivered once the whole file is written. kRefused when no file could be made, so nothing
  // left. kInDoubt when a file was made and not all of it was written: somebody may have read it.
  Delivery Send(const Reservation& reservation, const Outgoing& outgoing,
                std::chrono::milliseconds timeout) override;

 private:
  Outbox(std::string folder, const Clock& clock, Sync sync,
         std::map<Channel, std::chrono::milliseconds> takes)
      : folder_(std::move(folder)), clock_(clock), sync_(sync), takes_(std::move(takes)) {}

  const std::string folder_;
  const Clock& clock_;
  const Sync sync_;
  const std::map<Channel, std::chrono::milliseconds> takes_;
};

}  // namespace forbear
