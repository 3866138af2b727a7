#pragma once

#include "gatehouse/invitation/v1/sign_in.pb.h"
#include "services/common/rpc/server.h"
#include "services/invitation/domain/invitations.h"

namespace gatehouse::invitation {

namespace pb = v1;

// The RPCs of proto/gatehouse/invitation/v1/sign_in.proto.
class SignInHandler {
 public:
  SignInHandler(Invitations& invitations, Store& store, Directory& directory, Client& identity,
                const Clock& clock)
      : invitations_(invitations),
        store_(store),
        directory_(directory),
        identity_(identity),
        clock_(clock) {}
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
  Invitations& invitations_;
  Store& store_;
  Directory& directory_;
  Client& identity_;
  const Clock& clock_;
};

}  // namespace gatehouse::invitation
