#include "engine/audit/cj1.h"

#include <algorithm>
#include <charconv>

#include "absl/strings/str_cat.h"
#include "engine/model/status.h"

namespace forbear::cj1 {
namespace {

constexpr char kHexDigits[] = "0123456789abcdef";

bool IsNameByte(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; }

bool IsName(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), IsNameByte);
}

// Length of the UTF-8 character that starts at `text[at]`, or 0 when there is none (RFC 3629:
// no overlong form, no surrogate, nothing above U+10FFFF).
size_t Utf8Length(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) -> unsigned {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0u;
  };
  const auto follows = [&](size_t i, unsigned low = 0x80, unsigned high = 0xbf) {
    return byte(i) >= low && byte(i) <= high;
  };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first < 0xc2) return 0;
  if (first < 0xe0) return follows(1) ? 2 : 0;
  if (first < 0xf0) {
    const unsigned low = first == 0xe0 ? 0xa0 : 0x80;
    const unsigned high = first == 0xed ? 0x9f : 0xbf;
    return follows(1, low, high) && follows(2) ? 3 : 0;
  }
  if (first > 0xf4) return 0;
  const unsigned low = first == 0xf0 ? 0x90 : 0x80;
  const unsigned high = first == 0xf4 ? 0x8f : 0xbf;
  return follows(1, low, high) && follows(2) && follows(3) ? 4 : 0;
}

// The letter after the backslash for characters that have a short escape, or 0.
char ShortEscape(unsigned char c) {
  switch (c) {
    case '"':
      return '"';
    case '\\':
      return '\\';
    case 0x08:
      return 'b';
    case 0x09:
      return 't';
    case 0x0a:
      return 'n';
    case 0x0c:
      return 'f';
    case 0x0d:
      return 'r';
    default:
      return 0;
  }
}

bool IsPlain(unsigned char c) { return c >= 0x20 && c < 0x80 && c != '"' && c != '\\'; }

absl::Status TooDeep() { return InvalidArgument("cj1: nested deeper than 16; flatten the value"); }

absl::Status AppendObject(const Value::ObjectType& members, int depth, std::string* out) {
  if (depth > kMaxDepth) return TooDeep();
  const auto append = [&](const Value::Member& member, bool first) -> absl::Status {
    if (!IsName(member.first)) {
      return InvalidArgument("cj1: member name outside [a-z0-9_]+; names from outside are values");
    }
    if (!first) out->push_back(',');
    out->push_back('"');
    out->append(member.first);
    out->append("\":");
    return AppendValue(member.second, depth + 1, out);
  };
  out->push_back('{');
  const bool sorted =
      std::is_sorted(members.begin(), members.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
  if (sorted) {
    for (size_t i = 0; i < members.size(); ++i) {
      if (i > 0 && members[i].first == members[i - 1].first) {
        return InvalidArgument("cj1: two members of one name; set each once");
      }
      FORBEAR_RETURN_IF_ERROR(append(members[i], i == 0));
    }
  } else {
    std::vector<const Value::Member*> order;
    order.reserve(members.size());
    for (const Value::Member& member : members) order.push_back(&member);
    std::sort(order.begin(), order.end(),
              [](const auto* a, const auto* b) { return a->first < b->first; });
    for (size_t i = 0; i < order.size(); ++i) {
      if (i > 0 && order[i]->first == order[i - 1]->first) {
        return InvalidArgument("cj1: two members of one name; set each once");
      }
      FORBEAR_RETURN_IF_ERROR(append(*order[i], i == 0));
    }
  }
  out->push_back('}');
  return absl::OkStatus();
}

// Reads canonical bytes and nothing else: each step accepts the one spelling that Encode has.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  absl::StatusOr<Value> ReadAll() {
    if (Peek() != '{') return Refuse("no object at the start");
    Value value;
    FORBEAR_RETURN_IF_ERROR(ReadValue(1, &value));
    if (at_ != bytes_.size()) return Refuse("something after the last brace");
    return value;
  }

 private:
  // The next byte, or 0 at the end (a raw 0 is never valid, so the two need not be told apart).
  char Peek() const { return at_ < bytes_.size() ? bytes_[at_] : '\0'; }
  bool Take(char c) {
    if (Peek() != c || at_ >= bytes_.size()) return false;
    ++at_;
    return true;
  }
  bool TakeWord(std::string_view word) {
    if (bytes_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }
  absl::Status Refuse(const char* why) const {
    return absl::InvalidArgumentError(absl::StrCat("not cj1 at byte ", at_, ": ", why));
  }

  absl::Status ReadValue(int depth, Value* out) {
    switch (Peek()) {
      case '{':
        return ReadObject(depth, out);
      case '[':
        return ReadArray(depth, out);
      case '"': {
        std::string text;
        FORBEAR_RETURN_IF_ERROR(ReadString(&text));
        *out = Value(std::move(text));
        return absl::OkStatus();
      }
      case 't':
        if (!TakeWord("true")) return Refuse("no value");
        *out = Value(true);
        return absl::OkStatus();
      case 'f':
        if (!TakeWord("false")) return Refuse("no value");
        *out = Value(false);
        return absl::OkStatus();
      default:
        return ReadInteger(out);
    }
  }

  absl::Status ReadObject(int depth, Value* out) {
    if (depth > kMaxDepth) return TooDeep();
    ++at_;
    Value::ObjectType members;
    if (!Take('}')) {
      do {
        if (!Take('"')) return Refuse("no member name");
        const size_t start = at_;
        while (IsNameByte(Peek())) ++at_;
        const std::string_view name = bytes_.substr(start, at_ - start);
        if (name.empty() || !Take('"') || !Take(':')) {
          return Refuse("a member name is [a-z0-9_]+ and then a colon");
        }
        if (!members.empty() && !(members.back().first < name)) {
          return Refuse("member names do not ascend");
        }
        members.emplace_back(std::string(name), Value());
        FORBEAR_RETURN_IF_ERROR(ReadValue(depth + 1, &members.back().second));
      } while (Take(','));
      if (!Take('}')) return Refuse("no closing brace");
    }
    *out = Value(std::move(members));
    return absl::OkStatus();
  }

  absl::Status ReadArray(int depth, Value* out) {
    if (depth > kMaxDepth) return TooDeep();
    ++at_;
    Value::ArrayType items;
    if (!Take(']')) {
      do {
        items.emplace_back();
        FORBEAR_RETURN_IF_ERROR(ReadValue(depth + 1, &items.back()));
      } while (Take(','));
      if (!Take(']')) return Refuse("no closing bracket");
    }
    *out = Value(std::move(items));
    return absl::OkStatus();
  }

  absl::Status ReadInteger(Value* out) {
    const size_t start = at_;
    const bool negative = Take('-');
    const size_t digits = at_;
    while (Peek() >= '0' && Peek() <= '9') ++at_;
    const size_t count = at_ - digits;
    if (count == 0) return Refuse("no value");
    if (bytes_[digits] == '0' && (count > 1 || negative)) {
      return Refuse("an integer with a leading or negative zero");
    }
    int64_t value = 0;
    const auto [end, error] = std::from_chars(bytes_.data() + start, bytes_.data() + at_, value);
    if (error != std::errc() || end != bytes_.data() + at_ || value > kMaxInteger ||
        value < -kMaxInteger) {
      return Refuse("an integer beyond 2^53-1");
    }
    *out = Value(value);
    return absl::OkStatus();
  }

  absl::Status ReadString(std::string* out) {
    ++at_;
    while (true) {
      const size_t start = at_;
      while (at_ < bytes_.size() && IsPlain(static_cast<unsigned char>(bytes_[at_]))) ++at_;
      out->append(bytes_.substr(start, at_ - start));
      if (at_ >= bytes_.size()) return Refuse("a string without end");
      const auto c = static_cast<unsigned char>(bytes_[at_]);
      if (c == '"') {
        ++at_;
        return absl::OkStatus();
      }
      if (c == '\\') {
        FORBEAR_RETURN_IF_ERROR(ReadEscape(out));
        continue;
      }
      if (c < 0x20) return Refuse("a control character that is not escaped");
      const size_t length = Utf8Length(bytes_, at_);
      if (length == 0) return Refuse("not UTF-8");
      out->append(bytes_.substr(at_, length));
      at_ += length;
    }
  }

  absl::Status ReadEscape(std::string* out) {
    ++at_;
    const char letter = Peek();
    switch (letter) {
      case '"':
      case '\\':
        out->push_back(letter);
        break;
      case 'b':
        out->push_back('\b');
        break;
      case 't':
        out->push_back('\t');
        break;
      case 'n':
        out->push_back('\n');
        break;
      case 'f':
        out->push_back('\f');
        break;
      case 'r':
        out->push_back('\r');
        break;
      case 'u': {
        const std::string_view digits = bytes_.substr(at_ + 1, 4);
        if (digits.size() != 4 || digits.substr(0, 2) != "00" ||
            (digits[2] != '0' && digits[2] != '1')) {
          return Refuse("an escape that is not the canonical one");
        }
        const char* low = std::find(kHexDigits, kHexDigits + 16, digits[3]);
        if (low == kHexDigits + 16) return Refuse("an escape that is not the canonical one");
        const auto c = static_cast<unsigned char>((digits[2] - '0') * 16 + (low - kHexDigits));
        if (ShortEscape(c) != 0) return Refuse("a long escape where a short one exists");
        out->push_back(static_cast<char>(c));
        at_ += 4;
        break;
      }
      default:
        return Refuse("an escape that is not the canonical one");
    }
    ++at_;
    return absl::OkStatus();
  }

  std::string_view bytes_;
  size_t at_ = 0;
};

}  // namespace

Value& Value::Set(std::string name, Value value) {
  FORBEAR_CHECK(is_object());
  std::get<ObjectType>(node_).emplace_back(std::move(name), std::move(value));
  return *this;
}

Value& Value::Append(Value value) {
  FORBEAR_CHECK(is_array());
  std::get<ArrayType>(node_).push_back(std::move(value));
  return *this;
}

const Value* Value::Find(std::string_view name) const {
  if (!is_object()) return nullptr;
  for (const Member& member : AsObject()) {
    if (member.first == name) return &member.second;
  }
  return nullptr;
}

bool Value::empty() const {
  return (is_object() && AsObject().empty()) || (is_array() && AsArray().empty());
}

bool IsUtf8(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const size_t length = Utf8Length(text, at);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

absl::Status AppendString(std::string_view text, std::string* out) {
  out->push_back('"');
  size_t at = 0;
  while (true) {
    const size_t start = at;
    while (at < text.size() && IsPlain(static_cast<unsigned char>(text[at]))) ++at;
    out->append(text.substr(start, at - start));
    if (at >= text.size()) break;
    const auto c = static_cast<unsigned char>(text[at]);
    if (const char letter = ShortEscape(c)) {
      out->push_back('\\');
      out->push_back(letter);
      ++at;
    } else if (c < 0x20) {
      out->append("\\u00");
      out->push_back(kHexDigits[c >> 4]);
      out->push_back(kHexDigits[c & 15]);
      ++at;
    } else {
      const size_t length = Utf8Length(text, at);
      if (length == 0) return InvalidArgument("cj1: a string that is not UTF-8; repair it first");
      out->append(text.substr(at, length));
      at += length;
    }
  }
  out->push_back('"');
  return absl::OkStatus();
}

absl::Status AppendValue(const Value& value, int depth, std::string* out) {
  if (value.is_string()) return AppendString(value.AsString(), out);
  if (value.is_object()) return AppendObject(value.AsObject(), depth, out);
  if (value.is_bool()) {
    out->append(value.AsBool() ? "true" : "false");
    return absl::OkStatus();
  }
  if (value.is_integer()) {
    const int64_t number = value.AsInteger();
    if (number > kMaxInteger || number < -kMaxInteger) {
      return InvalidArgument("cj1: an integer beyond 2^53-1; write it as a string");
    }
    char digits[24];
    const auto [end, error] = std::to_chars(digits, digits + sizeof digits, number);
    FORBEAR_CHECK(error == std::errc());
    out->append(digits, end);
    return absl::OkStatus();
  }
  if (depth > kMaxDepth) return TooDeep();
  out->push_back('[');
  bool first = true;
  for (const Value& item : value.AsArray()) {
    if (!first) out->push_back(',');
    first = false;
    FORBEAR_RETURN_IF_ERROR(AppendValue(item, depth + 1, out));
  }
  out->push_back(']');
  return absl::OkStatus();
}

absl::StatusOr<std::string> Encode(const Value& value) {
  if (!value.is_object()) return InvalidArgument("cj1: not an object at the top; wrap it in one");
  std::string out;
  FORBEAR_RETURN_IF_ERROR(AppendValue(value, 1, &out));
  return out;
}

absl::StatusOr<Value> Parse(std::string_view bytes) { return Reader(bytes).ReadAll(); }

}  // namespace forbear::cj1
