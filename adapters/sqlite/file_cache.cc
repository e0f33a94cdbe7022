#include "adapters/sqlite/file_cache.h"

namespace forbear::sqlite {
namespace {

// Strings and small vectors that hang on a record; measured on accounts of the demo, rounded up.
constexpr size_t kBeside = 128;

}  // namespace

size_t BytesOf(const BorrowerFile& file) {
  const Borrower& borrower = file.borrower;
  return sizeof(BorrowerFile) + kBeside +
         borrower.contact_points.capacity() * (sizeof(ContactPoint) + kBeside) +
         borrower.places.capacity() * (sizeof(Place) + kBeside) +
         borrower.parties.capacity() * sizeof(Party) +
         file.accounts.capacity() * (sizeof(Account) + kBeside) +
         file.events.capacity() * (sizeof(Event) + kBeside) + file.plans.capacity() * sizeof(Plan);
}

std::shared_ptr<const BorrowerFile> FileCache::Find(const BorrowerId& id) {
  const std::lock_guard lock(mutex_);
  const auto found = index_.find(id);
  if (found == index_.end()) return nullptr;
  order_.splice(order_.begin(), order_, found->second);
  return found->second->file;
}

void FileCache::Put(std::shared_ptr<const BorrowerFile> file) {
  const size_t bytes = BytesOf(*file);
  const std::lock_guard lock(mutex_);
  if (const auto old = index_.find(file->borrower.id); old != index_.end()) Remove(old->second);
  const BorrowerId id = file->borrower.id;
  order_.push_front({std::move(file), bytes});
  index_[id] = order_.begin();
  bytes_ += bytes;
  while (bytes_ > limit_ && !order_.empty()) Remove(std::prev(order_.end()));
}

void FileCache::Drop(const BorrowerId& id) {
  const std::lock_guard lock(mutex_);
  if (const auto found = index_.find(id); found != index_.end()) Remove(found->second);
}

void FileCache::Clear() {
  const std::lock_guard lock(mutex_);
  index_.clear();
  order_.clear();
  bytes_ = 0;
}

void FileCache::Remove(Order::iterator at) {
  bytes_ -= at->bytes;
  index_.erase(at->file->borrower.id);
  order_.erase(at);
}

}  // namespace forbear::sqlite
