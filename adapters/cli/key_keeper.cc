#include "adapters/cli/key_keeper.h"

#include <chrono>
#include <utility>

#include "adapters/cli/operations_log.h"
#include "engine/model/status.h"

namespace forbear::cli {
namespace {

// Often enough that a key leaves memory within six minutes of its last use.
constexpr std::chrono::minutes kBetweenWipes{1};
// A KEK that is an hour late is late by a seven-hundredth of its life.
constexpr int kWipesBetweenLooks = 60;

}  // namespace

KeyKeeper::KeyKeeper(KeyProvider& provider, vault::KeyRing& ring, const Clock& clock,
                     vault::SayRotated say)
    : provider_(provider), ring_(ring), clock_(clock), say_(std::move(say)) {}

KeyKeeper::~KeyKeeper() { Stop(); }

void KeyKeeper::LookOnce() {
  const absl::Status done = vault::RotateIfDue(provider_, ring_, clock_.Now(), say_);
  if (done.ok()) return;
  LogEvent(Level::kError, "kek_rotation_failed",
           {{"code", absl::StatusCodeToString(done.code())},
            {"why", std::string(FromAbsl(done.message()))}});
}

void KeyKeeper::Start() {
  thread_ = std::thread([this] { Run(); });
}

void KeyKeeper::Run() {
  std::unique_lock lock(mutex_);
  // Whoever starts the keeper has looked already.
  for (int wipes = 1; !stopping_; ++wipes) {
    lock.unlock();
    if (wipes % kWipesBetweenLooks == 0) LookOnce();
    ring_.DropExpired();
    lock.lock();
    changed_.wait_for(lock, kBetweenWipes, [this] { return stopping_; });
  }
}

void KeyKeeper::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

}  // namespace forbear::cli
