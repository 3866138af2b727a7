#include "services/cases/case_proto.h"

#include "services/cases/phone/e164.h"
#include "services/common/base/proto_time.h"
#include "services/common/text/characters.h"

namespace gatehouse::cases {
namespace {

// What a contact has in common for staff and for clients.
template <typename Proto>
void Fill(const Contact& contact, Proto& proto) {
  proto.set_contact_id(contact.contact_id);
  proto.set_type(static_cast<v1::ContactType>(contact.type));
  proto.set_given_name(contact.given_name);
  proto.set_family_name(contact.family_name);
  proto.set_email(contact.email);
  proto.set_mobile(contact.mobile);
  proto.set_role(contact.role);
}

}  // namespace

Case FromProto(const v1::PutCaseRequest& request, const std::string& region) {
  Case mirrored;
  mirrored.case_id = request.case_id();
  mirrored.display_name =
      IsBlank(request.display_name()) ? request.case_id() : request.display_name();
  mirrored.kind = request.kind().empty() ? "case" : request.kind();
  mirrored.etag = request.etag();
  if (!request.state().state_id().empty()) {
    mirrored.state = CaseState{.state_id = request.state().state_id()};
  }
  const v1::CaseOwner& owner = request.owner();
  mirrored.owner = {owner.id(), owner.display_name(), owner.email(), owner.phone(),
                    ToE164(owner.phone(), region)};
  for (const v1::Contact& contact : request.contacts()) {
    mirrored.contacts.push_back(
        {.contact_id = contact.contact_id(),
         .type = contact.type() == v1::COMPANY ? ContactType::kCompany : ContactType::kPerson,
         .given_name = contact.given_name(),
         .family_name = contact.family_name(),
         .email = contact.email(),
         .mobile = contact.mobile(),
         .e164 = MobileToE164(contact.mobile(), region),
         .role = contact.role()});
  }
  return mirrored;
}

v1::Case ToProto(const Case& mirrored) {
  v1::Case proto;
  proto.set_case_id(mirrored.case_id);
  proto.set_display_name(mirrored.display_name);
  proto.set_kind(mirrored.kind);
  proto.mutable_owner()->set_id(mirrored.owner.id);
  proto.mutable_owner()->set_display_name(mirrored.owner.display_name);
  proto.mutable_owner()->set_email(mirrored.owner.email);
  proto.mutable_owner()->set_phone(mirrored.owner.phone);
  for (const Contact& contact : mirrored.contacts) {
    Fill(contact, *proto.add_contacts());
    proto.mutable_contacts()->rbegin()->set_portal(static_cast<v1::ContactPortal>(contact.portal));
  }
  proto.set_etag(mirrored.etag);
  if (mirrored.state.has_value()) {
    proto.mutable_state()->set_state_id(mirrored.state->state_id);
    proto.mutable_state()->set_pipeline_id(mirrored.state->pipeline_id);
    proto.mutable_state()->set_pipeline_version(mirrored.state->version);
  }
  *proto.mutable_create_time() = gatehouse::ToProto(mirrored.create_time);
  *proto.mutable_update_time() = gatehouse::ToProto(mirrored.update_time);
  return proto;
}

v1::Note ToProto(const Note& note) {
  v1::Note proto;
  proto.set_note_id(note.note_id);
  proto.set_text(note.text);
  proto.set_author(note.author);
  *proto.mutable_create_time() = gatehouse::ToProto(note.create_time);
  return proto;
}

v1::PortalContact ToPortal(const Contact& contact, const CaseAccess& access,
                           const ContactFields& editable) {
  v1::PortalContact proto;
  Fill(contact, proto);
  proto.set_self(contact.contact_id == access.contact_id);
  proto.set_etag(EtagOf(contact));
  for (const v1::ContactField field :
       EditableFields(contact, AllowedTo(access, contact, editable))) {
    proto.add_editable_fields(field);
  }
  return proto;
}

v1::PortalCase ToPortal(const Case& mirrored, const CaseAccess& access,
                        const ContactFields& editable) {
  v1::PortalCase proto;
  proto.set_case_id(mirrored.case_id);
  proto.set_display_name(mirrored.display_name);
  proto.set_kind(mirrored.kind);
  proto.set_owner_name(mirrored.owner.display_name);
  proto.set_contact_id(access.contact_id);
  for (const Contact& contact : mirrored.contacts) {
    *proto.add_contacts() = ToPortal(contact, access, editable);
  }
  return proto;
}

v1::LookUpCaseResponse ToMirror(const Case& mirrored) {
  v1::LookUpCaseResponse response;
  *response.mutable_case_() = ToProto(mirrored);
  for (const Contact& contact : mirrored.contacts) {
    if (!contact.e164.empty()) (*response.mutable_mobiles())[contact.contact_id] = contact.e164;
  }
  response.set_owner_phone(mirrored.owner.e164);
  return response;
}

}  // namespace gatehouse::cases
