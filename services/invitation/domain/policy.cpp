#include "services/invitation/domain/policy.h"

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "services/common/base/status.h"
#include "services/common/text/characters.h"
#include "services/common/text/template.h"

namespace gatehouse::invitation {
namespace {

constexpr absl::Duration kShortestLink = absl::Minutes(5);
// Of a link that is all that is asked for. The clock that says when it ends, and the one that says
// when it was made, are two.
constexpr absl::Duration kLongestAlone = absl::Minutes(45), kClocksApart = absl::Minutes(1);

const std::set<std::string> kTags = {"contact_name", "case_name", "organisation_name",
                                     "sender_name",  "expiry",    "link",
                                     "documents",    "entering"};

absl::Duration LinkTtl(const Policy& policy) {
  return absl::Seconds(policy.link_ttl().seconds()) + absl::Nanoseconds(policy.link_ttl().nanos());
}

// A role as it is compared: `Primary Applicant` is PRIMARY_APPLICANT.
std::string RoleKey(const std::string& role) {
  std::string key;
  for (const char c : OneLine(role)) {
    key += c == ' ' || c == '-' ? '_' : absl::ascii_toupper(static_cast<unsigned char>(c));
  }
  return key;
}

// Whoever finds the link is in: so it lives shortly, serves once, and is not said to be followed by
// anything else.
absl::Status CheckLinkAlone(const Policy& policy) {
  const char* field = "policy.link_alone";
  const absl::Duration ttl = LinkTtl(policy);
  if (ttl == absl::ZeroDuration() || ttl > kLongestAlone) {
    return RefuseField(field, "cannot stand beside policy.link_ttl of more than 45 minutes");
  }
  if (!policy.single_use_links()) {
    return RefuseField(field, "can only stand beside policy.single_use_links");
  }
  if (HasPasswords(policy)) {
    return RefuseField(field, "cannot stand beside policy.password, which it would do without");
  }
  if (policy.send_code_with_invitation()) {
    return RefuseField(
        field, "cannot stand beside policy.send_code_with_invitation: no code is asked for");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckPolicy(const Policy& policy) {
  const absl::Duration ttl = LinkTtl(policy);
  if (ttl != absl::ZeroDuration() && ttl < kShortestLink) {
    return RefuseField("policy.link_ttl", "must be zero or five minutes at least");
  }
  if (policy.link_alone()) RETURN_IF_ERROR(CheckLinkAlone(policy));
  if (HasPasswords(policy)) {
    if (policy.email_code()) {
      return RefuseField("policy.password",
                         "cannot stand beside policy.email_code, which would do without it");
    }
    if (policy.send_code_with_invitation()) {
      return RefuseField("policy.password",
                         "cannot stand beside policy.send_code_with_invitation: the password "
                         "comes before the code");
    }
  }
  if (policy.passkeys() == v1::PASSKEY_FOR_CODE && !SendsCodes(policy)) {
    return RefuseField(
        "policy.passkeys",
        absl::StrCat("cannot stand beside policy.", policy.link_alone() ? "link_alone" : "password",
                     ", which no code follows that a passkey could take the place "
                     "of"));
  }
  return CheckEmailText(policy.email().subject(), policy.email().body());
}

bool HasPasswords(const Policy& policy) {
  return policy.password() == v1::PASSWORD_ALONE || policy.password() == v1::PASSWORD_AND_SMS;
}

bool SendsCodes(const Policy& policy) {
  return policy.password() != v1::PASSWORD_ALONE && !policy.link_alone();
}

bool TakesLinkAlone(const Policy& policy, const Link& link) {
  return policy.link_alone() && link.single_use &&
         link.expire_time - link.create_time <= kLongestAlone + kClocksApart;
}

bool TakesPasskeys(const Policy& policy) {
  return policy.passkeys() == v1::PASSKEY_FOR_CODE || TakesPasskeysAlone(policy);
}

bool TakesPasskeysAlone(const Policy& policy) { return policy.passkeys() == v1::PASSKEY_ALONE; }

bool TakesPasskeysByLink(const Policy& policy) {
  return TakesPasskeysAlone(policy) || (TakesPasskeys(policy) && !HasPasswords(policy));
}

std::string Entering(const Policy& policy) {
  if (HasPasswords(policy)) return "You enter with your password.";
  if (policy.send_code_with_invitation()) {
    return "To enter, you need the code that is sent to your phone by SMS.";
  }
  if (!policy.link_alone()) return "To enter, you will be sent a code by SMS.";
  return policy.email_code() ? "It lets you in once; after that, a code is sent to you by e-mail."
                             : "It lets you in once.";
}

Policy PresetOf(v1::PolicyPreset preset) {
  const auto* value = v1::PolicyPreset_descriptor()->FindValueByNumber(preset);
  return value == nullptr ? Policy() : value->options().GetExtension(v1::preset);
}

absl::Time LinkEnd(const Policy& policy, absl::Time now) {
  const absl::Duration ttl = LinkTtl(policy);
  return ttl == absl::ZeroDuration() ? absl::InfiniteFuture() : now + ttl;
}

Visibility VisibilityOf(const Policy& policy) {
  return policy.visibility() == v1::OWN ? Visibility::kOwn : Visibility::kAll;
}

bool IsEligible(const Policy& policy, const std::string& role) {
  const auto& roles = policy.eligible_roles();
  return std::any_of(roles.begin(), roles.end(), [&](const std::string& eligible) {
    return RoleKey(eligible) == RoleKey(role);
  });
}

absl::Status CheckEmailText(const std::string& subject, const std::string& body) {
  RETURN_IF_ERROR(CheckTags(subject, kTags, {}));
  if (body.empty()) return absl::OkStatus();
  return CheckTags(body, kTags, {"link"});
}

}  // namespace gatehouse::invitation
