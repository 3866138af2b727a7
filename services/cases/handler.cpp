#include "services/cases/handler.h"

#include "gatehouse/common/v1/reasons.pb.h"
#include "services/cases/case_proto.h"
#include "services/common/base/proto_time.h"

namespace gatehouse::cases {
namespace {

PortalChange ChangeFrom(const pb::SetContactPortalRequest& request) {
  PortalChange change = {.case_id = request.case_id(),
                         .contact_id = request.contact_id(),
                         .portal = static_cast<Portal>(request.portal()),
                         .version = request.version(),
                         .etag = request.etag(),
                         .note = {.text = request.note(), .author = request.author()},
                         .delivery_id = request.request_id()};
  if (request.has_expire_time()) change.expire_time = gatehouse::FromProto(request.expire_time());
  return change;
}

}  // namespace

void Handler::Register(Server& server) {
  server.Service("gatehouse.cases.v1.Cases")
      .Unary("PutCase", *this, &Handler::PutCase)
      .Unary("GetCase", *this, &Handler::GetCase)
      .Unary("ListCases", *this, &Handler::ListCases)
      .Unary("DeleteCase", *this, &Handler::DeleteCase)
      .Unary("ListNotes", *this, &Handler::ListNotes)
      .Unary("CreateNote", *this, &Handler::CreateNote);
  server.Service("gatehouse.cases.v1.PortalCases")
      .Unary("ListPortalCases", *this, &Handler::ListPortalCases)
      .Unary("GetPortalCase", *this, &Handler::GetPortalCase);
  server.Service("gatehouse.cases.v1.CaseDirectory")
      .Unary("LookUpCase", *this, &Handler::LookUpCase)
      .Unary("AddNote", *this, &Handler::AddNote)
      .Unary("AddNotes", *this, &Handler::AddNotes)
      .Unary("SetContactPortal", *this, &Handler::SetContactPortal)
      .Unary("SetContactPortals", *this, &Handler::SetContactPortals);
}

absl::StatusOr<pb::Case> Handler::PutCase(const Call& call, const pb::PutCaseRequest& request) {
  const Case mirrored = FromProto(request, call.caller.region);
  if (const std::string repeated = RepeatedContact(mirrored); !repeated.empty()) {
    return RefuseField("contacts", "lists a contact twice: " + repeated);
  }
  ASSIGN_OR_RETURN(const Case put, store_.Put(call.caller, mirrored));
  return ToProto(put);
}

absl::StatusOr<pb::DeleteCaseResponse> Handler::DeleteCase(const Call& call,
                                                           const pb::DeleteCaseRequest& request) {
  RETURN_IF_ERROR(
      store_.Delete(call.caller.organisation_id, request.case_id(), call.caller.actor_name));
  return pb::DeleteCaseResponse();
}

absl::StatusOr<pb::Case> Handler::GetCase(const Call& call, const pb::GetCaseRequest& request) {
  const std::string& organisation_id = call.caller.organisation_id;
  ASSIGN_OR_RETURN(const Case found, store_.Get(organisation_id, request.case_id()));
  std::vector<Case> cases = {found};
  RETURN_IF_ERROR(AddStates(places_, organisation_id, cases));
  return ToProto(cases.front());
}

absl::StatusOr<pb::ListCasesResponse> Handler::ListCases(const Call& call,
                                                         const pb::ListCasesRequest& request) {
  ASSIGN_OR_RETURN(const Page page, PageOf(request));
  ASSIGN_OR_RETURN(std::vector<Case> cases, store_.List(call.caller.organisation_id, page));
  pb::ListCasesResponse response;
  response.set_next_page_token(CutPage(cases, page, KeyOf));
  RETURN_IF_ERROR(AddStates(places_, call.caller.organisation_id, cases));
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
  return once_.Run(call, request, [&]() -> absl::StatusOr<pb::Note> {
    ASSIGN_OR_RETURN(
        const Note note,
        store_.AddNote(call.caller.organisation_id, request.case_id(),
                       {.text = request.text(), .author = call.caller.actor_name}, ""));
    return ToProto(note);
  });
}

absl::StatusOr<pb::ListPortalCasesResponse> Handler::ListPortalCases(
    const Call& call, const pb::ListPortalCasesRequest&) {
  ASSIGN_OR_RETURN(const PortalSettings portal, gate_.Enter(call));
  ASSIGN_OR_RETURN(const std::vector<Case> cases,
                   store_.ListVisible(call.caller.organisation_id, call.caller.cases));
  pb::ListPortalCasesResponse response;
  for (const Case& mirrored : cases) {
    *response.add_cases() =
        ToPortal(mirrored, *call.caller.AccessTo(mirrored.case_id), EditableBy(portal));
  }
  return response;
}

absl::StatusOr<pb::PortalCase> Handler::GetPortalCase(const Call& call,
                                                      const pb::GetPortalCaseRequest& request) {
  ASSIGN_OR_RETURN(const PortalSettings portal, gate_.Enter(call));
  const CaseAccess& access = *call.caller.AccessTo(request.case_id());
  ASSIGN_OR_RETURN(const std::vector<Case> found,
                   store_.ListVisible(call.caller.organisation_id, {access}));
  if (found.empty()) return Refuse(common::v1::NOT_FOUND, "there is no such case");
  return ToPortal(found.front(), access, EditableBy(portal));
}

absl::StatusOr<pb::LookUpCaseResponse> Handler::LookUpCase(const Call& call,
                                                           const pb::LookUpCaseRequest& request) {
  ASSIGN_OR_RETURN(const Case found, store_.Get(call.caller.organisation_id, request.case_id()));
  return ToMirror(found);
}

absl::StatusOr<pb::AddNoteResponse> Handler::AddNote(const Call& call,
                                                     const pb::AddNoteRequest& request) {
  const auto note =
      store_.AddNote(call.caller.organisation_id, request.case_id(),
                     {.text = request.text(), .author = request.author()}, request.request_id());
  if (!note.ok() && !absl::IsNotFound(note.status())) return note.status();
  return pb::AddNoteResponse();
}

absl::StatusOr<pb::AddNotesResponse> Handler::AddNotes(const Call& call,
                                                       const pb::AddNotesRequest& request) {
  std::vector<Store::DeliveredNote> notes;
  for (const auto& one : request.requests()) {
    notes.push_back({.case_id = one.case_id(),
                     .delivery_id = one.request_id(),
                     .note = {.text = one.text(), .author = one.author()}});
  }
  RETURN_IF_ERROR(store_.AddNotes(call.caller.organisation_id, notes));
  return pb::AddNotesResponse();
}

absl::StatusOr<pb::SetContactPortalResponse> Handler::SetContactPortal(
    const Call& call, const pb::SetContactPortalRequest& request) {
  RETURN_IF_ERROR(store_.SetPortal(call.caller.organisation_id, ChangeFrom(request)));
  return pb::SetContactPortalResponse();
}

absl::StatusOr<pb::SetContactPortalsResponse> Handler::SetContactPortals(
    const Call& call, const pb::SetContactPortalsRequest& request) {
  std::vector<PortalChange> simple;
  for (const auto& one : request.requests()) {
    if (one.etag().empty()) {
      simple.push_back(ChangeFrom(one));
    } else {
      RETURN_IF_ERROR(store_.SetPortal(call.caller.organisation_id, ChangeFrom(one)));
    }
  }
  if (!simple.empty()) {
    RETURN_IF_ERROR(store_.SetPortals(call.caller.organisation_id, simple));
  }
  return pb::SetContactPortalsResponse();
}

}  // namespace gatehouse::cases
