#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "services/common/base/status.h"
#include "services/notification/sms/guarded_sender.h"
#include "services/notification/sms/signature.h"
#include "services/notification/tests/handler_fixture.h"

// STOP, START and delivery reports, as a provider calls back with them.

namespace gatehouse::notification {
namespace {

constexpr char kHere[] = "https://api.example.com/v1/smsCallbacks/AC1";
constexpr char kAda[] = "+61412345678", kOurs[] = "+61400000000";

struct Stopping : Fixture {
  SmsHandler sms_handler{stops,
                         relays,
                         sms_rules,
                         once,
                         {{.url = "http://localhost",
                           .account = "AC1",
                           .token = Secret("token-1"),
                           .from = kOurs,
                           .callback_url = kHere},
                          {.url = "http://localhost",
                           .account = "AC2",
                           .token = Secret("token-2"),
                           .from = "+61400000001"}}};
  Stopping() { Buy(100); }

  struct Callback {
    Form form;
    std::string organisation_id, message_id, token = "token-1", account = "AC1", url = kHere;
  };
  // As the provider posts and signs it.
  std::string Take(const Callback& callback) {
    v1::TakeSmsCallbackRequest request;
    request.set_account(callback.account);
    request.set_organisation_id(callback.organisation_id);
    request.set_message_id(callback.message_id);
    std::string body;
    for (const auto& [name, value] : callback.form) {
      absl::StrAppend(&body, body.empty() ? "" : "&", name, "=",
                      absl::StrReplaceAll(value, {{"+", "%2B"}, {" ", "+"}}));
    }
    request.set_form(body);
    request.set_signature(CallbackSignature(
        Secret(callback.token),
        CallbackUrl(callback.url, callback.organisation_id, callback.message_id), callback.form));
    return ReasonOf(sms_handler.TakeSmsCallback(ServiceCall(""), request).status());
  }
  static Form Inbound(const std::string& body, const std::string& id,
                      const std::string& to = kOurs) {
    return {{"AccountSid", "AC1"}, {"Body", body}, {"From", kAda}, {"MessageSid", id}, {"To", to}};
  }
  std::string Say(const std::string& body, const std::string& id) {
    return Take({.form = Inbound(body, id)});
  }
  std::string Told(const std::string& message_id, const std::string& status,
                   const std::string& code = "") {
    Form form = {{"AccountSid", "AC1"}, {"MessageSid", "SM1"}, {"MessageStatus", status}};
    if (!code.empty()) form.emplace_back("ErrorCode", code);
    return Take({.form = form, .organisation_id = "acme", .message_id = message_id});
  }
  std::string Submitted(const std::string& request_id, const std::string& organisation = "acme") {
    return ReasonOf(handler.SubmitMessage(ServiceCall(organisation), Code(request_id)).status());
  }
  bool Stopped(const std::string& organisation = "acme") {
    v1::LookUpStopRequest request;
    request.set_mobile(kAda);
    return sms_handler.LookUpStop(StaffCall(organisation), request)->stopped();
  }
  void Lift(const std::string& organisation = "acme") {
    v1::LiftStopRequest request;
    request.set_mobile(kAda);
    const auto lifted = sms_handler.LiftStop(StaffCall(organisation), request);
    INFO(lifted.status().ToString());
    REQUIRE(lifted.ok());
    CHECK_FALSE(lifted->stopped());
  }
  pb::Message Only() {
    const auto listed = handler.ListMessages(StaffCall(), {});
    REQUIRE(listed.ok());
    REQUIRE(listed->messages_size() == 1);
    return listed->messages(0);
  }
};

TEST_CASE_METHOD(Stopping, "a number that says STOP is refused by name, until it says START",
                 "[service]") {
  CHECK(Submitted("r1").empty());
  CHECK(Say("Stop.", "SM1").empty());
  CHECK(Submitted("r2") == "SMS_STOPPED");
  CHECK(Stopped());
  CHECK(Say("START", "SM2").empty());
  CHECK(Submitted("r3").empty());
  CHECK_FALSE(Stopped());
}

TEST_CASE_METHOD(Stopping, "who is to be invited is told whether a code would reach the number",
                 "[service]") {
  pb::CheckSmsRequest request;
  request.set_recipient(kAda);
  CHECK_FALSE(handler.CheckSms(ServiceCall(), request)->stopped());
  CHECK(Say("STOP", "SM1").empty());
  CHECK(handler.CheckSms(ServiceCall(), request)->stopped());
  CHECK_FALSE(handler.CheckSms(ServiceCall(), {})->stopped());
}

TEST_CASE_METHOD(Stopping, "a STOP to the number that all share holds for every organisation",
                 "[service]") {
  CHECK(Say("STOP", "SM1").empty());
  CHECK(Submitted("r1") == "SMS_STOPPED");
  CHECK(Submitted("r1", "other") == "SMS_STOPPED");
  // Staff lift it for their own organisation alone, in the audit trail.
  Lift();
  Lift();  // What is lifted stays so, and is noted once.
  CHECK(Submitted("r1").empty());
  CHECK(Submitted("r1", "other") == "SMS_STOPPED");
  CHECK(database.Exec("SELECT count(*) FROM job WHERE lane LIKE '%identity%'")[0][0].as<int>() ==
        1);
  // Until the number says it again.
  CHECK(Say("STOP", "SM2").empty());
  CHECK(Submitted("r2") == "SMS_STOPPED");
}

TEST_CASE_METHOD(Stopping, "what was said once counts once: replayed, it undoes nothing",
                 "[service]") {
  CHECK(Say("STOP", "SM1").empty());
  CHECK(Say("START", "SM2").empty());
  CHECK(Say("STOP", "SM1").empty());
  CHECK_FALSE(Stopped());
  Lift();
  CHECK(Say("STOP", "SM3").empty());
  CHECK(Say("START", "SM2").empty());
  CHECK(Stopped());
}

TEST_CASE_METHOD(Stopping, "the same callback at once from many is taken once", "[service]") {
  REQUIRE(Say("STOP", "SM0").empty());
  std::vector<std::thread> threads;
  std::atomic<int> failed = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] { failed += stops.Say("", kAda, false, "SM1").ok() ? 0 : 1; });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(failed == 0);
  CHECK_FALSE(Stopped());
  CHECK(database.Exec("SELECT FROM sms_inbound").size() == 2);
}

TEST_CASE_METHOD(Stopping, "what is not signed by the account is refused", "[service]") {
  const Form stop = Inbound("STOP", "SM1");
  CHECK(Take({.form = stop, .token = "guessed"}) == "SMS_CALLBACK_FORGED");
  CHECK(Take({.form = stop, .url = "https://other.example/v1/smsCallbacks/AC1"}) ==
        "SMS_CALLBACK_FORGED");
  CHECK(Take({.form = stop, .account = "AC9"}) == "SMS_CALLBACK_FORGED");
  // One that does not call back has nothing to say, whatever it signs.
  CHECK(Take({.form = stop, .token = "token-2", .account = "AC2", .url = ""}) ==
        "SMS_CALLBACK_FORGED");
  // Signed by the account, and about another one.
  Form others = stop;
  others[0].second = "AC2";
  CHECK(Take({.form = others}) == "SMS_CALLBACK_FORGED");
  v1::TakeSmsCallbackRequest request;
  request.set_account("AC1");
  request.set_form("a=%");
  CHECK(ReasonOf(sms_handler.TakeSmsCallback(ServiceCall(""), request).status()) ==
        "SMS_CALLBACK_FORGED");
  CHECK_FALSE(Stopped());
}

TEST_CASE_METHOD(Stopping, "what is for a number that is not ours is passed over", "[service]") {
  CHECK(Take({.form = Inbound("STOP", "SM1", "+61499999999")}).empty());
  CHECK(Say("see you at nine", "SM2").empty());
  CHECK_FALSE(Stopped());
}

TEST_CASE_METHOD(Stopping, "a STOP while a message waits is heard before it leaves", "[service]") {
  tray.away = true;
  CHECK(Submitted("r1").empty());
  const int64_t before = handler.GetBalance(StaffCall(), {})->balance();
  CHECK(Say("STOP", "SM1").empty());
  GuardedSender sender(std::make_unique<TraySender>(tray), stops);
  const Outgoing message = {
      "acme", "msg_1", Recipient::Parse(Channel::kSms, kAda).value(), {"", "123456"}};
  const SendResult result = sender.Send(message);
  CHECK(result.outcome == Outcome::kRefused);
  CHECK(result.failure == "RECIPIENT_STOPPED");
  CHECK(before == 99);
}

class Unsubscribed : public Sender {
 public:
  SendResult Send(const Outgoing&) override {
    return {.outcome = Outcome::kRefused, .failure = "PROVIDER_REFUSED 21610"};
  }
  std::optional<absl::StatusOr<std::vector<std::string>>> Find(const Outgoing&) override {
    return std::vector<std::string>{"SM-asked"};
  }
};

TEST_CASE_METHOD(Stopping, "a STOP that only the provider heard is learnt from it", "[service]") {
  GuardedSender sender(std::make_unique<Unsubscribed>(), stops);
  const Outgoing message = {
      "acme", "msg_1", Recipient::Parse(Channel::kSms, kAda).value(), {"", "123456"}};
  Lift();
  CHECK(sender.Send(message).failure == "RECIPIENT_STOPPED");
  CHECK(Submitted("r1") == "SMS_STOPPED");
}

TEST_CASE_METHOD(Stopping, "delivery reports are ranked, whenever and however often they come",
                 "[service]") {
  tray.away = true;
  CHECK(Submitted("r1").empty());
  const std::string id = Only().message_id();
  CHECK(Only().delivery() == v1::DELIVERY_STATE_UNSPECIFIED);
  // Before its own answer, which is lost: the message is known by it all the same.
  CHECK(Told(id, "sent").empty());
  CHECK(Only().delivery() == v1::ON_ITS_WAY);
  GuardedSender sender(std::make_unique<Unsubscribed>(), stops);
  const Outgoing message = {
      "acme", id, Recipient::Parse(Channel::kSms, kAda).value(), {"", "123456"}};
  CHECK((*sender.Find(message))->at(0) == "SM1");
  CHECK(Told(id, "undelivered", "30003").empty());
  CHECK(Only().delivery() == v1::UNDELIVERED);
  CHECK(Only().delivery_failure() == "30003");
  CHECK(Told(id, "delivered").empty());
  CHECK(Told(id, "delivered").empty());
  CHECK(Told(id, "queued").empty());
  CHECK(Told(id, "a word of tomorrow").empty());
  CHECK(Only().delivery() == v1::DELIVERED);
  CHECK(Only().delivery_failure().empty());
  CHECK(Only().has_delivery_time());
  CHECK(database.Exec("SELECT FROM message_receipt").size() == 3);
}

TEST_CASE_METHOD(Stopping, "a report of another organisation's message changes nothing",
                 "[service]") {
  tray.away = true;
  CHECK(Submitted("r1").empty());
  const std::string id = Only().message_id();
  const Form form = {{"AccountSid", "AC1"}, {"MessageSid", "SM1"}, {"MessageStatus", "delivered"}};
  CHECK(Take({.form = form, .organisation_id = "other", .message_id = id}).empty());
  CHECK(Take({.form = form, .organisation_id = "acme", .message_id = "msg_none"}).empty());
  CHECK(Only().delivery() == v1::DELIVERY_STATE_UNSPECIFIED);
  CHECK(database.Exec("SELECT FROM message_receipt").empty());
}

TEST_CASE_METHOD(Stopping, "SMS go to the countries that the organisation allows", "[service]") {
  v1::UpdateSmsSettingsRequest request;
  request.mutable_settings()->add_allowed_countries("NZ");
  REQUIRE(sms_handler.UpdateSmsSettings(StaffCall(), request).ok());
  const auto refused = handler.SubmitMessage(ServiceCall(), Code("r1")).status();
  CHECK(ReasonOf(refused) == "SMS_COUNTRY_NOT_ALLOWED");
  CHECK(FactsOf(refused)["country"] == "AU");
  CHECK(Submitted("r1", "other") == "SMS_CREDITS_EXHAUSTED");  // Which has set nothing.
  request.mutable_settings()->add_allowed_countries("AU");
  REQUIRE(sms_handler.UpdateSmsSettings(StaffCall(), request).ok());
  CHECK(Submitted("r1").empty());
  request.mutable_settings()->add_allowed_countries("XX");
  CHECK(ReasonOf(sms_handler.UpdateSmsSettings(StaffCall(), request).status()) ==
        "INVALID_REQUEST");
}

}  // namespace
}  // namespace gatehouse::notification
