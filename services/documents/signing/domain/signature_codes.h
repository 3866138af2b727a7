#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/documents/signing/domain/signature_request.h"

namespace gatehouse::documents {

// Who confirms by a code what it signs.
struct CodeSubject {
  std::string organisation_id, case_id, contact_id, invitation_id;
  // What the code is bound to: who signs which bytes of which request.
  std::string deed_id;
  std::string mobile;  // E.164.
  // Its first portal; for a passkey, the one where the client is.
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

// What the client's browser is told, to have a passkey sign; bytes as base64url.
struct PasskeyOptions {
  std::string challenge_id, challenge, host, user_verification;
  absl::Time expire_time;
  int timeout_ms = 0;
  std::vector<std::string> credential_ids;
};
// What it gave, as base64url.
struct PasskeyAnswer {
  std::string challenge_id, credential_id, client_data, authenticator_data, signature, user_handle;
};

// Fresh proofs of who signs, from identity.
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
  // Refuses as identity's StartPasskeyConfirmation, but SIGNATURE_PASSKEY_MISSING.
  virtual absl::StatusOr<PasskeyOptions> StartPasskey(const CodeSubject& subject) = 0;
  // Which passkey it was. Refuses as identity's VerifyPasskeyConfirmation, but one that is none
  // here, or did not sign this, as SIGNATURE_PASSKEY_WRONG.
  virtual absl::StatusOr<SignatureProof> VerifyPasskey(const std::string& organisation_id,
                                                       const std::string& deed_id,
                                                       const PasskeyAnswer& answer) = 0;
};

}  // namespace gatehouse::documents
