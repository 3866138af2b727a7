#include "services/invitation/domain/passkey_sign_in.h"

#include "gatehouse/invitation/v1/reasons.pb.h"
#include "services/common/base/status.h"
#include "services/invitation/domain/policy.h"
#include "services/invitation/domain/portal.h"

namespace gatehouse::invitation {
namespace {

absl::Status NotAllowed() {
  return Refuse(v1::PASSKEYS_NOT_ALLOWED, "no passkey leads in here: sign in in another way");
}

}  // namespace

absl::StatusOr<identity::v1::PasskeyCreation> PasskeySignIn::Begin(
    const v1::BeginPasskeyRequest& request, const Call& call) {
  const Caller& caller = call.caller;
  const std::string& id = caller.organisation_id;
  ASSIGN_OR_RETURN(const OrganisationProfile organisation, directory_.RecallOrganisation(id));
  ASSIGN_OR_RETURN(const Policy policy, store_.GetPolicy(id, organisation.region));
  if (!TakesPasskeys(policy)) return NotAllowed();
  NewPasskey wanted = {.account_id = caller.actor_id,
                       .session_id = caller.credential_id,
                       .organisation_name = organisation.display_name};
  ASSIGN_OR_RETURN(const std::string portal, PortalOf(request.portal_url(), organisation));
  wanted.portal_url = organisation.PortalFor(portal);
  for (const CaseAccess& access : caller.cases) {
    auto invitation = store_.Get(id, access.case_id, access.invitation_id);
    if (ReasonOf(invitation.status()) == "NOT_FOUND") continue;
    RETURN_IF_ERROR(invitation.status());
    // Whose address was lost since cannot be told of it.
    if (!invitation->email.empty()) wanted.invitations.push_back(*std::move(invitation));
  }
  return directory_.BeginPasskey(id, wanted);
}

absl::StatusOr<identity::v1::PasskeyChallenge> PasskeySignIn::StartByLink(
    const std::string& pasted) {
  ASSIGN_OR_RETURN(const FoundLink found, store_.FindLink(Invitations::HashOf(TokenIn(pasted))));
  const Invitation& invitation = found.invitation;
  RETURN_IF_ERROR(CheckLink(LinkStateAt(found.link, invitation, clock_.Now())));
  CodeRequest code = {.invitation = invitation, .link = found.link};
  ASSIGN_OR_RETURN(code.organisation, directory_.RecallOrganisation(invitation.organisation_id));
  if (!TakesPasskeysByLink(found.policy_in(code.organisation.region))) return NotAllowed();
  return directory_.StartPasskey(invitation.organisation_id, &code,
                                 code.organisation.PortalFor(invitation.portal_url));
}

absl::StatusOr<identity::v1::PasskeyChallenge> PasskeySignIn::Start(
    const v1::StartPasskeySignInRequest& request) {
  if (!request.token().empty()) return StartByLink(request.token());
  const std::string& id = request.organisation_id();
  if (id.empty()) return RefuseField("organisation_id", "must be set where there is no token");
  RETURN_IF_ERROR(store_.CheckPortal(id));
  ASSIGN_OR_RETURN(const OrganisationProfile organisation, directory_.RecallOrganisation(id));
  ASSIGN_OR_RETURN(const Policy policy, store_.GetPolicy(id, organisation.region));
  if (!TakesPasskeysAlone(policy)) return NotAllowed();
  // One that is none of the organisation's would be of no use to a passkey.
  ASSIGN_OR_RETURN(const std::string portal, PortalOf(request.portal_url(), organisation));
  return directory_.StartPasskey(id, nullptr, organisation.PortalFor(portal));
}

absl::StatusOr<v1::VerifySignInResponse> PasskeySignIn::Verify(
    const v1::VerifyPasskeySignInRequest& proof) {
  ASSIGN_OR_RETURN(Entered entered, directory_.VerifyPasskey(proof));
  if (!entered.settled) RETURN_IF_ERROR(invitations_.Accept(entered.entry));
  return std::move(entered.answer);
}

}  // namespace gatehouse::invitation
