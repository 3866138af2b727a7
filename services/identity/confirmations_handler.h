#pragma once

#include "gatehouse/identity/v1/confirmations.pb.h"
#include "services/common/rpc/server.h"
#include "services/identity/domain/challenges.h"
#include "services/identity/passkeys/domain/passkeys.h"

namespace gatehouse::identity {

namespace pb = v1;

// The RPCs of proto/gatehouse/identity/v1/confirmations.proto.
class ConfirmationsHandler {
 public:
  // `challenges` are of a kind of their own, which nobody signs in with.
  ConfirmationsHandler(Challenges& challenges, Passkeys& passkeys)
      : challenges_(challenges), passkeys_(passkeys) {}
  void Register(Server& server);

  absl::StatusOr<pb::Challenge> StartConfirmation(const Call& call,
                                                  const pb::StartConfirmationRequest& request);
  absl::StatusOr<pb::PasskeyChallenge> StartPasskeyConfirmation(
      const Call& call, const pb::StartPasskeyConfirmationRequest& request);
  absl::StatusOr<pb::VerifyPasskeyConfirmationResponse> VerifyPasskeyConfirmation(
      const Call& call, const pb::VerifyPasskeyConfirmationRequest& request);
  absl::StatusOr<pb::VerifyConfirmationResponse> VerifyConfirmation(
      const Call& call, const pb::VerifyConfirmationRequest& request);

 private:
  Challenges& challenges_;
  Passkeys& passkeys_;
};

}  // namespace gatehouse::identity
