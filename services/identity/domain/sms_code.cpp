#include "services/identity/domain/sms_code.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gatehouse/identity/v1/reasons.pb.h"
#include "services/common/base/crypto.h"
#include "services/common/base/status.h"
#include "services/common/text/digits.h"
#include "services/common/text/sandbox.h"

namespace gatehouse::identity {

absl::StatusOr<std::string> ReadCode(const std::string& typed) {
  const std::string code = PlainDigits(typed);
  if (code.size() == 6 && code.find_first_not_of("0123456789") == std::string::npos) return code;
  return Refuse(v1::CODE_MALFORMED, "a code has six digits: type it as it stands in the message");
}

Secret SmsCode::CodeOf(const std::string& challenge_id) const {
  const std::string bytes = HmacSha256(key_.Reveal(), "code:" + challenge_id);
  uint64_t number = 0;
  for (int i = 0; i < 8; ++i) number = number << 8 | static_cast<unsigned char>(bytes[i]);
  return Secret(absl::StrFormat("%06d", number % 1000000));
}

std::string SmsCode::MacOf(const std::string& challenge_id, const std::string& code) const {
  return Hex(HmacSha256(key_.Reveal(), absl::StrCat("mac:", challenge_id, ":", code)));
}

std::string SmsCode::Expected(const std::string& challenge_id) const {
  return MacOf(challenge_id, CodeOf(challenge_id).Reveal());
}

absl::Status SmsCode::Begin(const Challenge& challenge, int number, const Subject& subject) {
  const std::string& id = challenge.challenge_id;
  const Secret code = IsSandbox(subject.organisation_id) ? Secret(kSandboxCode) : CodeOf(id);
  return messenger_.SendCode(subject, absl::StrCat(id, ":", number), code, challenge.expire_time);
}

absl::StatusOr<std::string> SmsCode::Check(const std::string& challenge_id,
                                           const std::string& proof) const {
  ASSIGN_OR_RETURN(const std::string code, ReadCode(proof));
  return MacOf(challenge_id, code);
}

}  // namespace gatehouse::identity
