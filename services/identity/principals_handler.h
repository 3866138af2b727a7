#pragma once

#include "gatehouse/identity/v1/principals.pb.h"
#include "services/common/auth/auth.h"
#include "services/common/rpc/server.h"
#include "services/identity/store/access_store.h"
#include "services/identity/store/organisation_store.h"
#include "services/identity/store/signing_keys.h"

namespace gatehouse::identity {

namespace pb = v1;

// The RPCs of proto/gatehouse/identity/v1/principals.proto: what a credential is worth.
class PrincipalsHandler {
 public:
  PrincipalsHandler(OrganisationStore& organisations, PostgresAccessStore& access,
                    SigningKeys& keys, std::vector<Secret> operator_keys, const Clock& clock)
      : organisations_(organisations),
        access_(access),
        keys_(keys),
        operator_keys_(std::move(operator_keys)),
        clock_(clock) {}
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
  absl::StatusOr<std::optional<Credential>> Find(const std::string& credential);

  OrganisationStore& organisations_;
  PostgresAccessStore& access_;
  SigningKeys& keys_;
  const std::vector<Secret> operator_keys_;
  const Clock& clock_;
};

}  // namespace gatehouse::identity
