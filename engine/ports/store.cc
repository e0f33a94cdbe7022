#include "engine/ports/store.h"

#include <algorithm>
#include <future>
#include <iterator>
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

absl::StatusOr<std::vector<StoredEntry>> Store::ListEntries(EntryQuery query) const {
  std::vector<StoredEntry> found;
  const size_t wanted = query.limit;
  while (found.size() < wanted) {
    query.limit = wanted - found.size();
    absl::StatusOr<EntryPage> page = ScanEntries(query);
    if (!page.ok()) return page.status();
    std::move(page->entries.begin(), page->entries.end(), std::back_inserter(found));
    if (!page->next_seq.has_value()) break;
    query.first_seq = *page->next_seq;
  }
  return found;
}

}  // namespace forbear
