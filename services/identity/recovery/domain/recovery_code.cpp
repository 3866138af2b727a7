#include "services/identity/recovery/domain/recovery_code.h"

#include "absl/strings/ascii.h"
#include "services/common/base/random.h"
#include "services/common/text/normal_form.h"

namespace gatehouse::identity {
namespace {

constexpr char kAlphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr size_t kLength = 16, kGroup = 4;

char Plain(char c) {
  c = absl::ascii_toupper(static_cast<unsigned char>(c));
  if (c == 'O') return '0';
  return c == 'I' || c == 'L' ? '1' : c;
}

}  // namespace

std::string NewRecoveryCode() {
  std::string code;
  for (const char byte : RandomBytes(kLength)) {
    if (!code.empty() && code.size() % (kGroup + 1) == kGroup) code += '-';
    code += kAlphabet[static_cast<unsigned char>(byte) % 32];
  }
  return code;
}

std::string ReadRecoveryCode(const std::string& typed) {
  std::string code;
  for (const char c : NormalisedText(typed)) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c))) code += Plain(c);
  }
  return code;
}

}  // namespace gatehouse::identity
