#include "services/common/text/region.h"

#include <unicode/uloc.h>

namespace gatehouse {

bool IsRegion(const std::string& text) {
  for (const char* const* code = uloc_getISOCountries(); *code != nullptr; ++code) {
    if (text == *code) return true;
  }
  return false;
}

}  // namespace gatehouse
