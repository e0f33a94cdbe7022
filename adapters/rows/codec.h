// Rows as bytes: a compact, tagged form for what a store keeps of the model's types.
//
// A record is a version byte and then fields in ascending order of tag. A field is a varint key,
// `tag << 1 | kind`, and its value: kind 0 is a zigzag varint, kind 1 is a varint length and that
// many bytes (text, ids, words, nested records without a version byte). A field that has its
// absent value is left out; a repeated one stands once for each item. The absent value of each
// field is named where the field is listed (rows.cc), never taken from a type's default, so a
// changed default cannot change what an old row means. Enums are kept as their words.
//
// Tags are for ever: a removed one is not given out again. A tag that the reader does not know is
// kDataLoss, because it would drop a fact that a decision may rest on.
//
// One listing of the fields serves both directions: `Fields(archive, x)` with a Writer or Reader.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "engine/model/ids.h"
#include "engine/model/instant.h"
#include "engine/model/personal.h"
#include "engine/model/words.h"

namespace forbear::rows {

inline constexpr uint8_t kVersion = 1;

class Writer {
 public:
  template <typename T>
  using Field = const T;  // what a listing gets: not to be changed
  static constexpr bool kIdentifies = false;

  // The same with the name that the log knows a field by.
  template <typename T>
  void One(uint32_t tag, const char*, const T& value, const T& absent) {
    One(tag, value, absent);
  }
  template <typename T>
  void Maybe(uint32_t tag, const char*, const std::optional<T>& value) {
    Maybe(tag, value);
  }
  template <typename T>
  void Many(uint32_t tag, const char*, const std::vector<T>& values) {
    Many(tag, values);
  }
  template <typename T>
  void Part(uint32_t tag, const char*, const T& value) {
    Part(tag, value);
  }
  // "None" and "nobody told" are different things: a flag under `tag`, the items under the next one.
  template <typename T>
  void MaybeMany(uint32_t tag, const char*, const std::optional<std::vector<T>>& values) {
    One(tag, values.has_value(), false);
    if (values.has_value()) Many(tag + 1, *values);
  }

  template <typename T>
  void One(uint32_t tag, const T& value, const T& absent) {
    if (value != absent) Put(tag, value);
  }
  void One(uint32_t tag, const Personal& value) {
    if (!value.empty()) Put(tag, value);
  }
  template <typename T>
  void Maybe(uint32_t tag, const std::optional<T>& value) {
    if (value.has_value()) Put(tag, *value);
  }
  template <typename T>
  void Many(uint32_t tag, const std::vector<T>& values) {
    for (const T& value : values) Put(tag, value);
  }
  // A nested record; left out when all its fields are.
  template <typename T>
  void Part(uint32_t tag, const T& value) {
    Writer inner;
    Fields(inner, value);
    if (!inner.out_.empty()) PutBytes(tag, inner.out_);
  }

  std::string& out() { return out_; }

 private:
  void Varint(uint64_t value) {
    while (value >= 0x80) {
      out_.push_back(static_cast<char>(value | 0x80));
      value >>= 7;
    }
    out_.push_back(static_cast<char>(value));
  }
  void PutBytes(uint32_t tag, std::string_view bytes) {
    Varint(uint64_t{tag} << 1 | 1);
    Varint(bytes.size());
    out_.append(bytes);
  }
  void PutInteger(uint32_t tag, int64_t value) {
    Varint(uint64_t{tag} << 1);
    Varint(static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63));
  }
  template <typename T>
  void Put(uint32_t tag, const T& value) {
    if constexpr (std::is_enum_v<T>) {
      PutBytes(tag, ToWord(value));
    } else if constexpr (std::is_integral_v<T>) {
      PutInteger(tag, static_cast<int64_t>(value));
    } else if constexpr (std::is_same_v<T, Instant> || std::is_same_v<T, Day>) {
      PutInteger(tag, value.time_since_epoch().count());
    } else if constexpr (std::is_same_v<T, std::string>) {
      PutBytes(tag, value);
    } else if constexpr (std::is_same_v<T, Personal>) {
      PutBytes(tag, value.Reveal(RevealFor::kStoring));
    } else if constexpr (std::is_same_v<T, Bytes32>) {
      PutBytes(tag, {reinterpret_cast<const char*>(value.data()), value.size()});
    } else if constexpr (std::is_base_of_v<Id128, T>) {
      PutBytes(tag, value.Raw());
    } else {
      Writer inner;
      Fields(inner, value);
      PutBytes(tag, inner.out_);
    }
  }

  std::string out_;
};

class Reader {
 public:
  template <typename T>
  using Field = T;
  static constexpr bool kIdentifies = false;

  explicit Reader(std::string_view bytes) : rest_(bytes) { NextKey(); }

  template <typename T>
  void One(uint32_t tag, T& value, const T& absent) {
    if (tag_ != tag) {
      value = absent;
    } else {
      Get(value);
      NextKey();
    }
  }
  void One(uint32_t tag, Personal& value) {
    if (tag_ != tag) return;
    Get(value);
    NextKey();
  }
  template <typename T>
  void Maybe(uint32_t tag, std::optional<T>& value) {
    value.reset();
    if (tag_ != tag) return;
    Get(value.emplace());
    NextKey();
  }
  template <typename T>
  void Many(uint32_t tag, std::vector<T>& values) {
    values.clear();
    while (tag_ == tag) {
      Get(values.emplace_back());
      NextKey();
    }
  }
  template <typename T>
  void Part(uint32_t tag, T& value) {
    Reader inner(tag_ == tag ? bytes_ : std::string_view());
    Fields(inner, value);
    if (!inner.Done()) bad_ = true;
    if (tag_ == tag) NextKey();
  }

  // The same with the name that the log knows a field by.
  template <typename T>
  void One(uint32_t tag, const char*, T& value, const T& absent) {
    One(tag, value, absent);
  }
  template <typename T>
  void Maybe(uint32_t tag, const char*, std::optional<T>& value) {
    Maybe(tag, value);
  }
  template <typename T>
  void Many(uint32_t tag, const char*, std::vector<T>& values) {
    Many(tag, values);
  }
  template <typename T>
  void Part(uint32_t tag, const char*, T& value) {
    Part(tag, value);
  }
  template <typename T>
  void MaybeMany(uint32_t tag, const char*, std::optional<std::vector<T>>& values) {
    bool told = false;
    One(tag, told, false);
    values.reset();
    if (told) Many(tag + 1, values.emplace());
  }

  // Everything was read and understood.
  bool Done() const { return !bad_ && tag_ == kNoTag; }

 private:
  static constexpr uint32_t kNoTag = 0;

  uint64_t Varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) break;
      const auto byte = static_cast<uint8_t>(rest_.front());
      rest_.remove_prefix(1);
      value |= uint64_t{byte & 0x7fU} << shift;
      if (byte < 0x80) return value;
    }
    bad_ = true;
    return 0;
  }
  void NextKey() {
    tag_ = kNoTag;
    if (rest_.empty() || bad_) return;
    const uint64_t key = Varint();
    is_bytes_ = (key & 1) != 0;
    if (is_bytes_) {
      const uint64_t size = Varint();
      if (size > rest_.size()) bad_ = true;
      if (bad_) return;
      bytes_ = rest_.substr(0, size);
      rest_.remove_prefix(size);
    } else {
      const uint64_t zigzag = Varint();
      integer_ = static_cast<int64_t>(zigzag >> 1) ^ -static_cast<int64_t>(zigzag & 1);
    }
    if (key >> 1 == kNoTag || key >> 1 > UINT32_MAX) bad_ = true;
    if (!bad_) tag_ = static_cast<uint32_t>(key >> 1);
  }
  template <typename T>
  void Get(T& value) {
    constexpr bool is_integer =
        std::is_integral_v<T> || std::is_same_v<T, Instant> || std::is_same_v<T, Day>;
    if (is_integer == is_bytes_) {
      bad_ = true;
      return;
    }
    if constexpr (std::is_enum_v<T>) {
      const std::optional<T> known = ParseWord<T>(bytes_);
      if (known.has_value()) {
        value = *known;
      } else {
        bad_ = true;
      }
    } else if constexpr (std::is_integral_v<T>) {
      value = static_cast<T>(integer_);
    } else if constexpr (std::is_same_v<T, Instant> || std::is_same_v<T, Day>) {
      value = T(typename T::duration(integer_));
    } else if constexpr (std::is_same_v<T, std::string>) {
      value.assign(bytes_);
    } else if constexpr (std::is_same_v<T, Personal>) {
      value = Personal(std::string(bytes_));
    } else if constexpr (std::is_same_v<T, Bytes32>) {
      if (bytes_.size() == value.size()) {
        std::copy(bytes_.begin(), bytes_.end(), value.begin());
      } else {
        bad_ = true;
      }
    } else if constexpr (std::is_base_of_v<Id128, T>) {
      if (bytes_.size() == value.bytes.size()) {
        std::copy(bytes_.begin(), bytes_.end(), value.bytes.begin());
      } else {
        bad_ = true;
      }
    } else {
      Reader inner(bytes_);
      Fields(inner, value);
      if (!inner.Done()) bad_ = true;
    }
  }

  std::string_view rest_;
  uint32_t tag_ = kNoTag;  // of the field that comes next
  bool is_bytes_ = false;
  std::string_view bytes_;
  int64_t integer_ = 0;
  bool bad_ = false;
};

}  // namespace forbear::rows
