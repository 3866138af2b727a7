#include "gatehouse/common/v1/reasons.pb.h"
#include "services/invitation/tests/fixture.h"

namespace gatehouse::invitation {
namespace {

struct HandlerFixture : Fixture {
  // c0, c1 and c2 are invited by e-mail, in this order.
  HandlerFixture() {
    for (const char* contact : {"c0", "c1", "c2"}) {
      const auto made = Create(contact, Delivery::kEmail);
      REQUIRE(made.ok());
      ids.push_back(made->invitation.invitation_id);
      messages.push_back(made->invitation.message_request_id);
    }
  }
  absl::StatusOr<pb::Invitation> Get(const std::string& id, const Call& call = StaffCall()) {
    pb::GetInvitationRequest request;
    request.set_case_id("deal-1");
    request.set_invitation_id(id);
    return handler.GetInvitation(call, request);
  }
  std::vector<std::string> ids, messages;
};

TEST_CASE_METHOD(HandlerFixture, "invitations are listed newest first, page by page", "[service]") {
  pb::ListInvitationsRequest request;
  request.set_case_id("deal-1");
  request.set_page_size(2);
  const auto first = handler.ListInvitations(StaffCall(), request);
  REQUIRE(first.ok());
  REQUIRE(first->invitations_size() == 2);
  CHECK(first->invitations(0).invitation_id() == ids[2]);
  CHECK(first->invitations(1).invitation_id() == ids[1]);
  request.set_page_token(first->next_page_token());
  const auto second = handler.ListInvitations(StaffCall(), request);
  REQUIRE(second.ok());
  REQUIRE(second->invitations_size() == 1);
  CHECK(second->invitations(0).invitation_id() == ids[0]);
  CHECK(second->next_page_token().empty());
  CHECK(handler.ListInvitations(StaffCall("other"), request)->invitations_size() == 0);
}

TEST_CASE_METHOD(HandlerFixture, "an invitation says where its message stands, as far as is known",
                 "[service]") {
  directory.messages = {{messages[0], DeliveryState::kSent}, {messages[1], DeliveryState::kFailed}};
  CHECK(Get(ids[0])->delivery_state() == pb::SENT);
  CHECK(Get(ids[1])->delivery_state() == pb::FAILED);
  CHECK(Get(ids[2])->delivery_state() == pb::QUEUED);
  directory.messages = absl::UnavailableError("notification is away");
  const auto shown = Get(ids[0]);
  REQUIRE(shown.ok());
  CHECK(shown->delivery_state() == pb::DELIVERY_STATE_UNSPECIFIED);
}

TEST_CASE_METHOD(HandlerFixture, "an invitation is shown as it is, and its link never again",
                 "[service]") {
  const auto shown = Get(ids[0]);
  REQUIRE(shown.ok());
  CHECK(shown->case_id() == "deal-1");
  CHECK(shown->contact_id() == "c0");
  CHECK(shown->state() == pb::PENDING);
  CHECK(shown->delivery() == pb::EMAIL);
  CHECK(shown->visibility() == pb::ALL);
  CHECK(shown->inviter_name() == "Sam Staff");
  CHECK((shown->has_expire_time() && shown->has_create_time() && shown->has_send_time()));
  CHECK_FALSE((shown->has_accept_time() || shown->has_revoke_time()));
  CHECK(shown->link().empty());
  CHECK(ReasonOf(Get("inv_unknown").status()) == "NOT_FOUND");
  CHECK(ReasonOf(Get(ids[0], StaffCall("other")).status()) == "NOT_FOUND");
}

TEST_CASE_METHOD(HandlerFixture, "staff end an access once, and their own alone", "[service]") {
  pb::RevokeInvitationRequest request;
  request.set_case_id("deal-1");
  request.set_invitation_id(ids[0]);
  CHECK(ReasonOf(handler.RevokeInvitation(StaffCall("other"), request).status()) == "NOT_FOUND");
  CHECK(directory.revoked.empty());
  REQUIRE(handler.RevokeInvitation(StaffCall(), request).ok());
  const auto again = handler.RevokeInvitation(StaffCall(), request);
  REQUIRE(again.ok());
  CHECK(again->state() == pb::REVOKED);
  CHECK(again->has_revoke_time());
  CHECK(Rows("RevokeGrant") == 1);
  request.set_case_id("deal-2");
  CHECK(ReasonOf(handler.RevokeInvitation(StaffCall(), request).status()) == "NOT_FOUND");
}

TEST_CASE_METHOD(HandlerFixture, "staff let a client try again, where there is a number to try",
                 "[service]") {
  pb::UnlockInvitationRequest request;
  request.set_case_id("deal-1");
  request.set_invitation_id(ids[0]);
  REQUIRE(handler.UnlockInvitation(StaffCall(), request).ok());
  CHECK(directory.unlocked == std::vector<std::string>{ids[0]});
  database.Exec("UPDATE invitation SET mobile = ''");
  REQUIRE(handler.UnlockInvitation(StaffCall(), request).ok());
  CHECK(directory.unlocked.size() == 1);
}

TEST_CASE_METHOD(HandlerFixture, "what the client sees is what was asked for, or the policy says",
                 "[service]") {
  REQUIRE(invitations.Revoke("deal-1", ids[0], StaffCall()).ok());
  auto request = Invite("c5", "deal-1", "");
  request.set_visibility(pb::OWN);
  request.add_document_request_ids("drq_1");
  const auto own = handler.CreateInvitation(StaffCall(), request);
  REQUIRE(own.ok());
  CHECK(own->visibility() == pb::OWN);
  CHECK(own->document_request_ids_size() == 1);
  REQUIRE(sign_in.Start(own->link()).ok());
  CHECK(directory.codes.back().invitation.visibility == Visibility::kOwn);
  Policy change;
  change.set_visibility(pb::OWN);
  Set(change);
  const auto other = handler.CreateInvitation(StaffCall(), Invite("c6", "deal-2", ""));
  REQUIRE(other.ok());
  CHECK(other->visibility() == pb::OWN);
}

TEST_CASE_METHOD(HandlerFixture, "[S2-21] an invitation keeps the flows that were ticked with it",
                 "[service]") {
  auto request = Invite("c5", "deal-1", "");
  request.add_flow_ids("loan");
  request.set_validate_only(true);
  REQUIRE(invitations.Revoke("deal-1", ids[0], StaffCall()).ok());
  REQUIRE(handler.CreateInvitation(StaffCall(), request).ok());
  CHECK(Rows("OpenFactFinds") == 0);
  request.set_validate_only(false);
  const auto made = handler.CreateInvitation(StaffCall(), request);
  REQUIRE(made.ok());
  CHECK(directory.flows == std::vector<std::string>{"loan", "loan"});
  CHECK(Rows("OpenFactFinds") == 1);
  const auto read = Get(made->invitation_id());
  REQUIRE(read->flow_ids_size() == 1);
  CHECK(read->flow_ids(0) == "loan");
}

TEST_CASE_METHOD(HandlerFixture, "nobody is invited to a flow that is not there", "[service]") {
  REQUIRE(invitations.Revoke("deal-1", ids[0], StaffCall()).ok());
  directory.flows_known = Refuse(common::v1::NOT_FOUND, "as cases says");
  auto request = Invite("c5", "deal-1", "");
  request.add_flow_ids("none");
  CHECK(ReasonOf(handler.CreateInvitation(StaffCall(), request).status()) == "NOT_FOUND");
  CHECK(Rows("OpenFactFinds") == 0);
  request.clear_flow_ids();
  CHECK(handler.CreateInvitation(StaffCall(), request).ok());
}

}  // namespace
}  // namespace gatehouse::invitation
