#include "absl/strings/str_cat.h"
#include "services/common/base/proto_time.h"
#include "services/common/rpc/validate.h"
#include "services/identity/tests/fixture.h"

// The audit trail: what it notes, and what reading it costs.

namespace gatehouse::identity {
namespace {

struct Audit : Fixture {
  std::vector<pb::AuditEvent> List(const std::string& case_id = "", int page_size = 0,
                                   const std::string& token = "") {
    pb::ListAuditEventsRequest request;
    request.set_case_id(case_id);
    request.set_page_size(page_size);
    request.set_page_token(token);
    const auto page = handler.ListAuditEvents(StaffCall(), request);
    REQUIRE(page.ok());
    next = page->next_page_token();
    return {page->audit_events().begin(), page->audit_events().end()};
  }
  void Add(int count, const std::string& organisation, const std::string& case_of) {
    database.Exec(
        "INSERT INTO audit_event (organisation_id, audit_event_id, type, actor_id, actor_name, "
        "subject_id, case_id, client_address, request_id) SELECT '" +
        organisation + "', 'aud_' || lpad(i::text, 8, '0') || '" + case_of +
        "', 't', '', '', '', '" + case_of + "' || i % 100, '', '' FROM generate_series(1, " +
        std::to_string(count) + ") AS i");
  }
  std::string next;
};

TEST_CASE_METHOD(Audit, "a stranger's name of a request is noted beside ours", "[service]") {
  Call staff = StaffCall();
  staff.request_id = "req_ours";
  staff.client_request_id = "theirs; DROP TABLE";
  pb::UpdateOrganisationRequest request;
  request.set_display_name("Acme Homes");
  REQUIRE(handler.UpdateOrganisation(staff, request).ok());
  const auto events = List();
  REQUIRE_FALSE(events.empty());
  CHECK(events[0].type() == "organisation.updated");
  CHECK(events[0].request_id() == "req_ours");
  CHECK(events[0].client_request_id() == "theirs; DROP TABLE");
}

TEST_CASE_METHOD(Audit, "an entry names the case, the client and the address", "[service]") {
  REQUIRE(SignIn().ok());
  const auto events = List("deal-1");
  REQUIRE(events.size() == 1);
  CHECK(events[0].type() == "session.started");
  // By an id alone: what is in the trail stays when the client is to be forgotten.
  CHECK(events[0].actor_name().empty());
  CHECK_FALSE(events[0].actor_id().empty());
  CHECK(events[0].client_address() == "192.0.2.7");
}

TEST_CASE_METHOD(Audit, "who unlocks a sign-in is noted, with the case", "[service]") {
  REQUIRE(access.CountFailure(challenges.KeyOf("acme", "ada", "+61412345678")).ok());
  pb::UnlockSignInRequest unlock;
  unlock.set_contact_id("ada");
  unlock.set_case_id("deal-1");
  unlock.set_mobile("+61412345678");
  unlock.set_actor_id("sam");
  unlock.set_actor_name("Sam Staff");
  REQUIRE(access_handler.UnlockSignIn(call, unlock).ok());
  const auto events = List("deal-1");
  REQUIRE(events.size() == 1);
  CHECK(events[0].type() == "signIn.unlocked");
  CHECK(events[0].actor_name() == "Sam Staff");
}

TEST_CASE_METHOD(Audit, "another service notes what it did, once", "[service][no-tsan]") {
  pb::RecordAuditEventRequest request;
  request.set_request_id("out_01jd9m5w3v8q2n4x7k6y0t1z5c");
  pb::AuditEvent& row = *request.mutable_audit_event();
  row.set_type("settings.updated");
  row.set_subject_id("gatehouse.invitation.v1.Policy");
  row.set_actor_id("sam");
  row.set_actor_name("Sam Staff");
  row.set_client_address("192.0.2.7");
  row.set_request_id("req_1");
  row.set_client_request_id("theirs");
  *row.mutable_time() = ToProto(absl::FromUnixSeconds(1'700'000'000));
  (*row.mutable_data())["before"] = "{}";
  (*row.mutable_data())["after"] = R"({"body":"it's \"quoted\""})";
  REQUIRE(Validate(request).ok());
  REQUIRE(handler.RecordAuditEvent(ServiceCall(), request).ok());
  REQUIRE(handler.RecordAuditEvent(ServiceCall(), request).ok());
  row.set_type("of.another");
  REQUIRE(handler.RecordAuditEvent(ServiceCall("other"), request).ok());
  int found = 0;
  for (pb::AuditEvent event : List()) {
    if (event.type() != "settings.updated") continue;
    ++found;
    CHECK(event.audit_event_id() == "aud_01jd9m5w3v8q2n4x7k6y0t1z5c");
    row.set_type("settings.updated");
    row.set_audit_event_id(event.audit_event_id());
    CHECK(event.SerializeAsString().size() == row.SerializeAsString().size());
    CHECK(event.data().at("after") == row.data().at("after"));
    CHECK(event.actor_name() == "Sam Staff");
    CHECK(FromProto(event.time()) == absl::FromUnixSeconds(1'700'000'000));
  }
  CHECK(found == 1);
}

TEST_CASE_METHOD(Audit, "another service notes several things at once, each as it would alone",
                 "[service][no-tsan]") {
  pb::RecordAuditEventsRequest together;
  for (const char* last : {"a", "b", "b"}) {
    pb::RecordAuditEventRequest& one = *together.add_requests();
    one.set_request_id(absl::StrCat("out_01jd9m5w3v8q2n4x7k6y0t1z5", last));
    one.mutable_audit_event()->set_type(absl::StrCat("settings.", last));
    one.mutable_audit_event()->set_case_id("deal-1");
    *one.mutable_audit_event()->mutable_time() = ToProto(absl::FromUnixSeconds(1'700'000'000));
    (*one.mutable_audit_event()->mutable_data())["after"] = R"({"body":"it's {\"quoted\"}, so"})";
  }
  REQUIRE(Validate(together).ok());
  REQUIRE(handler.RecordAuditEvent(ServiceCall(), together.requests(0)).ok());
  REQUIRE(handler.RecordAuditEvents(ServiceCall(), together).ok());
  REQUIRE(handler.RecordAuditEvents(ServiceCall(), together).ok());
  const auto events = List("deal-1");
  REQUIRE(events.size() == 2);
  CHECK(events[0].type() == "settings.b");
  CHECK(events[1].type() == "settings.a");
  CHECK(events[0].data().at("after") == R"({"body":"it's {\"quoted\"}, so"})");
  CHECK(FromProto(events[0].time()) == absl::FromUnixSeconds(1'700'000'000));
  REQUIRE(handler.RecordAuditEvents(ServiceCall("other"), together).ok());
  CHECK(List("deal-1").size() == 2);
}

TEST_CASE("a row that names no delivery is refused", "[unit][no-tsan]") {
  for (const char* id : {"", "out_1", "01jd9m5w3v8q2n4x7k6y0t1z5c",
                         "out-01jd9m5w3v8q2n4x7k6y0t1z5c", "OUT_01jd9m5w3v8q2n4x7k6y0t1z5c"}) {
    pb::RecordAuditEventRequest request;
    request.set_request_id(id);
    request.mutable_audit_event()->set_type("settings.updated");
    INFO(id);
    CHECK(ReasonOf(Validate(request)) == "INVALID_REQUEST");
  }
}

TEST_CASE_METHOD(Audit, "the trail is read page by page, newest first, and nobody else's",
                 "[service]") {
  Add(30, "acme", "c");
  Add(30, "other", "c");
  std::vector<std::string> ids;
  std::string token;
  do {
    for (const auto& event : List("", 7, token)) ids.push_back(event.audit_event_id());
    token = next;
  } while (!token.empty());
  CHECK(ids.size() == 31);  // And the first key's.
  CHECK(std::is_sorted(ids.rbegin(), ids.rend()));
  CHECK(List("c1").size() == 1);
  CHECK(List("nothing").empty());
}

}  // namespace
}  // namespace gatehouse::identity
