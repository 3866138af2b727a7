#include "services/cases/domain/case.h"

#include <set>

namespace gatehouse::cases {

std::string RepeatedContact(const Case& mirrored) {
  std::set<std::string> ids;
  for (const Contact& contact : mirrored.contacts) {
    if (!ids.insert(contact.contact_id).second) return contact.contact_id;
  }
  return "";
}

std::vector<Contact> VisibleContacts(const Case& mirrored, const CaseAccess& access) {
  std::vector<Contact> visible;
  for (const Contact& contact : mirrored.contacts) {
    const bool own = contact.contact_id == access.contact_id;
    if (own || access.visibility == Visibility::kAll) visible.push_back(contact);
  }
  return visible;
}

}  // namespace gatehouse::cases
