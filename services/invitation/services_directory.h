#pragma once

#include <map>
#include <mutex>

#include "gatehouse/identity/v1/organisations.pb.h"
#include "services/common/rpc/client.h"
#include "services/invitation/domain/directory.h"

namespace gatehouse::invitation {

// The directory over the other services' RPCs.
class ServicesDirectory : public Directory {
 public:
  ServicesDirectory(Client& identity, Client& cases, Client& notification, Client& documents)
      : identity_(identity), cases_(cases), notification_(notification), documents_(documents) {}

  absl::StatusOr<OrganisationProfile> LookUpOrganisation(
      const std::string& organisation_id) override;
  absl::StatusOr<OrganisationProfile> RecallOrganisation(
      const std::string& organisation_id) override;
  absl::StatusOr<std::vector<std::string>> FindPortal(const std::string& portal_url) override;
  absl::StatusOr<CaseProfile> LookUpCase(const std::string& organisation_id,
                                         const std::string& case_id) override;
  absl::StatusOr<Facts> LookUpFacts(const std::string& organisation_id,
                                    const std::string& case_id) override;
  absl::StatusOr<SmsStatus> LookUpNumber(const std::string& organisation_id,
                                         const std::string& e164, SmsStatus sms) override;
  absl::StatusOr<int> PriceOfCode(const std::string& organisation_id,
                                  const std::string& organisation_name,
                                  const std::string& portal_url) override;
  absl::Status CheckWording(const std::string& organisation_id, const Wording& wording) override;
  absl::Status CheckFlows(const std::string& organisation_id,
                          const std::vector<std::string>& flow_ids) override;
  absl::StatusOr<std::map<std::string, DeliveryState>> LookUpMessages(
      const std::string& organisation_id, const std::vector<std::string>& request_ids) override;
  absl::StatusOr<StartedChallenge> StartChallenge(const CodeRequest& request) override;
  absl::StatusOr<StartedChallenge> ResendChallenge(const std::string& challenge_id) override;
  absl::StatusOr<Entered> VerifyChallenge(const v1::VerifySignInRequest& proof) override;
  absl::StatusOr<Entered> EnterByLink(const CodeRequest& link, const Secret& nonce,
                                      const Secret& session_token,
                                      const std::string& proof_id) override;
  absl::StatusOr<PasswordStanding> LookUpPassword(const std::string& organisation_id,
                                                  const std::string& contact_id,
                                                  const std::string& mobile,
                                                  const std::string& email) override;
  absl::StatusOr<PasswordEntry> EnterByPassword(const std::string& organisation_id,
                                                const CodeRequest* link,
                                                const PasswordAttempt& attempt) override;
  absl::Status RequestPasswordReset(const std::string& organisation_id,
                                    const ForgottenPassword& forgotten) override;
  absl::Status ResetPassword(const std::string& organisation_id,
                             const NewPassword& chosen) override;
  absl::Status ChangePassword(const std::string& organisation_id,
                              const ChangedPassword& changed) override;
  absl::StatusOr<Entered> RecoverChallenge(const std::string& challenge_id,
                                           const Secret& recovery_code,
                                           const Secret& session_token) override;
  absl::Status ResetFactors(const Invitation& invitation, const std::string& organisation_name,
                            const Call& call) override;
  absl::StatusOr<bool> HasPasskey(const Invitation& invitation,
                                  const std::string& portal_url) override;
  absl::StatusOr<identity::v1::PasskeyCreation> BeginPasskey(const std::string& organisation_id,
                                                             const NewPasskey& wanted) override;
  absl::StatusOr<identity::v1::PasskeyChallenge> StartPasskey(
      const std::string& organisation_id, const CodeRequest* link,
      const std::string& portal_url) override;
  absl::StatusOr<Entered> VerifyPasskey(const v1::VerifyPasskeySignInRequest& proof) override;
  absl::Status RevokeGrant(const Invitation& invitation, const Call& call) override;
  absl::Status UnlockSignIn(const Invitation& invitation, const Call& call) override;

 private:
  OrganisationProfile Remember(const std::string& organisation_id,
                               const identity::v1::Organisation& found);

  struct Remembered {
    OrganisationProfile profile;
    absl::Time until;
  };
  Client &identity_, &cases_, &notification_, &documents_;
  std::mutex mutex_;
  std::map<std::string, Remembered> remembered_;  // By organisation; bounded.
  // Whose portals are, and which are nobody's. Apart, so that who makes names up makes nothing
  // forgotten; bounded.
  struct Owners {
    std::vector<std::string> organisation_ids;
    absl::Time until;
  };
  std::map<std::string, Owners> portals_, strange_portals_;
};

}  // namespace gatehouse::invitation
