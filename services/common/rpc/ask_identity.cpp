#include "services/common/rpc/ask_identity.h"

namespace gatehouse {

PrincipalSource AskIdentity(Client& identity) {
  return {[&identity](const Secret& credential) {
            identity::v1::ExchangeCredentialRequest request;
            request.set_credential(credential.Reveal());
            return identity.Call<identity::v1::ExchangeCredentialResponse>(
                "gatehouse.identity.v1.Principals/ExchangeCredential", "", request);
          },
          [&identity] {
            return identity.Call<identity::v1::ListSigningKeysResponse>(
                "gatehouse.identity.v1.Principals/ListSigningKeys", "",
                identity::v1::ListSigningKeysRequest());
          }};
}

}  // namespace gatehouse
