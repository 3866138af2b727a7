#pragma once

#include "gatehouse/identity/v1/passwords.pb.h"
#include "services/common/redis/redis.h"
#include "services/common/rpc/server.h"
#include "services/identity/passwords/domain/passwords.h"

namespace gatehouse::identity {

// The RPCs of proto/gatehouse/identity/v1/passwords.proto.
class PasswordsHandler {
 public:
  PasswordsHandler(Passwords& passwords, Redis& redis) : passwords_(passwords), redis_(redis) {}
  void Register(Server& server);

  absl::StatusOr<v1::LookUpPasswordResponse> LookUpPassword(
      const Call& call, const v1::LookUpPasswordRequest& request);
  absl::StatusOr<v1::PasswordEntry> EnterByPassword(const Call& call,
                                                    const v1::EnterByPasswordRequest& request);
  absl::StatusOr<v1::RequestPasswordResetResponse> RequestPasswordReset(
      const Call& call, const v1::RequestPasswordResetRequest& request);
  absl::StatusOr<v1::ResetPasswordResponse> ResetPassword(const Call& call,
                                                          const v1::ResetPasswordRequest& request);

  absl::StatusOr<v1::ChangePasswordResponse> ChangePassword(
      const Call& call, const v1::ChangePasswordRequest& request);
  absl::StatusOr<v1::RebindAddressResponse> RebindAddress(const Call& call,
                                                          const v1::RebindAddressRequest& request);

 private:
  Passwords& passwords_;
  Redis& redis_;
};

}  // namespace gatehouse::identity
