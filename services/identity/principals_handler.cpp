#include "services/identity/principals_handler.h"

#include <algorithm>

#include "services/common/base/crypto.h"
#include "services/common/base/proto_time.h"

namespace gatehouse::identity {
namespace {

constexpr absl::Duration kTokenLife = absl::Seconds(60);
// A token that was presented in its last moment still arrives, through a busy process, at one whose
// clock is ahead; and its `exp` is cut to whole seconds.
constexpr absl::Duration kOnItsWay = absl::Seconds(15);

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
  proto.set_parent_credential_id(caller.parent_credential_id);
  for (const std::string& origin : caller.origins) proto.add_origins(origin);
  for (const gatehouse::CaseAccess& access : caller.cases) {
    pb::CaseAccess& added = *proto.add_cases();
    added.set_case_id(access.case_id);
    added.set_contact_id(access.contact_id);
    added.set_invitation_id(access.invitation_id);
    added.set_sees_all(access.visibility == Visibility::kAll);
    for (const std::string& id : access.document_request_ids) added.add_document_request_ids(id);
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

absl::StatusOr<std::optional<Credential>> PrincipalsHandler::Find(const std::string& credential) {
  if (const auto key = ParseKey(credential)) return organisations_.FindKey(*key);
  if (IsSessionToken(credential)) return access_.UseSession(Sha256(credential));
  for (const Secret& key : operator_keys_) {
    if (!EqualInConstantTime(Sha256(credential), Sha256(key.Reveal()))) continue;
    Credential found;
    found.caller.kind = CallerKind::kOperator;
    found.caller.actor_id = found.caller.credential_id = "operator";
    found.caller.actor_name = "Operator";
    return found;
  }
  return std::nullopt;
}

absl::StatusOr<pb::ExchangeCredentialResponse> PrincipalsHandler::Exchange(
    const std::string& credential) {
  ASSIGN_OR_RETURN(const auto found, Find(credential));
  if (!found.has_value()) {
    return Refuse(absl::StatusCode::kUnauthenticated, "CREDENTIAL_INVALID",
                  "the credential is not valid, or not any more");
  }
  ASSIGN_OR_RETURN(const SigningKeyPair key, keys_.Current());
  const absl::Time now = clock_.Now();
  const absl::Time until = std::min(now + kTokenLife - kOnItsWay, found->expires_at);
  pb::ExchangeCredentialResponse response;
  *response.mutable_principal() = ToProto(*found);
  response.set_token(SignPrincipal(key, response.principal(), now, until + kOnItsWay));
  *response.mutable_expire_time() = gatehouse::ToProto(until);
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
