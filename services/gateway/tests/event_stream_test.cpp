#include "gatehouse/notification/v1/watch.pb.h"
#include "services/gateway/tests/gateway_fixture.h"

namespace gatehouse::gateway {
namespace {

using notification::v1::WatchEventsRequest;
using notification::v1::WatchEventsResponse;

const char kWatch[] = "gatehouse.notification.v1.EventWatch/WatchEvents";
const char kTarget[] = "/v1/events:watch";
const char kStaff[] = "Authorization: Bearer staff-1\r\n";

std::string Sign(const std::string& token) {
  WatchEventsResponse response;
  response.set_page_token(token);
  return response.SerializeAsString();
}

std::string Telling(const std::string& token, const std::string& id) {
  WatchEventsResponse response;
  response.set_page_token(token);
  response.mutable_event()->set_event_id(id);
  response.mutable_event()->set_type("case.updated");
  (*response.mutable_event()->mutable_data())["text"] = "two\nlines";
  return response.SerializeAsString();
}

struct EventStreamFixture : GatewayFixture {
  // What the service was asked for last.
  WatchEventsRequest Asked() const {
    WatchEventsRequest request;
    REQUIRE(request.ParseFromString(service.seen().back().first));
    return request;
  }
};

TEST_CASE_METHOD(EventStreamFixture, "a stream of events is Server-Sent Events",
                 "[service][no-tsan]") {
  service.Set(kWatch, {.answers = {Sign("MA"), Telling("MQ", "evt_1"), Sign("MQ")}});
  Start();
  // Of an old client nothing is chunked.
  const std::string answer = Ask("GET " + std::string(kTarget) + " HTTP/1.0\r\n" + kStaff + "\r\n");
  CHECK(StatusOf(answer) == 200);
  CHECK(Has(answer, "Content-Type: text/event-stream\r\n"));
  CHECK(Has(answer, "Cache-Control: no-store\r\n"));
  CHECK(Has(answer, "X-Accel-Buffering: no\r\n"));
  CHECK_FALSE(Has(answer, "Last-Event-ID"));
  CHECK(answer.substr(answer.find("\r\n\r\n") + 4) ==
        "retry: 1000\n\n:\n\nid: MQ\ndata: {\"eventId\":\"evt_1\",\"type\":\"case.updated\","
        "\"caseId\":\"\",\"data\":{\"text\":\"two\\nlines\"}}\n\n:\n\n");
}

TEST_CASE_METHOD(EventStreamFixture, "a client says where to go on, in the query or as a browser",
                 "[service][no-tsan]") {
  service.Set(kWatch, {.answers = {Sign("MQ")}});
  Start();
  CHECK(StatusOf(Get(kTarget + std::string("?pageToken=MQ"), kStaff)) == 200);
  CHECK(Asked().page_token() == "MQ");
  CHECK(StatusOf(Get(kTarget, kStaff + std::string("Last-Event-ID: Mg\r\n"))) == 200);
  CHECK(Asked().last_event_id() == "Mg");
  CHECK(StatusOf(Get(kTarget + std::string("?lastEventId=Mg"), kStaff)) == 400);
}

TEST_CASE_METHOD(EventStreamFixture, "what refuses a stream before it begins is a problem",
                 "[service][no-tsan]") {
  const auto wire = ToRpcStatus(gatehouse::Refuse(common::v1::PAGE_TOKEN_INVALID, "no"));
  service.Set(kWatch, {.status = {grpc::StatusCode::INVALID_ARGUMENT, wire.message(),
                                  wire.SerializeAsString()}});
  Start();
  const std::string answer = Get(kTarget, kStaff);
  CHECK(StatusOf(answer) == 400);
  CHECK(Has(answer, "PAGE_TOKEN_INVALID"));
  CHECK(StatusOf(Get(kTarget)) == 401);
}

TEST_CASE_METHOD(EventStreamFixture, "HEAD of a stream ends at once", "[service][no-tsan]") {
  service.Set(kWatch, {.answers = std::vector<std::string>(10'000, Sign("MQ"))});
  RawClient client(Start());
  client.Send("HEAD " + std::string(kTarget) + " HTTP/1.1\r\nHost: x\r\n" + kStaff + "\r\n");
  const std::string head = client.Receive("\r\n\r\n");
  CHECK(StatusOf(head) == 200);
  CHECK(head.substr(head.size() - 4) == "\r\n\r\n");
}

TEST_CASE_METHOD(EventStreamFixture, "a gateway that goes ends a stream at its next message",
                 "[service][no-tsan]") {
  service.Set(kWatch, {.answers = std::vector<std::string>(1'000'000, Sign("MQ"))});
  RawClient client(Start());
  client.Send("GET " + std::string(kTarget) + " HTTP/1.1\r\nHost: x\r\n" + kStaff + "\r\n");
  CHECK(StatusOf(client.Receive("\r\n\r\n")) == 200);
  const absl::Time begin = absl::Now();
  server->Leave();
  (void)client.Receive();  // To its close.
  CHECK(absl::Now() - begin < absl::Seconds(5));
}

}  // namespace
}  // namespace gatehouse::gateway
