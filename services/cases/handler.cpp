#include "services/cases/handler.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "services/cases/phone/e164.h"
#include "services/common/base/proto_time.h"

namespace gatehouse::cases {
namespace {

Case FromProto(const pb::PutCaseRequest& request, const std::string& region) {
  Case mirrored;
  mirrored.case_id = request.case_id();
  mirrored.display_name = request.display_name();
  mirrored.kind = request.kind().empty() ? "case" : request.kind();
  mirrored.etag = request.etag();
  const pb::CaseOwner& owner = request.owner();
  mirrored.owner = {owner.id(), owner.display_name(), owner.email(), owner.phone(),
                    ToE164(owner.phone(), region)};
  for (const pb::Contact& contact : request.contacts()) {
    mirrored.contacts.push_back(
        {.contact_id = contact.contact_id(),
         .type = contact.type() == pb::COMPANY ? ContactType::kCompany : ContactType::kPerson,
         .given_name = contact.given_name(),
         .family_name = contact.family_name(),
         .email = contact.email(),
         .mobile = contact.mobile(),
         .e164 = ToE164(contact.mobile(), region),
         .role = contact.role()});
  }
  return mirrored;
}

// What a contact has in common for staff and for clients.
template <typename Proto>
void Fill(const Contact& contact, Proto& proto) {
  proto.set_contact_id(contact.contact_id);
  proto.set_type(static_cast<pb::ContactType>(contact.type));
  proto.set_given_name(contact.given_name);
  proto.set_family_name(contact.family_name);
  proto.set_email(contact.email);
  proto.set_mobile(contact.mobile);
  proto.set_role(contact.role);
}

pb::Case ToProto(const Case& mirrored) {
  pb::Case proto;
  proto.set_case_id(mirrored.case_id);
  proto.set_display_name(mirrored.display_name);
  proto.set_kind(mirrored.kind);
  proto.mutable_owner()->set_id(mirrored.owner.id);
  proto.mutable_owner()->set_display_name(mirrored.owner.display_name);
  proto.mutable_owner()->set_email(mirrored.owner.email);
  proto.mutable_owner()->set_phone(mirrored.owner.phone);
  for (const Contact& contact : mirrored.contacts) {
    Fill(contact, *proto.add_contacts());
    proto.mutable_contacts()->rbegin()->set_portal(static_cast<pb::ContactPortal>(contact.portal));
  }
  proto.set_etag(mirrored.etag);
  *proto.mutable_create_time() = gatehouse::ToProto(mirrored.create_time);
  *proto.mutable_update_time() = gatehouse::ToProto(mirrored.update_time);
  return proto;
}

pb::Note ToProto(const Note& note) {
  pb::Note proto;
  proto.set_note_id(note.note_id);
  proto.set_text(note.text);
  proto.set_author(note.author);
  *proto.mutable_create_time() = gatehouse::ToProto(note.create_time);
  return proto;
}

pb::PortalCase ToPortal(const Case& mirrored, const CaseAccess& access) {
  pb::PortalCase proto;
  proto.set_case_id(mirrored.case_id);
  proto.set_display_name(mirrored.display_name);
  proto.set_kind(mirrored.kind);
  proto.set_owner_name(mirrored.owner.display_name);
  proto.set_contact_id(access.contact_id);
  for (const Contact& contact : VisibleContacts(mirrored, access)) {
    Fill(contact, *proto.add_contacts());
    proto.mutable_contacts()->rbegin()->set_self(contact.contact_id == access.contact_id);
  }
  return proto;
}

}  // namespace

void Handler::Register(Server& server) {
  server.Service("gatehouse.cases.v1.Cases")
      .Unary("PutCase", *this, &Handler::PutCase)
      .Unary("GetCase", *this, &Handler::GetCase)
      .Unary("ListCases", *this, &Handler::ListCases)
      .Unary("ListNotes", *this, &Handler::ListNotes)
      .Unary("CreateNote", *this, &Handler::CreateNote);
  server.Service("gatehouse.cases.v1.PortalCases")
      .Unary("ListPortalCases", *this, &Handler::ListPortalCases)
      .Unary("GetPortalCase", *this, &Handler::GetPortalCase);
  server.Service("gatehouse.cases.v1.CaseDirectory")
      .Unary("LookUpCase", *this, &Handler::LookUpCase)
      .Unary("AddNote", *this, &Handler::AddNote)
      .Unary("SetContactPortal", *this, &Handler::SetContactPortal);
}

absl::StatusOr<pb::Case> Handler::PutCase(const Call& call, const pb::PutCaseRequest& request) {
  const Case mirrored = FromProto(request, call.caller.region);
  if (const std::string repeated = RepeatedContact(mirrored); !repeated.empty()) {
    return RefuseField("contacts", "lists a contact twice: " + repeated);
  }
  ASSIGN_OR_RETURN(const Case put, store_.Put(call.caller.organisation_id, mirrored));
  return ToProto(put);
}

absl::StatusOr<pb::Case> Handler::GetCase(const Call& call, const pb::GetCaseRequest& request) {
  ASSIGN_OR_RETURN(const Case found, store_.Get(call.caller.organisation_id, request.case_id()));
  return ToProto(found);
}

absl::StatusOr<pb::ListCasesResponse> Handler::ListCases(const Call& call,
                                                         const pb::ListCasesRequest& request) {
  ASSIGN_OR_RETURN(const Page page, PageOf(request));
  ASSIGN_OR_RETURN(std::vector<Case> cases, store_.List(call.caller.organisation_id, page));
  pb::ListCasesResponse response;
  response.set_next_page_token(CutPage(cases, page, PostgresStore::KeyOf));
  for (const Case& mirrored : cases) *response.add_cases() = ToProto(mirrored);
  return response;
}

absl::StatusOr<pb::ListNotesResponse> Handler::ListNotes(const Call& call,
                                                         const pb::ListNotesRequest& request) {
  ASSIGN_OR_RETURN(const Page page, PageOf(request));
  ASSIGN_OR_RETURN(std::vector<Note> notes,
                   store_.ListNotes(call.caller.organisation_id, request.case_id(), page));
  pb::ListNotesResponse response;
  response.set_next_page_token(CutPage(notes, page, [](const Note& note) { return note.note_id; }));
  for (const Note& note : notes) *response.add_notes() = ToProto(note);
  return response;
}

absl::StatusOr<pb::Note> Handler::CreateNote(const Call& call,
                                             const pb::CreateNoteRequest& request) {
  ASSIGN_OR_RETURN(const Note note,
                   store_.AddNote(call.caller.organisation_id, request.case_id(),
                                  request.request_id(), request.text(), call.caller.actor_name));
  return ToProto(note);
}

absl::StatusOr<pb::ListPortalCasesResponse> Handler::ListPortalCases(
    const Call& call, const pb::ListPortalCasesRequest&) {
  std::vector<std::string> ids;
  for (const CaseAccess& access : call.caller.cases) ids.push_back(access.case_id);
  ASSIGN_OR_RETURN(const std::vector<Case> cases, store_.GetAll(call.caller.organisation_id, ids));
  pb::ListPortalCasesResponse response;
  for (const Case& mirrored : cases) {
    *response.add_cases() = ToPortal(mirrored, *call.caller.AccessTo(mirrored.case_id));
  }
  return response;
}

absl::StatusOr<pb::PortalCase> Handler::GetPortalCase(const Call& call,
                                                      const pb::GetPortalCaseRequest& request) {
  ASSIGN_OR_RETURN(const Case found, store_.Get(call.caller.organisation_id, request.case_id()));
  return ToPortal(found, *call.caller.AccessTo(request.case_id()));
}

absl::StatusOr<pb::LookUpCaseResponse> Handler::LookUpCase(const Call& call,
                                                           const pb::LookUpCaseRequest& request) {
  ASSIGN_OR_RETURN(const Case found, store_.Get(call.caller.organisation_id, request.case_id()));
  pb::LookUpCaseResponse response;
  *response.mutable_case_() = ToProto(found);
  for (const Contact& contact : found.contacts) {
    if (!contact.e164.empty()) (*response.mutable_mobiles())[contact.contact_id] = contact.e164;
  }
  response.set_owner_phone(found.owner.e164);
  return response;
}

absl::StatusOr<pb::AddNoteResponse> Handler::AddNote(const Call& call,
                                                     const pb::AddNoteRequest& request) {
  const auto note = store_.AddNote(call.caller.organisation_id, request.case_id(),
                                   request.request_id(), request.text(), request.author());
  if (!note.ok() && !absl::IsNotFound(note.status())) return note.status();
  return pb::AddNoteResponse();
}

absl::StatusOr<pb::SetContactPortalResponse> Handler::SetContactPortal(
    const Call& call, const pb::SetContactPortalRequest& request) {
  const absl::Time end = request.has_expire_time() ? gatehouse::FromProto(request.expire_time())
                                                   : absl::InfiniteFuture();
  RETURN_IF_ERROR(store_.SetPortal(call.caller.organisation_id, request.case_id(),
                                   request.contact_id(), static_cast<Portal>(request.portal()), end,
                                   request.version()));
  return pb::SetContactPortalResponse();
}

}  // namespace gatehouse::cases
