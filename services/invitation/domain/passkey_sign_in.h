#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "gatehouse/invitation/v1/passkeys.pb.h"
#include "services/common/base/clock.h"
#include "services/invitation/domain/directory.h"
#include "services/invitation/domain/invitations.h"
#include "services/invitation/domain/store.h"

namespace gatehouse::invitation {

// How a client enters by a passkey, where the policy has them. The refusals are the contract's.
class PasskeySignIn {
 public:
  PasskeySignIn(Store& store, Directory& directory, Invitations& invitations, const Clock& clock)
      : store_(store), directory_(directory), invitations_(invitations), clock_(clock) {}

  // Of the calling client.
  absl::StatusOr<identity::v1::PasskeyCreation> Begin(const v1::BeginPasskeyRequest& request,
                                                      const Call& call);
  absl::StatusOr<identity::v1::PasskeyChallenge> Start(
      const v1::StartPasskeySignInRequest& request);
  // Accepts the invitation at its first entry.
  absl::StatusOr<v1::VerifySignInResponse> Verify(const v1::VerifyPasskeySignInRequest& proof);

 private:
  absl::StatusOr<identity::v1::PasskeyChallenge> StartByLink(const std::string& pasted);

  Store& store_;
  Directory& directory_;
  Invitations& invitations_;
  const Clock& clock_;
};

}  // namespace gatehouse::invitation
