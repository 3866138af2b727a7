#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/common/base/caller.h"

namespace gatehouse::invitation {

// What an organisation changed of the default policy.
struct PolicyChanges {
  std::optional<absl::Duration> link_ttl;  // Zero: links live until revoked.
  std::optional<bool> single_use_links;
  std::optional<int> max_invitations;
  std::optional<std::vector<std::string>> eligible_roles, required_labels;
  std::optional<bool> require_privacy_disclosure;
  std::optional<std::string> privacy_disclosure_url;
  std::optional<Visibility> visibility;
  std::optional<std::string> email_subject, email_body;
  std::optional<bool> send_code_with_invitation, email_code_to_owner;
};

// The rules under which an organisation invites.
struct Policy {
  absl::Duration link_ttl = absl::Hours(7 * 24);
  bool single_use_links = false;
  int max_invitations = 3;
  std::vector<std::string> eligible_roles = {"PRIMARY_APPLICANT", "APPLICANT", "GUARANTOR"};
  std::vector<std::string> required_labels;
  bool require_privacy_disclosure = false;
  std::string privacy_disclosure_url;
  Visibility visibility = Visibility::kAll;
  std::string email_subject, email_body;  // Empty: notification's own text.
  bool send_code_with_invitation = false, email_code_to_owner = false;
};

// The changes over the defaults of the organisation's region.
Policy PolicyOf(const PolicyChanges& changes, const std::string& region);

absl::Time LinkEnd(const Policy& policy, absl::Time now);

// Refuses UNKNOWN_TAG and TAG_MISSING for a text whose tags were edited. Empty texts are fine.
absl::Status CheckEmailText(const std::string& subject, const std::string& body);

}  // namespace gatehouse::invitation
