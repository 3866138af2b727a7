#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "gatehouse/invitation/v1/passwords.pb.h"
#include "services/common/base/clock.h"
#include "services/invitation/domain/directory.h"
#include "services/invitation/domain/invitations.h"
#include "services/invitation/domain/store.h"

namespace gatehouse::invitation {

// How a client enters by a password, where the policy has them. The refusals are the contract's.
class PasswordSignIn {
 public:
  PasswordSignIn(Store& store, Directory& directory, Invitations& invitations, const Clock& clock)
      : store_(store), directory_(directory), invitations_(invitations), clock_(clock) {}

  // By the link, and accepts the invitation at its first entry.
  absl::StatusOr<v1::PasswordSignIn> Create(const v1::CreatePasswordRequest& request);
  absl::StatusOr<v1::PasswordSignIn> Enter(const v1::SignInWithPasswordRequest& request);
  // Of the calling client.
  absl::Status Change(const v1::ChangePasswordRequest& request, const Call& call);
  absl::Status Forgot(const v1::ForgotPasswordRequest& request);
  absl::Status Choose(const v1::ChooseNewPasswordRequest& request);

 private:
  // An organisation that has passwords, and what it asks for beside them.
  struct Office {
    OrganisationProfile profile;
    bool then_sms_code = false, takes_passkeys = false;
  };
  absl::StatusOr<Office> OfficeOf(const std::string& organisation_id);
  absl::StatusOr<v1::PasswordSignIn> EnterByLink(const std::string& pasted,
                                                 PasswordAttempt attempt);
  absl::StatusOr<v1::PasswordSignIn> Finish(PasswordEntry entry);

  Store& store_;
  Directory& directory_;
  Invitations& invitations_;
  const Clock& clock_;
};

}  // namespace gatehouse::invitation
