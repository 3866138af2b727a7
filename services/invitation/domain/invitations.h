#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/common/base/clock.h"
#include "services/common/base/secret.h"
#include "services/invitation/domain/directory.h"
#include "services/invitation/domain/store.h"

namespace gatehouse::invitation {

// What staff ask for.
struct Asked {
  std::string case_id, contact_id;
  Delivery delivery = Delivery::kEmail;
  std::optional<Visibility> visibility;
  Wording wording;
  std::string portal_url;  // Empty: the organisation's first one.
  std::vector<std::string> document_request_ids;
  std::vector<std::string> flow_ids;  // Of the fact find.
  bool validate_only = false;
};

// An invitation with its link, where the answer shows one.
struct Made {
  Invitation invitation;
  Secret link;
};

struct NewLink {
  Secret link;
  absl::Time expire_time;
};

// What staff do with invitations. Refusals are those of the contract.
class Invitations {
 public:
  Invitations(Store& store, Directory& directory, Secret link_key, const Clock& clock)
      : store_(store), directory_(directory), key_(std::move(link_key)), clock_(clock) {}

  absl::StatusOr<Made> Create(const Asked& asked, const Call& call);
  absl::StatusOr<Invitation> Resend(const std::string& case_id, const std::string& invitation_id,
                                    const Asked& text, const Call& call);
  absl::StatusOr<Invitation> Revoke(const std::string& case_id, const std::string& invitation_id,
                                    const Call& call);
  absl::StatusOr<NewLink> CreateLink(const std::string& case_id, const std::string& invitation_id,
                                     const Call& call);
  // Lets the open invitations of a case follow the mirror as it is now; null: the case is gone.
  // Whoever is no contact any more is revoked; whose number was corrected is reached, and enters,
  // by the new one.
  absl::Status Follow(const std::string& case_id, const CaseProfile* mirrored, const Call& call);
  absl::StatusOr<Invitation> Unlock(const std::string& case_id, const std::string& invitation_id,
                                    const Call& call);
  // Takes away what the client signs in with, and the invitation's links with it.
  absl::StatusOr<Invitation> ResetFactors(const std::string& case_id,
                                          const std::string& invitation_id, const Call& call);
  // Marks the invitation accepted at the client's first entry; later ones change nothing. Refuses
  // LINK_USED, and LINK_EXPIRED where a newer invitation has replaced it meanwhile: the access that
  // the entry gave has ended then.
  absl::Status Accept(const Entry& entry);

  // The SHA-256 that a link is found by.
  static std::string HashOf(const std::string& token);

 private:
  struct Conditions {
    OrganisationProfile organisation;
    CaseProfile mirrored;
    ContactProfile contact;
    std::vector<WantedDocument> wanted;
    std::string portal_url;   // As asked for; empty: the first one.
    std::string template_id;  // Of the e-mail, where none was chosen; empty: the policy's text.
    Policy policy;
    std::vector<Violation> violations;
  };
  absl::StatusOr<Conditions> Check(const std::string& case_id, const std::string& contact_id,
                                   const Asked& asked, const Call& call);
  absl::StatusOr<std::string> PasswordTemplate(const std::string& organisation_id,
                                               const ContactProfile& contact,
                                               const Wording& wording);
  Secret TokenOf(const std::string& link_id) const;
  Link MakeLink(const Policy& policy, absl::Time end) const;
  Secret UrlOf(const OrganisationProfile& organisation, const Invitation& invitation,
               const std::string& link_id) const;
  Mail Compose(const Invitation& invitation, const Conditions& conditions, const Asked& asked,
               const Link& link, const Call& call) const;
  Decision Renew(const Invitation& found, const Conditions& conditions, const Asked& text,
                 const Call& call) const;
  absl::Status Correct(const Invitation& old, const ContactProfile& contact, const Call& call);
  // What goes out together with an e-mailed invitation, where the policy says so.
  static std::optional<CodeRequest> FirstCode(const Invitation& invitation,
                                              const Conditions& conditions, const Link& link);
  absl::StatusOr<Invitation> Alter(
      const std::string& case_id, const std::string& invitation_id, const Call& call,
      const std::function<Decision(const Invitation&, const std::vector<Invitation>&)>& decide);

  Store& store_;
  Directory& directory_;
  const Secret key_;
  const Clock& clock_;
};

}  // namespace gatehouse::invitation
