#pragma once

#include <string>
#include <utility>

#include "services/common/base/secret.h"
#include "services/identity/domain/factor.h"

namespace gatehouse::identity {

// Hands a code's messages to notification: the SMS or the e-mail, as the subject's method says, and
// the e-mail to the case's owner.
class Messenger {
 public:
  virtual ~Messenger() = default;
  virtual absl::Status SendCode(const Subject& subject, const std::string& request_id,
                                const Secret& code, absl::Time expire_time) = 0;
};

// The six digits of what somebody typed as a code. Refuses CODE_MALFORMED.
absl::StatusOr<std::string> ReadCode(const std::string& typed);

// A code of six digits by SMS. It is derived from its challenge rather than stored: there is
// nothing to steal from Redis, and a resend sends the same one.
class SmsCode : public Factor {
 public:
  // Challenges of another `prefix` are another kind's, which this one takes no proof of.
  SmsCode(Messenger& messenger, Secret key, std::string prefix = "chl")
      : messenger_(messenger), key_(std::move(key)), prefix_(std::move(prefix)) {}

  SignInMethod method() const override { return SignInMethod::kSmsCode; }
  std::string prefix() const override { return prefix_; }
  std::string Expected(const std::string& challenge_id) const override;
  absl::Status Begin(const Challenge& challenge, int number, const Subject& subject) override;
  absl::StatusOr<std::string> Check(const std::string& challenge_id,
                                    const std::string& proof) const override;

 private:
  Secret CodeOf(const std::string& challenge_id) const;
  std::string MacOf(const std::string& challenge_id, const std::string& code) const;

  Messenger& messenger_;
  const Secret key_;
  const std::string prefix_;
};

}  // namespace gatehouse::identity
