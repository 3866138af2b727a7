#include "services/cases/contacts/domain/contact_edit.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "gatehouse/cases/v1/reasons.pb.h"
#include "services/common/base/crypto.h"
#include "services/common/base/status.h"
#include "services/common/text/characters.h"

namespace gatehouse::cases {
namespace {

constexpr size_t kEtagLength = 16;

struct Field {
  v1::ContactField field;
  const std::optional<std::string>& wanted;
  std::string& value;
};

}  // namespace

std::string EtagOf(const Contact& contact) {
  std::string all = absl::StrCat(static_cast<int>(contact.type));
  for (const std::string* part : {&contact.given_name, &contact.family_name, &contact.email,
                                  &contact.mobile, &contact.role}) {
    absl::StrAppend(&all, "\n", part->size(), " ", *part);
  }
  return Base64Url(Sha256(all)).substr(0, kEtagLength);
}

ContactFields EditableFields(const Contact& contact, const ContactFields& allowed) {
  ContactFields fields;
  for (const v1::ContactField field : allowed) {
    const bool known = contact.type == ContactType::kPerson || field != v1::FAMILY_NAME;
    if (known && std::find(fields.begin(), fields.end(), field) == fields.end()) {
      fields.push_back(field);
    }
  }
  return fields;
}

absl::StatusOr<std::vector<FieldChange>> Edit(Contact& contact, const ContactEdit& edit,
                                              const ContactFields& allowed) {
  if (edit.given_name.has_value() && IsBlank(*edit.given_name)) {
    return RefuseField("given_name", "must not be blank");
  }
  if (edit.mobile.has_value() && edit.e164.empty()) {
    return RefuseField("mobile", "is no number that an SMS could reach");
  }
  const ContactFields editable = EditableFields(contact, allowed);
  std::vector<FieldChange> changes;
  for (const Field& field : {Field{v1::GIVEN_NAME, edit.given_name, contact.given_name},
                             Field{v1::FAMILY_NAME, edit.family_name, contact.family_name},
                             Field{v1::EMAIL, edit.email, contact.email},
                             Field{v1::MOBILE, edit.mobile, contact.mobile}}) {
    if (!field.wanted.has_value() || *field.wanted == field.value) continue;
    if (std::find(editable.begin(), editable.end(), field.field) == editable.end()) {
      return WithFact(
          Refuse(v1::FIELD_NOT_EDITABLE, "the organisation does not let clients edit this field"),
          "field", v1::ContactField_Name(field.field));
    }
    changes.push_back({field.field, field.value, *field.wanted});
    field.value = *field.wanted;
    if (field.field == v1::MOBILE) contact.e164 = edit.e164;
  }
  return changes;
}

}  // namespace gatehouse::cases
