#pragma once

#include "gatehouse/invitation/v1/recovery.pb.h"
#include "services/common/rpc/server.h"
#include "services/invitation/domain/sign_in.h"
#include "services/invitation/invitations_handler.h"

namespace gatehouse::invitation {

// The RPCs of proto/gatehouse/invitation/v1/recovery.proto.
class RecoveryHandler {
 public:
  RecoveryHandler(SignIn& sign_in, Invitations& invitations, InvitationsHandler& shown)
      : sign_in_(sign_in), invitations_(invitations), shown_(shown) {}
  void Register(Server& server);

  absl::StatusOr<v1::VerifySignInResponse> RecoverSignIn(const Call& call,
                                                         const v1::RecoverSignInRequest& request);
  absl::StatusOr<v1::Invitation> ResetFactors(const Call& call,
                                              const v1::ResetFactorsRequest& request);

 private:
  SignIn& sign_in_;
  Invitations& invitations_;
  InvitationsHandler& shown_;
};

}  // namespace gatehouse::invitation
