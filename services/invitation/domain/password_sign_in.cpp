#include "services/invitation/domain/password_sign_in.h"

#include "gatehouse/common/v1/reasons.pb.h"
#include "gatehouse/identity/v1/reasons.pb.h"
#include "gatehouse/invitation/v1/reasons.pb.h"
#include "services/common/base/proto_time.h"
#include "services/common/base/status.h"
#include "services/common/text/address.h"
#include "services/common/text/origin.h"
#include "services/invitation/domain/portal.h"

namespace gatehouse::invitation {
namespace {

absl::Status NoWayIn(const char* field) {
  return RefuseField(field, "leads to an organisation whose clients have no passwords");
}

}  // namespace

absl::StatusOr<PasswordSignIn::Office> PasswordSignIn::OfficeOf(
    const std::string& organisation_id) {
  Office office;
  ASSIGN_OR_RETURN(office.profile, directory_.RecallOrganisation(organisation_id));
  ASSIGN_OR_RETURN(const Policy policy, store_.GetPolicy(organisation_id, office.profile.region));
  if (!HasPasswords(policy)) return NoWayIn("organisation_id");
  office.then_sms_code = SendsCodes(policy);
  office.takes_passkeys = TakesPasskeys(policy);
  return office;
}

absl::StatusOr<v1::PasswordSignIn> PasswordSignIn::Create(
    const v1::CreatePasswordRequest& request) {
  return EnterByLink(request.token(), {.password = Secret(request.password()),
                                       .session_token = Secret(request.session_token()),
                                       .create = true});
}

absl::StatusOr<v1::PasswordSignIn> PasswordSignIn::EnterByLink(const std::string& pasted,
                                                               PasswordAttempt attempt) {
  ASSIGN_OR_RETURN(const FoundLink found, store_.FindLink(Invitations::HashOf(TokenIn(pasted))));
  const Invitation& invitation = found.invitation;
  RETURN_IF_ERROR(CheckLink(LinkStateAt(found.link, invitation, clock_.Now())));
  CodeRequest code = {.invitation = invitation, .link = found.link};
  ASSIGN_OR_RETURN(code.organisation, directory_.RecallOrganisation(invitation.organisation_id));
  const Policy policy = found.policy_in(code.organisation.region);
  if (!HasPasswords(policy)) return NoWayIn("token");
  attempt.then_sms_code = SendsCodes(policy);
  if (attempt.with_passkey && TakesPasskeys(policy)) {
    attempt.passkey_portal_url = code.organisation.PortalFor(invitation.portal_url);
  }
  if (attempt.then_sms_code && invitation.mobile.empty()) {
    return Refuse(v1::MOBILE_MISSING,
                  "no mobile number is known of you any more: ask whoever invited you");
  }
  if (policy.email_code_to_owner() && attempt.then_sms_code) {
    ASSIGN_OR_RETURN(const CaseProfile mirrored,
                     directory_.LookUpCase(invitation.organisation_id, invitation.case_id));
    code.owner_email = mirrored.owner_email;
  }
  ASSIGN_OR_RETURN(PasswordEntry entry,
                   directory_.EnterByPassword(invitation.organisation_id, &code, attempt));
  return Finish(std::move(entry));
}

absl::StatusOr<v1::PasswordSignIn> PasswordSignIn::Enter(
    const v1::SignInWithPasswordRequest& request) {
  PasswordAttempt attempt = {.password = Secret(request.password()),
                             .session_token = Secret(request.session_token()),
                             .with_passkey = request.with_passkey()};
  if (!request.token().empty()) return EnterByLink(request.token(), std::move(attempt));
  const std::string& id = request.organisation_id();
  if (id.empty()) return RefuseField("organisation_id", "must be set where there is no token");
  attempt.email = NormalisedEmail(request.email());
  if (!IsEmail(attempt.email)) return RefuseField("email", "must be an e-mail address");
  RETURN_IF_ERROR(store_.CheckPortal(id));
  ASSIGN_OR_RETURN(const Office office, OfficeOf(id));
  attempt.then_sms_code = office.then_sms_code;
  if (attempt.with_passkey && office.takes_passkeys) {
    ASSIGN_OR_RETURN(const std::string portal, PortalOf(request.portal_url(), office.profile));
    attempt.passkey_portal_url = office.profile.PortalFor(portal);
  }
  ASSIGN_OR_RETURN(PasswordEntry entered, directory_.EnterByPassword(id, nullptr, attempt));
  return Finish(std::move(entered));
}

absl::StatusOr<v1::PasswordSignIn> PasswordSignIn::Finish(PasswordEntry entry) {
  v1::PasswordSignIn answer;
  if (const auto* started = std::get_if<StartedChallenge>(&entry)) {
    v1::StartSignInResponse& challenge = *answer.mutable_challenge();
    challenge.set_challenge_id(started->challenge_id);
    *challenge.mutable_expire_time() = gatehouse::ToProto(started->expire_time);
    *challenge.mutable_resend_time() = gatehouse::ToProto(started->resend_time);
    return answer;
  }
  if (auto* const passkey = std::get_if<identity::v1::PasskeyChallenge>(&entry)) {
    answer.mutable_passkey()->Swap(passkey);
    return answer;
  }
  Entered& entered = std::get<Entered>(entry);
  if (!entered.settled) RETURN_IF_ERROR(invitations_.Accept(entered.entry));
  answer.mutable_session()->Swap(entered.answer.mutable_session());
  answer.set_session_token(entered.answer.session_token());
  return answer;
}

absl::Status PasswordSignIn::Change(const v1::ChangePasswordRequest& request, const Call& call) {
  const Caller& caller = call.caller;
  // Where the policy has no passwords any more, one from before may be changed all the same.
  ASSIGN_OR_RETURN(const OrganisationProfile organisation,
                   directory_.RecallOrganisation(caller.organisation_id));
  ASSIGN_OR_RETURN(const Policy policy,
                   store_.GetPolicy(caller.organisation_id, organisation.region));
  return directory_.ChangePassword(
      caller.organisation_id,
      {caller.actor_id, caller.credential_id, Secret(request.current_password()),
       Secret(request.password()), policy.password() == v1::PASSWORD_AND_SMS,
       organisation.display_name});
}

absl::Status PasswordSignIn::Forgot(const v1::ForgotPasswordRequest& request) {
  const std::string email = NormalisedEmail(request.email());
  if (!IsEmail(email)) return RefuseField("email", "must be an e-mail address");
  ASSIGN_OR_RETURN(const Office office, OfficeOf(request.organisation_id()));
  const auto portal = NormalisedUrl(request.portal_url());
  return directory_.RequestPasswordReset(
      request.organisation_id(),
      {email, office.profile.PortalFor(portal.ok() ? *portal : ""), office.profile.display_name});
}

absl::Status PasswordSignIn::Choose(const v1::ChooseNewPasswordRequest& request) {
  // `<organisation>.<secret>`: an id may have dots, a secret has none.
  const size_t dot = request.token().rfind('.');
  const absl::Status expired = Refuse(identity::v1::PASSWORD_RESET_EXPIRED,
                                      "the link has served, or has expired: ask for another");
  if (dot == std::string::npos || dot == 0) return expired;
  const std::string id = request.token().substr(0, dot);
  const auto office = OfficeOf(id);
  if (!ReasonOf(office.status()).empty()) return expired;
  RETURN_IF_ERROR(office.status());
  return directory_.ResetPassword(
      id, {Secret(request.token().substr(dot + 1)), Secret(request.password()),
           office->then_sms_code, office->profile.display_name});
}

}  // namespace gatehouse::invitation
