#include "services/cases/contacts/domain/contact_edit.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "gatehouse/cases/v1/reasons.pb.h"
#include "services/common/base/crypto.h"
#include "services/common/base/status.h"
#include "services/common/text/address.h"
#include "services/common/text/characters.h"
#include "services/common/text/formats.h"

namespace gatehouse::cases {
namespace {

constexpr size_t kEtagLength = 16;

constexpr size_t kNameMax = 100;

struct Field {
  v1::ContactField field;
  const char* name;
  const std::optional<std::string>& wanted;
  std::string& value;
};

// Why a field cannot be changed to what is wanted; empty if it can.
std::string MistakeIn(const Field& field, const ContactEdit& edit) {
  const std::string& wanted = *field.wanted;
  switch (field.field) {
    case v1::EMAIL:
      return IsEmail(NormalisedEmail(wanted)) ? "" : "must be an e-mail address";
    case v1::MOBILE:
      return edit.e164.empty() ? "is no number that an SMS could reach" : "";
    default:
      if (CodePoints(wanted) > kNameMax) return "must have at most 100 characters";
      if (field.field != v1::GIVEN_NAME) return "";
      return MistakeInFormat(common::v1::NAME, wanted);
  }
}

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

ContactFields AllowedTo(const CaseAccess& access, const Contact& contact,
                        const ContactFields& allowed) {
  const bool invited = contact.portal == Portal::kInvited || contact.portal == Portal::kActive;
  if (contact.contact_id == access.contact_id || !invited) return allowed;
  ContactFields fields;
  for (const v1::ContactField field : allowed) {
    if (field != v1::EMAIL && field != v1::MOBILE) fields.push_back(field);
  }
  return fields;
}

absl::StatusOr<std::vector<FieldChange>> Edit(Contact& contact, const ContactEdit& edit,
                                              const ContactFields& allowed) {
  const ContactFields editable = EditableFields(contact, allowed);
  std::vector<FieldChange> changes;
  for (const Field& field :
       {Field{v1::GIVEN_NAME, "given_name", edit.given_name, contact.given_name},
        Field{v1::FAMILY_NAME, "family_name", edit.family_name, contact.family_name},
        Field{v1::EMAIL, "email", edit.email, contact.email},
        Field{v1::MOBILE, "mobile", edit.mobile, contact.mobile}}) {
    if (!field.wanted.has_value() || *field.wanted == field.value) continue;
    const std::string mistake = MistakeIn(field, edit);
    if (!mistake.empty()) return RefuseField(field.name, mistake);
    if (std::find(editable.begin(), editable.end(), field.field) == editable.end()) {
      return WithFact(
          Refuse(v1::FIELD_NOT_EDITABLE, "clients may not edit this field of this contact"),
          "field", v1::ContactField_Name(field.field));
    }
    const std::string wanted = field.field == v1::EMAIL ? Trim(*field.wanted) : *field.wanted;
    if (wanted == field.value) continue;
    changes.push_back({field.field, field.value, wanted});
    field.value = wanted;
    if (field.field == v1::MOBILE) contact.e164 = edit.e164;
  }
  return changes;
}

}  // namespace gatehouse::cases
