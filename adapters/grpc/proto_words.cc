#include "adapters/grpc/proto_words.h"

#include <string>

#include "engine/model/status.h"

namespace forbear::grpc_adapter {
namespace {

char Capital(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

}  // namespace

int FindNumbers(const google::protobuf::EnumDescriptor& descriptor,
                std::span<const std::string_view> words, int* numbers) {
  // `_UNSPECIFIED` is the first value of every enum; what stands before it is the prefix.
  const std::string zero = descriptor.value(0)->name();
  constexpr std::string_view kEnd = "UNSPECIFIED";
  FORBEAR_CHECK(zero.size() > kEnd.size() && zero.ends_with(kEnd));
  const std::string prefix = zero.substr(0, zero.size() - kEnd.size());
  for (size_t i = 0; i < words.size(); ++i) {
    std::string name = prefix;
    for (const char c : words[i]) name.push_back(Capital(c));
    const google::protobuf::EnumValueDescriptor* value = descriptor.FindValueByName(name);
    FORBEAR_CHECK(value != nullptr);
    FORBEAR_CHECK(value->number() > 0 && value->number() < 256);
    numbers[i] = value->number();
  }
  return descriptor.value_count() - 1;
}

}  // namespace forbear::grpc_adapter
