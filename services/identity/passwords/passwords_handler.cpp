#include "services/identity/passwords/passwords_handler.h"

#include "services/common/auth/auth.h"
#include "services/common/base/status.h"
#include "services/common/observe/metrics.h"
#include "services/common/text/address.h"
#include "services/identity/entry_proto.h"
#include "services/identity/passkeys/passkeys_handler.h"
#include "services/identity/subject_proto.h"

namespace gatehouse::identity {
namespace {

const char* OutcomeOf(const absl::Status& status) {
  if (status.ok()) return "ok";
  const std::string reason = ReasonOf(status);
  if (reason == "PASSWORD_WRONG" || reason == "PASSWORD_EXISTS") return "wrong";
  if (reason == "PASSWORD_LIMIT_REACHED") return "limited";
  if (reason == "SIGN_IN_LOCKED" || reason == "SIGN_IN_DISABLED") return "locked";
  return reason.empty() ? "failed" : "refused";
}

}  // namespace

void PasswordsHandler::Register(Server& server) {
  server.Service("gatehouse.identity.v1.Passwords")
      .Unary("LookUpPassword", *this, &PasswordsHandler::LookUpPassword)
      .Unary("EnterByPassword", *this, &PasswordsHandler::EnterByPassword)
      .Unary("ChangePassword", *this, &PasswordsHandler::ChangePassword)
      .Unary("RequestPasswordReset", *this, &PasswordsHandler::RequestPasswordReset)
      .Unary("ResetPassword", *this, &PasswordsHandler::ResetPassword)
      .Unary("RebindAddress", *this, &PasswordsHandler::RebindAddress);
}

absl::StatusOr<v1::LookUpPasswordResponse> PasswordsHandler::LookUpPassword(
    const Call& call, const v1::LookUpPasswordRequest& request) {
  ASSIGN_OR_RETURN(const PasswordStanding standing,
                   passwords_.LookUp(call.caller.organisation_id, request.contact_id(),
                                     request.mobile(), request.email()));
  v1::LookUpPasswordResponse response;
  response.set_standing(static_cast<v1::PasswordStanding>(standing));
  return response;
}

absl::StatusOr<v1::PasswordEntry> PasswordsHandler::EnterByPassword(
    const Call& call, const v1::EnterByPasswordRequest& request) {
  Passwords::Attempt attempt = {.organisation_id = call.caller.organisation_id,
                                .email = request.email(),
                                .password = request.password(),
                                .session_token = Secret(request.session_token()),
                                .then_sms_code = request.then_sms_code(),
                                .create = request.create(),
                                .passkey_portal_url = request.passkey_portal_url()};
  if (request.has_link()) {
    attempt.link = SubjectFrom(attempt.organisation_id, request.link());
  } else if (!IsEmail(NormalisedEmail(attempt.email)) || attempt.create) {
    return RefuseField("email", "must be an e-mail address");
  }
  const auto attempted = passwords_.Enter(attempt, call);
  Count("gatehouse_passwords_total", {{"outcome", OutcomeOf(attempted.status())}});
  ASSIGN_OR_RETURN(const Passwords::Entry entry, attempted);
  v1::PasswordEntry response;
  if (const auto* challenge = std::get_if<Challenge>(&entry)) {
    *response.mutable_challenge() = ToProto(*challenge);
    return response;
  }
  if (const auto* passkey = std::get_if<Passkeys::Begun>(&entry)) {
    *response.mutable_passkey() = ToProto(*passkey);
    return response;
  }
  const auto& entered = std::get<Challenges::Entered>(entry);
  if (!entered.session.replaces.empty()) {
    (void)PublishRevocation(redis_, {entered.session.replaces});
  }
  *response.mutable_entered() = ToProto(entered);
  return response;
}

absl::StatusOr<v1::RequestPasswordResetResponse> PasswordsHandler::RequestPasswordReset(
    const Call& call, const v1::RequestPasswordResetRequest& request) {
  passwords_.RequestReset(call.caller.organisation_id, request.email(), request.portal_url(),
                          request.organisation_name());
  return v1::RequestPasswordResetResponse();
}

absl::StatusOr<v1::ResetPasswordResponse> PasswordsHandler::ResetPassword(
    const Call& call, const v1::ResetPasswordRequest& request) {
  ASSIGN_OR_RETURN(const std::vector<std::string> ended,
                   passwords_.Reset(request.token(), request.password(), request.then_sms_code(),
                                    request.organisation_name(), call));
  (void)PublishRevocation(redis_, ended);
  return v1::ResetPasswordResponse();
}

absl::StatusOr<v1::ChangePasswordResponse> PasswordsHandler::ChangePassword(
    const Call& call, const v1::ChangePasswordRequest& request) {
  ASSIGN_OR_RETURN(const std::vector<std::string> ended,
                   passwords_.Change({.account_id = request.account_id(),
                                      .session_id = request.session_id(),
                                      .current_password = request.current_password(),
                                      .password = request.password(),
                                      .beside_a_code = request.then_sms_code(),
                                      .organisation_name = request.organisation_name()},
                                     call));
  (void)PublishRevocation(redis_, ended);
  return v1::ChangePasswordResponse();
}

absl::StatusOr<v1::RebindAddressResponse> PasswordsHandler::RebindAddress(
    const Call& call, const v1::RebindAddressRequest& request) {
  const Subject subject = {.organisation_id = call.caller.organisation_id,
                           .mobile = request.mobile(),
                           .email = request.email(),
                           .access = {.case_id = request.case_id(),
                                      .contact_id = request.contact_id(),
                                      .invitation_id = request.invitation_id()}};
  ASSIGN_OR_RETURN(const std::vector<std::string> ended,
                   passwords_.RebindAddress(subject, request.actor_name(), call));
  (void)PublishRevocation(redis_, ended);
  v1::RebindAddressResponse response;
  response.set_ended_sessions(static_cast<int>(ended.size()));
  return response;
}

}  // namespace gatehouse::identity
