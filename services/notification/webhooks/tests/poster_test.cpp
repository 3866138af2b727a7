#include <atomic>
#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "services/notification/webhooks/curl_poster.h"
#include "services/notification/webhooks/domain/signature.h"
#include "tests/support/fake_server.h"

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

// As Check() lets it pass, since a name may stand for anything; what it stands for now is inside.
TEST_CASE("a name that leads inside only when it is looked up again is not reached", "[service]") {
  FakeProvider receiver({FakeProvider::Answer(200, "")});
  const std::string port = receiver.url().substr(receiver.url().rfind(':'));
  const std::string url = WebhookTargets(Networks()).Check("https://localhost" + port).value();
  CHECK(Send(url, Networks()).failure == WebhookFailure::kAddressNotAllowed);
  CHECK(receiver.requests().empty());
}

TEST_CASE("a receiver may hang for so long, and one that answered may hang as it likes",
          "[service]") {
  CHECK(kWebhookPatienceForAnswer == absl::Seconds(15));
  const auto result_of = [](const char* answer) {
    FakeServer hung([&](Peer& peer) {
      peer.ReadTo("\r\n\r\n");
      peer.Write(answer);
      peer.ReadTo("never");
    });
    const WebhookTargets targets(Here());
    CurlWebhookPoster poster(targets, "", absl::Milliseconds(200));
    const absl::Time begin = absl::Now();
    const WebhookResult result = poster.Send(PostTo(hung.At("http")));
    CHECK(absl::Now() - begin < absl::Seconds(2));
    return result;
  };
  for (const char* answer : {"", "HTTP/1.1 200 X\r\nContent-Le", "HTTP/1.1 103 X\r\n\r\n",
                             "HTTP/1.1 103 X\r\n\r\nHTTP/1.1 200 X\r\n"}) {
    INFO(answer);
    CHECK(result_of(answer).failure == WebhookFailure::kTimedOut);
  }
  CHECK_FALSE(result_of("HTTP/1.1 200 X\r\nContent-Length: 9\r\n\r\n").failure.has_value());
  CHECK_FALSE(result_of("HTTP/1.1 200 X\r\nContent-Length: 9\r\n\r\nx").failure.has_value());
  CHECK(result_of("HTTP/1.1 500 X\r\nContent-Length: 9\r\n\r\n").http_status == 500);
}

TEST_CASE("of an answer of a gigabyte little is read", "[service]") {
  std::atomic<size_t> written = 0;
  {
    FakeServer endless([&](Peer& peer) {
      const std::string part(64 << 10, 'x');
      peer.ReadTo("\r\n\r\n");
      peer.Write("HTTP/1.1 200 X\r\nContent-Length: 1073741824\r\n\r\n");
      while (written < 1 << 30 && peer.Write(part)) written += part.size();
    });
    CHECK_FALSE(Send(endless.At("http")).failure.has_value());
  }
  CHECK(written < 32 << 20);  // What two sockets hold.
}

TEST_CASE("a receiver whose certificate is not trusted any more is not told", "[service]") {
  TlsServer receiver("HTTP/1.1 204 X\\r\\n\\r\\n");
  const std::string first = receiver.certificate();
  const WebhookTargets targets(Here());
  CurlWebhookPoster poster(targets, first);
  const WebhookPost post = PostTo(receiver.At("https"));
  CHECK_FALSE(poster.Send(post).failure.has_value());
  receiver.ChangeCertificate();
  CHECK(poster.Send(post).failure == WebhookFailure::kTlsFailed);
  receiver.ChangeCertificate();
  CurlWebhookPoster knowing(targets, receiver.certificate());
  CHECK_FALSE(knowing.Send(post).failure.has_value());
}

}  // namespace
}  // namespace gatehouse::notification
