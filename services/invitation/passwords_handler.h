#pragma once

#include "services/common/rpc/server.h"
#include "services/invitation/domain/password_sign_in.h"

namespace gatehouse::invitation {

// The RPCs of proto/gatehouse/invitation/v1/passwords.proto.
class PasswordsHandler {
 public:
  explicit PasswordsHandler(PasswordSignIn& sign_in) : sign_in_(sign_in) {}
  void Register(Server& server);

  absl::StatusOr<v1::PasswordSignIn> CreatePassword(const Call& call,
                                                    const v1::CreatePasswordRequest& request);
  absl::StatusOr<v1::PasswordSignIn> SignInWithPassword(
      const Call& call, const v1::SignInWithPasswordRequest& request);
  absl::StatusOr<v1::ChangePasswordResponse> ChangePassword(
      const Call& call, const v1::ChangePasswordRequest& request);
  absl::StatusOr<v1::ForgotPasswordResponse> ForgotPassword(
      const Call& call, const v1::ForgotPasswordRequest& request);
  absl::StatusOr<v1::ChooseNewPasswordResponse> ChooseNewPassword(
      const Call& call, const v1::ChooseNewPasswordRequest& request);

 private:
  PasswordSignIn& sign_in_;
};

}  // namespace gatehouse::invitation
