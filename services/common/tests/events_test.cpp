#include "services/common/jobs/events.h"

#include <catch2/catch.hpp>

#include "absl/time/clock.h"
#include "gatehouse/cases/v1/events.pb.h"
#include "gatehouse/common/v1/events.pb.h"
#include "gatehouse/documents/v1/events.pb.h"
#include "gatehouse/identity/v1/organisations.pb.h"
#include "gatehouse/notification/v1/notifications.pb.h"
#include "probe.pb.h"
#include "services/common/base/proto_time.h"
#include "services/common/rpc/validate.h"
#include "tests/support/calls.h"

namespace gatehouse {
namespace {

using Facts = std::map<std::string, std::string>;

documents::v1::DocumentUploaded Uploaded() {
  documents::v1::DocumentUploaded event;
  event.set_document_id("doc_1");
  event.set_folder("Client-Documents");
  return event;
}

// The one call that was added, as the feed will take it.
notification::v1::PublishEventRequest Only(const OutboxCalls& calls) {
  REQUIRE(calls.jobs().size() == 1);
  notification::v1::PublishEventRequest request;
  REQUIRE(request.ParseFromString(calls.jobs()[0].payload));
  return request;
}

TEST_CASE("the facts of an event are its fields that are set, named as JSON names them", "[unit]") {
  CHECK(FactsOf(cases::v1::CaseDeleted()).empty());
  auto event = Uploaded();
  CHECK(FactsOf(event) == Facts{{"documentId", "doc_1"}, {"folder", "Client-Documents"}});
  event.set_document_request_id("drq_1");
  event.set_contact_id("ada");
  CHECK(FactsOf(event) == Facts{{"documentId", "doc_1"},
                                {"folder", "Client-Documents"},
                                {"documentRequestId", "drq_1"},
                                {"contactId", "ada"}});
}

TEST_CASE("of what a deleted case had the feed is told nothing", "[unit]") {
  OutboxCalls calls("acme");
  AddEvent(Uploaded(), {.case_id = "~1795983147000000~deal-1", .time = absl::Now()}, calls);
  CHECK(calls.jobs().empty());
}

TEST_CASE("an event is told under its message's type, with its case and its time", "[unit]") {
  const absl::Time time = absl::FromUnixMicros(1'700'000'000'123'456);
  OutboxCalls calls("acme");
  AddEvent(Uploaded(), {.case_id = "deal-1", .time = time, .order_key = "deal-1"}, calls);
  const auto told = Only(calls);
  CHECK(told.type() == "document.uploaded");
  CHECK(told.case_id() == "deal-1");
  CHECK(FromProto(told.time()) == time);
  CHECK(told.data().size() == 2);
  CHECK(told.data().at("documentId") == "doc_1");
  const Job& job = calls.jobs()[0];
  CHECK(job.organisation_id == "acme");
  CHECK(job.kind == "gatehouse.notification.v1.Intake/PublishEvent");
  CHECK(job.lane == "notification");
  CHECK(job.key == "deal-1");
}

TEST_CASE("an event is told each time, or once under an id of its own", "[unit]") {
  OutboxCalls first("acme"), second("acme"), named("acme");
  AddEvent(cases::v1::CaseDeleted(), {.case_id = "deal-1", .time = absl::Now()}, first);
  AddEvent(cases::v1::CaseDeleted(), {.case_id = "deal-1", .time = absl::Now()}, second);
  CHECK_FALSE(Only(first).request_id().empty());
  CHECK(Only(first).request_id() != Only(second).request_id());
  AddEvent(cases::v1::CaseDeleted(), {.time = absl::Now(), .once = "deleted:deal-1"}, named);
  CHECK(Only(named).request_id() == "deleted:deal-1");
  CHECK(Only(named).case_id().empty());
}

TEST_CASE("an event of the trail says who did it, to what, and from where", "[unit][no-tsan]") {
  common::v1::SettingsUpdated event;
  event.set_before("{}");
  event.set_after(R"({"maxInvitationsPerCase":5})");
  Call call = StaffCall();
  call.client_address = "192.0.2.7";
  call.client_request_id = "theirs";
  OutboxCalls calls("acme");
  AddToTrail(event, {.subject_id = "Policy", .case_id = "deal-1"}, call, calls);
  REQUIRE(calls.jobs().size() == 1);
  CHECK(calls.jobs()[0].kind == "gatehouse.identity.v1.AuditIntake/RecordAuditEvent");
  CHECK(calls.jobs()[0].lane == "identity");
  identity::v1::RecordAuditEventRequest request;
  REQUIRE(request.ParseFromString(calls.jobs()[0].payload));
  CHECK(Validate(request).ok());
  const identity::v1::AuditEvent& row = request.audit_event();
  CHECK(row.type() == "settings.updated");
  CHECK(row.subject_id() == "Policy");
  CHECK(row.case_id() == "deal-1");
  CHECK(row.actor_id() == "key_1");
  CHECK(row.actor_name() == "Sam Staff");
  CHECK(row.client_address() == "192.0.2.7");
  CHECK(row.request_id() == "req_test");
  CHECK(row.client_request_id() == "theirs");
  CHECK(absl::Now() - FromProto(row.time()) < absl::Minutes(1));
  CHECK(row.data().at("before") == "{}");
  CHECK(row.data().at("after") == R"({"maxInvitationsPerCase":5})");
}

TEST_CASE("a client is an id in the trail, which cannot forget a name", "[unit][no-tsan]") {
  Call call = StaffCall();
  call.caller.kind = CallerKind::kClient;
  call.caller.actor_id = "acc_1";
  call.caller.actor_name = "Ada Lovelace";
  common::v1::SettingsUpdated event;
  OutboxCalls calls("acme");
  AddToTrail(event, {.subject_id = "Policy"}, call, calls);
  identity::v1::RecordAuditEventRequest request;
  REQUIRE(request.ParseFromString(calls.jobs().at(0).payload));
  CHECK(request.audit_event().actor_id() == "acc_1");
  CHECK(request.audit_event().actor_name().empty());
}

TEST_CASE("a message that is no event of its stream is found before it is told", "[unit]") {
  const ToldEvent sound = {common::v1::FEED, &cases::v1::CaseDeleted::descriptor};
  const ToldEvent on_trail = {common::v1::TRAIL, &common::v1::SettingsUpdated::descriptor};
  CHECK(UndeclaredOf({sound, on_trail}).empty());
  const ToldEvent no_event = {common::v1::FEED, &probe::v1::Part::descriptor};
  const ToldEvent elsewhere = {common::v1::TRAIL, &cases::v1::CaseDeleted::descriptor};
  const ToldEvent no_trail = {common::v1::FEED, &common::v1::SettingsUpdated::descriptor};
  CHECK(UndeclaredOf({sound, no_event, on_trail, elsewhere, no_trail}) ==
        std::vector<std::string>{"gatehouse.probe.v1.Part", "gatehouse.cases.v1.CaseDeleted",
                                 "gatehouse.common.v1.SettingsUpdated"});
}

// Whatever this program's code may tell, run or not.
[[maybe_unused]] void NeverRun() {
  OutboxCalls calls("acme");
  AddEvent(documents::v1::DocumentUploaded(), {.time = absl::Now()}, calls);
}

TEST_CASE("what some code would tell is known, though it never ran", "[unit]") {
  const auto& told = ToldEvents();
  CHECK(std::any_of(told.begin(), told.end(), [](const ToldEvent& event) {
    return event.message() == documents::v1::DocumentUploaded::descriptor();
  }));
}

}  // namespace
}  // namespace gatehouse
