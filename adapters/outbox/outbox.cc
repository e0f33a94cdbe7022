#include "adapters/outbox/outbox.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <thread>

#include "engine/model/status.h"
#include "nlohmann/json.hpp"

namespace forbear {
namespace {

// One call is all there should be. Past this many something is badly wrong, and a refusal stops it.
constexpr int kMostCalls = 100;

std::string Text(const Outgoing& outgoing, int call, Instant sent_at) {
  nlohmann::ordered_json json;
  json["attempt"] = outgoing.attempt.Hex();
  json["call"] = call;
  json["tenant"] = outgoing.tenant;
  json["borrower"] = outgoing.borrower.Hex();
  json["accounts"] = nlohmann::ordered_json::array();
  for (const AccountId& account : outgoing.accounts) json["accounts"].push_back(account.Hex());
  json["channel"] = ToWord(outgoing.channel);
  json["address"] = outgoing.address.Reveal(RevealFor::kSending);
  json["addressee"] = outgoing.addressee.Reveal(RevealFor::kSending);
  json["language"] = outgoing.language;
  json["template"] = outgoing.template_id;
  json["text"] = outgoing.text.Reveal(RevealFor::kSending);
  json["reserved_at"] = FormatInstant(outgoing.reserved_at);
  json["sent_at"] = FormatInstant(sent_at);
  // Bytes that are no UTF-8 are replaced, not thrown about: the message is what matters.
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

bool WriteAll(int file, const std::string& text) {
  size_t written = 0;
  while (written < text.size()) {
    const ssize_t count = ::write(file, text.data() + written, text.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    written += static_cast<size_t>(count);
  }
  return true;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Outbox>> Outbox::Open(
    const std::string& folder, const Clock& clock, Sync sync,
    std::map<Channel, std::chrono::milliseconds> takes) {
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return FailedPrecondition("outbox `" + folder + "`: cannot be made: " + std::strerror(errno));
  }
  struct stat status {};
  if (::stat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode) ||
      ::access(folder.c_str(), W_OK | X_OK) != 0) {
    return FailedPrecondition("outbox `" + folder +
                              "`: is no folder that can be written to; name "
                              "another with --outbox");
  }
  return std::unique_ptr<Outbox>(new Outbox(folder, clock, sync, std::move(takes)));
}

Delivery Outbox::Send(const Reservation& reservation, const Outgoing& outgoing,
                      std::chrono::milliseconds /*timeout: a local file is quick*/) {
  const auto takes = takes_.find(outgoing.channel);
  const auto half = takes == takes_.end() ? std::chrono::milliseconds(0) : takes->second / 2;
  if (half.count() > 0) std::this_thread::sleep_for(half);
  Delivery delivery;
  int file = -1;
  int call = 0;
  while (file < 0 && call < kMostCalls) {
    ++call;
    const std::string path =
        folder_ + "/" + reservation.attempt().Hex() + "." + std::to_string(call);
    file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file < 0 && errno != EEXIST) break;
  }
  if (file < 0) {
    delivery.kind = DeliveryKind::kRefused;
    delivery.reason = "no_file";
    return delivery;
  }
  bool whole = WriteAll(file, Text(outgoing, call, clock_.Now()));
  if (whole && sync_ == Sync::kEachFile) whole = ::fsync(file) == 0;
  whole = ::close(file) == 0 && whole;
  if (half.count() > 0) std::this_thread::sleep_for(half);
  delivery.kind = whole ? DeliveryKind::kDelivered : DeliveryKind::kInDoubt;
  delivery.outcome = Outcome::kDelivered;
  if (!whole) delivery.reason = "write_failed";
  return delivery;
}

}  // namespace forbear
