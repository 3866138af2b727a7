#include <catch2/catch.hpp>

#include "gatehouse/cases/v1/factfind.pb.h"
#include "gatehouse/notification/v1/notifications.pb.h"
#include "services/common/jobs/outbox.h"
#include "services/invitation/effects.h"

// What the feed of events hears of an invitation.

namespace gatehouse::invitation {
namespace {

Change ChangeWith(Event event) {
  Change change;
  change.invitation.organisation_id = "acme";
  change.invitation.invitation_id = "inv_1";
  change.invitation.case_id = "deal-1";
  change.invitation.contact_id = "ada";
  change.invitation.state = State::kAccepted;
  change.invitation.expire_time = absl::FromUnixSeconds(1'700'000'000);
  change.event = std::move(event);
  return change;
}

// The events that the change tells, and the keys of their order.
std::vector<std::pair<notification::v1::PublishEventRequest, std::string>> Told(
    const Change& change) {
  std::vector<std::pair<notification::v1::PublishEventRequest, std::string>> told;
  const OutboxCalls calls = EffectsOf(change, 1);
  for (const Job& job : calls.jobs()) {
    if (job.kind != "gatehouse.notification.v1.Intake/PublishEvent") continue;
    told.emplace_back();
    REQUIRE(told.back().first.ParseFromString(job.payload));
    told.back().second = job.key;
  }
  return told;
}

TEST_CASE("[S2-15] the flows that an invitation names are opened with it, and with it alone",
          "[unit]") {
  const auto opened_by = [](Change change) {
    change.invitation.flow_ids = {"loan", "insurance"};
    std::vector<cases::v1::OpenFactFindsRequest> opened;
    const OutboxCalls calls = EffectsOf(change, 1);
    for (const Job& job : calls.jobs()) {
      if (job.kind != "gatehouse.cases.v1.FactFindDirectory/OpenFactFinds") continue;
      REQUIRE(opened.emplace_back().ParseFromString(job.payload));
    }
    return opened;
  };
  const auto opened = opened_by(ChangeWith(v1::InvitationCreated()));
  REQUIRE(opened.size() == 1);
  CHECK(opened[0].case_id() == "deal-1");
  CHECK(opened[0].contact_id() == "ada");
  REQUIRE(opened[0].flow_ids_size() == 2);
  CHECK(opened[0].flow_ids(1) == "insurance");
  CHECK(opened_by(ChangeWith(v1::InvitationResent())).empty());
}

TEST_CASE("each change is told by its own event, about the invitation and its contact", "[unit]") {
  const std::vector<std::pair<Event, std::string>> expected = {
      {v1::InvitationCreated(), "invitation.created"},
      {v1::InvitationResent(), "invitation.resent"},
      {v1::InvitationLinkCreated(), "invitation.linkCreated"},
      {v1::InvitationMobileChanged(), "invitation.mobileChanged"},
      {v1::InvitationAccepted(), "invitation.accepted"},
      {v1::InvitationRevoked(), "invitation.revoked"},
      {v1::InvitationExpired(), "invitation.expired"}};
  // And nothing.
  CHECK(expected.size() + 1 == std::variant_size_v<Event>);
  for (const auto& [event, type] : expected) {
    INFO(type);
    const auto told = Told(ChangeWith(event));
    REQUIRE(told.size() == 1);
    const auto& [request, order_key] = told[0];
    CHECK(request.type() == type);
    CHECK(request.case_id() == "deal-1");
    CHECK(request.data().size() == 2);
    CHECK(request.data().at("invitationId") == "inv_1");
    CHECK(request.data().at("contactId") == "ada");
    CHECK(order_key == "inv_1");
  }
}

TEST_CASE("a change without an event tells none", "[unit]") { CHECK(Told(ChangeWith({})).empty()); }

TEST_CASE("that an invitation has expired is told once for each end that it had", "[unit]") {
  Change change = ChangeWith(v1::InvitationExpired());
  const std::string first = Told(change)[0].first.request_id();
  CHECK(first == "expired:inv_1:1700000000000");
  CHECK(Told(change)[0].first.request_id() == first);
  change.invitation.expire_time += absl::Hours(1);
  CHECK(Told(change)[0].first.request_id() != first);
  // What staff do is told each time.
  change.event = v1::InvitationResent();
  CHECK(Told(change)[0].first.request_id() != Told(change)[0].first.request_id());
}

TEST_CASE("whoever said that an invitation has expired does not look again", "[unit]") {
  Change change = ChangeWith(v1::InvitationExpired());
  change.invitation.state = State::kPending;
  const auto looks = [](const OutboxCalls& calls) {
    return std::count_if(calls.jobs().begin(), calls.jobs().end(),
                         [](const Job& job) { return job.kind == "invitation.expiry"; });
  };
  CHECK(looks(EffectsOf(change, 1)) == 0);
  change.event = v1::InvitationCreated();
  CHECK(looks(EffectsOf(change, 1)) == 1);
}

}  // namespace
}  // namespace gatehouse::invitation
