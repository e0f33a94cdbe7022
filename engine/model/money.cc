#include "engine/model/money.h"

#include <algorithm>
#include <array>

namespace forbear {
namespace {

struct Row {
  std::string_view codes;  // blank-separated
  int digits;
};

// ISO 4217, active codes of national currencies, by number of minor digits.
constexpr std::array kRows = {
    Row{"AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN "
        "BZD CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS "
        "GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR "
        "LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD "
        "PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN "
        "SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD YER ZAR ZMW ZWG",
        2},
    Row{"BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF", 0},
    Row{"BHD IQD JOD KWD LYD OMR TND", 3},
};

}  // namespace

int MinorDigits(std::string_view code) {
  if (code.size() != 3 || !std::all_of(code.begin(), code.end(),
                                       [](char c) { return c >= 'A' && c <= 'Z'; })) {
    return -1;
  }
  for (const Row& row : kRows) {
    for (size_t at = 0; at + 3 <= row.codes.size(); at += 4) {
      if (row.codes.substr(at, 3) == code) return row.digits;
    }
  }
  return -1;
}

bool IsCurrency(std::string_view code) { return MinorDigits(code) >= 0; }

}  // namespace forbear
