// The memory that one Question is made of: given out piece by piece, taken back all at once.
//
// An answer is some hundred small things that live and die together; asked for one by one, they cost
// more than what they say. Private to engine/policy.
#pragma once

#include <cstring>
#include <memory_resource>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/types/span.h"

namespace forbear::policy {

// A list inside an arena; only an arena makes one.
template <typename T>
class Kept {
 public:
  Kept() = default;
  T* begin() const { return data_; }
  T* end() const { return data_ + size_; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T& operator[](size_t i) const { return data_[i]; }
  T& front() const { return data_[0]; }

 private:
  friend class Arena;
  Kept(T* data, size_t size) : data_(data), size_(size) {}
  T* data_ = nullptr;
  size_t size_ = 0;
};

// Not thread-safe while something is made in it; what is in it may be read from everywhere.
class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena() {
    for (auto one = owned_.rbegin(); one != owned_.rend(); ++one) one->end(one->object);
  }

  template <typename T, typename List>
  Kept<T> Keep(const List& list) {
    static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);
    const size_t size = std::size(list);
    if (size == 0) return {};
    T* const data = static_cast<T*>(memory_.allocate(size * sizeof(T), alignof(T)));
    std::memcpy(static_cast<void*>(data), std::data(list), size * sizeof(T));
    return {data, size};
  }
  template <typename T>
  Kept<T> KeepOne(const T& one) {
    return Keep<T>(absl::Span<const T>(&one, 1));
  }
  std::string_view Keep(std::string_view text) {
    if (text.empty()) return {};
    char* const data = static_cast<char*>(memory_.allocate(text.size(), 1));
    std::memcpy(data, text.data(), text.size());
    return {data, text.size()};
  }
  // Lives, and is ended, with the arena.
  template <typename T>
  const T* Own(T object) {
    T* const here = new (memory_.allocate(sizeof(T), alignof(T))) T(std::move(object));
    owned_.push_back({here, [](void* old) { static_cast<T*>(old)->~T(); }});
    return here;
  }

  // While one is in scope, signals of this thread are made in its arena.
  class Use {
   public:
    explicit Use(Arena* arena) : before_(current_) { current_ = arena; }
    ~Use() { current_ = before_; }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

   private:
    Arena* before_;
  };
  // REQUIRES: a Use is in scope on this thread.
  static Arena& Current() { return *current_; }

 private:
  // Room for some hundred clauses; an answer that needs more asks again.
  static constexpr size_t kFirstPiece = 8'192;

  struct Owned {
    void* object;
    void (*end)(void*);
  };
  static inline thread_local Arena* current_ = nullptr;
  std::pmr::monotonic_buffer_resource memory_{kFirstPiece};
  std::vector<Owned> owned_;
};

}  // namespace forbear::policy
