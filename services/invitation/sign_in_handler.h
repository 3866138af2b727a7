#pragma once

#include "gatehouse/invitation/v1/sign_in.pb.h"
#include "services/common/rpc/server.h"
#include "services/invitation/domain/sign_in.h"

namespace gatehouse::invitation {

namespace pb = v1;

// The RPCs of proto/gatehouse/invitation/v1/sign_in.proto.
class SignInHandler {
 public:
  explicit SignInHandler(SignIn& sign_in) : sign_in_(sign_in) {}
  void Register(Server& server);

  absl::StatusOr<pb::OpenLinkResponse> OpenLink(const Call& call,
                                                const pb::OpenLinkRequest& request);
  absl::StatusOr<pb::StartSignInResponse> StartSignIn(const Call& call,
                                                      const pb::StartSignInRequest& request);
  absl::StatusOr<pb::StartSignInResponse> ResendCode(const Call& call,
                                                     const pb::ResendCodeRequest& request);
  absl::StatusOr<pb::VerifySignInResponse> VerifySignIn(const Call& call,
                                                        const pb::VerifySignInRequest& request);
  absl::StatusOr<pb::VerifySignInResponse> EnterByLink(const Call& call,
                                                       const pb::EnterByLinkRequest& request);

 private:
  SignIn& sign_in_;
};

}  // namespace gatehouse::invitation
