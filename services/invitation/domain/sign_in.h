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
  std::string organisation_id;
  OrganisationProfile organisation;
  std::string portal_url;  // Where the link leads.
  cases::v1::PortalLook look;
  // Of an active link only: where a code would go, and whether one can be sent at all.
  std::string masked_mobile, masked_email;
  bool takes_codes = false;
  // Whether it is all that is asked for.
  bool takes_link_alone = false;
  // Whether a code by e-mail leads in.
  bool takes_email_codes = false;
  // Whether a passkey that the client has leads in.
  bool takes_passkeys = false;
  // Where the client stands with a password, where that leads in.
  PasswordStanding password = PasswordStanding::kUnasked;
};

// How a client enters by a link.
class SignIn {
 public:
  SignIn(Store& store, Directory& directory, Invitations& invitations, const Clock& clock)
      : store_(store), directory_(directory), invitations_(invitations), clock_(clock) {}

  // Changes nothing. `pasted` as TokenIn reads it. Refuses NOT_FOUND.
  absl::StatusOr<OpenedLink> Open(const std::string& pasted);
  // Sends a code. Refuses NOT_FOUND, LINK_EXPIRED, LINK_REVOKED, LINK_USED, MOBILE_MISSING,
  // INVALID_REQUEST where a password is asked for instead, and what identity refuses.
  absl::StatusOr<StartedChallenge> Start(const std::string& pasted);
  // Sends a code to the contact's e-mail address, if that is the one that was typed: nothing in the
  // answer says whether it is. By a link that has expired or served too. Refuses NOT_FOUND,
  // LINK_EXPIRED where a newer invitation was made, LINK_REVOKED, INVALID_REQUEST where the policy
  // does not let it, and what identity refuses.
  absl::StatusOr<StartedChallenge> StartByEmail(const std::string& pasted,
                                                const std::string& typed_email);
  // Sends the same code again; refuses what identity refuses.
  absl::StatusOr<StartedChallenge> Resend(const std::string& challenge_id);
  // Enters with the code, and accepts the invitation at its first entry. Refuses what identity
  // refuses, and as Invitations::Accept. Where it fails after the code was right, whoever repeats
  // it with the same nonce gets the same session.
  absl::StatusOr<v1::VerifySignInResponse> Verify(const v1::VerifySignInRequest& proof);

  // Enters by the link alone, and uses it up; a repeated one with the same nonce gets the same
  // session. Refuses NOT_FOUND, LINK_EXPIRED, LINK_REVOKED, LINK_USED, INVALID_REQUEST where more
  // is asked for, and what identity refuses.
  absl::StatusOr<v1::VerifySignInResponse> EnterByLink(const v1::EnterByLinkRequest& request);

  // The same with a recovery code in the place of the code.
  absl::StatusOr<v1::VerifySignInResponse> Recover(const std::string& challenge_id,
                                                   const Secret& recovery_code,
                                                   const Secret& session_token);

 private:
  absl::StatusOr<v1::VerifySignInResponse> Admit(Entered entered);

  Store& store_;
  Directory& directory_;
  Invitations& invitations_;
  const Clock& clock_;
};

}  // namespace gatehouse::invitation
