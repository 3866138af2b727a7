#pragma once

#include "services/common/rpc/client.h"
#include "services/documents/signing/domain/signature_codes.h"

namespace gatehouse::documents {

// Identity's confirmations, by RPC.
class IdentityCodes : public SignatureCodes {
 public:
  explicit IdentityCodes(Client& identity) : identity_(identity) {}
  absl::StatusOr<SentCode> Send(const CodeSubject& subject) override;
  absl::StatusOr<std::string> Verify(const std::string& organisation_id, const std::string& deed_id,
                                     const TypedCode& typed) override;
  absl::StatusOr<PasskeyOptions> StartPasskey(const CodeSubject& subject) override;
  absl::StatusOr<SignatureProof> VerifyPasskey(const std::string& organisation_id,
                                               const std::string& deed_id,
                                               const PasskeyAnswer& answer) override;

 private:
  Client& identity_;
};

}  // namespace gatehouse::documents
