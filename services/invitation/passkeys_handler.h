#pragma once

#include "services/common/rpc/server.h"
#include "services/invitation/domain/passkey_sign_in.h"

namespace gatehouse::invitation {

// The RPCs of proto/gatehouse/invitation/v1/passkeys.proto.
class PasskeysHandler {
 public:
  explicit PasskeysHandler(PasskeySignIn& sign_in) : sign_in_(sign_in) {}
  void Register(Server& server);

  absl::StatusOr<identity::v1::PasskeyCreation> BeginPasskey(
      const Call& call, const v1::BeginPasskeyRequest& request);
  absl::StatusOr<identity::v1::PasskeyChallenge> StartPasskeySignIn(
      const Call& call, const v1::StartPasskeySignInRequest& request);
  absl::StatusOr<v1::VerifySignInResponse> VerifyPasskeySignIn(
      const Call& call, const v1::VerifyPasskeySignInRequest& request);

 private:
  PasskeySignIn& sign_in_;
};

}  // namespace gatehouse::invitation
