#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "services/common/base/status.h"
#include "services/notification/webhooks/domain/delivering.h"
#include "services/notification/webhooks/domain/signature.h"
#include "services/notification/webhooks/domain/target.h"

namespace gatehouse::notification {
namespace {

// The example of the specification of Standard Webhooks.
const Secret kSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
constexpr char kId[] = "msg_p5jXN8AQM9LWM0D4loKWxJek";
constexpr char kBody[] = R"({"test": 2432232314})";
constexpr char kSignature[] = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

TEST_CASE("a post is signed as Standard Webhooks says", "[unit]") {
  const absl::Time time = absl::FromUnixSeconds(1614265330);
  CHECK(WebhookSignature({kSecret}, kId, time, kBody) == kSignature);
  CHECK(WebhookSignature({kSecret}, kId, time + absl::Milliseconds(999), kBody) == kSignature);
  const std::string both = WebhookSignature({NewWebhookSecret(), kSecret}, kId, time, kBody);
  CHECK(absl::EndsWith(both, std::string(" ") + kSignature));
  CHECK(both.size() == 2 * sizeof(kSignature) - 1);
}

TEST_CASE("a new secret is 32 bytes in the form of Standard Webhooks, each another", "[unit]") {
  const Secret secret = NewWebhookSecret();
  CHECK(absl::StartsWith(secret.Reveal(), "whsec_"));
  CHECK(secret.Reveal().size() == 6 + 44);
  CHECK(secret.Reveal() != NewWebhookSecret().Reveal());
}

Networks Of(const char* block) {
  Networks networks;
  REQUIRE(networks.Add(block));
  return networks;
}

TEST_CASE("webhooks reach public addresses only, and by TLS only", "[unit]") {
  const WebhookTargets targets{Networks()};
  for (const char* address : {"93.184.216.34", "2606:2800:220:1::1", "172.15.0.1", "172.32.0.1",
                              "100.128.0.1", "::ffff:93.184.216.34"}) {
    INFO(address);
    CHECK(targets.MayReach(address, true));
    CHECK_FALSE(targets.MayReach(address, false));
  }
  for (const char* address : {"127.0.0.1",
                              "127.255.0.9",
                              "0.0.0.0",
                              "10.1.2.3",
                              "172.16.0.1",
                              "172.31.255.255",
                              "192.168.1.1",
                              "169.254.169.254",
                              "100.64.0.1",
                              "198.18.0.1",
                              "224.0.0.1",
                              "255.255.255.255",
                              "::",
                              "::1",
                              "fe80::1",
                              "fc00::1",
                              "fd00:ec2::254",
                              "ff02::1",
                              "64:ff9b::7f00:1",
                              "2002:7f00:1::",
                              "2001:0:1::",
                              "::ffff:127.0.0.1",
                              "::ffff:169.254.169.254",
                              "",
                              "example.com",
                              "127.1"}) {
    INFO(address);
    CHECK_FALSE(targets.MayReach(address, true));
  }
}

TEST_CASE("what the operator allows is reached, by http too, and nothing beside it", "[unit]") {
  const WebhookTargets targets(Of("10.1.0.0/16"));
  CHECK(targets.MayReach("10.1.2.3", false));
  CHECK(targets.MayReach("10.1.2.3", true));
  CHECK_FALSE(targets.MayReach("10.2.0.1", true));
  CHECK_FALSE(targets.MayReach("93.184.216.34", false));
}

TEST_CASE("an endpoint's URL is kept as a receiver reads it", "[unit]") {
  const WebhookTargets targets{Networks()};
  CHECK(targets.Check("HTTPS://CRM.Example:443/Hook").value() == "https://crm.example/Hook");
  CHECK(targets.Check("https://crm.example/hook/").value() == "https://crm.example/hook/");
  CHECK(targets.Check("https://crm.example/").value() == "https://crm.example");
  CHECK(targets.Check("https://crm.exämple:8443").value() == "https://crm.xn--exmple-cua:8443");
  CHECK(targets.Check("https://93.184.216.34/a").ok());
}

TEST_CASE("a URL that webhooks cannot go to is refused by name", "[unit]") {
  const WebhookTargets targets{Networks()};
  for (const char* url :
       {"http://crm.example/hook", "ftp://crm.example", "crm.example", "https://",
        "https://user:password@crm.example", "https://crm.example/#x", "https://crm.example/?a=b",
        "https://127.0.0.1/", "https://10.0.0.1:8443/", "https://[::1]/",
        "https://169.254.169.254/", "https://crm.example:0/", "https://crm.example:70000/",
        "https://crm .example", "javascript:alert(1)", "file:///etc/passwd"}) {
    INFO(url);
    CHECK(ReasonOf(targets.Check(url).status()) == "WEBHOOK_URL_NOT_ALLOWED");
  }
  CHECK(WebhookTargets(Of("127.0.0.0/8")).Check("http://127.0.0.1:9000/hook").ok());
}

TEST_CASE("what fails is tried again after five seconds, doubling, to six hours", "[unit]") {
  const auto wait = [](int attempts) {
    return BackoffOf({.attempts = attempts}, {.failure = WebhookFailure::kTimedOut}).delivery;
  };
  CHECK(wait(0) == absl::Seconds(5));
  CHECK(wait(1) == absl::Seconds(10));
  CHECK(wait(6) == absl::Seconds(320));
  CHECK(wait(13) == absl::Hours(6));
  CHECK(wait(1'000'000) == absl::Hours(6));
}

TEST_CASE("an endpoint waits as a whole once it failed three times in a row", "[unit]") {
  const auto wait = [](int failures, absl::Duration asked = absl::ZeroDuration()) {
    return BackoffOf({.failures = failures},
                     {.failure = WebhookFailure::kStatusNotOk, .wait = asked})
        .endpoint;
  };
  CHECK(wait(0) == absl::ZeroDuration());
  CHECK(wait(1) == absl::ZeroDuration());
  CHECK(wait(2) == absl::Seconds(5));
  CHECK(wait(3) == absl::Seconds(10));
  CHECK(wait(100) == absl::Hours(6));
  // As long as it asks for, but not for ever.
  CHECK(wait(0, absl::Seconds(90)) == absl::Seconds(90));
  CHECK(wait(0, absl::Hours(900)) == absl::Hours(1));
}

}  // namespace
}  // namespace gatehouse::notification
