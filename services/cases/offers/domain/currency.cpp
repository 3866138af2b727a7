#include "services/cases/offers/domain/currency.h"

#include <algorithm>
#include <array>

#include "absl/strings/string_view.h"

namespace gatehouse::cases {
namespace {

// In the order of their codes. CLDR, and so ICU, is no source of decimals: it says how many of
// them are in everyday use, which is none for some currencies that have cents.
constexpr std::array kWithNone = {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW",
                                  "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"};
constexpr std::array kWithThree = {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"};
constexpr std::array kWithTwo = {
    "AED", "AFN", "ALL", "AMD", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BGN",
    "BMD", "BND", "BOB", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHF", "CNY",
    "COP", "CRC", "CUP", "CVE", "CZK", "DKK", "DOP", "DZD", "EGP", "ERN", "ETB", "EUR", "FJD",
    "FKP", "GBP", "GEL", "GHS", "GIP", "GMD", "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF", "IDR",
    "ILS", "INR", "IRR", "JMD", "KES", "KGS", "KHR", "KPW", "KYD", "KZT", "LAK", "LBP", "LKR",
    "LRD", "LSL", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MRU", "MUR", "MVR", "MWK",
    "MXN", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "PAB", "PEN", "PGK", "PHP",
    "PKR", "PLN", "QAR", "RON", "RSD", "RUB", "SAR", "SBD", "SCR", "SDG", "SEK", "SGD", "SHP",
    "SLE", "SOS", "SRD", "SSP", "STN", "SVC", "SYP", "SZL", "THB", "TJS", "TMT", "TOP", "TRY",
    "TTD", "TWD", "TZS", "UAH", "USD", "UYU", "UZS", "VED", "VES", "WST", "XCD", "XCG", "YER",
    "ZAR", "ZMW", "ZWG"};

template <typename Codes>
bool Has(const Codes& codes, absl::string_view code) {
  return std::any_of(codes.begin(), codes.end(), [&](const char* one) { return code == one; });
}

}  // namespace

std::optional<int> DecimalsOf(const std::string& currency) {
  if (Has(kWithTwo, currency)) return 2;
  if (Has(kWithNone, currency)) return 0;
  if (Has(kWithThree, currency)) return 3;
  return std::nullopt;
}

}  // namespace gatehouse::cases
