#include "services/invitation/domain/policy.h"

#include <set>

#include "services/common/base/status.h"
#include "services/common/text/template.h"

namespace gatehouse::invitation {
namespace {

// What the law of the region wants handed over before a client is invited.
std::vector<std::string> LabelsOf(const std::string& region) {
  if (region == "AU") return {"Credit guide", "Privacy disclosure"};
  if (region == "NZ") return {"Acknowledgement and declaration", "Adviser guide", "ROMA"};
  return {};
}

const std::set<std::string> kTags = {"contact_name", "case_name", "organisation_name",
                                     "sender_name",  "expiry",    "link"};

}  // namespace

Policy PolicyOf(const PolicyChanges& changes, const std::string& region) {
  Policy policy;
  policy.required_labels = changes.required_labels.value_or(LabelsOf(region));
  policy.link_ttl = changes.link_ttl.value_or(policy.link_ttl);
  policy.single_use_links = changes.single_use_links.value_or(policy.single_use_links);
  policy.max_invitations = changes.max_invitations.value_or(policy.max_invitations);
  policy.eligible_roles = changes.eligible_roles.value_or(policy.eligible_roles);
  policy.require_privacy_disclosure = changes.require_privacy_disclosure.value_or(false);
  policy.privacy_disclosure_url = changes.privacy_disclosure_url.value_or("");
  policy.visibility = changes.visibility.value_or(policy.visibility);
  policy.email_subject = changes.email_subject.value_or("");
  policy.email_body = changes.email_body.value_or("");
  policy.send_code_with_invitation = changes.send_code_with_invitation.value_or(false);
  policy.email_code_to_owner = changes.email_code_to_owner.value_or(false);
  return policy;
}

absl::Time LinkEnd(const Policy& policy, absl::Time now) {
  return policy.link_ttl == absl::ZeroDuration() ? absl::InfiniteFuture() : now + policy.link_ttl;
}

absl::Status CheckEmailText(const std::string& subject, const std::string& body) {
  RETURN_IF_ERROR(CheckTags(subject, kTags, {}));
  if (body.empty()) return absl::OkStatus();
  return CheckTags(body, kTags, {"link"});
}

}  // namespace gatehouse::invitation
