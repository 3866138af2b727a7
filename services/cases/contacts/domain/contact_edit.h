#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gatehouse/cases/v1/cases.pb.h"
#include "services/cases/domain/case.h"

namespace gatehouse::cases {

using ContactFields = std::vector<v1::ContactField>;

// What a client wants a contact's personal data to be; what is not set stays as it is.
struct ContactEdit {
  std::optional<std::string> given_name, family_name, email, mobile;
  std::string e164;  // The mobile, normalised.
};

// What an edit changed.
struct FieldChange {
  v1::ContactField field = v1::CONTACT_FIELD_UNSPECIFIED;
  std::string before, after;
};

// Stands for what clients see of a contact: another after each change of it, by whomever.
std::string EtagOf(const Contact& contact);

// Of the fields that the organisation lets clients edit, those that this contact has: a company has
// no family name.
ContactFields EditableFields(const Contact& contact, const ContactFields& allowed);

// Of those, what this client may edit of the contact: of another one who is invited or has entered,
// nothing that says where links and codes go.
ContactFields AllowedTo(const CaseAccess& access, const Contact& contact,
                        const ContactFields& allowed);

// Makes the edit, and says what it changed; what is edited to what it is, is no change. Refuses
// FIELD_NOT_EDITABLE, and INVALID_REQUEST for what no contact can be changed to: a blank given
// name, a name of more than 100 characters, an address or a number that is none.
absl::StatusOr<std::vector<FieldChange>> Edit(Contact& contact, const ContactEdit& edit,
                                              const ContactFields& allowed);

}  // namespace gatehouse::cases
