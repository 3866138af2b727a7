#pragma once

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gatehouse/invitation/v1/passkeys.pb.h"
#include "gatehouse/invitation/v1/sign_in.pb.h"
#include "services/common/base/caller.h"
#include "services/common/base/secret.h"
#include "services/invitation/domain/invitation.h"

namespace gatehouse::invitation {

struct OrganisationProfile {
  std::string display_name, region, time_zone;
  std::string portal_url;                // Its first portal.
  std::vector<std::string> portal_urls;  // All of them, normalised.

  // Where the links of an invitation lead that chose this portal; to the first one where it chose
  // none, or one that is none of them any more.
  std::string PortalFor(const std::string& chosen) const;
};

// A contact as messages go to it: its name on one line, its address without blanks around it.
struct ContactProfile {
  std::string contact_id, name, email, role;
  std::string mobile;  // As written.
  std::string e164;    // Normalised; empty where it is not possible.
  bool is_person = true;
};

struct CaseProfile {
  std::string display_name, owner_name, owner_e164;
  std::string owner_email;  // Empty where it is none.
  std::string etag;         // Changes with the case.
  std::vector<ContactProfile> contacts;

  // Null: nobody by this id.
  const ContactProfile* Find(const std::string& contact_id) const;
};

// What a client is asked for, and has not handed in.
struct WantedDocument {
  std::string document_request_id, title;
  std::string contact_id;  // Empty: every contact of the case.
  std::string due_date;    // As ISO 8601 writes it; empty: no matter when.
};

struct CaseDocuments {
  std::vector<std::string> labels, document_request_ids;
  std::vector<WantedDocument> wanted;
};

struct SmsStatus {
  bool configured = false;
  int64_t balance = 0;
  std::string sender;  // The number that SMS come from.
  int segments = 1;    // Of a code, each of which costs a credit, as far as that was asked.
  // Of the contact's number, as far as that was asked.
  bool stopped = false, country_not_allowed = false;
};

// How staff want an invitation's e-mail: by which template, and with which text in place of that.
struct Wording {
  std::string template_id;  // Empty: the one that holds.
  std::string language;     // BCP 47; empty: the organisation's.
  std::string subject, body;
};

struct StartedChallenge {
  std::string challenge_id;
  absl::Time expire_time, resend_time;
};

// A code to send to an invited contact.
struct CodeRequest {
  Invitation invitation;
  Link link;
  OrganisationProfile organisation;
  std::string owner_email;  // Who is sent the code too; empty: nobody.
  std::string typed_email;  // By e-mail, to this address; empty: by SMS.
};

// What an invitation's conditions are judged by.
struct Facts {
  OrganisationProfile organisation;
  CaseProfile mirrored;
  CaseDocuments documents;
  SmsStatus sms;
};

// A client who has proven who they are.
struct Entered {
  Entry entry;
  bool settled = false;             // There is nothing to record of it.
  v1::VerifySignInResponse answer;  // The session, and its token.
};

// Where a client stands with a password: numbered as in identity's contract.
enum class PasswordStanding { kNone = 1, kHere = 2, kElsewhere = 3, kUnasked = 4 };

// A password that a client typed.
struct PasswordAttempt {
  std::string email;  // Without a link: whose it is.
  Secret password, session_token;
  bool then_sms_code = false;
  bool create = false;
  bool with_passkey = false;       // Whether one may take the place of the code.
  std::string passkey_portal_url;  // Then: of this portal; empty: the policy lets none.
};

// Who forgot a password, and where the link leads that is mailed.
struct ForgottenPassword {
  std::string email, portal_url, organisation_name;
};

struct NewPassword {
  Secret token, password;
  bool then_sms_code = false;
  std::string organisation_name;
};

// Of who is signed in: the account, and the session that goes on.
struct ChangedPassword {
  std::string account_id, session_id;
  Secret current_password, password;
  bool then_sms_code = false;
  std::string organisation_name;
};

// A client whose password was right, who is in or is to prove a second factor.
using PasswordEntry = std::variant<Entered, StartedChallenge, identity::v1::PasskeyChallenge>;

// A passkey to register, of who is signed in: as whom they enter their cases, and at which portal.
struct NewPasskey {
  std::string account_id, session_id;
  std::vector<Invitation> invitations;
  std::string portal_url, organisation_name;
};

// What invitation asks the other services; each about one organisation.
class Directory {
 public:
  virtual ~Directory() = default;

  virtual absl::StatusOr<OrganisationProfile> LookUpOrganisation(
      const std::string& organisation_id) = 0;
  // The same, as known within the last minute.
  virtual absl::StatusOr<OrganisationProfile> RecallOrganisation(
      const std::string& organisation_id) = 0;
  // The organisations whose portal this is, of a normalised URL, by their ids, two at most; as
  // known within the last minute, or, where it was nobody's, within the last five seconds.
  virtual absl::StatusOr<std::vector<std::string>> FindPortal(const std::string& portal_url) = 0;
  // Refuses NOT_FOUND.
  virtual absl::StatusOr<CaseProfile> LookUpCase(const std::string& organisation_id,
                                                 const std::string& case_id) = 0;
  // All at once. Refuses NOT_FOUND where there is no such case.
  virtual absl::StatusOr<Facts> LookUpFacts(const std::string& organisation_id,
                                            const std::string& case_id) = 0;
  // How many credits a code costs that names this organisation and its portal.
  virtual absl::StatusOr<int> PriceOfCode(const std::string& organisation_id,
                                          const std::string& organisation_name,
                                          const std::string& portal_url) = 0;
  // `sms`, with what holds for this number.
  virtual absl::StatusOr<SmsStatus> LookUpNumber(const std::string& organisation_id,
                                                 const std::string& e164, SmsStatus sms) = 0;
  // Refuses UNKNOWN_TEMPLATE, TEMPLATE_FIXED, and for a text whose tags were edited UNKNOWN_TAG,
  // TAG_MISSING and TEMPLATE_MALFORMED.
  virtual absl::Status CheckWording(const std::string& organisation_id, const Wording& wording) = 0;
  // Refuses FLOW_UNKNOWN where the fact find has no such flow.
  virtual absl::Status CheckFlows(const std::string& organisation_id,
                                  const std::vector<std::string>& flow_ids) = 0;
  // By the request ids that messages were handed in under.
  virtual absl::StatusOr<std::map<std::string, DeliveryState>> LookUpMessages(
      const std::string& organisation_id, const std::vector<std::string>& request_ids) = 0;

  virtual absl::StatusOr<StartedChallenge> StartChallenge(const CodeRequest& request) = 0;
  // The refusals of these three are identity's.
  virtual absl::StatusOr<StartedChallenge> ResendChallenge(const std::string& challenge_id) = 0;
  virtual absl::StatusOr<Entered> VerifyChallenge(const v1::VerifySignInRequest& proof) = 0;
  // By a link that is all that is asked for, which is used up as `proof_id`.
  virtual absl::StatusOr<Entered> EnterByLink(const CodeRequest& link, const Secret& nonce,
                                              const Secret& session_token,
                                              const std::string& proof_id) = 0;

  // Whether an invited client has a password, here or elsewhere.
  virtual absl::StatusOr<PasswordStanding> LookUpPassword(const std::string& organisation_id,
                                                          const std::string& contact_id,
                                                          const std::string& mobile,
                                                          const std::string& email) = 0;
  // The refusals of these four are identity's.
  // By a link, where there is one.
  virtual absl::StatusOr<PasswordEntry> EnterByPassword(const std::string& organisation_id,
                                                        const CodeRequest* link,
                                                        const PasswordAttempt& attempt) = 0;
  virtual absl::Status RequestPasswordReset(const std::string& organisation_id,
                                            const ForgottenPassword& forgotten) = 0;
  virtual absl::Status ResetPassword(const std::string& organisation_id,
                                     const NewPassword& chosen) = 0;

  virtual absl::Status ChangePassword(const std::string& organisation_id,
                                      const ChangedPassword& changed) = 0;

  // With a recovery code in the place of the challenge's. The refusals are identity's.
  virtual absl::StatusOr<Entered> RecoverChallenge(const std::string& challenge_id,
                                                   const Secret& recovery_code,
                                                   const Secret& session_token) = 0;
  // Takes away what the client signs in with, in the organisation's name.
  virtual absl::Status ResetFactors(const Invitation& invitation,
                                    const std::string& organisation_name, const Call& call) = 0;

  // Whether an invited client has a passkey at this portal.
  virtual absl::StatusOr<bool> HasPasskey(const Invitation& invitation,
                                          const std::string& portal_url) = 0;
  // The refusals of these three are identity's.
  virtual absl::StatusOr<identity::v1::PasskeyCreation> BeginPasskey(
      const std::string& organisation_id, const NewPasskey& wanted) = 0;
  // By a link, where there is one.
  virtual absl::StatusOr<identity::v1::PasskeyChallenge> StartPasskey(
      const std::string& organisation_id, const CodeRequest* link,
      const std::string& portal_url) = 0;
  virtual absl::StatusOr<Entered> VerifyPasskey(const v1::VerifyPasskeySignInRequest& proof) = 0;

  virtual absl::Status RevokeGrant(const Invitation& invitation, const Call& call) = 0;
  virtual absl::Status UnlockSignIn(const Invitation& invitation, const Call& call) = 0;
};

}  // namespace gatehouse::invitation
