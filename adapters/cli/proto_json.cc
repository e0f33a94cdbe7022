#include "adapters/cli/proto_json.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/time_util.h>

#include <bitset>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "engine/model/status.h"

namespace forbear::cli {
namespace {

namespace pb = google::protobuf;

// More than any message of the contract has; a larger one would stop every run at its first line.
constexpr size_t kMostFields = 128;

bool IsTimestamp(const pb::Descriptor& message) {
  return message.full_name() == pb::Timestamp::descriptor()->full_name();
}

// Hears a JSON text and puts it into a message.
class Reader : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit Reader(pb::Message* root) : root_(root) {}

  const std::string& fault() const { return fault_; }

  bool null() override {
    // As if the field were not there; a list has no such entry.
    return !frames_.empty() && !frames_.back().in_list ? true : OfAnotherKind();
  }
  bool boolean(bool value) override {
    if (!Takes(pb::FieldDescriptor::CPPTYPE_BOOL)) return OfAnotherKind();
    return Put(&pb::Reflection::SetBool, &pb::Reflection::AddBool, value);
  }
  bool number_integer(number_integer_t value) override {
    return value < 0 ? PutInteger(true, 0 - static_cast<uint64_t>(value))
                     : PutInteger(false, static_cast<uint64_t>(value));
  }
  bool number_unsigned(number_unsigned_t value) override { return PutInteger(false, value); }
  bool number_float(number_float_t value, const string_t&) override {
    if (Takes(pb::FieldDescriptor::CPPTYPE_DOUBLE)) {
      return Put(&pb::Reflection::SetDouble, &pb::Reflection::AddDouble, value);
    }
    if (Takes(pb::FieldDescriptor::CPPTYPE_FLOAT)) {
      return Put(&pb::Reflection::SetFloat, &pb::Reflection::AddFloat, static_cast<float>(value));
    }
    // 1e3 is a whole number too, as long as a double can tell it from its neighbours.
    constexpr double kExact = 9'007'199'254'740'992.0;
    if (std::trunc(value) != value || std::fabs(value) > kExact) return OfAnotherKind();
    return PutInteger(value < 0, static_cast<uint64_t>(std::fabs(value)));
  }
  bool string(string_t& text) override {
    if (frames_.empty()) return OfAnotherKind();
    const pb::FieldDescriptor* field = frames_.back().field;
    switch (field->cpp_type()) {
      case pb::FieldDescriptor::CPPTYPE_STRING: {
        std::string value = std::move(text);
        if (field->type() == pb::FieldDescriptor::TYPE_BYTES) {
          std::string bytes;
          if (!absl::Base64Unescape(value, &bytes) && !absl::WebSafeBase64Unescape(value, &bytes)) {
            return OfAnotherKind();
          }
          value = std::move(bytes);
        }
        return Put(&pb::Reflection::SetString, &pb::Reflection::AddString, std::move(value));
      }
      case pb::FieldDescriptor::CPPTYPE_ENUM: {
        const pb::EnumValueDescriptor* value = field->enum_type()->FindValueByName(text);
        if (value == nullptr) return OfAnotherKind();
        return Put(&pb::Reflection::SetEnumValue, &pb::Reflection::AddEnumValue, value->number());
      }
      case pb::FieldDescriptor::CPPTYPE_INT32:
      case pb::FieldDescriptor::CPPTYPE_INT64:
      case pb::FieldDescriptor::CPPTYPE_UINT32:
      case pb::FieldDescriptor::CPPTYPE_UINT64: {
        const bool negative = text.starts_with('-');
        const std::string_view digits = std::string_view(text).substr(negative ? 1 : 0);
        uint64_t magnitude = 0;
        if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos ||
            !absl::SimpleAtoi(absl::string_view(digits.data(), digits.size()), &magnitude)) {
          return OfAnotherKind();
        }
        return PutInteger(negative, magnitude);
      }
      case pb::FieldDescriptor::CPPTYPE_MESSAGE: {
        if (!IsTimestamp(*field->message_type())) return OfAnotherKind();
        pb::Timestamp at;
        if (!pb::util::TimeUtil::FromString(text, &at)) return OfAnotherKind();
        if (!MayBeSet()) return false;
        Inside()->CopyFrom(at);
        return Next();
      }
      default:
        return OfAnotherKind();
    }
  }
  bool binary(binary_t&) override { return false; }

  bool start_object(std::size_t) override {
    pb::Message* message = root_;
    if (!frames_.empty()) {
      if (!Takes(pb::FieldDescriptor::CPPTYPE_MESSAGE) ||
          IsTimestamp(*frames_.back().field->message_type())) {
        return OfAnotherKind();
      }
      if (!MayBeSet()) return false;
      message = Inside();
    }
    return Enter({message, nullptr, false, 0, {}});
  }
  bool end_object() override { return Leave(); }
  bool start_array(std::size_t) override {
    if (frames_.empty() || frames_.back().in_list || !frames_.back().field->is_repeated()) {
      return OfAnotherKind();
    }
    return Enter({frames_.back().message, frames_.back().field, true, 0, {}});
  }
  bool end_array() override { return Leave(); }

  bool key(string_t& name) override {
    Frame& frame = frames_.back();
    const pb::Descriptor* descriptor = frame.message->GetDescriptor();
    frame.field = descriptor->FindFieldByName(name);
    if (frame.field == nullptr) frame.field = descriptor->FindFieldByCamelcaseName(name);
    if (frame.field == nullptr) {
      fault_ = Where(frames_.size() - 1) + " holds a name that is no field of it";
      return false;
    }
    const auto index = static_cast<size_t>(frame.field->index());
    FORBEAR_CHECK(index < kMostFields);
    if (!frame.seen[index]) {
      frame.seen.set(index);
      return true;
    }
    fault_ = "a name stands twice in one object";
    return false;
  }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::json::exception&) override {
    if (fault_.empty()) fault_ = "no JSON at byte " + std::to_string(position);
    return false;
  }

 private:
  // An object, or a list of one of its fields.
  struct Frame {
    pb::Message* message;
    const pb::FieldDescriptor* field;  // that the next value is of
    bool in_list;
    int next;                          // number of the next entry
    std::bitset<kMostFields> seen;
  };

  // Never deeper than the contract nests: what opens otherwise is of another kind.
  bool Enter(Frame frame) {
    frames_.push_back(std::move(frame));
    return true;
  }
  bool Leave() {
    frames_.pop_back();
    return Next();
  }
  bool Next() {
    if (!frames_.empty() && frames_.back().in_list) ++frames_.back().next;
    return true;
  }

  // Is a value of this kind wanted here, one of a list where the field is one?
  bool Takes(pb::FieldDescriptor::CppType type) const {
    if (frames_.empty()) return false;
    const Frame& frame = frames_.back();
    return frame.field->cpp_type() == type && frame.field->is_repeated() == frame.in_list;
  }
  // A list is not without its brackets, and of several that exclude each other one stands.
  bool MayBeSet() {
    const Frame& frame = frames_.back();
    if (frame.field->is_repeated() != frame.in_list) return OfAnotherKind();
    const pb::OneofDescriptor* one_of = frame.field->real_containing_oneof();
    if (one_of == nullptr || !frame.message->GetReflection()->HasOneof(*frame.message, one_of)) {
      return true;
    }
    fault_ = Where(frames_.size() - 1) + " holds two fields of which one may stand";
    return false;
  }
  // The message that the current field holds, a new one in a list.
  pb::Message* Inside() {
    const Frame& frame = frames_.back();
    const pb::Reflection* reflection = frame.message->GetReflection();
    return frame.in_list ? reflection->AddMessage(frame.message, frame.field)
                         : reflection->MutableMessage(frame.message, frame.field);
  }

  template <typename Setter, typename Adder, typename Value>
  bool Put(Setter set, Adder add, Value value) {
    if (!MayBeSet()) return false;
    const Frame& frame = frames_.back();
    const pb::Reflection* reflection = frame.message->GetReflection();
    if (frame.in_list) {
      (reflection->*add)(frame.message, frame.field, std::move(value));
    } else {
      (reflection->*set)(frame.message, frame.field, std::move(value));
    }
    return Next();
  }

  template <typename T>
  static std::optional<T> Narrow(bool negative, uint64_t magnitude) {
    if (negative) {
      if constexpr (std::is_unsigned_v<T>) {
        return magnitude == 0 ? std::optional<T>(0) : std::nullopt;
      } else {
        const auto most = static_cast<uint64_t>(std::numeric_limits<T>::max()) + 1;
        if (magnitude > most) return std::nullopt;
        return static_cast<T>(0 - magnitude);
      }
    }
    if (magnitude > static_cast<uint64_t>(std::numeric_limits<T>::max())) return std::nullopt;
    return static_cast<T>(magnitude);
  }
  template <typename T, typename Setter, typename Adder>
  bool PutNarrow(Setter set, Adder add, bool negative, uint64_t magnitude) {
    const std::optional<T> value = Narrow<T>(negative, magnitude);
    return value ? Put(set, add, *value) : OfAnotherKind();
  }
  bool PutInteger(bool negative, uint64_t magnitude) {
    if (frames_.empty()) return OfAnotherKind();
    using R = pb::Reflection;
    const double real = negative ? -static_cast<double>(magnitude) : static_cast<double>(magnitude);
    switch (frames_.back().field->cpp_type()) {
      case pb::FieldDescriptor::CPPTYPE_INT32:
        return PutNarrow<int32_t>(&R::SetInt32, &R::AddInt32, negative, magnitude);
      case pb::FieldDescriptor::CPPTYPE_INT64:
        return PutNarrow<int64_t>(&R::SetInt64, &R::AddInt64, negative, magnitude);
      case pb::FieldDescriptor::CPPTYPE_UINT32:
        return PutNarrow<uint32_t>(&R::SetUInt32, &R::AddUInt32, negative, magnitude);
      case pb::FieldDescriptor::CPPTYPE_UINT64:
        return PutNarrow<uint64_t>(&R::SetUInt64, &R::AddUInt64, negative, magnitude);
      case pb::FieldDescriptor::CPPTYPE_ENUM:
        return PutNarrow<int>(&R::SetEnumValue, &R::AddEnumValue, negative, magnitude);
      case pb::FieldDescriptor::CPPTYPE_DOUBLE:
        return Put(&R::SetDouble, &R::AddDouble, real);
      case pb::FieldDescriptor::CPPTYPE_FLOAT:
        return Put(&R::SetFloat, &R::AddFloat, static_cast<float>(real));
      default:
        return OfAnotherKind();
    }
  }

  bool OfAnotherKind() {
    fault_ = Where(frames_.size()) + " holds a value of another kind";
    return false;
  }
  // `facts.borrower.places[0]`, of that many frames; every step is a field of the contract.
  std::string Where(size_t frames) const {
    std::string path;
    for (size_t i = 0; i < frames; ++i) {
      const Frame& frame = frames_[i];
      if (frame.in_list) {
        path += "[" + std::to_string(frame.next) + "]";
      } else if (frame.field != nullptr) {
        path += (path.empty() ? "" : ".") + frame.field->name();
      }
    }
    return path.empty() ? "the request" : "`" + path + "`";
  }

  pb::Message* root_;
  std::vector<Frame> frames_;
  std::string fault_;
};

void AppendText(std::string_view text, std::string* json) {
  constexpr char kHex[] = "0123456789abcdef";
  json->push_back('"');
  size_t plain = 0;  // from here on nothing has been written yet
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\') continue;
    json->append(text.substr(plain, i - plain));
    plain = i + 1;
    if (c == '"' || c == '\\') {
      json->push_back('\\');
      json->push_back(c);
    } else {
      *json += "\\u00";
      json->push_back(kHex[c >> 4]);
      json->push_back(kHex[c & 0xf]);
    }
  }
  json->append(text.substr(plain));
  json->push_back('"');
}

void AppendMessage(const pb::Message& message, std::string* json);

// One value of a field; `index` of a list, -1 of a field that is none.
void AppendValue(const pb::Message& message, const pb::FieldDescriptor* field, int index,
                 std::string* json) {
  const pb::Reflection* reflection = message.GetReflection();
  const auto get = [&](auto one, auto of_list) {
    return index < 0 ? (reflection->*one)(message, field)
                     : (reflection->*of_list)(message, field, index);
  };
  using R = pb::Reflection;
  switch (field->cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_BOOL:
      *json += get(&R::GetBool, &R::GetRepeatedBool) ? "true" : "false";
      return;
    case pb::FieldDescriptor::CPPTYPE_INT32:
      *json += std::to_string(get(&R::GetInt32, &R::GetRepeatedInt32));
      return;
    case pb::FieldDescriptor::CPPTYPE_UINT32:
      *json += std::to_string(get(&R::GetUInt32, &R::GetRepeatedUInt32));
      return;
    case pb::FieldDescriptor::CPPTYPE_INT64:
      *json += '"' + std::to_string(get(&R::GetInt64, &R::GetRepeatedInt64)) + '"';
      return;
    case pb::FieldDescriptor::CPPTYPE_UINT64:
      *json += '"' + std::to_string(get(&R::GetUInt64, &R::GetRepeatedUInt64)) + '"';
      return;
    case pb::FieldDescriptor::CPPTYPE_DOUBLE:
      *json += nlohmann::json(get(&R::GetDouble, &R::GetRepeatedDouble)).dump();
      return;
    case pb::FieldDescriptor::CPPTYPE_FLOAT:
      *json += nlohmann::json(get(&R::GetFloat, &R::GetRepeatedFloat)).dump();
      return;
    case pb::FieldDescriptor::CPPTYPE_ENUM: {
      const int number = get(&R::GetEnumValue, &R::GetRepeatedEnumValue);
      const pb::EnumValueDescriptor* value = field->enum_type()->FindValueByNumber(number);
      if (value == nullptr) {
        *json += std::to_string(number);
      } else {
        AppendText(value->name(), json);
      }
      return;
    }
    case pb::FieldDescriptor::CPPTYPE_STRING: {
      std::string scratch;
      const std::string& text =
          index < 0 ? reflection->GetStringReference(message, field, &scratch)
                    : reflection->GetRepeatedStringReference(message, field, index, &scratch);
      AppendText(field->type() == pb::FieldDescriptor::TYPE_BYTES ? absl::Base64Escape(text) : text,
                 json);
      return;
    }
    case pb::FieldDescriptor::CPPTYPE_MESSAGE: {
      const pb::Message& inside = index < 0 ? reflection->GetMessage(message, field)
                                            : reflection->GetRepeatedMessage(message, field, index);
      if (IsTimestamp(*field->message_type())) {
        pb::Timestamp at;
        at.CopyFrom(inside);
        AppendText(pb::util::TimeUtil::ToString(at), json);
      } else {
        AppendMessage(inside, json);
      }
      return;
    }
  }
}

void AppendMessage(const pb::Message& message, std::string* json) {
  json->push_back('{');
  const pb::Reflection* reflection = message.GetReflection();
  std::vector<const pb::FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (const pb::FieldDescriptor* field : fields) {
    if (field != fields.front()) json->push_back(',');
    AppendText(field->json_name(), json);
    json->push_back(':');
    if (!field->is_repeated()) {
      AppendValue(message, field, -1, json);
      continue;
    }
    json->push_back('[');
    for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
      if (i > 0) json->push_back(',');
      AppendValue(message, field, i, json);
    }
    json->push_back(']');
  }
  json->push_back('}');
}

bool IsPlain(const pb::Descriptor& message, std::set<const pb::Descriptor*>* seen) {
  if (!seen->insert(&message).second || IsTimestamp(message)) return true;
  if (message.full_name().starts_with("google.protobuf.")) return false;
  for (int i = 0; i < message.field_count(); ++i) {
    const pb::FieldDescriptor* field = message.field(i);
    if (field->is_map() || field->type() == pb::FieldDescriptor::TYPE_GROUP) return false;
    if (field->message_type() != nullptr && !IsPlain(*field->message_type(), seen)) return false;
  }
  return true;
}

}  // namespace

absl::Status FromJson(std::string_view text, pb::Message* message) {
  // The library passes over a byte order mark; the RFC forbids writing one.
  if (text.starts_with("\xef\xbb\xbf")) return InvalidArgument("begins with a byte order mark");
  Reader reader(message);
  if (nlohmann::json::sax_parse(text.begin(), text.end(), &reader)) return absl::OkStatus();
  return InvalidArgument(reader.fault().empty() ? "no JSON" : reader.fault());
}

std::string ToJson(const pb::Message& message) {
  std::string json;
  AppendMessage(message, &json);
  return json;
}

bool IsPlain(const pb::Descriptor& message) {
  std::set<const pb::Descriptor*> seen;
  return IsPlain(message, &seen);
}

}  // namespace forbear::cli
