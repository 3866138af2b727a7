#pragma once

#include <string>

#include "services/identity/domain/sms_code.h"

namespace gatehouse::identity {

// The same code by e-mail. It is asked for by whoever types an address, so that nothing may say
// whether the address is anybody's.
class EmailCode : public SmsCode {
 public:
  using SmsCode::SmsCode;

  SignInMethod method() const override { return SignInMethod::kEmailCode; }
  bool is_silent() const override { return true; }
  std::string prefix() const override { return "che"; }
};

}  // namespace gatehouse::identity
