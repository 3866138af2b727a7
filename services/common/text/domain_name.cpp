#include "services/common/text/domain_name.h"

#include <unicode/uidna.h>

#include <memory>

namespace gatehouse {

std::string DomainInAscii(const std::string& domain) {
  UErrorCode error = U_ZERO_ERROR;
  const std::unique_ptr<UIDNA, decltype(&uidna_close)> idna(
      uidna_openUTS46(UIDNA_NONTRANSITIONAL_TO_ASCII | UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ |
                          UIDNA_USE_STD3_RULES,
                      &error),
      uidna_close);
  if (U_FAILURE(error)) return "";
  std::string ascii(254, '\0');
  UIDNAInfo info = UIDNA_INFO_INITIALIZER;
  const int32_t size =
      uidna_nameToASCII_UTF8(idna.get(), domain.data(), static_cast<int32_t>(domain.size()),
                             ascii.data(), static_cast<int32_t>(ascii.size()), &info, &error);
  if (U_FAILURE(error) || info.errors != 0 || size == 0) return "";
  ascii.resize(static_cast<size_t>(size));
  return ascii.back() == '.' ? "" : ascii;
}

}  // namespace gatehouse
