#include "absl/strings/match.h"
#include "services/common/base/proto_time.h"
#include "services/notification/tests/handler_fixture.h"

// What clients are told of visits, and have for their calendars.

namespace gatehouse::notification {
namespace {

struct VisitsToldFixture : Fixture {
  VisitsToldFixture() { Buy(5); }

  // Adds the event about Ada's visit to the feed and tells of it, as its job does.
  absl::Status Tell(const std::string& type) {
    v1::PublishEventRequest request;
    request.set_request_id(type);
    request.set_type(type);
    request.set_case_id("deal-1");
    *request.mutable_time() = ToProto(absl::Now());
    (*request.mutable_data())["contactId"] = "ada";
    (*request.mutable_data())["visitId"] = "vis_1";
    const auto added = handler.PublishEvent(ServiceCall(), request);
    REQUIRE(added.ok());
    return telling.TellEvent("acme", {.event_id = added->event_id(),
                                      .type = type,
                                      .case_id = "deal-1",
                                      .time = absl::Now(),
                                      .data = {{"contactId", "ada"}, {"visitId", "vis_1"}}});
  }
};

TEST_CASE_METHOD(VisitsToldFixture, "who is told of a visit by mail has it for the calendar",
                 "[service]") {
  calendars.visits["vis_1"] = {"text/calendar; method=PUBLISH", "visit.ics", "BEGIN:VCALENDAR"};
  v1::UpdateNotificationSettingsRequest request;
  auto& action = *request.mutable_settings()->add_client_actions();
  action.set_action("visit.arranged");
  action.set_delivery(v1::BY_EMAIL_AND_SMS);
  request.mutable_update_mask()->add_paths("*");
  REQUIRE(preferences_handler.UpdateNotificationSettings(StaffCall(), request).ok());
  REQUIRE(Tell("visit.arranged").ok());
  const auto sent = tray.Wait(2);
  REQUIRE(sent.size() == 2);
  for (const Outgoing& message : sent) {
    const bool mail = message.recipient.text() == "ada@example.com";
    CHECK(message.text.attachment.data == (mail ? "BEGIN:VCALENDAR" : ""));
    CHECK(message.text.attachment.name == (mail ? "visit.ics" : ""));
    CHECK(absl::StrContains(message.text.body, "A visit to you was arranged"));
  }
}

TEST_CASE_METHOD(VisitsToldFixture, "a visit whose time is open, or that is gone, has no file",
                 "[service]") {
  REQUIRE(Tell("visit.arranged").ok());
  CHECK(tray.Wait(1).at(0).text.attachment.data.empty());
}

TEST_CASE_METHOD(VisitsToldFixture, "while nobody can say what a visit is, it is told later",
                 "[service]") {
  calendars.away = absl::UnavailableError("cases is away");
  CHECK(absl::IsUnavailable(Tell("visit.arranged")));
  CHECK(database.Exec("SELECT FROM message").empty());
  calendars.away = absl::OkStatus();
  CHECK(Tell("visit.arranged").ok());
  CHECK(tray.Wait(1).size() == 1);
}

TEST_CASE_METHOD(VisitsToldFixture, "an owner reads of a visit, and gets no file", "[service]") {
  calendars.visits["vis_1"] = {"text/calendar; method=CANCEL", "visit.ics", "BEGIN:VCALENDAR"};
  REQUIRE(Tell("visit.declined").ok());
  const Outgoing mail = tray.Wait(1).at(0);
  CHECK(mail.recipient.text() == "olive@example.com");
  CHECK(mail.text.attachment.data.empty());
}

}  // namespace
}  // namespace gatehouse::notification
