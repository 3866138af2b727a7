#include "services/invitation/sign_in_handler.h"

#include "services/common/base/proto_time.h"
#include "services/common/base/status.h"
#include "services/common/text/address.h"
#include "services/invitation/domain/portal.h"

namespace gatehouse::invitation {
namespace {

pb::StartSignInResponse ToProto(const StartedChallenge& started) {
  pb::StartSignInResponse response;
  response.set_challenge_id(started.challenge_id);
  *response.mutable_expire_time() = gatehouse::ToProto(started.expire_time);
  *response.mutable_resend_time() = gatehouse::ToProto(started.resend_time);
  return response;
}

}  // namespace

void SignInHandler::Register(Server& server) {
  server.Service("gatehouse.invitation.v1.SignIn")
      .Unary("OpenLink", *this, &SignInHandler::OpenLink)
      .Unary("StartSignIn", *this, &SignInHandler::StartSignIn)
      .Unary("ResendCode", *this, &SignInHandler::ResendCode)
      .Unary("VerifySignIn", *this, &SignInHandler::VerifySignIn)
      .Unary("EnterByLink", *this, &SignInHandler::EnterByLink);
}

absl::StatusOr<pb::OpenLinkResponse> SignInHandler::OpenLink(const Call&,
                                                             const pb::OpenLinkRequest& request) {
  ASSIGN_OR_RETURN(const OpenedLink opened, sign_in_.Open(request.token()));
  pb::OpenLinkResponse response;
  response.set_state(static_cast<pb::OpenLinkResponse::State>(opened.state));
  *response.mutable_organisation() =
      invitation::ToProto(Face{.organisation_id = opened.organisation_id,
                               .portal_url = opened.portal_url,
                               .organisation = opened.organisation,
                               .look = opened.look},
                          request.accept_language());
  response.set_masked_mobile(opened.masked_mobile);
  response.set_masked_email(opened.masked_email);
  response.set_password(static_cast<identity::v1::PasswordStanding>(opened.password));
  if (opened.password != PasswordStanding::kUnasked) response.add_methods(identity::v1::PASSWORD);
  if (opened.takes_link_alone) response.add_methods(identity::v1::LINK);
  if (opened.takes_codes) response.add_methods(identity::v1::SMS_CODE);
  if (opened.takes_email_codes) response.add_methods(identity::v1::EMAIL_CODE);
  if (opened.takes_passkeys) response.add_methods(identity::v1::PASSKEY);
  return response;
}

absl::StatusOr<pb::StartSignInResponse> SignInHandler::StartSignIn(
    const Call&, const pb::StartSignInRequest& request) {
  if (request.method() == identity::v1::PASSWORD) {
    return RefuseField("method", "has a call of its own: signIn:password");
  }
  if (request.method() == identity::v1::PASSKEY) {
    return RefuseField("method", "has a call of its own: signIn:startPasskey");
  }
  if (request.method() == identity::v1::LINK) {
    return RefuseField("method", "has a call of its own: signIn:link");
  }
  const bool by_email = request.method() == identity::v1::EMAIL_CODE;
  if (by_email && !IsEmail(NormalisedEmail(request.email()))) {
    return RefuseField("email", "must be an e-mail address");
  }
  ASSIGN_OR_RETURN(const StartedChallenge started,
                   by_email ? sign_in_.StartByEmail(request.token(), request.email())
                            : sign_in_.Start(request.token()));
  return ToProto(started);
}

absl::StatusOr<pb::StartSignInResponse> SignInHandler::ResendCode(
    const Call&, const pb::ResendCodeRequest& request) {
  ASSIGN_OR_RETURN(const StartedChallenge resent, sign_in_.Resend(request.challenge_id()));
  return ToProto(resent);
}

absl::StatusOr<pb::VerifySignInResponse> SignInHandler::VerifySignIn(
    const Call&, const pb::VerifySignInRequest& request) {
  return sign_in_.Verify(request);
}

absl::StatusOr<pb::VerifySignInResponse> SignInHandler::EnterByLink(
    const Call&, const pb::EnterByLinkRequest& request) {
  return sign_in_.EnterByLink(request);
}

}  // namespace gatehouse::invitation
