#include "services/identity/domain/factor.h"

#include "absl/strings/ascii.h"

namespace gatehouse::identity {

std::string Subject::Destination() const {
  return method == SignInMethod::kEmailCode ? absl::AsciiStrToLower(email) : mobile;
}

}  // namespace gatehouse::identity
