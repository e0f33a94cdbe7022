// CJ1: canonical JSON, profile 1 (audit-log.md section 3; RFC 8785 narrowed until only one way is
// left to write a value).
//
// A Value is built freely and encoded canonically: members are sorted on the way out. Parsing
// accepts nothing but the canonical bytes.
//
//   cj1::Value data = cj1::Object();
//   data.Set("channel", "sms").Set("history_upto", 37);
//   std::string bytes = cj1::Encode(data).value();
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace forbear::cj1 {

// Integers are written exactly within -(2^53-1) … 2^53-1; anything larger is a string by the
// caller's choice, never silently.
inline constexpr int64_t kMaxInteger = 9007199254740991;
// Deeper nesting is refused (section 3).
inline constexpr int kMaxDepth = 16;

class Value {
 public:
  using Member = std::pair<std::string, Value>;
  using ArrayType = std::vector<Value>;
  using ObjectType = std::vector<Member>;

  Value() : node_(ObjectType{}) {}
  Value(bool value) : node_(value) {}          // NOLINT
  Value(int value) : node_(int64_t{value}) {}  // NOLINT
  Value(int64_t value) : node_(value) {}       // NOLINT
  // A number past int64_t becomes the largest int64_t, which Encode refuses: never a wrong number.
  Value(uint64_t value)  // NOLINT
      : node_(value > uint64_t{INT64_MAX} ? INT64_MAX : static_cast<int64_t>(value)) {}
  Value(uint32_t value) : node_(int64_t{value}) {}              // NOLINT
  Value(std::string value) : node_(std::move(value)) {}         // NOLINT
  Value(std::string_view value) : node_(std::string(value)) {}  // NOLINT
  Value(const char* value) : node_(std::string(value)) {}       // NOLINT
  Value(ArrayType value) : node_(std::move(value)) {}           // NOLINT
  Value(ObjectType value) : node_(std::move(value)) {}          // NOLINT

  bool is_bool() const { return std::holds_alternative<bool>(node_); }
  bool is_integer() const { return std::holds_alternative<int64_t>(node_); }
  bool is_string() const { return std::holds_alternative<std::string>(node_); }
  bool is_array() const { return std::holds_alternative<ArrayType>(node_); }
  bool is_object() const { return std::holds_alternative<ObjectType>(node_); }

  // REQUIRES: the value is of that type.
  bool AsBool() const { return std::get<bool>(node_); }
  int64_t AsInteger() const { return std::get<int64_t>(node_); }
  const std::string& AsString() const { return std::get<std::string>(node_); }
  const ArrayType& AsArray() const { return std::get<ArrayType>(node_); }
  const ObjectType& AsObject() const { return std::get<ObjectType>(node_); }

  // Adds a member. REQUIRES: an object without a member of that name (Encode refuses twins).
  Value& Set(std::string name, Value value);
  // Adds an item. REQUIRES: an array.
  Value& Append(Value value);
  // The member of that name, or nullptr. Also nullptr when this is no object.
  const Value* Find(std::string_view name) const;
  bool empty() const;  // an object or array without anything in it

  bool operator==(const Value&) const = default;

 private:
  std::variant<bool, int64_t, std::string, ArrayType, ObjectType> node_;
};

inline Value Object() { return Value(Value::ObjectType{}); }
inline Value Array() { return Value(Value::ArrayType{}); }

// The canonical bytes of an object. kInvalidArgument for anything but an object at the top, a
// member name outside [a-z0-9_]+, twins, an integer too large, invalid UTF-8, or nesting deeper
// than kMaxDepth (the outermost object is the first level).
absl::StatusOr<std::string> Encode(const Value& value);

// The same for any value, written at the end of `out` as it would stand `depth` levels deep (1 is
// outermost). What an error leaves in `out` has no meaning.
absl::Status AppendValue(const Value& value, int depth, std::string* out);
// A string with its quotes and escapes. kInvalidArgument when it is not UTF-8.
absl::Status AppendString(std::string_view text, std::string* out);

// Valid UTF-8 from end to end (RFC 3629)?
bool IsUtf8(std::string_view text);

// kInvalidArgument unless `bytes` is exactly what Encode would write. The message tells the byte
// at which it stops being so, and never quotes what stands there.
absl::StatusOr<Value> Parse(std::string_view bytes);

}  // namespace forbear::cj1
