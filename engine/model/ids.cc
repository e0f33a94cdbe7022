#include "engine/model/ids.h"

#include <algorithm>

#include "engine/model/status.h"

namespace forbear {
namespace {

int Nibble(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

std::string ToHex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out(bytes.size() * 2, '0');
  for (size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = static_cast<uint8_t>(bytes[i]);
    out[2 * i] = kDigits[byte >> 4];
    out[2 * i + 1] = kDigits[byte & 15];
  }
  return out;
}

absl::StatusOr<std::string> FromHex(std::string_view hex) {
  if (hex.size() % 2 != 0) return InvalidArgument("not hex: odd number of digits");
  std::string out(hex.size() / 2, '\0');
  for (size_t i = 0; i < out.size(); ++i) {
    const int high = Nibble(hex[2 * i]);
    const int low = Nibble(hex[2 * i + 1]);
    if (high < 0 || low < 0) return InvalidArgument("not hex: want digits 0-9 and a-f");
    out[i] = static_cast<char>(high << 4 | low);
  }
  return out;
}

Id128 Id128::FromRaw(std::string_view raw) {
  FORBEAR_CHECK(raw.size() == 16);
  Id128 id;
  std::copy(raw.begin(), raw.end(), id.bytes.begin());
  return id;
}

absl::StatusOr<Id128> Id128::FromHexDigits(std::string_view hex) {
  if (hex.size() != 32) return InvalidArgument("not an id: want 32 lower-case hex digits");
  absl::StatusOr<std::string> raw = FromHex(hex);
  if (!raw.ok()) return InvalidArgument("not an id: want 32 lower-case hex digits");
  return FromRaw(*raw);
}

std::string Id128::Hex() const { return ToHex(Raw()); }

}  // namespace forbear
