#include "services/invitation/invitations_handler.h"

#include "services/common/base/proto_time.h"
#include "services/invitation/case_profile.h"

namespace gatehouse::invitation {
namespace {

void SetTime(const std::optional<absl::Time>& time,
             google::protobuf::Timestamp* (*mutable_time)(pb::Invitation&), pb::Invitation& proto) {
  if (time.has_value()) *mutable_time(proto) = gatehouse::ToProto(*time);
}

pb::Invitation ToProto(const Invitation& invitation, absl::Time now) {
  pb::Invitation proto;
  proto.set_invitation_id(invitation.invitation_id);
  proto.set_case_id(invitation.case_id);
  proto.set_contact_id(invitation.contact_id);
  proto.set_state(static_cast<pb::InvitationState>(StateAt(invitation, now)));
  proto.set_delivery(static_cast<pb::Delivery>(invitation.delivery));
  proto.set_visibility(invitation.visibility == Visibility::kAll ? pb::ALL : pb::OWN);
  for (const std::string& id : invitation.document_request_ids) proto.add_document_request_ids(id);
  for (const std::string& id : invitation.flow_ids) proto.add_flow_ids(id);
  if (invitation.expire_time != absl::InfiniteFuture()) {
    *proto.mutable_expire_time() = gatehouse::ToProto(invitation.expire_time);
  }
  *proto.mutable_create_time() = gatehouse::ToProto(invitation.create_time);
  SetTime(
      invitation.send_time, [](pb::Invitation& p) { return p.mutable_send_time(); }, proto);
  SetTime(
      invitation.accept_time, [](pb::Invitation& p) { return p.mutable_accept_time(); }, proto);
  SetTime(
      invitation.revoke_time, [](pb::Invitation& p) { return p.mutable_revoke_time(); }, proto);
  proto.set_delivery_state(static_cast<pb::DeliveryState>(invitation.delivery_state));
  proto.set_inviter_name(invitation.inviter_name);
  return proto;
}

// Of a request to send an invitation.
template <typename Request>
Wording WordingOf(const Request& request) {
  return {.template_id = request.template_id(),
          .language = request.language(),
          .subject = request.email().subject(),
          .body = request.email().body()};
}

Asked AskedOf(const pb::CreateInvitationRequest& request) {
  Asked asked = {
      .case_id = request.case_id(),
      .contact_id = request.contact_id(),
      .delivery = request.delivery() == pb::LINK_ONLY ? Delivery::kLinkOnly : Delivery::kEmail,
      .wording = WordingOf(request),
      .portal_url = request.portal_url(),
      .document_request_ids = {request.document_request_ids().begin(),
                               request.document_request_ids().end()},
      .flow_ids = {request.flow_ids().begin(), request.flow_ids().end()},
      .validate_only = request.validate_only()};
  if (request.visibility() == pb::ALL) asked.visibility = Visibility::kAll;
  if (request.visibility() == pb::OWN) asked.visibility = Visibility::kOwn;
  return asked;
}

}  // namespace

void InvitationsHandler::Register(Server& server) {
  using Self = InvitationsHandler;
  server.Service("gatehouse.invitation.v1.Invitations")
      .Unary("CreateInvitation", *this, &Self::CreateInvitation)
      .Unary("GetInvitation", *this, &Self::GetInvitation)
      .Unary("ListInvitations", *this, &Self::ListInvitations)
      .Unary("ResendInvitation", *this, &Self::ResendInvitation)
      .Unary("RevokeInvitation", *this, &Self::RevokeInvitation)
      .Unary("CreateLink", *this, &Self::CreateLink)
      .Unary("UnlockInvitation", *this, &Self::UnlockInvitation)
      .Unary("GetPolicy", *this, &Self::GetPolicy)
      .Unary("UpdatePolicy", *this, &Self::UpdatePolicy)
      .Unary("ApplyPolicyPreset", *this, &Self::ApplyPolicyPreset);
  server.Service("gatehouse.invitation.v1.CaseFollower")
      .Unary("FollowCase", *this, &Self::FollowCase);
}

// With where their messages stand. While notification is away that is left out, not guessed.
absl::StatusOr<std::vector<pb::Invitation>> InvitationsHandler::Show(
    const std::vector<Invitation>& invitations) {
  std::vector<std::string> ids;
  for (const Invitation& invitation : invitations) {
    if (!invitation.message_request_id.empty()) ids.push_back(invitation.message_request_id);
  }
  std::map<std::string, DeliveryState> states;
  bool known = true;
  if (!ids.empty()) {
    auto found = directory_.LookUpMessages(invitations[0].organisation_id, ids);
    known = found.ok();
    if (known) states = *std::move(found);
  }
  std::vector<pb::Invitation> shown;
  for (Invitation invitation : invitations) {
    if (known && !invitation.message_request_id.empty()) {
      const auto state = states.find(invitation.message_request_id);
      // What notification has not heard of yet waits in the outbox.
      invitation.delivery_state = state == states.end() ? DeliveryState::kQueued : state->second;
    }
    shown.push_back(ToProto(invitation, clock_.Now()));
  }
  return shown;
}

absl::StatusOr<pb::Invitation> InvitationsHandler::ShowOne(absl::StatusOr<Invitation> invitation) {
  RETURN_IF_ERROR(invitation.status());
  ASSIGN_OR_RETURN(const auto shown, Show({*invitation}));
  return shown[0];
}

absl::StatusOr<pb::Invitation> InvitationsHandler::CreateInvitation(
    const Call& call, const pb::CreateInvitationRequest& request) {
  return once_.Run(call, request, [&]() -> absl::StatusOr<pb::Invitation> {
    ASSIGN_OR_RETURN(const Made made, invitations_.Create(AskedOf(request), call));
    pb::Invitation proto = ToProto(made.invitation, clock_.Now());
    proto.set_link(made.link.Reveal());
    return proto;
  });
}

absl::StatusOr<pb::Invitation> InvitationsHandler::GetInvitation(
    const Call& call, const pb::GetInvitationRequest& request) {
  return ShowOne(
      store_.Get(call.caller.organisation_id, request.case_id(), request.invitation_id()));
}

absl::StatusOr<pb::ListInvitationsResponse> InvitationsHandler::ListInvitations(
    const Call& call, const pb::ListInvitationsRequest& request) {
  ASSIGN_OR_RETURN(const Page page, PageOf(request));
  ASSIGN_OR_RETURN(std::vector<Invitation> found,
                   store_.List(call.caller.organisation_id, request.case_id(), page));
  pb::ListInvitationsResponse response;
  response.set_next_page_token(
      CutPage(found, page, [](const Invitation& i) { return i.invitation_id; }));
  ASSIGN_OR_RETURN(const auto shown, Show(found));
  for (const pb::Invitation& invitation : shown) *response.add_invitations() = invitation;
  return response;
}

absl::StatusOr<pb::Invitation> InvitationsHandler::ResendInvitation(
    const Call& call, const pb::ResendInvitationRequest& request) {
  const Asked text = {.wording = WordingOf(request)};
  return once_.Run(call, request, [&]() -> absl::StatusOr<pb::Invitation> {
    ASSIGN_OR_RETURN(const Invitation resent,
                     invitations_.Resend(request.case_id(), request.invitation_id(), text, call));
    return ToProto(resent, clock_.Now());
  });
}

absl::StatusOr<pb::Invitation> InvitationsHandler::RevokeInvitation(
    const Call& call, const pb::RevokeInvitationRequest& request) {
  return ShowOne(invitations_.Revoke(request.case_id(), request.invitation_id(), call));
}

absl::StatusOr<pb::Link> InvitationsHandler::CreateLink(const Call& call,
                                                        const pb::CreateLinkRequest& request) {
  return once_.Run(call, request, [&]() -> absl::StatusOr<pb::Link> {
    ASSIGN_OR_RETURN(const NewLink made,
                     invitations_.CreateLink(request.case_id(), request.invitation_id(), call));
    pb::Link link;
    link.set_link(made.link.Reveal());
    if (made.expire_time != absl::InfiniteFuture()) {
      *link.mutable_expire_time() = gatehouse::ToProto(made.expire_time);
    }
    return link;
  });
}

absl::StatusOr<pb::Invitation> InvitationsHandler::UnlockInvitation(
    const Call& call, const pb::UnlockInvitationRequest& request) {
  return ShowOne(invitations_.Unlock(request.case_id(), request.invitation_id(), call));
}

absl::StatusOr<pb::FollowCaseResponse> InvitationsHandler::FollowCase(
    const Call& call, const pb::FollowCaseRequest& request) {
  Call changed = call;
  changed.caller.actor_name = request.actor_name();
  if (!request.has_mirror()) {
    RETURN_IF_ERROR(invitations_.Follow(request.case_id(), nullptr, changed));
    if (request.has_removal()) {
      RETURN_IF_ERROR(store_.PutAside(call.caller.organisation_id, request.case_id(),
                                      request.removal().aside_id(),
                                      gatehouse::FromProto(request.removal().remove_time())));
    }
  } else {
    const CaseProfile mirrored = ProfileOf(request.mirror());
    RETURN_IF_ERROR(invitations_.Follow(request.case_id(), &mirrored, changed));
  }
  return pb::FollowCaseResponse();
}

absl::StatusOr<pb::Policy> InvitationsHandler::GetPolicy(const Call& call,
                                                         const pb::GetPolicyRequest&) {
  return policies_.Get(call.caller.organisation_id, call.caller.region);
}

absl::StatusOr<pb::Policy> InvitationsHandler::UpdatePolicy(
    const Call& call, const pb::UpdatePolicyRequest& request) {
  const pb::EmailText& text = request.policy().email();
  if (!text.subject().empty() || !text.body().empty()) {
    RETURN_IF_ERROR(directory_.CheckWording(call.caller.organisation_id,
                                            {.subject = text.subject(), .body = text.body()}));
  }
  return once_.Run(call, request, [&] {
    return policies_.Update(request.policy(), request.update_mask(), call, CheckPolicy);
  });
}

absl::StatusOr<pb::Policy> InvitationsHandler::ApplyPolicyPreset(
    const Call& call, const pb::ApplyPolicyPresetRequest& request) {
  return once_.Run(call, request, [&] {
    Policy values = PresetOf(request.preset());
    values.set_etag(request.etag());
    return policies_.Update(values, {}, call, CheckPolicy);
  });
}

}  // namespace gatehouse::invitation
