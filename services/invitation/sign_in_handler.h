#pragma once

#include "gatehouse/invitation/v1/sign_in.pb.h"
#include "services/common/rpc/server.h"
#include "services/invitation/domain/invitations.h"
#include "services/invitation/domain/sign_in.h"

namespace gatehouse::invitation {

namespace pb = v1;

// The RPCs of proto/gatehouse/invitation/v1/sign_in.proto.
class SignInHandler {
 public:
  SignInHandler(SignIn& sign_in, Invitations& invitations, Client& identity)
      : sign_in_(sign_in), invitations_(invitations), identity_(identity) {}
  void Register(Server& server);

  absl::StatusOr<pb::OpenLinkResponse> OpenLink(const Call& call,
                                                const pb::OpenLinkRequest& request);
  absl::StatusOr<pb::StartSignInResponse> StartSignIn(const Call& call,
                                                      const pb::StartSignInRequest& request);
  absl::StatusOr<pb::StartSignInResponse> ResendCode(const Call& call,
                                                     const pb::ResendCodeRequest& request);
  absl::StatusOr<pb::VerifySignInResponse> VerifySignIn(const Call& call,
                                                        const pb::VerifySignInRequest& request);

 private:
  SignIn& sign_in_;
  Invitations& invitations_;
  Client& identity_;
};

}  // namespace gatehouse::invitation
