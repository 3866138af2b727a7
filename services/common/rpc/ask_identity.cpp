#include "services/common/rpc/ask_identity.h"

namespace gatehouse {

PrincipalSource AskIdentity(Client& identity) {
  using Principals = identity::v1::Principals_Stub;
  return {[&identity](const Secret& credential) {
            identity::v1::ExchangeCredentialRequest request;
            request.set_credential(credential.Reveal());
            return identity.Call(&Principals::ExchangeCredential, "", request);
          },
          [&identity] { return identity.Call(&Principals::ListSigningKeys, "", {}); }};
}

}  // namespace gatehouse
