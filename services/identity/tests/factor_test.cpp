#include "services/common/base/crypto.h"
#include "services/identity/tests/fixture.h"

// A way in is a class of its own; what is common to all ways holds for each.

namespace gatehouse::identity {
namespace {

// Something that a client knows: nothing is sent.
class Password : public Factor {
 public:
  SignInMethod method() const override { return static_cast<SignInMethod>(99); }
  std::string prefix() const override { return "chp"; }
  std::string Expected(const std::string& id) const override { return MacOf(id, "correct horse"); }
  absl::Status Begin(const Challenge&, int number, const Subject&) override {
    begun.push_back(number);
    return absl::OkStatus();
  }
  absl::StatusOr<std::string> Check(const std::string& id,
                                    const std::string& proof) const override {
    if (proof.empty()) return RefuseField("code", "must not be empty");
    return MacOf(id, proof);
  }
  std::vector<int> begun;

 private:
  static std::string MacOf(const std::string& id, const std::string& proof) {
    return Hex(Sha256(id + proof));
  }
};

struct TwoWays : Fixture {
  Password password;
  Challenges both{store, access, {&sms_code, &password}, Secret(RandomBytes(32)), clock, put_off};
  Subject AdaBy(const Factor& factor) {
    Subject subject = Ada();
    subject.method = factor.method();
    return subject;
  }
};

TEST_CASE_METHOD(TwoWays, "another way in has the tries, the locks and the session of the first",
                 "[service]") {
  const auto started = both.Start(AdaBy(password), call);
  REQUIRE(started.ok());
  CHECK(started->challenge_id.rfind("chp_", 0) == 0);
  CHECK(password.begun == std::vector<int>{1});
  CHECK(messenger.codes.empty());
  const std::string& id = started->challenge_id;
  CHECK(ReasonOf(both.Verify(id, "", "", Secret(), call).status()) == "INVALID_REQUEST");
  const auto wrong = both.Verify(id, "battery staple", "", Secret(), call).status();
  CHECK(FactsOf(wrong)["attemptsLeft"] == "4");
  const auto entered = both.Verify(id, "correct horse", "", Secret(), call);
  REQUIRE(entered.ok());
  CHECK(Exchange(entered->token.Reveal()).ok());
}

TEST_CASE_METHOD(TwoWays, "a challenge knows by which way it is met", "[service]") {
  const auto by_code = both.Start(AdaBy(sms_code), call);
  REQUIRE(by_code.ok());
  CHECK(by_code->challenge_id.rfind("chl_", 0) == 0);
  CHECK(
      ReasonOf(both.Verify(by_code->challenge_id, "correct horse", "", Secret(), call).status()) ==
      "CODE_MALFORMED");
  CHECK(both.Verify(by_code->challenge_id, messenger.codes.back(), "", Secret(), call).ok());
}

TEST_CASE_METHOD(TwoWays, "what is no way in here is refused by name", "[service]") {
  CHECK(ReasonOf(challenges.Start(AdaBy(password), call).status()) == "INVALID_REQUEST");
  for (const char* id : {"", "chl", "chp_1", "chlx_1", "inv_1"}) {
    CHECK(ReasonOf(challenges.Verify(id, "123456", "", Secret(), call).status()) ==
          "CHALLENGE_EXPIRED");
    CHECK(ReasonOf(challenges.Resend(id, call).status()) == "CHALLENGE_EXPIRED");
  }
}

TEST_CASE("a code is the challenge's, and its keeper cannot read it", "[unit]") {
  FakeMessenger messenger;
  SmsCode sms(messenger, Secret(RandomBytes(32)));
  REQUIRE(sms.Begin({.challenge_id = "chl_1"}, 1, {}).ok());
  REQUIRE(sms.Begin({.challenge_id = "chl_1"}, 2, {}).ok());
  REQUIRE(sms.Begin({.challenge_id = "chl_2"}, 1, {}).ok());
  CHECK(messenger.codes[0] == messenger.codes[1]);
  CHECK(messenger.ids == std::vector<std::string>{"chl_1:1", "chl_1:2", "chl_2:1"});
  CHECK(sms.Check("chl_1", messenger.codes[0]).value() == sms.Expected("chl_1"));
  CHECK(sms.Check("chl_2", messenger.codes[0]).value() != sms.Expected("chl_1"));
  CHECK(sms.Expected("chl_1").find(messenger.codes[0]) == std::string::npos);
  SmsCode other(messenger, Secret(RandomBytes(32)));
  CHECK(other.Expected("chl_1") != sms.Expected("chl_1"));
}

}  // namespace
}  // namespace gatehouse::identity
