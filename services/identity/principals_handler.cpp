#include "services/identity/principals_handler.h"

#include "services/common/base/proto_time.h"

namespace gatehouse::identity {
namespace {

// How long a list of signing keys may be relied on.
constexpr absl::Duration kKeysKnown = absl::Minutes(5);

// An id that no document request has.
constexpr char kNoRequest[] = "-";

pb::Principal ToProto(const Credential& credential) {
  const Caller& caller = credential.caller;
  pb::Principal proto;
  proto.set_kind(caller.kind == CallerKind::kOperator ? pb::Principal::OPERATOR
                 : caller.kind == CallerKind::kStaff  ? pb::Principal::STAFF
                                                      : pb::Principal::CLIENT);
  proto.set_organisation_id(caller.organisation_id);
  proto.set_actor_id(caller.actor_id);
  proto.set_actor_name(caller.actor_name);
  proto.set_region(caller.region);
  for (const std::string& scope : caller.scopes) proto.add_scopes(scope);
  proto.set_credential_id(caller.credential_id);
  for (const std::string& id : caller.ancestors) proto.add_ancestor_credential_ids(id);
  if (!caller.ancestors.empty()) {
    proto.mutable_ancestor_credential_ids()->RemoveLast();
    proto.set_parent_credential_id(caller.ancestors.back());
  }
  for (const std::string& origin : caller.origins) proto.add_origins(origin);
  for (const gatehouse::CaseAccess& access : caller.cases) {
    pb::CaseAccess& added = *proto.add_cases();
    added.set_case_id(access.case_id);
    added.set_contact_id(access.contact_id);
    added.set_invitation_id(access.invitation_id);
    added.set_sees_all(access.visibility == Visibility::kAll);
    added.set_chose_requests(access.chose_requests);
    if (access.chose_requests) added.add_document_request_ids(kNoRequest);
  }
  if (credential.expires_at != absl::InfiniteFuture()) {
    *proto.mutable_credential_expire_time() = gatehouse::ToProto(credential.expires_at);
  }
  return proto;
}

}  // namespace

void PrincipalsHandler::Register(Server& server) {
  server.Service("gatehouse.identity.v1.Principals")
      .Unary("ExchangeCredential", *this, &PrincipalsHandler::ExchangeCredential)
      .Unary("ListSigningKeys", *this, &PrincipalsHandler::ListSigningKeys)
      .Unary("CheckOrigin", *this, &PrincipalsHandler::CheckOrigin);
}

PrincipalSource PrincipalsHandler::Source() {
  return {[this](const Secret& credential) { return Exchange(credential.Reveal()); },
          [this] { return ListSigningKeys(Call(), {}); }};
}

absl::StatusOr<pb::ExchangeCredentialResponse> PrincipalsHandler::Exchange(
    const std::string& credential) {
  ASSIGN_OR_RETURN(const Principals::Found found, principals_.Find(credential));
  ASSIGN_OR_RETURN(const SigningKeyPair key, keys_.Current());
  pb::ExchangeCredentialResponse response;
  *response.mutable_principal() = ToProto(found.credential);
  // Origins are the gateway's business, which has them from the answer.
  pb::Principal presented = response.principal();
  presented.clear_origins();
  response.set_token(SignPrincipal(key, presented, clock_.Now(), found.present_until + kOnItsWay));
  *response.mutable_expire_time() = gatehouse::ToProto(found.present_until);
  return response;
}

absl::StatusOr<pb::ExchangeCredentialResponse> PrincipalsHandler::ExchangeCredential(
    const Call&, const pb::ExchangeCredentialRequest& request) {
  return Exchange(request.credential());
}

absl::StatusOr<pb::ListSigningKeysResponse> PrincipalsHandler::ListSigningKeys(
    const Call&, const pb::ListSigningKeysRequest&) {
  ASSIGN_OR_RETURN(const std::vector<SigningKeyPair> keys, keys_.Published());
  pb::ListSigningKeysResponse response;
  *response.mutable_expire_time() = gatehouse::ToProto(clock_.Now() + kKeysKnown);
  for (const SigningKeyPair& key : keys) {
    pb::SigningKey& proto = *response.add_keys();
    proto.set_key_id(key.key_id);
    proto.set_public_key(key.public_key);
  }
  return response;
}

absl::StatusOr<pb::CheckOriginResponse> PrincipalsHandler::CheckOrigin(
    const Call&, const pb::CheckOriginRequest& request) {
  ASSIGN_OR_RETURN(const bool allowed, organisations_.HasOrigin(request.origin()));
  pb::CheckOriginResponse response;
  response.set_allowed(allowed);
  return response;
}

}  // namespace gatehouse::identity
