#include "services/invitation/domain/sign_in.h"

#include "absl/strings/str_cat.h"
#include "gatehouse/invitation/v1/reasons.pb.h"
#include "services/common/base/crypto.h"
#include "services/common/base/status.h"
#include "services/common/text/address.h"
#include "services/invitation/domain/invitations.h"

namespace gatehouse::invitation {
namespace {

// A link that was withdrawn, or an invitation that a newer one has replaced, leads nowhere.
absl::Status CheckReach(const FoundLink& found, absl::Time now) {
  const LinkState state = LinkStateAt(found.link, found.invitation, now);
  const bool over = found.invitation.state == State::kExpired || state == LinkState::kRevoked;
  return over ? CheckLink(state) : absl::OkStatus();
}

// What a link is used by that is all that is asked for.
std::string ProofOf(const Link& link, const std::string& nonce) {
  return "lnk_" + Hex(Sha256(absl::StrCat(link.link_id, ":", nonce))).substr(0, 32);
}

}  // namespace

absl::StatusOr<OpenedLink> SignIn::Open(const std::string& pasted) {
  ASSIGN_OR_RETURN(const FoundLink found, store_.FindLink(Invitations::HashOf(TokenIn(pasted))));
  const Invitation& invitation = found.invitation;
  OpenedLink opened;
  opened.organisation_id = invitation.organisation_id;
  ASSIGN_OR_RETURN(opened.organisation, directory_.RecallOrganisation(invitation.organisation_id));
  opened.portal_url = opened.organisation.PortalFor(invitation.portal_url);
  opened.look = found.look;
  opened.state = LinkStateAt(found.link, invitation, clock_.Now());
  opened.takes_email_codes = CheckReach(found, clock_.Now()).ok() &&
                             found.policy_in(opened.organisation.region).email_code();
  if (opened.state != LinkState::kActive) return opened;
  opened.masked_email = MaskEmail(invitation.email);
  const Policy policy = found.policy_in(opened.organisation.region);
  const bool has_passwords = HasPasswords(policy);
  if (TakesPasskeysByLink(policy)) {
    ASSIGN_OR_RETURN(opened.takes_passkeys, directory_.HasPasskey(invitation, opened.portal_url));
  }
  if (has_passwords) {
    ASSIGN_OR_RETURN(opened.password,
                     directory_.LookUpPassword(invitation.organisation_id, invitation.contact_id,
                                               invitation.mobile, invitation.email));
  }
  opened.takes_link_alone = TakesLinkAlone(policy, found.link);
  opened.takes_codes = !invitation.mobile.empty() && !has_passwords && !opened.takes_link_alone;
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
  const Policy policy = found.policy_in(code.organisation.region);
  if (HasPasswords(policy) || TakesLinkAlone(policy, found.link)) {
    return RefuseField("method", "is not a way in here");
  }
  if (policy.email_code_to_owner()) {
    ASSIGN_OR_RETURN(const CaseProfile mirrored, directory_.LookUpCase(id, invitation.case_id));
    code.owner_email = mirrored.owner_email;
  }
  return directory_.StartChallenge(code);
}

absl::StatusOr<StartedChallenge> SignIn::StartByEmail(const std::string& pasted,
                                                      const std::string& typed_email) {
  ASSIGN_OR_RETURN(const FoundLink found, store_.FindLink(Invitations::HashOf(TokenIn(pasted))));
  RETURN_IF_ERROR(CheckReach(found, clock_.Now()));
  CodeRequest code = {.invitation = found.invitation, .link = found.link};
  ASSIGN_OR_RETURN(code.organisation,
                   directory_.RecallOrganisation(found.invitation.organisation_id));
  if (!found.policy_in(code.organisation.region).email_code()) {
    return RefuseField("method", "is not a way in here");
  }
  code.typed_email = NormalisedEmail(typed_email);
  return directory_.StartChallenge(code);
}

absl::StatusOr<StartedChallenge> SignIn::Resend(const std::string& challenge_id) {
  return directory_.ResendChallenge(challenge_id);
}

absl::StatusOr<v1::VerifySignInResponse> SignIn::Verify(const v1::VerifySignInRequest& proof) {
  ASSIGN_OR_RETURN(Entered entered, directory_.VerifyChallenge(proof));
  return Admit(std::move(entered));
}

absl::StatusOr<v1::VerifySignInResponse> SignIn::EnterByLink(
    const v1::EnterByLinkRequest& request) {
  ASSIGN_OR_RETURN(const FoundLink found,
                   store_.FindLink(Invitations::HashOf(TokenIn(request.token()))));
  const std::string& id = found.invitation.organisation_id;
  const std::string proof_id = ProofOf(found.link, request.nonce());
  const absl::Time now = clock_.Now();
  const LinkState state = LinkStateAt(found.link, found.invitation, now);
  // Nor does a repeated one outlive the link: identity forgets a session some day, and would begin
  // it anew then.
  const bool repeated =
      state == LinkState::kUsed && found.link.used_by == proof_id && now < found.link.expire_time;
  if (!repeated) RETURN_IF_ERROR(CheckLink(state));
  CodeRequest entry = {.invitation = found.invitation, .link = found.link};
  ASSIGN_OR_RETURN(entry.organisation, directory_.RecallOrganisation(id));
  if (!TakesLinkAlone(found.policy_in(entry.organisation.region), found.link)) {
    return RefuseField("token", "leads in with a code only: start with that");
  }
  ASSIGN_OR_RETURN(Entered entered,
                   directory_.EnterByLink(entry, Secret(request.nonce()),
                                          Secret(request.session_token()), proof_id));
  // The mailbox may have been corrected meanwhile, and what identity was told of that before the
  // entry ended nothing of it. The session that was made is nobody's: its token is not given out.
  ASSIGN_OR_RETURN(const FoundLink again, store_.FindLink(found.link.token_hash));
  if (again.link.killed) return CheckLink(LinkState::kRevoked);
  return Admit(std::move(entered));
}

absl::StatusOr<v1::VerifySignInResponse> SignIn::Recover(const std::string& challenge_id,
                                                         const Secret& recovery_code,
                                                         const Secret& session_token) {
  ASSIGN_OR_RETURN(Entered entered,
                   directory_.RecoverChallenge(challenge_id, recovery_code, session_token));
  return Admit(std::move(entered));
}

absl::StatusOr<v1::VerifySignInResponse> SignIn::Admit(Entered entered) {
  if (!entered.settled) RETURN_IF_ERROR(invitations_.Accept(entered.entry));
  return std::move(entered.answer);
}

}  // namespace gatehouse::invitation
