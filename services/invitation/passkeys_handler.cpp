#include "services/invitation/passkeys_handler.h"

namespace gatehouse::invitation {

void PasskeysHandler::Register(Server& server) {
  server.Service("gatehouse.invitation.v1.Passkeys")
      .Unary("BeginPasskey", *this, &PasskeysHandler::BeginPasskey)
      .Unary("StartPasskeySignIn", *this, &PasskeysHandler::StartPasskeySignIn)
      .Unary("VerifyPasskeySignIn", *this, &PasskeysHandler::VerifyPasskeySignIn);
}

absl::StatusOr<identity::v1::PasskeyCreation> PasskeysHandler::BeginPasskey(
    const Call& call, const v1::BeginPasskeyRequest& request) {
  return sign_in_.Begin(request, call);
}

absl::StatusOr<identity::v1::PasskeyChallenge> PasskeysHandler::StartPasskeySignIn(
    const Call&, const v1::StartPasskeySignInRequest& request) {
  return sign_in_.Start(request);
}

absl::StatusOr<v1::VerifySignInResponse> PasskeysHandler::VerifyPasskeySignIn(
    const Call&, const v1::VerifyPasskeySignInRequest& request) {
  return sign_in_.Verify(request);
}

}  // namespace gatehouse::invitation
