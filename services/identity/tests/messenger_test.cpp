#include "services/identity/messenger.h"

#include <catch2/catch.hpp>

#include "gatehouse/notification/v1/reasons.pb.h"
#include "services/common/rpc/validate.h"
#include "services/gateway/tests/fake_service.h"

// What identity asks notification to send, and what it makes of the answer.

namespace gatehouse::identity {
namespace {

const char kSubmit[] = "gatehouse.notification.v1.Intake/SubmitMessage";

struct Notification {
  gateway::FakeService fake;
  Client client{fake.address(), nullptr};
  NotificationMessenger messenger{client};
  const absl::Time expire_time = absl::FromUnixSeconds(1'900'000'000);
  Subject subject;

  Notification() {
    subject.organisation_id = "acme";
    subject.organisation_name = "Acme";
    subject.portal_host = "portal.acme.example";
    subject.contact_name = "Ada Lovelace";
    subject.mobile = "+61412345678";
    subject.access = {.case_id = "deal-1", .contact_id = "ada"};
    fake.Set(kSubmit, {.reads = 1});
  }
  absl::Status Send(const std::string& request_id = "chl_1:1") {
    return messenger.SendCode(subject, request_id, Secret("120995"), expire_time);
  }
  // What was asked for, in its order; each would be let in by the contract.
  std::vector<notification::v1::SubmitMessageRequest> Asked() {
    std::vector<notification::v1::SubmitMessageRequest> requests;
    for (const auto& call : fake.seen()) {
      CHECK(call.method == kSubmit);
      CHECK(requests.emplace_back().ParseFromString(call.first));
      INFO(requests.back().ShortDebugString());
      CHECK(Validate(requests.back()).ok());
    }
    return requests;
  }
  void Answer(grpc::Status status) { fake.Set(kSubmit, {.reads = 1, .status = std::move(status)}); }
};

// As a service refuses.
grpc::Status Refused() {
  const auto wire = ToRpcStatus(Refuse(notification::v1::SMS_CREDITS_EXHAUSTED, "no"));
  return {grpc::StatusCode::FAILED_PRECONDITION, wire.message(), wire.SerializeAsString()};
}

TEST_CASE_METHOD(Notification, "a code is an SMS to the client's number, as long as it is good",
                 "[service][no-tsan]") {
  REQUIRE(Send().ok());
  const auto asked = Asked();
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].channel() == notification::v1::SMS);
  CHECK(asked[0].template_() == "sign-in-code");
  CHECK(asked[0].recipient() == "+61412345678");
  CHECK(asked[0].case_id() == "deal-1");
  CHECK(asked[0].request_id() == "chl_1:1");
  CHECK(FromProto(asked[0].expire_time()) == expire_time);
  CHECK(asked[0].parameters().size() == 3);
  CHECK(asked[0].parameters().at("code") == "120995");
  CHECK(asked[0].parameters().at("organisation_name") == "Acme");
  CHECK(asked[0].parameters().at("host") == "portal.acme.example");
  const auto metadata = fake.seen()[0].metadata;
  CHECK(metadata.find("gatehouse-organisation")->second == "acme");
}

TEST_CASE_METHOD(Notification, "a newer code takes the place of one that waits, of the same client",
                 "[service][no-tsan]") {
  REQUIRE(Send("chl_1:1").ok());
  REQUIRE(Send("chl_2:1").ok());
  subject.access.contact_id = "bob";
  REQUIRE(Send("chl_3:1").ok());
  const auto asked = Asked();
  REQUIRE(asked.size() == 3);
  CHECK(asked[0].topic() == asked[1].topic());
  CHECK(asked[0].topic() != asked[2].topic());
}

TEST_CASE_METHOD(Notification, "the case's owner is sent the code too, where that is wanted",
                 "[service][no-tsan]") {
  subject.owner_email = "olive@acme.example";
  REQUIRE(Send().ok());
  const auto asked = Asked();
  REQUIRE(asked.size() == 2);
  CHECK(asked[0].channel() == notification::v1::SMS);
  CHECK(asked[1].channel() == notification::v1::EMAIL);
  CHECK(asked[1].template_() == "sign-in-code-for-owner");
  CHECK(asked[1].recipient() == "olive@acme.example");
  CHECK(asked[1].case_id() == "deal-1");
  CHECK(asked[1].parameters().at("code") == "120995");
  CHECK(asked[1].parameters().at("contact_name") == "Ada Lovelace");
  CHECK(asked[1].parameters().count("host") == 0);
  // Taken apart: neither is the other's repetition, nor takes its place.
  CHECK(asked[1].request_id() != asked[0].request_id());
  CHECK(asked[1].topic() != asked[0].topic());
}

TEST_CASE_METHOD(Notification, "a code by e-mail goes to the client's mailbox, and to nobody else",
                 "[service][no-tsan]") {
  subject.method = SignInMethod::kEmailCode;
  subject.email = "ada@example.com";
  subject.owner_email = "olive@acme.example";
  REQUIRE(Send("che_1:1").ok());
  const auto asked = Asked();
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].channel() == notification::v1::EMAIL);
  CHECK(asked[0].template_() == "sign-in-code-by-email");
  CHECK(asked[0].recipient() == "ada@example.com");
  CHECK(asked[0].parameters().at("code") == "120995");
  CHECK(asked[0].parameters().at("contact_name") == "Ada Lovelace");
  CHECK(FromProto(asked[0].expire_time()) == expire_time);
}

TEST_CASE_METHOD(Notification, "what is refused of the SMS is the client's answer, and ends it",
                 "[service][no-tsan]") {
  subject.owner_email = "olive@acme.example";
  Answer(Refused());
  CHECK(ReasonOf(Send()) == "SMS_CREDITS_EXHAUSTED");
  CHECK(Asked().size() == 1);
}

TEST_CASE_METHOD(Notification, "what is refused of the owner's e-mail is not the client's concern",
                 "[service][no-tsan]") {
  subject.owner_email = "olive@acme.example";
  fake.Next(kSubmit, {.reads = 1});
  Answer(Refused());
  CHECK(Send().ok());
  CHECK(Asked().size() == 2);
}

TEST_CASE_METHOD(Notification, "while notification is away nothing counts as sent",
                 "[service][no-tsan]") {
  Answer({grpc::StatusCode::INTERNAL, "broken"});
  const absl::Status sent = Send();
  CHECK_FALSE(sent.ok());
  CHECK(ReasonOf(sent).empty());
  subject.owner_email = "olive@acme.example";
  CHECK_FALSE(Send().ok());
  fake.Stop();
  CHECK(absl::IsUnavailable(Send()));
}

}  // namespace
}  // namespace gatehouse::identity
