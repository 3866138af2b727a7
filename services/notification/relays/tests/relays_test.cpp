#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "services/common/base/status.h"
#include "services/notification/relays/own_accounts.h"
#include "services/notification/relays/relay_sender.h"
#include "services/notification/relays/relays_handler.h"
#include "services/notification/sms/guarded_sender.h"
#include "services/notification/sms/signature.h"
#include "services/notification/tests/handler_fixture.h"
#include "tests/support/fake_server.h"

// The mail server and the SMS account that an organisation brings along.

namespace gatehouse::notification {
namespace {

Networks Here() {
  Networks networks;
  networks.Add("127.0.0.1");
  return networks;
}

// What went by a relay of an organisation's own.
struct OwnTray {
  std::vector<std::string> by;  // The relay's user.
  SendResult result = {.outcome = Outcome::kSent, .provider_id = "SM1"};
};

class OwnSender : public Sender {
 public:
  OwnSender(OwnTray& tray, std::string user) : tray_(tray), user_(std::move(user)) {}
  SendResult Send(const Outgoing&) override {
    tray_.by.push_back(user_);
    return tray_.result;
  }
  std::optional<absl::StatusOr<std::vector<std::string>>> Find(const Outgoing&) override {
    return std::vector<std::string>{"SM-" + user_};
  }

 private:
  OwnTray& tray_;
  const std::string user_;
};

struct Relaying : Fixture {
  OwnTray own;
  const WebhookTargets targets{Networks()};
  const MakeRelaySender make = [this](Channel, const RelayAccount& account) {
    return std::make_unique<OwnSender>(own, account.user);
  };
  RelaysHandler relays_handler{relays, targets, true, make};

  absl::StatusOr<v1::Relay> SetEmail(const std::string& user = "portal",
                                     const std::string& url = "smtps://mail.acme.example:465") {
    v1::SetEmailRelayRequest request;
    request.set_url(url);
    request.set_user(user);
    request.set_password("the-password");
    request.set_from("portal@acme.example");
    return relays_handler.SetEmailRelay(StaffCall(), request);
  }
  absl::StatusOr<v1::Relay> SetSms(const std::string& account = "AC9") {
    v1::SetSmsRelayRequest request;
    request.set_account(account);
    request.set_token("the-token");
    request.set_from("+61411111111");
    return relays_handler.SetSmsRelay(StaffCall(), request);
  }
  absl::StatusOr<v1::Relay> Test(const std::string& relay_id) {
    database.Exec("UPDATE relay SET test_time = test_time - interval '1 minute'");
    v1::TestRelayRequest request;
    request.set_relay_id(relay_id);
    request.set_recipient(relay_id == "sms" ? "+61412345678" : "sam@acme.example");
    return relays_handler.TestRelay(StaffCall(), request);
  }
  v1::ListRelaysResponse List(const std::string& organisation = "acme") {
    return relays_handler.ListRelays(StaffCall(organisation), {}).value();
  }
  RelaySender SenderOf(Channel channel) {
    return RelaySender(std::make_unique<TraySender>(tray), channel, relays, make);
  }
  static Outgoing Mail(const std::string& organisation = "acme") {
    return {organisation,
            "msg_1",
            Recipient::Parse(Channel::kEmail, "ada@example.com").value(),
            {"Hello", "Hello"}};
  }
  static Outgoing Sms(bool unpaid) {
    return {"acme",
            "msg_1",
            Recipient::Parse(Channel::kSms, "+61412345678").value(),
            {"", "123456"},
            unpaid};
  }
  size_t Told(const char* type) {
    return database.Exec(absl::StrCat("SELECT FROM job WHERE kind LIKE '%", type, "%'")).size();
  }
};

TEST_CASE_METHOD(Relaying, "a relay counts once a test has gone by it", "[service]") {
  const auto set = SetEmail();
  REQUIRE(set.ok());
  CHECK(set->untested());
  CHECK_FALSE(set->active());
  RelaySender sender = SenderOf(Channel::kEmail);
  CHECK(sender.Send(Mail()).outcome == Outcome::kSent);
  CHECK(own.by.empty());
  const auto tested = Test("email");
  INFO(tested.status().ToString());
  REQUIRE(tested.ok());
  CHECK(tested->active());
  CHECK_FALSE(tested->untested());
  own.by.clear();
  CHECK(sender.Send(Mail()).outcome == Outcome::kSent);
  CHECK(own.by == std::vector<std::string>{"portal"});
  // No other organisation's messages.
  CHECK(sender.Send(Mail("other")).outcome == Outcome::kSent);
  CHECK(own.by.size() == 1);
  CHECK(List("other").relays_size() == 0);
}

TEST_CASE_METHOD(Relaying, "another one is tested while the one before serves on", "[service]") {
  REQUIRE(SetEmail("old").ok());
  REQUIRE(Test("email").ok());
  REQUIRE(SetEmail("new").ok());
  RelaySender sender = SenderOf(Channel::kEmail);
  own.by.clear();
  (void)sender.Send(Mail());
  CHECK(own.by == std::vector<std::string>{"old"});
  own.result = {.outcome = Outcome::kTryAgain, .detail = "auth 535"};
  const auto failed = Test("email").status();
  CHECK(ReasonOf(failed) == "RELAY_TEST_FAILED");
  CHECK(FactsOf(failed)["failure"] == "auth 535");
  CHECK(List().relays(0).failure() == "auth 535");
  CHECK(List().relays(0).untested());
  own.result = {.outcome = Outcome::kSent};
  REQUIRE(Test("email").ok());
  own.by.clear();
  (void)sender.Send(Mail());
  CHECK(own.by == std::vector<std::string>{"new"});
  CHECK(List().relays(0).failure().empty());
}

TEST_CASE_METHOD(Relaying, "its failures are told to its staff, and pause nobody else",
                 "[service]") {
  REQUIRE(SetEmail().ok());
  REQUIRE(Test("email").ok());
  RelaySender sender = SenderOf(Channel::kEmail);
  own.result = {.outcome = Outcome::kTryAgain, .away = true, .detail = "UNREACHABLE"};
  const SendResult result = sender.Send(Mail());
  CHECK(result.outcome == Outcome::kTryAgain);
  CHECK_FALSE(result.away);
  CHECK(List().relays(0).failure() == "UNREACHABLE");
  CHECK(List().relays(0).has_failure_time());
  own.result = {.outcome = Outcome::kSent};
  (void)sender.Send(Mail());
  CHECK(List().relays(0).failure().empty());
}

TEST_CASE_METHOD(Relaying, "an SMS by an account of its own costs no credits", "[service]") {
  REQUIRE(SetSms().ok());
  REQUIRE(Test("sms").ok());
  tray.away = true;
  // There are none.
  REQUIRE(handler.SubmitMessage(ServiceCall(), Code("r1")).ok());
  const auto listed = handler.ListMessages(StaffCall(), {});
  CHECK(listed->messages(0).segments() == 0);
  pb::CheckSmsRequest request;
  request.set_template_("sign-in-code");
  *request.mutable_parameters() = Code("r1").parameters();
  const auto checked = handler.CheckSms(ServiceCall(), request);
  CHECK(checked->sender() == "+61411111111");
  CHECK(checked->segments() == 0);
  CHECK(ReasonOf(handler.SubmitMessage(ServiceCall("other"), Code("r1")).status()) ==
        "SMS_CREDITS_EXHAUSTED");
}

TEST_CASE_METHOD(Relaying, "what was paid goes by the house, and what was not never does",
                 "[service]") {
  REQUIRE(SetSms().ok());
  REQUIRE(Test("sms").ok());
  RelaySender sender = SenderOf(Channel::kSms);
  own.by.clear();
  CHECK(sender.Send(Sms(false)).outcome == Outcome::kSent);
  CHECK(own.by.empty());
  CHECK(sender.Send(Sms(true)).outcome == Outcome::kSent);
  CHECK(own.by.size() == 1);
  CHECK((*sender.Find(Sms(true)))->at(0) == "SM-AC9");
  v1::DeleteRelayRequest request;
  request.set_relay_id("sms");
  REQUIRE(relays_handler.DeleteRelay(StaffCall(), request).ok());
  CHECK(sender.Send(Sms(true)).failure == "RELAY_GONE");
  CHECK((*sender.Find(Sms(true)))->empty());
  CHECK(ReasonOf(relays_handler.DeleteRelay(StaffCall(), request).status()) == "NOT_FOUND");
}

TEST_CASE_METHOD(Relaying, "its secrets rest sealed, and are shown to nobody", "[service]") {
  REQUIRE(SetEmail().ok());
  REQUIRE(SetSms().ok());
  const v1::ListRelaysResponse listed = List();
  CHECK(listed.relays_size() == 2);
  for (const v1::Relay& relay : listed.relays()) {
    CHECK_FALSE(absl::StrContains(relay.DebugString(), "the-password"));
    CHECK_FALSE(absl::StrContains(relay.DebugString(), "the-token"));
  }
  const auto rest = database.Exec("SELECT string_agg(relay::text, ' ') FROM relay");
  CHECK_FALSE(absl::StrContains(rest[0][0].c_str(), "portal"));
}

TEST_CASE_METHOD(Relaying, "one may be tested twice a minute, and only what is set", "[service]") {
  CHECK(ReasonOf(Test("email").status()) == "NOT_FOUND");
  REQUIRE(SetEmail().ok());
  REQUIRE(Test("email").ok());
  v1::TestRelayRequest request;
  request.set_relay_id("email");
  request.set_recipient("sam@acme.example");
  CHECK(ReasonOf(relays_handler.TestRelay(StaffCall(), request).status()) ==
        "RELAY_TESTED_JUST_NOW");
}

TEST_CASE_METHOD(Relaying, "what is inside is no relay, and a sandbox has none", "[service]") {
  for (const char* url :
       {"smtp://127.0.0.1:25", "smtps://10.0.0.1:465", "smtp://169.254.169.254:25"}) {
    CHECK(ReasonOf(SetEmail("", url).status()) == "RELAY_NOT_ALLOWED");
  }
  v1::SetSmsRelayRequest request;
  request.set_account("AC9");
  CHECK(ReasonOf(relays_handler.SetSmsRelay(StaffCall("sandbox-a"), request).status()) ==
        "RELAY_NOT_ALLOWED");
  RelaysHandler without(relays, targets, false, make);
  CHECK(ReasonOf(without.SetSmsRelay(StaffCall(), request).status()) == "SMS_NOT_CONFIGURED");
}

TEST_CASE("a mail server is judged when it is connected to, by its address", "[service]") {
  int connections = 0;
  const FakeServer server([&](Peer& peer) {
    ++connections;
    peer.Write("421 not today\r\n");
  });
  const RelayAccount account = {
      .url = absl::StrReplaceAll(server.At("smtp"), {{"127.0.0.1", "localhost"}}),
      .from = "portal@acme.example"};
  const Outgoing message = Relaying::Mail();
  const WebhookTargets outside{Networks()};
  CHECK(SmtpSender(OwnServer(account, outside, "")).Send(message).detail == "UNREACHABLE");
  CHECK(connections == 0);
  const WebhookTargets inside{Here()};
  CHECK(SmtpSender(OwnServer(account, inside, "")).Send(message).detail == "greeting 421");
  CHECK(connections == 1);
}

TEST_CASE("an own account signs in by what its staff wrote, whatever it is", "[unit]") {
  const WebhookTargets outside{Networks()};
  const SmtpConfig config = OwnServer({.url = "smtps://mail.acme.example:465",
                                       .user = "a@b:c/d",
                                       .secret = Secret("p@ss word?"),
                                       .from = "portal@acme.example"},
                                      outside, "");
  CHECK(config.url.Reveal() == "smtps://a%40b%3Ac%2Fd:p%40ss%20word%3F@mail.acme.example:465");
  CHECK(config.tls == SmtpTls::kRequired);
  const SmsConfig sms = OwnAccount({.url = "https://api",
                                    .account = "AC1",
                                    .callback_url = "https://a.example/v1/smsCallbacks/AC1"},
                                   {.user = "AC9", .secret = Secret("t"), .from = "+61411111111"});
  CHECK(sms.callback_url == "https://a.example/v1/smsCallbacks/AC9");
  CHECK(sms.own);
}

TEST_CASE_METHOD(Relaying, "a STOP to the number that all share is nothing to who has its own",
                 "[service]") {
  Buy(10);
  REQUIRE(stops.Say("", "+61412345678", true, "SM1").ok());
  REQUIRE(SetSms().ok());
  CHECK(stops.Find("acme", "+61412345678")->stopped);  // It counts once it was tested.
  REQUIRE(Test("sms").ok());
  CHECK_FALSE(stops.Find("acme", "+61412345678")->stopped);
  CHECK(stops.Find("other", "+61412345678")->stopped);
}

TEST_CASE_METHOD(Relaying, "a STOP to an organisation's own number is its own affair",
                 "[service]") {
  Buy(10);
  REQUIRE(SetSms().ok());
  REQUIRE(Test("sms").ok());
  const SmsConfig house = {.account = "AC1",
                           .token = Secret("token-1"),
                           .from = "+61400000000",
                           .callback_url = "https://a.example/v1/smsCallbacks/AC1"};
  SmsHandler sms_handler(stops, relays, sms_rules, once, {house});
  const Form form = {{"AccountSid", "AC9"},
                     {"Body", "STOP"},
                     {"From", "+61412345678"},
                     {"MessageSid", "SM1"},
                     {"To", "+61411111111"}};
  v1::TakeSmsCallbackRequest request;
  request.set_account("AC9");
  request.set_organisation_id("acme");
  request.set_form("AccountSid=AC9&Body=STOP&From=%2B61412345678&MessageSid=SM1&To=%2B61411111111");
  const std::string url = "https://a.example/v1/smsCallbacks/AC9?organisationId=acme";
  request.set_signature(CallbackSignature(Secret("the-token"), url, form));
  REQUIRE(sms_handler.TakeSmsCallback(ServiceCall(""), request).ok());
  CHECK(stops.Find("acme", "+61412345678")->stopped);
  CHECK_FALSE(stops.Find("other", "+61412345678")->stopped);
  // Another organisation's name under this account's signature is nothing.
  request.set_organisation_id("other");
  CHECK(ReasonOf(sms_handler.TakeSmsCallback(ServiceCall(""), request).status()) ==
        "SMS_CALLBACK_FORGED");
}

}  // namespace
}  // namespace gatehouse::notification
