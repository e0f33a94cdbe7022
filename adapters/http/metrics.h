// What an operator watches, in the form Prometheus reads. Never a person, a name or an id in a label.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "engine/orchestrator/orchestrator.h"
#include "engine/ports/store.h"

namespace forbear {

// Thread safety: every method may be called from any thread.
class Metrics {
 public:
  Metrics();
  ~Metrics();

  // One call was answered. `method` and `code` are the contract's own names.
  void Rpc(std::string_view method, std::string_view code, std::chrono::nanoseconds took);
  // One entry committed: `decision.denied`, `attempt.settled` …; counted by kind and channel.
  void Decision(std::string_view outcome, std::string_view channel);
  void Attempt(std::string_view state, std::string_view channel);
  // Taken over from where they are counted.
  void Set(const StoreStatus& store, const Tally& tally);

  // The text of /metrics.
  std::string Text() const;

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace forbear
