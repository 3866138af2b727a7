#include <barrier>
#include <thread>

#include "gatehouse/notification/v1/reasons.pb.h"
#include "google/rpc/status.pb.h"
#include "services/identity/tests/fixture.h"

// What a code costs, how long it lives, and how it is read.

namespace gatehouse::identity {
namespace {

TEST_CASE("a code is read as people and their machines write it", "[unit]") {
  for (const char* typed : {"120995", " 120 995 ", "120-995", "١٢٠٩٩٥", "１２０９９５",
                            "120\u00a0995", "\u200b120995\ufeff"}) {
    CHECK(ReadCode(typed).value() == "120995");
  }
  for (const char* typed :
       {"", " ", "12099", "1209955", "12099a", "-", "O20995", "+120995", "120,995", "½½½½½½"}) {
    CHECK(ReasonOf(ReadCode(typed).status()) == "CODE_MALFORMED");
  }
}

TEST_CASE_METHOD(Fixture, "what cannot be a code costs no attempt", "[service]") {
  const std::string id = StartedId();
  for (int i = 0; i < 20; ++i) CHECK(ReasonOf(Verify(id, "12345").status()) == "CODE_MALFORMED");
  const auto wrong = Verify(id, Wrong()).status();
  CHECK(ReasonOf(wrong) == "CODE_WRONG");
  CHECK(FactsOf(wrong)["attemptsLeft"] == "4");
  CHECK(Verify(id, messenger.codes.back()).ok());
}

TEST_CASE_METHOD(Fixture, "a code that is sent again lives three minutes more at least",
                 "[service]") {
  const auto started = challenges.Start(Ada(), call);
  REQUIRE(started.ok());
  clock.ahead = absl::Minutes(4) + absl::Seconds(54);
  const auto again = challenges.Resend(started->challenge_id, call);
  REQUIRE(again.ok());
  CHECK(again->challenge_id == started->challenge_id);
  CHECK(again->expire_time > clock.Now() + absl::Seconds(179));
  CHECK(messenger.codes.size() == 2);
  clock.ahead += absl::Seconds(170);
  CHECK(Verify(again->challenge_id, messenger.codes[0]).ok());
}

TEST_CASE_METHOD(Fixture, "a resend never shortens a code's life", "[service]") {
  const auto started = challenges.Start(Ada(), call);
  REQUIRE(started.ok());
  clock.ahead = absl::Seconds(61);
  CHECK(challenges.Resend(started->challenge_id, call)->expire_time == started->expire_time);
}

TEST_CASE_METHOD(Fixture, "a code lives ten minutes at most; then a fresh challenge begins",
                 "[service]") {
  const auto started = challenges.Start(Ada(), call);
  REQUIRE(started.ok());
  for (const int minute : {4, 6}) {
    clock.ahead = absl::Minutes(minute);
    REQUIRE(challenges.Resend(started->challenge_id, call).ok());
  }
  clock.ahead = absl::Minutes(7) + absl::Seconds(30);
  // It lives still, but not for three minutes more.
  const auto refused = challenges.Resend(started->challenge_id, call).status();
  CHECK(ReasonOf(refused) == "CHALLENGE_EXPIRED");
  CHECK(messenger.codes.size() == 3);
  const auto fresh = challenges.Start(Ada(), call);
  REQUIRE(fresh.ok());
  CHECK(fresh->challenge_id != started->challenge_id);
  CHECK(fresh->expire_time > clock.Now() + absl::Seconds(299));
  CHECK(messenger.codes.size() == 4);
  // The earlier one is good as long as it was said to be.
  CHECK(Verify(started->challenge_id, messenger.codes[0]).ok());
  CHECK(Verify(fresh->challenge_id, messenger.codes[3]).ok());
}

TEST_CASE_METHOD(Fixture, "a locked challenge has no time to wait for: a fresh one is to be had",
                 "[service]") {
  const std::string id = StartedId();
  for (int i = 0; i < 5; ++i) CHECK(ReasonOf(Verify(id, Wrong()).status()) == "CODE_WRONG");
  for (const absl::Status& status :
       {Verify(id, Wrong()).status(), challenges.Resend(id, call).status()}) {
    CHECK(ReasonOf(status) == "CHALLENGE_LOCKED");
    CHECK(ToRpcStatus(status).details_size() == 1);  // The reason, and no time to come back.
    CHECK(std::string(status.message()).find("start the sign-in again") != std::string::npos);
  }
  const std::string fresh = StartedId();
  CHECK(fresh != id);
  CHECK(Verify(fresh, messenger.codes.back()).ok());
}

TEST_CASE_METHOD(Fixture, "one organisation's codes to a number are not another's limit",
                 "[service]") {
  REQUIRE(CreateAcme("", "other").ok());
  for (int i = 0; i < 5; ++i) {
    REQUIRE(challenges.Start(Ada("lnk_" + std::to_string(i)), call).ok());
  }
  CHECK(ReasonOf(challenges.Start(Ada("lnk_9"), call).status()) == "CODE_LIMIT_REACHED");
  Subject elsewhere = Ada("lnk_9");
  elsewhere.organisation_id = "other";
  CHECK(challenges.Start(elsewhere, call).ok());
}

TEST_CASE_METHOD(Fixture, "thirty codes a day reach a number, whoever sends them", "[service]") {
  const auto start = [&](int organisation, int link) {
    Subject subject = Ada("lnk_" + std::to_string(link));
    subject.organisation_id = "org-" + std::to_string(organisation);
    return challenges.Start(subject, call).status();
  };
  for (int organisation = 0; organisation < 6; ++organisation) {
    for (int link = 0; link < 5; ++link) REQUIRE(start(organisation, link).ok());
  }
  CHECK(ReasonOf(start(7, 0)) == "CODE_LIMIT_REACHED");
}

TEST_CASE_METHOD(Fixture, "staff lift their own limit of codes, and not that of all", "[service]") {
  for (int i = 0; i < 5; ++i) {
    REQUIRE(challenges.Start(Ada("lnk_" + std::to_string(i)), call).ok());
  }
  REQUIRE(ReasonOf(challenges.Start(Ada("lnk_9"), call).status()) == "CODE_LIMIT_REACHED");
  pb::UnlockSignInRequest unlock;
  unlock.set_contact_id("ada");
  unlock.set_mobile("+61412345678");
  Call elsewhere = call;
  elsewhere.caller.organisation_id = "other";
  REQUIRE(access_handler.UnlockSignIn(elsewhere, unlock).ok());
  CHECK_FALSE(challenges.Start(Ada("lnk_9"), call).ok());
  int sent = 5;
  for (int day = 0; day < 6; ++day) {
    REQUIRE(access_handler.UnlockSignIn(call, unlock).ok());
    for (int i = 0; i < 5; ++i) {
      const std::string link = std::to_string(day) + "-" + std::to_string(i);
      sent += challenges.Start(Ada("lnk_" + link), call).ok() ? 1 : 0;
    }
  }
  CHECK(sent == 30);
}

TEST_CASE_METHOD(Fixture, "a code that is refused twice at once is taken back once", "[service]") {
  REQUIRE(challenges.Start(Ada("lnk_0"), call).ok());
  messenger.answer = Refuse(notification::v1::SMS_CREDITS_EXHAUSTED, "");
  std::barrier both(2);
  messenger.meanwhile = [&] { both.arrive_and_wait(); };
  absl::Status here, there;
  std::thread other([&] { there = challenges.Start(Ada("lnk_1"), call).status(); });
  here = challenges.Start(Ada("lnk_1"), call).status();
  other.join();
  CHECK_FALSE(here.ok());
  CHECK_FALSE(there.ok());
  messenger.meanwhile = nullptr;
  messenger.answer = absl::OkStatus();
  int sent = 1;
  for (int i = 2; i < 12; ++i) {
    sent += challenges.Start(Ada("lnk_" + std::to_string(i)), call).ok() ? 1 : 0;
  }
  CHECK(sent == 5);
}

TEST_CASE_METHOD(Fixture, "a send that was confirmed is not taken back", "[service]") {
  const auto started = store.Start("chl_1", Ada(), "mac", "192.0.2.7", clock.Now());
  REQUIRE(started.ok());
  store.Confirm(*started);
  REQUIRE(store.Cancel(*started, Ada()).ok());
  CHECK(store.Find("chl_1").ok());
  CHECK(store.Start("chl_2", Ada(), "mac", "192.0.2.7", clock.Now())->challenge.challenge_id ==
        "chl_1");
}

}  // namespace
}  // namespace gatehouse::identity
