// Money: an amount in the currency's minor unit (cents), and the currency's ISO 4217 code.
// No floating point anywhere near it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace forbear {

struct Money {
  int64_t minor_units = 0;  // 0 … kMaxMinorUnits; never negative on an account
  std::string currency;     // "USD"; three capital letters of ISO 4217
  bool operator==(const Money&) const = default;
};

// One quadrillion minor units: above any one person's debt in any currency, and a sum of a
// thousand such amounts still fits 64 bits.
inline constexpr int64_t kMaxMinorUnits = 1'000'000'000'000'000;

// True if `code` is an active ISO 4217 currency (as of the 2024 list).
bool IsCurrency(std::string_view code);

// How many minor digits the currency has: 2 for USD, 0 for TWD by use and 2 by ISO 4217 (we
// follow ISO 4217), 3 for KWD. -1 when unknown.
int MinorDigits(std::string_view code);

}  // namespace forbear
