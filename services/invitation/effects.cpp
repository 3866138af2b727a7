#include "services/invitation/effects.h"

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gatehouse/cases/v1/cases.pb.h"
#include "gatehouse/cases/v1/factfind.pb.h"
#include "gatehouse/identity/v1/passwords.pb.h"
#include "gatehouse/notification/v1/notifications.pb.h"
#include "services/common/base/proto_time.h"
#include "services/common/jobs/events.h"
#include "services/invitation/code_proto.h"
#include "services/invitation/expiry_job.h"

namespace gatehouse::invitation {
namespace {

notification::v1::SubmitMessageRequest ToProto(const Mail& mail, const Invitation& invitation) {
  notification::v1::SubmitMessageRequest request;
  request.set_request_id(mail.request_id);
  request.set_channel(notification::v1::EMAIL);
  request.set_template_("invitation");
  request.set_recipient(invitation.email);
  request.set_case_id(invitation.case_id);
  request.set_template_id(mail.template_id);
  request.set_language(mail.language);
  request.set_subject(mail.subject);
  request.set_body(mail.body);
  for (const auto& [name, value] : mail.values) (*request.mutable_parameters())[name] = value;
  *request.mutable_expire_time() = gatehouse::ToProto(mail.expire_time);
  return request;
}

// Said once for each end that the invitation had, however often it was looked at.
std::string SaidOnceAs(const v1::InvitationExpired& event, const Invitation& invitation) {
  return absl::StrCat("expired:", event.invitation_id(), ":",
                      absl::ToUnixMillis(invitation.expire_time));
}

template <typename Message>
std::string SaidOnceAs(const Message&, const Invitation&) {
  return "";
}

// The events of one invitation are told in their order.
template <typename Message>
void Say(Message event, const Invitation& invitation, OutboxCalls& calls) {
  event.set_invitation_id(invitation.invitation_id);
  event.set_contact_id(invitation.contact_id);
  AddEvent(event,
           {.case_id = invitation.case_id,
            .time = absl::Now(),
            .order_key = invitation.invitation_id,
            .once = SaidOnceAs(event, invitation)},
           calls);
}

void Say(std::monostate, const Invitation&, OutboxCalls&) {}

cases::v1::SetContactPortalRequest PortalOf(const Change& change, int64_t version) {
  cases::v1::SetContactPortalRequest request;
  request.set_case_id(change.invitation.case_id);
  request.set_contact_id(change.invitation.contact_id);
  request.set_portal(static_cast<cases::v1::ContactPortal>(*change.portal));
  request.set_version(version);
  request.set_etag(change.etag);
  request.set_note(change.note);
  request.set_author(change.author);
  const absl::Time end = change.invitation.expire_time;
  if (*change.portal == Portal::kInvited && end != absl::InfiniteFuture()) {
    *request.mutable_expire_time() = gatehouse::ToProto(end);
  }
  return request;
}

// Once five minutes have passed, nobody waits for this code any more.
identity::v1::OfferChallengeRequest OfferOf(const CodeRequest& code) {
  identity::v1::OfferChallengeRequest request;
  *request.mutable_challenge() = ToProto(code);
  *request.mutable_expire_time() = gatehouse::ToProto(absl::Now() + absl::Minutes(5));
  return request;
}

cases::v1::OpenFactFindsRequest FactFindsOf(const Invitation& invitation) {
  cases::v1::OpenFactFindsRequest request;
  request.set_case_id(invitation.case_id);
  request.set_contact_id(invitation.contact_id);
  for (const std::string& id : invitation.flow_ids) request.add_flow_ids(id);
  return request;
}

identity::v1::RevokeGrantRequest RevocationOf(const Change& change) {
  identity::v1::RevokeGrantRequest request;
  request.set_invitation_id(change.invitation.invitation_id);
  request.set_case_id(change.invitation.case_id);
  request.set_actor_name(change.author);
  return request;
}

identity::v1::RebindGrantRequest RebindingOf(const Change& change) {
  identity::v1::RebindGrantRequest request;
  request.set_invitation_id(change.invitation.invitation_id);
  request.set_case_id(change.invitation.case_id);
  request.set_contact_id(change.invitation.contact_id);
  request.set_mobile(change.invitation.mobile);
  request.set_actor_name(change.author);
  return request;
}

identity::v1::RebindAddressRequest AddressOf(const Change& change) {
  identity::v1::RebindAddressRequest request;
  request.set_invitation_id(change.invitation.invitation_id);
  request.set_case_id(change.invitation.case_id);
  request.set_contact_id(change.invitation.contact_id);
  request.set_mobile(change.invitation.mobile);
  request.set_email(change.invitation.email);
  request.set_actor_name(change.author);
  return request;
}

notification::v1::SubmitMessageRequest NoticeOf(const Change& change) {
  notification::v1::SubmitMessageRequest request;
  request.set_channel(notification::v1::SMS);
  request.set_template_("mobile-changed");
  request.set_recipient(change.rebinding->old_mobile);
  request.set_case_id(change.invitation.case_id);
  const std::string name = "organisation_name";
  (*request.mutable_parameters())[name] = change.rebinding->organisation_name;
  return request;
}

}  // namespace

void AddNote(const Change& change, const std::string& case_id, OutboxCalls& calls) {
  cases::v1::AddNoteRequest request;
  request.set_case_id(case_id);
  request.set_text(change.note);
  request.set_author(change.author);
  calls.Add(&cases::v1::CaseDirectory_Stub::AddNote, request);
}

OutboxCalls EffectsOf(const Change& change, int64_t version) {
  const Invitation& invitation = change.invitation;
  OutboxCalls calls(invitation.organisation_id);
  // Before all else: it ends sessions. In its order, lest a number that was corrected twice stays
  // the first of them.
  const std::string grant = "grant:" + invitation.invitation_id;
  if (change.revoke_grant) {
    calls.Add(&identity::v1::Grants_Stub::RevokeGrant, RevocationOf(change), grant);
  }
  if (change.rebinding.has_value()) {
    calls.Add(&identity::v1::Grants_Stub::RebindGrant, RebindingOf(change), grant);
    if (!change.rebinding->old_mobile.empty()) {
      calls.Add(&notification::v1::Intake_Stub::SubmitMessage, NoticeOf(change));
    }
  }
  if (change.rebinds_address) {
    calls.Add(&identity::v1::Passwords_Stub::RebindAddress, AddressOf(change), grant);
  }
  if (change.mail.has_value()) {
    calls.Add(&notification::v1::Intake_Stub::SubmitMessage, ToProto(*change.mail, invitation));
  }
  if (change.code.has_value()) {
    calls.Add(&identity::v1::Challenges_Stub::OfferChallenge, OfferOf(*change.code));
  }
  std::visit([&](const auto& event) { Say(event, invitation, calls); }, change.event);
  // As soon as it is there: staff may answer before the client has come.
  if (std::holds_alternative<v1::InvitationCreated>(change.event) && !invitation.flow_ids.empty()) {
    calls.Add(&cases::v1::FactFindDirectory_Stub::OpenFactFinds, FactFindsOf(invitation));
  }
  if (change.portal.has_value()) {
    calls.Add(&cases::v1::CaseDirectory_Stub::SetContactPortal, PortalOf(change, version));
  } else if (!change.note.empty()) {
    AddNote(change, invitation.case_id, calls);
  }
  if (!std::holds_alternative<v1::InvitationExpired>(change.event)) AddExpiry(invitation, calls);
  return calls;
}

}  // namespace gatehouse::invitation
