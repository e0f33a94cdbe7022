#include "engine/ports/store.h"

#include <future>
#include <utility>

namespace forbear {

absl::StatusOr<Applied> Store::ApplyAndWait(Command command) {
  // Shared: the store's thread may still be inside set_value when this one already goes on.
  auto promise = std::make_shared<std::promise<absl::StatusOr<Applied>>>();
  std::future<absl::StatusOr<Applied>> future = promise->get_future();
  Apply(std::move(command),
        [promise](absl::StatusOr<Applied> applied) { promise->set_value(std::move(applied)); });
  return future.get();
}

}  // namespace forbear
