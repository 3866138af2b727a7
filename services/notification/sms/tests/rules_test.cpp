#include <catch2/catch.hpp>

#include "services/notification/sms/domain/form.h"
#include "services/notification/sms/domain/receipts.h"
#include "services/notification/sms/domain/stops.h"
#include "services/notification/sms/domain/words.h"
#include "services/notification/sms/signature.h"

// What providers call back with, and what it means.

namespace gatehouse::notification {
namespace {

TEST_CASE("an SMS that says STOP and nothing else is one", "[unit]") {
  for (const char* body : {"STOP", "stop", " Stop. ", "\"stop\"", "stop!\n", "STOPALL",
                           "Unsubscribe", "cancel", "END", "quit", "REVOKE", "OptOut"}) {
    INFO(body);
    CHECK(ReadSmsWord(body, "") == SmsWord::kStop);
  }
  for (const char* body : {"start", "YES", "unstop"}) {
    INFO(body);
    CHECK(ReadSmsWord(body, "") == SmsWord::kStart);
  }
  for (const char* body : {"", "please stop by at nine", "don't stop", "stopp", "st op", "HELP",
                           "\xd1\x81top", "stop\xff"}) {
    INFO(body);
    CHECK(ReadSmsWord(body, "") == SmsWord::kNone);
  }
  CHECK(ReadSmsWord("stop" + std::string(100, ' '), "") == SmsWord::kNone);
}

TEST_CASE("what the provider made of it goes before what it says", "[unit]") {
  CHECK(ReadSmsWord("ARRET", "STOP") == SmsWord::kStop);
  CHECK(ReadSmsWord("oui", "START") == SmsWord::kStart);
  CHECK(ReadSmsWord("stop", "HELP") == SmsWord::kNone);
}

TEST_CASE("a form is read as browsers write it, and bounded", "[unit]") {
  const auto form = ReadForm("From=%2B61412345678&Body=1+%2b+1%0A&Empty=&None");
  REQUIRE(form.has_value());
  CHECK(FieldOf(*form, "From") == "+61412345678");
  CHECK(FieldOf(*form, "Body") == "1 + 1\n");
  CHECK(FieldOf(*form, "Empty").empty());
  CHECK(form->size() == 4);
  CHECK(FieldOf(*form, "Other").empty());
  CHECK(ReadForm("")->empty());
  for (const char* broken : {"a=%", "a=%4", "a=%zz", "=b", "%=b"}) {
    INFO(broken);
    CHECK_FALSE(ReadForm(broken).has_value());
  }
  std::string many;
  for (int i = 0; i < 201; ++i) many += "a=b&";
  CHECK_FALSE(ReadForm(many).has_value());
}

// The example of Twilio's own libraries.
TEST_CASE("a callback's signature is Twilio's", "[unit]") {
  const Form form = {{"CallSid", "CA1234567890ABCDE"},
                     {"Digits", "1234"},
                     {"From", "+14158675309"},
                     {"To", "+18005551212"},
                     {"Caller", "+14158675309"}};
  CHECK(CallbackSignature(Secret("12345"), "https://mycompany.com/myapp.php?foo=1&bar=2", form) ==
        "RSOYDt4T1cUTdK1PDd93/VVr8B8=");
}

TEST_CASE("what the provider says of a message is ranked", "[unit]") {
  CHECK(ReceiptStateOf("queued") == ReceiptState::kOnItsWay);
  CHECK(ReceiptStateOf("sent") == ReceiptState::kOnItsWay);
  CHECK(ReceiptStateOf("undelivered") == ReceiptState::kUndelivered);
  CHECK(ReceiptStateOf("failed") == ReceiptState::kUndelivered);
  CHECK(ReceiptStateOf("delivered") == ReceiptState::kDelivered);
  CHECK_FALSE(ReceiptStateOf("partially_delivered").has_value());
  CHECK_FALSE(ReceiptStateOf("").has_value());
  CHECK(ReceiptState::kOnItsWay < ReceiptState::kUndelivered);
  CHECK(ReceiptState::kUndelivered < ReceiptState::kDelivered);
}

TEST_CASE("what staff lifted counts until the number says STOP again", "[unit]") {
  const absl::Time then = absl::FromUnixSeconds(1'700'000'000);
  const auto at = [&](int seconds) { return then + absl::Seconds(seconds); };
  CHECK_FALSE(StopFor({}, {}).stopped);
  CHECK(StopFor({true, at(1)}, {}).stopped);
  CHECK_FALSE(StopFor({true, at(1)}, {false, at(2)}).stopped);
  CHECK(StopFor({true, at(3)}, {false, at(2)}).stopped);
  CHECK_FALSE(StopFor({false, at(3)}, {false, at(2)}).stopped);
  CHECK(StopFor({false, at(3)}, {false, at(2)}).change_time == at(3));
}

}  // namespace
}  // namespace gatehouse::notification
