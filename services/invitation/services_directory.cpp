#include "services/invitation/services_directory.h"

#include "absl/time/clock.h"
#include "gatehouse/cases/v1/factfind.pb.h"
#include "gatehouse/documents/v1/documents.pb.h"
#include "gatehouse/identity/v1/organisations.pb.h"
#include "gatehouse/identity/v1/passkeys.pb.h"
#include "gatehouse/identity/v1/passwords.pb.h"
#include "gatehouse/identity/v1/recovery.pb.h"
#include "gatehouse/notification/v1/notifications.pb.h"
#include "services/common/base/proto_time.h"
#include "services/common/base/status.h"
#include "services/invitation/case_profile.h"
#include "services/invitation/code_proto.h"

namespace gatehouse::invitation {
namespace {

constexpr absl::Duration kRemember = absl::Seconds(60);
constexpr absl::Duration kRememberStrange = absl::Seconds(5);
constexpr size_t kRememberedMax = 10000;

// `proof_id` is what a link that serves once is used by.
Entered EnteredFrom(identity::v1::VerifyChallengeResponse& verified, const std::string& proof_id) {
  Entered entered = {.entry = EntryOf(verified, proof_id), .settled = verified.grant().settled()};
  entered.answer.mutable_session()->Swap(verified.mutable_session());
  entered.answer.set_session_token(verified.session_token());
  return entered;
}

}  // namespace

OrganisationProfile ServicesDirectory::Remember(const std::string& organisation_id,
                                                const identity::v1::Organisation& found) {
  OrganisationProfile profile = {
      .display_name = found.display_name(),
      .region = found.region(),
      .time_zone = found.time_zone(),
      .portal_url = found.portal_url(),
      .portal_urls = {found.portal_urls().begin(), found.portal_urls().end()}};
  const std::lock_guard lock(mutex_);
  if (remembered_.size() >= kRememberedMax) remembered_.clear();
  remembered_[organisation_id] = {profile, absl::Now() + kRemember};
  return profile;
}

absl::StatusOr<OrganisationProfile> ServicesDirectory::LookUpOrganisation(
    const std::string& organisation_id) {
  ASSIGN_OR_RETURN(const auto found,
                   identity_.Call(&identity::v1::OrganisationDirectory_Stub::LookUpOrganisation,
                                  organisation_id, identity::v1::LookUpOrganisationRequest()));
  return Remember(organisation_id, found);
}

absl::StatusOr<OrganisationProfile> ServicesDirectory::RecallOrganisation(
    const std::string& organisation_id) {
  {
    const std::lock_guard lock(mutex_);
    const auto known = remembered_.find(organisation_id);
    if (known != remembered_.end() && absl::Now() < known->second.until) {
      return known->second.profile;
    }
  }
  return LookUpOrganisation(organisation_id);
}

absl::StatusOr<std::vector<std::string>> ServicesDirectory::FindPortal(
    const std::string& portal_url) {
  {
    const std::lock_guard lock(mutex_);
    for (const auto* known : {&portals_, &strange_portals_}) {
      const auto found = known->find(portal_url);
      if (found != known->end() && absl::Now() < found->second.until) {
        return found->second.organisation_ids;
      }
    }
  }
  identity::v1::FindPortalRequest request;
  request.set_portal_url(portal_url);
  ASSIGN_OR_RETURN(
      const auto found,
      identity_.Call(&identity::v1::OrganisationDirectory_Stub::FindPortal, "", request));
  std::vector<std::string> ids;
  for (const identity::v1::Organisation& organisation : found.organisations()) {
    ids.push_back(organisation.organisation_id());
    Remember(ids.back(), organisation);
  }
  const std::lock_guard lock(mutex_);
  auto& known = ids.empty() ? strange_portals_ : portals_;
  if (known.size() >= kRememberedMax) known.clear();
  known[portal_url] = {ids, absl::Now() + (ids.empty() ? kRememberStrange : kRemember)};
  return ids;
}

absl::StatusOr<CaseProfile> ServicesDirectory::LookUpCase(const std::string& organisation_id,
                                                          const std::string& case_id) {
  cases::v1::LookUpCaseRequest request;
  request.set_case_id(case_id);
  ASSIGN_OR_RETURN(const auto found, cases_.Call(&cases::v1::CaseDirectory_Stub::LookUpCase,
                                                 organisation_id, request));
  return ProfileOf(found);
}

absl::StatusOr<Facts> ServicesDirectory::LookUpFacts(const std::string& organisation_id,
                                                     const std::string& case_id) {
  const std::string& id = organisation_id;
  cases::v1::LookUpCaseRequest of_case;
  of_case.set_case_id(case_id);
  documents::v1::LookUpCaseDocumentsRequest of_documents;
  of_documents.set_case_id(case_id);
  auto mirrored = cases_.Ask(&cases::v1::CaseDirectory_Stub::LookUpCase, id, of_case);
  auto organisation = identity_.Ask(&identity::v1::OrganisationDirectory_Stub::LookUpOrganisation,
                                    id, identity::v1::LookUpOrganisationRequest());
  auto documents =
      documents_.Ask(&documents::v1::DocumentDirectory_Stub::LookUpCaseDocuments, id, of_documents);
  auto sms = notification_.Ask(&notification::v1::Intake_Stub::CheckSms, id,
                               notification::v1::CheckSmsRequest());
  Facts facts;
  // The case first: that there is none is what the caller should hear.
  ASSIGN_OR_RETURN(const auto found_case, mirrored.Get());
  facts.mirrored = ProfileOf(found_case);
  ASSIGN_OR_RETURN(const auto found_organisation, organisation.Get());
  facts.organisation = Remember(id, found_organisation);
  ASSIGN_OR_RETURN(const auto found, documents.Get());
  facts.documents = {{found.labels().begin(), found.labels().end()},
                     {found.document_request_ids().begin(), found.document_request_ids().end()},
                     {}};
  for (const auto& open : found.open_document_requests()) {
    facts.documents.wanted.push_back(
        {open.document_request_id(), open.title(), open.contact_id(), open.due_date()});
  }
  ASSIGN_OR_RETURN(const auto status, sms.Get());
  facts.sms = {status.configured(), status.balance(), status.sender()};
  return facts;
}

absl::StatusOr<int> ServicesDirectory::PriceOfCode(const std::string& organisation_id,
                                                   const std::string& organisation_name,
                                                   const std::string& portal_url) {
  notification::v1::CheckSmsRequest request;
  request.set_template_("sign-in-code");
  auto& parameters = *request.mutable_parameters();
  parameters["code"] = "000000";  // All codes are as long.
  parameters["organisation_name"] = organisation_name;
  parameters["host"] = HostOf(portal_url);
  ASSIGN_OR_RETURN(const auto found, notification_.Call(&notification::v1::Intake_Stub::CheckSms,
                                                        organisation_id, request));
  return found.segments();
}

absl::StatusOr<SmsStatus> ServicesDirectory::LookUpNumber(const std::string& organisation_id,
                                                          const std::string& e164, SmsStatus sms) {
  notification::v1::CheckSmsRequest request;
  request.set_recipient(e164);
  ASSIGN_OR_RETURN(const auto found, notification_.Call(&notification::v1::Intake_Stub::CheckSms,
                                                        organisation_id, request));
  sms.stopped = found.stopped();
  sms.country_not_allowed = found.country_not_allowed();
  return sms;
}

absl::Status ServicesDirectory::CheckWording(const std::string& organisation_id,
                                             const Wording& wording) {
  notification::v1::CheckTemplateRequest request;
  request.set_template_("invitation");
  request.set_template_id(wording.template_id);
  request.set_subject(wording.subject);
  request.set_body(wording.body);
  return notification_.Call(&notification::v1::Intake_Stub::CheckTemplate, organisation_id, request)
      .status();
}

absl::Status ServicesDirectory::CheckFlows(const std::string& organisation_id,
                                           const std::vector<std::string>& flow_ids) {
  cases::v1::CheckFlowsRequest request;
  for (const std::string& id : flow_ids) request.add_flow_ids(id);
  return cases_.Call(&cases::v1::FactFindDirectory_Stub::CheckFlows, organisation_id, request)
      .status();
}

absl::StatusOr<std::map<std::string, DeliveryState>> ServicesDirectory::LookUpMessages(
    const std::string& organisation_id, const std::vector<std::string>& request_ids) {
  notification::v1::LookUpMessagesRequest request;
  for (const std::string& id : request_ids) request.add_request_ids(id);
  ASSIGN_OR_RETURN(
      const auto found,
      notification_.Call(&notification::v1::Intake_Stub::LookUpMessages, organisation_id, request));
  std::map<std::string, DeliveryState> states;
  for (const auto& [id, state] : found.states()) {
    states[id] = state == notification::v1::SENT      ? DeliveryState::kSent
                 : state == notification::v1::FAILED  ? DeliveryState::kFailed
                 : state == notification::v1::EXPIRED ? DeliveryState::kFailed
                                                      : DeliveryState::kQueued;
  }
  return states;
}

absl::StatusOr<StartedChallenge> ServicesDirectory::StartChallenge(const CodeRequest& request) {
  ASSIGN_OR_RETURN(const auto started,
                   identity_.Call(&identity::v1::Challenges_Stub::StartChallenge,
                                  request.invitation.organisation_id, ToProto(request)));
  return FromProto(started);
}

absl::StatusOr<StartedChallenge> ServicesDirectory::ResendChallenge(
    const std::string& challenge_id) {
  identity::v1::ResendChallengeRequest request;
  request.set_challenge_id(challenge_id);
  ASSIGN_OR_RETURN(const auto resent,
                   identity_.Call(&identity::v1::Challenges_Stub::ResendChallenge, "", request));
  return FromProto(resent);
}

absl::StatusOr<Entered> ServicesDirectory::VerifyChallenge(const v1::VerifySignInRequest& proof) {
  identity::v1::VerifyChallengeRequest request;
  request.set_challenge_id(proof.challenge_id());
  request.set_code(proof.code());
  request.set_nonce(proof.nonce());
  request.set_session_token(proof.session_token());
  ASSIGN_OR_RETURN(auto verified,
                   identity_.Call(&identity::v1::Challenges_Stub::VerifyChallenge, "", request));
  return EnteredFrom(verified, proof.challenge_id());
}

absl::StatusOr<Entered> ServicesDirectory::EnterByLink(const CodeRequest& link, const Secret& nonce,
                                                       const Secret& session_token,
                                                       const std::string& proof_id) {
  identity::v1::EnterByLinkRequest request;
  *request.mutable_link() = ToProto(link);
  request.set_nonce(nonce.Reveal());
  request.set_session_token(session_token.Reveal());
  ASSIGN_OR_RETURN(auto entered, identity_.Call(&identity::v1::Challenges_Stub::EnterByLink,
                                                link.invitation.organisation_id, request));
  return EnteredFrom(entered, proof_id);
}

absl::StatusOr<PasswordStanding> ServicesDirectory::LookUpPassword(
    const std::string& organisation_id, const std::string& contact_id, const std::string& mobile,
    const std::string& email) {
  identity::v1::LookUpPasswordRequest request;
  request.set_contact_id(contact_id);
  request.set_mobile(mobile);
  request.set_email(email);
  ASSIGN_OR_RETURN(const auto found, identity_.Call(&identity::v1::Passwords_Stub::LookUpPassword,
                                                    organisation_id, request));
  return static_cast<PasswordStanding>(found.standing());
}

absl::StatusOr<PasswordEntry> ServicesDirectory::EnterByPassword(const std::string& organisation_id,
                                                                 const CodeRequest* link,
                                                                 const PasswordAttempt& attempt) {
  identity::v1::EnterByPasswordRequest request;
  if (link != nullptr) *request.mutable_link() = ToProto(*link);
  request.set_email(attempt.email);
  request.set_password(attempt.password.Reveal());
  request.set_session_token(attempt.session_token.Reveal());
  request.set_then_sms_code(attempt.then_sms_code);
  request.set_create(attempt.create);
  request.set_passkey_portal_url(attempt.passkey_portal_url);
  ASSIGN_OR_RETURN(auto entry, identity_.Call(&identity::v1::Passwords_Stub::EnterByPassword,
                                              organisation_id, request));
  if (entry.has_challenge()) return PasswordEntry(FromProto(entry.challenge()));
  if (entry.has_passkey()) return PasswordEntry(std::move(*entry.mutable_passkey()));
  const std::string session_id = entry.entered().session().session_id();
  return PasswordEntry(EnteredFrom(*entry.mutable_entered(), session_id));
}

absl::Status ServicesDirectory::RequestPasswordReset(const std::string& organisation_id,
                                                     const ForgottenPassword& forgotten) {
  identity::v1::RequestPasswordResetRequest request;
  request.set_email(forgotten.email);
  request.set_portal_url(forgotten.portal_url);
  request.set_organisation_name(forgotten.organisation_name);
  return identity_
      .Call(&identity::v1::Passwords_Stub::RequestPasswordReset, organisation_id, request)
      .status();
}

absl::Status ServicesDirectory::ResetPassword(const std::string& organisation_id,
                                              const NewPassword& chosen) {
  identity::v1::ResetPasswordRequest request;
  request.set_token(chosen.token.Reveal());
  request.set_password(chosen.password.Reveal());
  request.set_then_sms_code(chosen.then_sms_code);
  request.set_organisation_name(chosen.organisation_name);
  return identity_.Call(&identity::v1::Passwords_Stub::ResetPassword, organisation_id, request)
      .status();
}

absl::Status ServicesDirectory::ChangePassword(const std::string& organisation_id,
                                               const ChangedPassword& changed) {
  identity::v1::ChangePasswordRequest request;
  request.set_account_id(changed.account_id);
  request.set_session_id(changed.session_id);
  request.set_current_password(changed.current_password.Reveal());
  request.set_password(changed.password.Reveal());
  request.set_then_sms_code(changed.then_sms_code);
  request.set_organisation_name(changed.organisation_name);
  return identity_.Call(&identity::v1::Passwords_Stub::ChangePassword, organisation_id, request)
      .status();
}

absl::StatusOr<Entered> ServicesDirectory::RecoverChallenge(const std::string& challenge_id,
                                                            const Secret& recovery_code,
                                                            const Secret& session_token) {
  identity::v1::RecoverChallengeRequest request;
  request.set_challenge_id(challenge_id);
  request.set_recovery_code(recovery_code.Reveal());
  request.set_session_token(session_token.Reveal());
  ASSIGN_OR_RETURN(auto verified,
                   identity_.Call(&identity::v1::Recovery_Stub::RecoverChallenge, "", request));
  return EnteredFrom(verified, challenge_id);
}

absl::Status ServicesDirectory::ResetFactors(const Invitation& invitation,
                                             const std::string& organisation_name,
                                             const Call& call) {
  identity::v1::ResetFactorsRequest request;
  request.set_contact_id(invitation.contact_id);
  request.set_mobile(invitation.mobile);
  request.set_email(invitation.email);
  request.set_contact_name(invitation.contact_name);
  request.set_case_id(invitation.case_id);
  request.set_actor_id(call.caller.actor_id);
  request.set_actor_name(call.caller.actor_name);
  request.set_organisation_name(organisation_name);
  return identity_
      .Call(&identity::v1::Recovery_Stub::ResetFactors, invitation.organisation_id, request)
      .status();
}

absl::StatusOr<bool> ServicesDirectory::HasPasskey(const Invitation& invitation,
                                                   const std::string& portal_url) {
  identity::v1::LookUpPasskeysRequest request;
  request.set_contact_id(invitation.contact_id);
  request.set_mobile(invitation.mobile);
  request.set_host(HostOf(portal_url));
  ASSIGN_OR_RETURN(const auto found,
                   identity_.Call(&identity::v1::PasskeySignIn_Stub::LookUpPasskeys,
                                  invitation.organisation_id, request));
  return found.has_passkey();
}

absl::StatusOr<identity::v1::PasskeyCreation> ServicesDirectory::BeginPasskey(
    const std::string& organisation_id, const NewPasskey& wanted) {
  identity::v1::BeginPasskeyRequest request;
  request.set_account_id(wanted.account_id);
  request.set_session_id(wanted.session_id);
  request.set_portal_url(wanted.portal_url);
  request.set_organisation_name(wanted.organisation_name);
  for (const Invitation& invitation : wanted.invitations) {
    identity::v1::PasskeyHolder& holder = *request.add_holders();
    holder.set_invitation_id(invitation.invitation_id);
    holder.set_case_id(invitation.case_id);
    holder.set_contact_id(invitation.contact_id);
    holder.set_mobile(invitation.mobile);
    holder.set_email(invitation.email);
    holder.set_contact_name(invitation.contact_name);
  }
  return identity_.Call(&identity::v1::PasskeySignIn_Stub::BeginPasskey, organisation_id, request);
}

absl::StatusOr<identity::v1::PasskeyChallenge> ServicesDirectory::StartPasskey(
    const std::string& organisation_id, const CodeRequest* link, const std::string& portal_url) {
  identity::v1::StartPasskeyRequest request;
  if (link != nullptr) *request.mutable_link() = ToProto(*link);
  request.set_portal_url(portal_url);
  return identity_.Call(&identity::v1::PasskeySignIn_Stub::StartPasskey, organisation_id, request);
}

absl::StatusOr<Entered> ServicesDirectory::VerifyPasskey(
    const v1::VerifyPasskeySignInRequest& proof) {
  identity::v1::VerifyPasskeyRequest request;
  request.set_challenge_id(proof.challenge_id());
  request.set_credential_id(proof.credential_id());
  request.set_client_data_json(proof.client_data_json());
  request.set_authenticator_data(proof.authenticator_data());
  request.set_signature(proof.signature());
  request.set_user_handle(proof.user_handle());
  request.set_session_token(proof.session_token());
  ASSIGN_OR_RETURN(auto verified,
                   identity_.Call(&identity::v1::PasskeySignIn_Stub::VerifyPasskey, "", request));
  return EnteredFrom(verified, proof.challenge_id());
}

absl::Status ServicesDirectory::RevokeGrant(const Invitation& invitation, const Call& call) {
  identity::v1::RevokeGrantRequest request;
  request.set_invitation_id(invitation.invitation_id);
  request.set_case_id(invitation.case_id);
  request.set_actor_id(call.caller.actor_id);
  request.set_actor_name(call.caller.actor_name);
  return identity_
      .Call(&identity::v1::Grants_Stub::RevokeGrant, invitation.organisation_id, request)
      .status();
}

absl::Status ServicesDirectory::UnlockSignIn(const Invitation& invitation, const Call& call) {
  identity::v1::UnlockSignInRequest request;
  request.set_mobile(invitation.mobile);
  request.set_contact_id(invitation.contact_id);
  request.set_case_id(invitation.case_id);
  request.set_actor_id(call.caller.actor_id);
  request.set_actor_name(call.caller.actor_name);
  return identity_
      .Call(&identity::v1::Grants_Stub::UnlockSignIn, invitation.organisation_id, request)
      .status();
}

}  // namespace gatehouse::invitation
