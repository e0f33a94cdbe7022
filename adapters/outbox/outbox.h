// The outbox is a channel whose far side is a folder: one new file for each call of Send.
//
// A file is called `<attempt in hex>.<call number>`. A second call for one attempt, which must
// never happen, leaves a file `….2` behind, so that a test can see it by counting. Each holds one
// JSON object: attempt, call, tenant, borrower, accounts, channel, address, addressee, language,
// template, text, reserved_at, sent_at. It is personal data: files are 0600, the folder 0700.
#pragma once

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
  // is borrowed and says only what the file shows as `sent_at`.
  static absl::StatusOr<std::unique_ptr<Outbox>> Open(const std::string& folder, const Clock& clock,
                                                      Sync sync = Sync::kNever);

  // kDelivered once the whole file is written. kRefused when no file could be made, so nothing
  // left. kInDoubt when a file was made and not all of it was written: somebody may have read it.
  Delivery Send(const Reservation& reservation, const Outgoing& outgoing,
                std::chrono::milliseconds timeout) override;

 private:
  Outbox(std::string folder, const Clock& clock, Sync sync)
      : folder_(std::move(folder)), clock_(clock), sync_(sync) {}

  const std::string folder_;
  const Clock& clock_;
  const Sync sync_;
};

}  // namespace forbear
