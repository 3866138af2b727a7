#include "services/invitation/passwords_handler.h"

#include "services/common/base/status.h"

namespace gatehouse::invitation {

void PasswordsHandler::Register(Server& server) {
  server.Service("gatehouse.invitation.v1.Passwords")
      .Unary("CreatePassword", *this, &PasswordsHandler::CreatePassword)
      .Unary("SignInWithPassword", *this, &PasswordsHandler::SignInWithPassword)
      .Unary("ChangePassword", *this, &PasswordsHandler::ChangePassword)
      .Unary("ForgotPassword", *this, &PasswordsHandler::ForgotPassword)
      .Unary("ChooseNewPassword", *this, &PasswordsHandler::ChooseNewPassword);
}

absl::StatusOr<v1::PasswordSignIn> PasswordsHandler::CreatePassword(
    const Call&, const v1::CreatePasswordRequest& request) {
  return sign_in_.Create(request);
}

absl::StatusOr<v1::PasswordSignIn> PasswordsHandler::SignInWithPassword(
    const Call&, const v1::SignInWithPasswordRequest& request) {
  return sign_in_.Enter(request);
}

absl::StatusOr<v1::ChangePasswordResponse> PasswordsHandler::ChangePassword(
    const Call& call, const v1::ChangePasswordRequest& request) {
  RETURN_IF_ERROR(sign_in_.Change(request, call));
  return v1::ChangePasswordResponse();
}

absl::StatusOr<v1::ForgotPasswordResponse> PasswordsHandler::ForgotPassword(
    const Call&, const v1::ForgotPasswordRequest& request) {
  RETURN_IF_ERROR(sign_in_.Forgot(request));
  return v1::ForgotPasswordResponse();
}

absl::StatusOr<v1::ChooseNewPasswordResponse> PasswordsHandler::ChooseNewPassword(
    const Call&, const v1::ChooseNewPasswordRequest& request) {
  RETURN_IF_ERROR(sign_in_.Choose(request));
  return v1::ChooseNewPasswordResponse();
}

}  // namespace gatehouse::invitation
