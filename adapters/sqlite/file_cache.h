// The borrowers' files that were used last, so that reserve → settle reads a file once.
//
// Holds committed files only. A file that is too large, or was not used for long, is forgotten
// without harm: it is read again. Any thread.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

#include "engine/model/ids.h"
#include "engine/ports/store.h"

namespace forbear::sqlite {

class FileCache {
 public:
  // Keeps at most about `limit` bytes.
  explicit FileCache(size_t limit) : limit_(limit) {}

  // nullptr: not here.
  std::shared_ptr<const BorrowerFile> Find(const BorrowerId& id);
  void Put(std::shared_ptr<const BorrowerFile> file);
  void Drop(const BorrowerId& id);
  void Clear();

 private:
  struct Kept {
    std::shared_ptr<const BorrowerFile> file;
    size_t bytes;
  };
  using Order = std::list<Kept>;  // last used first
  void Remove(Order::iterator at);

  const size_t limit_;
  std::mutex mutex_;
  Order order_;
  std::unordered_map<BorrowerId, Order::iterator, IdHash> index_;
  size_t bytes_ = 0;
};

// About how much memory a file takes.
size_t BytesOf(const BorrowerFile& file);

}  // namespace forbear::sqlite
