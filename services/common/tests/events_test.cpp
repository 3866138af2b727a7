#include "services/common/jobs/events.h"

#include <catch2/catch.hpp>

#include "gatehouse/cases/v1/events.pb.h"
#include "gatehouse/documents/v1/events.pb.h"
#include "gatehouse/notification/v1/notifications.pb.h"
#include "services/common/base/proto_time.h"

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

}  // namespace
}  // namespace gatehouse
