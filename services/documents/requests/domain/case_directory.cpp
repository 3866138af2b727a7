#include "services/documents/requests/domain/case_directory.h"

#include <algorithm>

#include "gatehouse/common/v1/reasons.pb.h"
#include "services/common/base/status.h"

namespace gatehouse::documents {

absl::Status CheckContact(const MirroredCase& mirrored, const std::string& contact_id) {
  const auto& contacts = mirrored.contacts;
  const bool known =
      contact_id.empty() || std::any_of(contacts.begin(), contacts.end(), [&](const auto& contact) {
        return contact.contact_id == contact_id;
      });
  if (known) return absl::OkStatus();
  return Refuse(common::v1::NOT_FOUND, "the case has no such contact");
}

absl::Status CaseDirectory::Check(const std::string& organisation_id, const std::string& case_id,
                                  const std::string& contact_id) {
  ASSIGN_OR_RETURN(const MirroredCase mirrored, LookUp(organisation_id, case_id));
  return CheckContact(mirrored, contact_id);
}

}  // namespace gatehouse::documents
