#include "services/cases/domain/case.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "gatehouse/common/v1/reasons.pb.h"
#include "services/common/base/status.h"

namespace gatehouse::cases {
namespace {

// What an invitation knows of its contact.
auto Reached(const Contact& contact) {
  return std::tie(contact.given_name, contact.family_name, contact.email, contact.e164);
}

}  // namespace

absl::Status CheckContact(const Case& mirrored, const std::string& contact_id) {
  const auto& contacts = mirrored.contacts;
  const bool there = contact_id.empty() ||
                     std::any_of(contacts.begin(), contacts.end(), [&](const Contact& contact) {
                       return contact.contact_id == contact_id;
                     });
  if (there) return absl::OkStatus();
  return Refuse(common::v1::NOT_FOUND, "the case has no such contact");
}

std::string RepeatedContact(const Case& mirrored) {
  std::set<std::string> ids;
  for (const Contact& contact : mirrored.contacts) {
    if (!ids.insert(contact.contact_id).second) return contact.contact_id;
  }
  return "";
}

bool ConcernsInvitations(const std::vector<Contact>& before, const std::vector<Contact>& after) {
  return std::any_of(before.begin(), before.end(), [&](const Contact& old) {
    const auto now = std::find_if(after.begin(), after.end(), [&](const Contact& contact) {
      return contact.contact_id == old.contact_id;
    });
    return now == after.end() || Reached(*now) != Reached(old);
  });
}

}  // namespace gatehouse::cases
