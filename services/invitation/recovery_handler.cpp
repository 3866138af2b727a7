#include "services/invitation/recovery_handler.h"

#include "services/common/base/status.h"

namespace gatehouse::invitation {

void RecoveryHandler::Register(Server& server) {
  server.Service("gatehouse.invitation.v1.Recovery")
      .Unary("RecoverSignIn", *this, &RecoveryHandler::RecoverSignIn)
      .Unary("ResetFactors", *this, &RecoveryHandler::ResetFactors);
}

absl::StatusOr<v1::VerifySignInResponse> RecoveryHandler::RecoverSignIn(
    const Call&, const v1::RecoverSignInRequest& request) {
  return sign_in_.Recover(request.challenge_id(), Secret(request.recovery_code()),
                          Secret(request.session_token()));
}

absl::StatusOr<v1::Invitation> RecoveryHandler::ResetFactors(
    const Call& call, const v1::ResetFactorsRequest& request) {
  RETURN_IF_ERROR(
      invitations_.ResetFactors(request.case_id(), request.invitation_id(), call).status());
  v1::GetInvitationRequest shown;
  shown.set_case_id(request.case_id());
  shown.set_invitation_id(request.invitation_id());
  return shown_.GetInvitation(call, shown);
}

}  // namespace gatehouse::invitation
