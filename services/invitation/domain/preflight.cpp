#include "services/invitation/domain/preflight.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "gatehouse/invitation/v1/reasons.pb.h"
#include "services/common/text/address.h"
#include "services/common/text/characters.h"

namespace gatehouse::invitation {
namespace {

template <typename T>
bool Has(const std::vector<T>& all, const T& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

Violation Unmet(v1::Condition condition, const std::string& subject, const char* description) {
  return {v1::Condition_Name(condition), subject, description};
}

void CheckContact(const ContactProfile& contact, const Policy& policy,
                  std::vector<Violation>& violations) {
  const auto add = [&](v1::Condition condition, const char* description) {
    violations.push_back(Unmet(condition, contact.contact_id, description));
  };
  if (contact.name.empty()) add(v1::CONTACT_NAME_MISSING, "the contact has no name");
  if (contact.email.empty()) {
    add(v1::CONTACT_EMAIL_MISSING, "the contact has no e-mail address");
  } else if (!IsEmail(contact.email)) {
    add(v1::CONTACT_EMAIL_INVALID, "the contact's e-mail address is not one");
  }
  if (IsBlank(contact.mobile)) {
    add(v1::CONTACT_MOBILE_MISSING, "the contact has no mobile number");
  } else if (contact.e164.empty()) {
    add(v1::CONTACT_MOBILE_INVALID, "the contact's mobile number is not possible");
  }
  if (!contact.is_person || !IsEligible(policy, contact.role)) {
    add(v1::ROLE_NOT_ELIGIBLE, "a contact of this kind or role cannot be invited");
  }
}

// Where the policy asks for addresses of each contact's own.
void CheckOwnAddresses(const ContactProfile& contact, const CaseProfile& mirrored,
                       std::vector<Violation>& violations) {
  const auto shared = [&](const auto& same) {
    return std::any_of(mirrored.contacts.begin(), mirrored.contacts.end(),
                       [&](const ContactProfile& other) {
                         return other.contact_id != contact.contact_id && same(other);
                       });
  };
  if (!contact.email.empty() && shared([&](const ContactProfile& other) {
        return absl::EqualsIgnoreCase(other.email, contact.email);
      })) {
    violations.push_back(Unmet(v1::CONTACT_EMAIL_SHARED, contact.contact_id,
                               "another contact of the case has the same e-mail address"));
  }
  if (!contact.e164.empty() &&
      shared([&](const ContactProfile& other) { return other.e164 == contact.e164; })) {
    violations.push_back(Unmet(v1::CONTACT_MOBILE_SHARED, contact.contact_id,
                               "another contact of the case has the same mobile number"));
  }
}

}  // namespace

std::vector<Violation> Preflight(const ContactProfile& contact, const CaseProfile& mirrored,
                                 const CaseDocuments& documents, const SmsStatus& sms,
                                 const Policy& policy) {
  std::vector<Violation> violations;
  CheckContact(contact, policy, violations);
  if (policy.require_own_addresses()) CheckOwnAddresses(contact, mirrored, violations);
  const bool sends_codes = SendsCodes(policy);
  if (sends_codes && !sms.configured) {
    violations.push_back(Unmet(v1::SMS_NOT_CONFIGURED, "sms", "no SMS provider is set up"));
  } else if (sends_codes && sms.balance < sms.segments) {
    violations.push_back(Unmet(v1::SMS_CREDITS_EXHAUSTED, "sms",
                               "there are fewer SMS credits left than one code costs"));
  }
  if (sends_codes && sms.stopped) {
    violations.push_back(Unmet(v1::SMS_STOPPED, contact.contact_id,
                               "the contact's mobile number has asked for no more SMS"));
  }
  if (sends_codes && sms.country_not_allowed) {
    violations.push_back(Unmet(v1::SMS_COUNTRY_NOT_ALLOWED, contact.contact_id,
                               "SMS do not go to numbers of that country"));
  }
  if (policy.require_privacy_disclosure() && policy.privacy_disclosure_url().empty()) {
    violations.push_back(
        Unmet(v1::PRIVACY_DISCLOSURE_MISSING, "policy",
              "the policy asks for a privacy disclosure, and no link to it is set"));
  }
  for (const std::string& label : policy.required_labels()) {
    if (Has(documents.labels, label)) continue;
    violations.push_back(
        Unmet(v1::LABELLED_DOCUMENT_MISSING, label, "the case has no document with this label"));
  }
  // Nobody invites himself, and a network drops an SMS that comes from the number it goes to.
  if (!contact.e164.empty() &&
      (contact.e164 == mirrored.owner_e164 || contact.e164 == sms.sender)) {
    violations.push_back(
        Unmet(v1::SHARED_WITH_SELF, contact.contact_id,
              "the contact's mobile number is the case owner's or the sender's own"));
  }
  return violations;
}

std::vector<Violation> CheckCap(const std::vector<Invitation>& invitations,
                                const std::string& contact_id, const std::string& again,
                                const Policy& policy, absl::Time now) {
  std::vector<Violation> violations;
  int live = 0;
  for (const Invitation& invitation : invitations) {
    if (invitation.invitation_id == again || !IsLive(invitation, now)) continue;
    ++live;
    if (invitation.contact_id == contact_id) {
      violations.push_back(
          Unmet(v1::ALREADY_INVITED, contact_id, "the contact has a live invitation"));
    }
  }
  if (live >= policy.max_invitations_per_case()) {
    violations.push_back(Unmet(v1::INVITATION_LIMIT_REACHED, "case",
                               "the case has as many live invitations as the policy allows"));
  }
  return violations;
}

absl::Status RefuseIfAny(const std::vector<Violation>& violations) {
  if (violations.empty()) return absl::OkStatus();
  return WithViolations(Refuse(v1::INVITATION_NOT_ALLOWED, "the contact cannot be invited yet"),
                        violations);
}

}  // namespace gatehouse::invitation
