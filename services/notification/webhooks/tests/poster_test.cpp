#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "services/notification/tests/fake_server.h"
#include "services/notification/webhooks/curl_poster.h"
#include "services/notification/webhooks/domain/signature.h"

namespace gatehouse::notification {
namespace {

Networks Here() {
  Networks networks;
  networks.Add("127.0.0.0/8");
  return networks;
}

WebhookPost PostTo(const std::string& url) {
  WebhookPost post = {.endpoint = {"acme", "whe_1"}, .url = url, .number = 1};
  post.secrets = {Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")};
  post.event = Event{.number = 1,
                     .event_id = "evt_1",
                     .type = "invitation.accepted",
                     .case_id = "deal-1",
                     .time = absl::FromUnixMillis(1614265330500),
                     .data = {{"contactId", "ada"}}};
  return post;
}

WebhookResult Send(const std::string& url, Networks networks = Here()) {
  const WebhookTargets targets(std::move(networks));
  CurlWebhookPoster poster(targets, "");
  return poster.Send(PostTo(url));
}

WebhookResult ResultOf(const std::string& answer) {
  FakeProvider receiver({answer});
  return Send(receiver.url());
}

TEST_CASE("an event is posted as JSON, signed, under its id", "[service]") {
  FakeProvider receiver({FakeProvider::Answer(204, "")});
  CHECK_FALSE(Send(receiver.url() + "/hook/").failure.has_value());
  REQUIRE(receiver.requests().size() == 1);
  const std::string request = receiver.requests()[0];
  CHECK(absl::StartsWith(request, "POST /hook/ HTTP/1.1\r\n"));
  CHECK(absl::StrContains(request, "Content-Type: application/json\r\n"));
  CHECK(absl::StrContains(request, "webhook-id: evt_1\r\n"));
  CHECK(absl::StrContains(request, "webhook-signature: v1,"));
  CHECK(absl::StrContains(request, "webhook-timestamp: "));
  CHECK(absl::EndsWith(request,
                       R"({"caseId":"deal-1","data":{"contactId":"ada"},"eventId":"evt_1",)"
                       R"("timestamp":"2021-02-25T15:02:10.5Z","type":"invitation.accepted"})"));
}

TEST_CASE("any 2xx takes it, whatever follows", "[service]") {
  CHECK_FALSE(ResultOf(FakeProvider::Answer(200, "ok")).failure.has_value());
  CHECK_FALSE(ResultOf(FakeProvider::Answer(202, "")).failure.has_value());
  CHECK_FALSE(ResultOf(FakeProvider::Answer(200, std::string(8 << 20, 'x'))).failure.has_value());
}

TEST_CASE("what is no 2xx is a failure with its status, and nothing is followed", "[service]") {
  for (const int status : {301, 302, 307, 400, 401, 404, 500, 503}) {
    INFO(status);
    FakeProvider receiver({FakeProvider::Answer(status, "{}", "Location: /elsewhere\r\n")});
    const WebhookResult result = Send(receiver.url());
    CHECK(result.failure == WebhookFailure::kStatusNotOk);
    CHECK(result.http_status == status);
    CHECK_FALSE(result.gone);
    CHECK(receiver.requests().size() == 1);
  }
  CHECK(ResultOf(FakeProvider::Answer(410, "")).gone);
  CHECK(ResultOf(FakeProvider::Answer(429, "", "Retry-After: 90\r\n")).wait == absl::Seconds(90));
  CHECK(ResultOf(FakeProvider::Answer(429, "", "Retry-After: x\r\n")).wait == absl::ZeroDuration());
}

TEST_CASE("what is no answer is a failure by its name", "[service]") {
  CHECK(ResultOf("").failure == WebhookFailure::kNoAnswer);
  CHECK(ResultOf("no HTTP at all\r\n\r\n").failure == WebhookFailure::kNoAnswer);
  // A head without end.
  CHECK(ResultOf("HTTP/1.1 200 X\r\nA: " + std::string(90 << 10, 'x') + "\r\n\r\n").failure ==
        WebhookFailure::kNoAnswer);
  CHECK(Send("http://127.0.0.1:1").failure == WebhookFailure::kConnectionRefused);
  CHECK(Send("http://nowhere.invalid").failure == WebhookFailure::kHostUnknown);
  FakeServer plain([](Peer& peer) { peer.Write(FakeProvider::Answer(200, "")); });
  CHECK(Send(plain.At("https")).failure == WebhookFailure::kTlsFailed);
}

TEST_CASE("an address that may not be reached is not, whatever its name", "[service]") {
  FakeProvider receiver({FakeProvider::Answer(200, "")});
  const std::string port = receiver.url().substr(receiver.url().rfind(':'));
  for (const std::string host : {"127.0.0.1", "localhost", "2130706433", "0x7f.1", "0.0.0.0"}) {
    for (const char* scheme : {"http://", "https://"}) {
      INFO(scheme << host);
      CHECK(Send(scheme + host + port, Networks()).failure == WebhookFailure::kAddressNotAllowed);
    }
  }
  CHECK(receiver.requests().empty());
  CHECK_FALSE(Send("http://localhost" + port).failure.has_value());
}

TEST_CASE("a receiver that hangs costs fifteen seconds", "[service]") {
  FakeServer hung([](Peer& peer) { peer.ReadTo("never"); });
  const absl::Time begin = absl::Now();
  CHECK(Send(hung.At("http")).failure == WebhookFailure::kTimedOut);
  const absl::Duration took = absl::Now() - begin;
  CHECK(took > absl::Seconds(14));
  CHECK(took < absl::Seconds(18));
}

}  // namespace
}  // namespace gatehouse::notification
