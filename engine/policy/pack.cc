#include "engine/policy/pack.h"

#include "engine/model/status.h"

namespace forbear::policy {
namespace {

template <typename E>
constexpr std::span<const std::string_view> WordsFor(FieldType type) {
  return type == FieldType::kWord || type == FieldType::kOpenWord ? AllWords<E>() : std::span<const std::string_view>{};
}

#define FORBEAR_FIELD_INFO_(enumerator, word, type, vocabulary) \
  FieldInfo{Field::enumerator, word, FieldType::type, WordsFor<vocabulary>(FieldType::type)},
constexpr FieldInfo kFields[] = {FORBEAR_FIELDS(FORBEAR_FIELD_INFO_)};

}  // namespace

std::span<const FieldInfo> AllFields() { return kFields; }

const FieldInfo& InfoOf(Field field) { return kFields[static_cast<size_t>(field)]; }

const FieldInfo* FindField(std::string_view name) {
  for (const FieldInfo& info : kFields) {
    if (info.name == name) return &info;
  }
  return nullptr;
}

}  // namespace forbear::policy
