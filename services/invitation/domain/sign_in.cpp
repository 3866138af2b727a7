#include "services/invitation/domain/sign_in.h"

#include "gatehouse/invitation/v1/reasons.pb.h"
#include "services/common/base/status.h"
#include "services/common/text/address.h"
#include "services/invitation/domain/invitations.h"

namespace gatehouse::invitation {

absl::StatusOr<OpenedLink> SignIn::Open(const std::string& pasted) {
  ASSIGN_OR_RETURN(const FoundLink found, store_.FindLink(Invitations::HashOf(TokenIn(pasted))));
  const Invitation& invitation = found.invitation;
  OpenedLink opened;
  ASSIGN_OR_RETURN(opened.organisation, directory_.RecallOrganisation(invitation.organisation_id));
  opened.portal_url = opened.organisation.PortalFor(invitation.portal_url);
  opened.state = LinkStateAt(found.link, invitation, clock_.Now());
  if (opened.state != LinkState::kActive) return opened;
  opened.masked_email = MaskEmail(invitation.email);
  opened.takes_codes = !invitation.mobile.empty();
  if (opened.takes_codes) opened.masked_mobile = MaskPhone(invitation.mobile);
  return opened;
}

absl::StatusOr<StartedChallenge> SignIn::Start(const std::string& pasted) {
  ASSIGN_OR_RETURN(const FoundLink found, store_.FindLink(Invitations::HashOf(TokenIn(pasted))));
  const Invitation& invitation = found.invitation;
  RETURN_IF_ERROR(CheckLink(LinkStateAt(found.link, invitation, clock_.Now())));
  if (invitation.mobile.empty()) {
    return Refuse(v1::MOBILE_MISSING,
                  "no mobile number is known of you any more: ask whoever invited you");
  }
  const std::string& id = invitation.organisation_id;
  CodeRequest code = {.invitation = invitation, .link = found.link};
  ASSIGN_OR_RETURN(code.organisation, directory_.RecallOrganisation(id));
  if (found.policy_in(code.organisation.region).email_code_to_owner()) {
    ASSIGN_OR_RETURN(const CaseProfile mirrored, directory_.LookUpCase(id, invitation.case_id));
    code.owner_email = mirrored.owner_email;
  }
  return directory_.StartChallenge(code);
}

absl::StatusOr<StartedChallenge> SignIn::Resend(const std::string& challenge_id) {
  return directory_.ResendChallenge(challenge_id);
}

absl::StatusOr<v1::VerifySignInResponse> SignIn::Verify(const v1::VerifySignInRequest& proof) {
  ASSIGN_OR_RETURN(Entered entered, directory_.VerifyChallenge(proof));
  if (!entered.settled) RETURN_IF_ERROR(invitations_.Accept(entered.entry));
  return std::move(entered.answer);
}

}  // namespace gatehouse::invitation
