#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace gatehouse::documents {

// Who confirms by a code what it signs.
struct CodeSubject {
  std::string organisation_id, case_id, contact_id, invitation_id;
  // What the code is bound to: who signs which bytes of which request.
  std::string deed_id;
  std::string mobile;  // E.164.
  std::string organisation_name, portal_url, title;
};

struct SentCode {
  std::string challenge_id;
  absl::Time expire_time, resend_time;
};

// What a signer typed of it. `nonce` is repeated by who repeats the attempt.
struct TypedCode {
  std::string challenge_id, code, nonce;
};

// Fresh codes, from identity.
class SignatureCodes {
 public:
  virtual ~SignatureCodes() = default;
  // Refuses as identity's StartConfirmation.
  virtual absl::StatusOr<SentCode> Send(const CodeSubject& subject) = 0;
  // Where the code went, as it may be shown. Refuses as identity's VerifyConfirmation, but a wrong
  // code as SIGNATURE_CODE_WRONG.
  virtual absl::StatusOr<std::string> Verify(const std::string& organisation_id,
                                             const std::string& deed_id,
                                             const TypedCode& typed) = 0;
};

}  // namespace gatehouse::documents
