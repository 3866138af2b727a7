#include "services/invitation/policy_proto.h"

#include <google/protobuf/descriptor.h>

#include "services/common/base/proto_time.h"
#include "services/common/base/status.h"

namespace gatehouse::invitation {
namespace {

constexpr int64_t kShortestLink = 300;

std::vector<std::string> ListOf(const google::protobuf::RepeatedPtrField<std::string>& field) {
  return {field.begin(), field.end()};
}

// Sets one field of the changes, or takes it back where the update does not say a value.
absl::Status ApplyField(const std::string& field, const v1::Policy& policy, PolicyChanges& to) {
  const auto set = [](auto& change, bool has, auto value) {
    if (has) {
      change = std::move(value);
    } else {
      change.reset();
    }
  };
  if (field == "link_ttl") {
    const int64_t seconds = policy.link_ttl().seconds();
    if (policy.has_link_ttl() && seconds > 0 && seconds < kShortestLink) {
      return RefuseField("policy.link_ttl", "must be zero or five minutes at least");
    }
    set(to.link_ttl, policy.has_link_ttl(), FromProto(policy.link_ttl()));
  } else if (field == "single_use_links") {
    set(to.single_use_links, policy.has_single_use_links(), policy.single_use_links());
  } else if (field == "max_invitations_per_case") {
    set(to.max_invitations, policy.has_max_invitations_per_case(),
        policy.max_invitations_per_case());
  } else if (field == "eligible_roles") {
    set(to.eligible_roles, policy.eligible_roles_size() > 0, ListOf(policy.eligible_roles()));
  } else if (field == "required_labels") {
    // Named and empty: none is required.
    set(to.required_labels, true, ListOf(policy.required_labels()));
  } else if (field == "require_privacy_disclosure") {
    set(to.require_privacy_disclosure, policy.has_require_privacy_disclosure(),
        policy.require_privacy_disclosure());
  } else if (field == "privacy_disclosure_url") {
    set(to.privacy_disclosure_url, !policy.privacy_disclosure_url().empty(),
        policy.privacy_disclosure_url());
  } else if (field == "visibility") {
    set(to.visibility, policy.visibility() != v1::VISIBILITY_UNSPECIFIED,
        policy.visibility() == v1::OWN ? Visibility::kOwn : Visibility::kAll);
  } else if (field == "email") {
    set(to.email_subject, !policy.email().subject().empty(), policy.email().subject());
    set(to.email_body, !policy.email().body().empty(), policy.email().body());
  } else if (field == "send_code_with_invitation") {
    set(to.send_code_with_invitation, policy.has_send_code_with_invitation(),
        policy.send_code_with_invitation());
  } else if (field == "email_code_to_owner") {
    set(to.email_code_to_owner, policy.has_email_code_to_owner(), policy.email_code_to_owner());
  } else {
    return RefuseField("update_mask", "names a field that the policy does not have");
  }
  return absl::OkStatus();
}

std::vector<std::string> FieldsOf(const v1::UpdatePolicyRequest& request) {
  if (!request.update_mask().paths().empty()) return ListOf(request.update_mask().paths());
  std::vector<const google::protobuf::FieldDescriptor*> set;
  request.policy().GetReflection()->ListFields(request.policy(), &set);
  std::vector<std::string> fields;
  for (const auto* field : set) fields.push_back(field->name());
  return fields;
}

}  // namespace

v1::Policy ToProto(const Policy& policy) {
  v1::Policy proto;
  *proto.mutable_link_ttl() = gatehouse::ToProto(policy.link_ttl);
  proto.set_single_use_links(policy.single_use_links);
  proto.set_max_invitations_per_case(policy.max_invitations);
  for (const std::string& role : policy.eligible_roles) proto.add_eligible_roles(role);
  for (const std::string& label : policy.required_labels) proto.add_required_labels(label);
  proto.set_require_privacy_disclosure(policy.require_privacy_disclosure);
  proto.set_privacy_disclosure_url(policy.privacy_disclosure_url);
  proto.set_visibility(policy.visibility == Visibility::kAll ? v1::ALL : v1::OWN);
  proto.mutable_email()->set_subject(policy.email_subject);
  proto.mutable_email()->set_body(policy.email_body);
  proto.set_send_code_with_invitation(policy.send_code_with_invitation);
  proto.set_email_code_to_owner(policy.email_code_to_owner);
  return proto;
}

absl::Status Apply(const v1::UpdatePolicyRequest& request, PolicyChanges& changes) {
  for (const std::string& field : FieldsOf(request)) {
    RETURN_IF_ERROR(ApplyField(field, request.policy(), changes));
  }
  return CheckEmailText(changes.email_subject.value_or(""), changes.email_body.value_or(""));
}

}  // namespace gatehouse::invitation
