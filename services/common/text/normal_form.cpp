#include "services/common/text/normal_form.h"

#include <unicode/normalizer2.h>
#include <unicode/unistr.h>

namespace gatehouse {
namespace {

std::string Normalised(const std::string& text, const icu::Normalizer2& form, UErrorCode& error) {
  std::string normalised;
  form.normalize(icu::UnicodeString::fromUTF8(text), error).toUTF8String(normalised);
  return normalised;
}

}  // namespace

// ICU's data is linked in: without an error by what its own documentation says.
std::string NormalisedText(const std::string& text) {
  UErrorCode error = U_ZERO_ERROR;
  return Normalised(text, *icu::Normalizer2::getNFKCInstance(error), error);
}

std::string FoldedText(const std::string& text) {
  UErrorCode error = U_ZERO_ERROR;
  return Normalised(text, *icu::Normalizer2::getNFKCCasefoldInstance(error), error);
}

}  // namespace gatehouse
