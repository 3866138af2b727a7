#include <google/protobuf/util/json_util.h>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "gatehouse/cases/v1/cases.pb.h"
#include "gatehouse/documents/v1/reasons.pb.h"
#include "gatehouse/identity/v1/organisations.pb.h"
#include "gatehouse/identity/v1/reasons.pb.h"
#include "gatehouse/invitation/v1/sign_in.pb.h"
#include "gatehouse/notification/v1/notifications.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "services/common/base/status.h"
#include "services/common/text/networks.h"
#include "services/gateway/json/json_reader.h"
#include "services/gateway/json/json_writer.h"
#include "services/gateway/json/problem.h"

namespace gatehouse::gateway {
namespace {

TEST_CASE("JSON is read by its names, and refused by the field's path", "[unit]") {
  cases::v1::PutCaseRequest request;
  REQUIRE(ReadJson(R"({"displayName":"A","case_id":"d","owner":null,
      "contacts":[{"contactId":"ada","type":"COMPANY"},{"contactId":"bob"}]})",
                   request)
              .ok());
  CHECK(request.contacts(0).type() == cases::v1::COMPANY);
  CHECK(request.contacts_size() == 2);
  CHECK_FALSE(request.has_owner());
  const std::vector<std::pair<std::string, std::string>> bad = {
      {R"({"displayName":1})", "displayName"},
      {R"({"displayname":"x"})", "displayname"},
      {R"({"contacts":{}})", "contacts"},
      {R"({"contacts":[null]})", "contacts[0]"},
      {R"({"contacts":[{"type":"NOBODY"}]})", "contacts[0].type"},
      {R"({"contacts":[{"type":99}]})", "contacts[0].type"},
      {R"({"displayName":"a","displayName":"b"})", "displayName"},
      {R"({"displayName":"a","display_name":"b"})", "display_name"}};
  for (const auto& [json, path] : bad) {
    INFO(json);
    cases::v1::PutCaseRequest ignored;
    const absl::Status status = ReadJson(json, ignored);
    CHECK(ReasonOf(status) == "INVALID_REQUEST");
    CHECK(ProblemOf(status, "/", "r").body.find("\"field\":\"" + path.substr(0, 7)) !=
          std::string::npos);
  }
  for (const std::string& json :
       {std::string("{"), std::string("[]"), std::string("\"x\""), std::string("{\"a\xff\":1}"),
        std::string("{} {}"), std::string(100, '[') + std::string(100, ']')}) {
    cases::v1::PutCaseRequest ignored;
    CHECK_FALSE(ReadJson(json, ignored).ok());
  }
}

TEST_CASE("numbers, times and masks are read as ProtoJSON writes them", "[unit]") {
  notification::v1::PurchaseCreditsRequest purchase;
  for (const char* credits : {"7", "\"7\"", "7.0", "7e0"}) {
    purchase.Clear();
    REQUIRE(ReadJson(std::string("{\"credits\":") + credits + "}", purchase).ok());
    CHECK(purchase.credits() == 7);
  }
  for (const char* credits : {"7.5", "\"x\"", "true", "1e30", "9223372036854775808", "\"\""}) {
    INFO(credits);
    CHECK_FALSE(ReadJson(std::string("{\"credits\":") + credits + "}", purchase).ok());
  }
  identity::v1::UpdateOrganisationRequest update;
  REQUIRE(ReadJson(R"({"updateMask":"displayName,sessionPolicy.idleTimeout",
      "sessionPolicy":{"idleTimeout":"900s"}})",
                   update)
              .ok());
  CHECK(update.update_mask().paths(1) == "session_policy.idle_timeout");
  CHECK(update.session_policy().idle_timeout().seconds() == 900);
  CHECK_FALSE(ReadJson(R"({"sessionPolicy":{"idleTimeout":900}})", update).ok());
  notification::v1::ListMessagesRequest list;
  CHECK(SetFromText(list, "pageSize", "7").ok());
  CHECK(list.page_size() == 7);
  for (const char* text : {"", "x", "7 8", "\"7\"x", "99999999999"}) {
    CHECK_FALSE(SetFromText(list, "pageSize", text).ok());
  }
  CHECK_FALSE(SetFromText(list, "caseId", "\xff").ok());
}

TEST_CASE("JSON is written as protobuf's own printer does, and a cookie not at all",
          "[unit][no-tsan]") {
  notification::v1::Event event;
  event.set_event_id("evt_\"1\"\n\x01 é");
  event.mutable_time()->set_seconds(1700000000);
  event.mutable_time()->set_nanos(120000000);
  (*event.mutable_data())["b"] = "2";
  (*event.mutable_data())["a"] = "1";
  notification::v1::ListEventsResponse response;
  *response.add_events() = event;
  std::string ours, theirs;
  WriteJson(response, ours);
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  REQUIRE(google::protobuf::util::MessageToJsonString(response, &theirs, options).ok());
  CHECK(nlohmann::json::parse(ours) == nlohmann::json::parse(theirs));
  invitation::v1::VerifySignInResponse verified;
  verified.set_session_token("secret");
  std::string json;
  WriteJson(verified, json);
  CHECK(json == "{}");
}

TEST_CASE("a proxy is trusted by its address or its block, and by nothing else", "[unit]") {
  Networks proxies;
  for (const char* text : {"192.0.2.7", "10.0.0.0/8", "fd00::/12", "2001:db8::1"}) {
    CHECK(proxies.Add(text));
  }
  for (const char* text : {"", "proxy", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/x", "10.0.0/8"}) {
    INFO(text);
    CHECK_FALSE(proxies.Add(text));
  }
  for (const char* text :
       {"192.0.2.7", "10.255.0.1", "::ffff:10.1.2.3", "fd0f::1", "2001:db8::1"}) {
    INFO(text);
    CHECK(proxies.Contains(text));
  }
  for (const char* text : {"192.0.2.8", "11.0.0.1", "fd10::1", "2001:db8::2", "", "unknown"}) {
    INFO(text);
    CHECK_FALSE(proxies.Contains(text));
  }
}

TEST_CASE("a refusal becomes problem+json with its facts and its wait", "[unit]") {
  const absl::Status locked =
      WithFact(RefuseUntil(identity::v1::SIGN_IN_LOCKED, "too many tries", absl::Seconds(90)),
               "attemptsLeft", "0");
  const Problem problem = ProblemOf(locked, "/v1/x", "req_1");
  const auto json = nlohmann::json::parse(problem.body);
  CHECK(problem.status == 429);
  CHECK(problem.retry_after_seconds == 90);
  CHECK(json["attemptsLeft"] == 0);
  CHECK(json["request_id"] == "req_1");
  CHECK(json["type"] == "urn:gatehouse:problem:SIGN_IN_LOCKED");
  const auto field =
      nlohmann::json::parse(ProblemOf(RefuseField("contacts[0].given_name", "x"), "/", "r").body);
  CHECK(field["violations"][0]["field"] == "contacts[0].givenName");
  const auto fault = ProblemOf(absl::InternalError("password"), "/", "r");
  CHECK(fault.status == 500);
  CHECK(fault.body.find("password") == std::string::npos);
}

TEST_CASE("what is wrong is named as it stands in the body", "[unit]") {
  const auto named = [](const std::string& field, const std::string& body_field) {
    const Problem problem = ProblemOf(RefuseField(field, "is wrong"), "/", "r", body_field);
    return nlohmann::json::parse(problem.body)["violations"][0]["field"];
  };
  CHECK(named("policy.email.max_length", "policy") == "email.maxLength");
  CHECK(named("portal_settings.stage_videos[0].video", "portal_settings") ==
        "stageVideos[0].video");
  // The body itself, what stands beside it, and what only begins alike.
  CHECK(named("policy", "policy") == "policy");
  CHECK(named("update_mask", "policy") == "updateMask");
  CHECK(named("policy_id.x", "policy") == "policyId.x");
  CHECK(named("policy.link_ttl", "") == "policy.linkTtl");
}

TEST_CASE("facts that are headers of their own stand there too", "[unit]") {
  using Headers = std::vector<std::pair<std::string, std::string>>;
  const auto version = WithFact(Refuse(documents::v1::TUS_VERSION_NOT_SUPPORTED, "only 1.0.0"),
                                "tusVersion", "1.0.0");
  CHECK(ProblemOf(version, "/", "r").headers == Headers{{"Tus-Version", "1.0.0"}});
  const auto range = WithFact(Refuse(documents::v1::RANGE_NOT_SATISFIABLE, "it ends before"),
                              "contentRange", "bytes */5");
  CHECK(ProblemOf(range, "/", "r").headers == Headers{{"Content-Range", "bytes */5"}});
  CHECK(ProblemOf(Refuse(common::v1::NOT_FOUND, "no"), "/", "r").headers.empty());
}

TEST_CASE("a fact is a number by its name, and never by its look", "[unit]") {
  const auto shown = [](const std::string& fact) {
    const absl::Status refusal =
        WithFact(Refuse(common::v1::UNKNOWN_TAG, "the text has a tag"), fact, "123");
    return nlohmann::json::parse(ProblemOf(refusal, "/v1/x", "req_1").body)[fact];
  };
  CHECK(shown("attemptsLeft") == 123);
  CHECK(shown("line") == 123);
  CHECK(shown("tag") == "123");
}

TEST_CASE("what waiting does not mend names no time to come back", "[unit]") {
  const absl::Status locked = Refuse(identity::v1::CHALLENGE_LOCKED, "start again");
  const Problem problem = ProblemOf(locked, "/v1/x", "req_1");
  CHECK(problem.status == 429);
  CHECK(problem.retry_after_seconds == 0);
  CHECK_FALSE(nlohmann::json::parse(problem.body).contains("retry_after"));
}

TEST_CASE("whatever is away or too slow says when to come back", "[unit]") {
  for (const absl::Status& status : {absl::UnavailableError("x"), absl::DeadlineExceededError("x"),
                                     WithWait(absl::UnavailableError("x"), absl::Seconds(1)),
                                     FromRpcStatus(ToRpcStatus(absl::UnavailableError("x")))}) {
    INFO(status.ToString());
    const Problem problem = ProblemOf(status, "/", "r");
    CHECK(problem.retry_after_seconds == 1);
    CHECK(nlohmann::json::parse(problem.body)["retry_after"] == 1);
    google::rpc::RetryInfo retry;
    const google::rpc::Status wire = ToRpcStatus(status);
    REQUIRE(wire.details_size() == 1);
    REQUIRE(wire.details(0).UnpackTo(&retry));
    CHECK(retry.retry_delay().seconds() == 1);
  }
  // Who knows better is believed, over any number of services.
  absl::Status long_wait = WithWait(absl::UnavailableError("x"), absl::Seconds(30));
  for (int hop = 0; hop < 3; ++hop) long_wait = FromRpcStatus(ToRpcStatus(long_wait));
  CHECK(ProblemOf(long_wait, "/", "r").retry_after_seconds == 30);
}

}  // namespace
}  // namespace gatehouse::gateway
