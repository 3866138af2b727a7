#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "services/common/base/clock.h"
#include "services/invitation/domain/directory.h"
#include "services/invitation/domain/invitations.h"
#include "services/invitation/domain/store.h"

namespace gatehouse::invitation {

// What the page behind a link shows.
struct OpenedLink {
  LinkState state = LinkState::kActive;
  OrganisationProfile organisation;
  std::string portal_url;  // Where the link leads.
  // Of an active link only: where a code would go, and whether one can be sent at all.
  std::string masked_mobile, masked_email;
  bool takes_codes = false;
};

// How a client enters by a link.
class SignIn {
 public:
  SignIn(Store& store, Directory& directory, Invitations& invitations, const Clock& clock)
      : store_(store), directory_(directory), invitations_(invitations), clock_(clock) {}

  // Changes nothing. `pasted` as TokenIn reads it. Refuses NOT_FOUND.
  absl::StatusOr<OpenedLink> Open(const std::string& pasted);
  // Sends a code. Refuses NOT_FOUND, LINK_EXPIRED, LINK_REVOKED, LINK_USED, MOBILE_MISSING, and
  // what identity refuses.
  absl::StatusOr<StartedChallenge> Start(const std::string& pasted);
  // Sends the same code again; refuses what identity refuses.
  absl::StatusOr<StartedChallenge> Resend(const std::string& challenge_id);
  // Enters with the code, and accepts the invitation at its first entry. Refuses what identity
  // refuses, and as Invitations::Accept. Where it fails after the code was right, whoever repeats
  // it with the same nonce gets the same session.
  absl::StatusOr<v1::VerifySignInResponse> Verify(const v1::VerifySignInRequest& proof);

 private:
  Store& store_;
  Directory& directory_;
  Invitations& invitations_;
  const Clock& clock_;
};

}  // namespace gatehouse::invitation
