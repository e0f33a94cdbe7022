// The thread that looks after keys while `serve` runs: it wipes what has been in memory too long, and
// turns the KEK when its time has come.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "engine/ports/clock.h"
#include "engine/ports/key_provider.h"
#include "engine/vault/rotation.h"

namespace forbear::cli {

class KeyKeeper {
 public:
  // All are borrowed and outlive the keeper. `say` waits for the log.
  KeyKeeper(KeyProvider& provider, vault::KeyRing& ring, const Clock& clock, vault::SayRotated say);
  ~KeyKeeper();

  // What is due now; what went wrong stands in the operations log, and is tried again in an hour.
  void LookOnce();
  // REQUIRES: LookOnce was called; the thread looks again in an hour.
  void Start();
  void Stop();

 private:
  void Run();

  KeyProvider& provider_;
  vault::KeyRing& ring_;
  const Clock& clock_;
  const vault::SayRotated say_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace forbear::cli
