#pragma once

#include "gatehouse/identity/v1/principals.pb.h"
#include "services/common/auth/auth.h"
#include "services/common/rpc/server.h"
#include "services/identity/domain/organisation_store.h"
#include "services/identity/domain/principals.h"
#include "services/identity/store/signing_keys.h"

namespace gatehouse::identity {

namespace pb = v1;

// The RPCs of proto/gatehouse/identity/v1/principals.proto: what a credential is worth.
class PrincipalsHandler {
 public:
  PrincipalsHandler(Principals& principals, OrganisationStore& organisations, SigningKeys& keys,
                    const Clock& clock)
      : principals_(principals), organisations_(organisations), keys_(keys), clock_(clock) {}
  void Register(Server& server);
  // For identity's own server, which need not call itself.
  PrincipalSource Source();

  absl::StatusOr<pb::ExchangeCredentialResponse> ExchangeCredential(
      const Call& call, const pb::ExchangeCredentialRequest& request);
  absl::StatusOr<pb::ListSigningKeysResponse> ListSigningKeys(
      const Call& call, const pb::ListSigningKeysRequest& request);
  absl::StatusOr<pb::CheckOriginResponse> CheckOrigin(const Call& call,
                                                      const pb::CheckOriginRequest& request);

 private:
  absl::StatusOr<pb::ExchangeCredentialResponse> Exchange(const std::string& credential);

  Principals& principals_;
  OrganisationStore& organisations_;
  SigningKeys& keys_;
  const Clock& clock_;
};

}  // namespace gatehouse::identity
