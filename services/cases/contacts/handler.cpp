#include "services/cases/contacts/handler.h"

#include "absl/strings/str_cat.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "services/cases/case_proto.h"
#include "services/cases/phone/e164.h"
#include "services/common/base/proto_time.h"

namespace gatehouse::cases {
namespace {

ContactEdit EditOf(const v1::UpdatePortalContactRequest& request, const std::string& region) {
  ContactEdit edit;
  if (request.has_given_name()) edit.given_name = request.given_name();
  if (request.has_family_name()) edit.family_name = request.family_name();
  if (request.has_email()) edit.email = request.email();
  if (request.has_mobile()) {
    edit.mobile = request.mobile();
    edit.e164 = MobileToE164(request.mobile(), region);
  }
  return edit;
}

v1::ContactChange ToProto(const ContactStore::Row& row) {
  v1::ContactChange proto;
  proto.set_contact_id(row.contact_id);
  proto.set_field(row.change.field);
  proto.set_before(row.change.before);
  proto.set_after(row.change.after);
  proto.set_by_contact_id(row.by_contact_id);
  *proto.mutable_create_time() = gatehouse::ToProto(row.time);
  return proto;
}

}  // namespace

void ContactsHandler::Register(Server& server) {
  server.Service("gatehouse.cases.v1.Contacts")
      .Unary("ListContactChanges", *this, &ContactsHandler::ListContactChanges);
  server.Service("gatehouse.cases.v1.PortalContacts")
      .Unary("UpdatePortalContact", *this, &ContactsHandler::UpdatePortalContact);
}

absl::StatusOr<v1::ListContactChangesResponse> ContactsHandler::ListContactChanges(
    const Call& call, const v1::ListContactChangesRequest& request) {
  const std::string& organisation_id = call.caller.organisation_id;
  ASSIGN_OR_RETURN(const Page page, PageOf(request));
  ASSIGN_OR_RETURN(auto rows, contacts_.ListChanges(organisation_id, request.case_id(), page));
  // A case of which nothing was changed, or none.
  if (rows.empty()) RETURN_IF_ERROR(cases_.Etag(organisation_id, request.case_id()).status());
  v1::ListContactChangesResponse response;
  response.set_next_page_token(
      CutPage(rows, page, [](const ContactStore::Row& row) { return absl::StrCat(row.number); }));
  for (const ContactStore::Row& row : rows) *response.add_changes() = ToProto(row);
  return response;
}

absl::StatusOr<v1::PortalContact> ContactsHandler::UpdatePortalContact(
    const Call& call, const v1::UpdatePortalContactRequest& request) {
  ASSIGN_OR_RETURN(const PortalSettings portal, gate_.Enter(call));
  const CaseAccess& access = *call.caller.AccessTo(request.case_id());
  if (access.visibility == Visibility::kOwn && request.contact_id() != access.contact_id) {
    return Refuse(common::v1::NOT_FOUND, "there is no such contact");
  }
  const ContactFields allowed = EditableBy(portal);
  const ContactEdit edit = EditOf(request, call.caller.region);
  return once_.Run(call, request, [&]() -> absl::StatusOr<v1::PortalContact> {
    ASSIGN_OR_RETURN(
        const Contact contact,
        contacts_.Update(call.caller, {request.case_id(), request.contact_id(), request.etag()},
                         [&](Contact& changed) {
                           return Edit(changed, edit, AllowedTo(access, changed, allowed));
                         }));
    return ToPortal(contact, access, allowed);
  });
}

}  // namespace gatehouse::cases
