#include <thread>

#include "gatehouse/notification/v1/reasons.pb.h"
#include "services/identity/tests/fixture.h"

namespace gatehouse::identity {
namespace {

TEST_CASE_METHOD(Fixture, "the right code enters, and a double submit gets the same session",
                 "[service]") {
  const std::string id = StartedId();
  const std::string code = messenger.codes.back();
  const auto entered = Verify(id, code.substr(0, 3) + " " + code.substr(3));
  REQUIRE(entered.ok());
  const auto again = Verify(id, code);
  REQUIRE(again.ok());
  CHECK(again->session.session_id == entered->session.session_id);
  CHECK(again->token.Reveal() == entered->token.Reveal());
  clock.ahead = absl::Seconds(31);
  CHECK(ReasonOf(Verify(id, code).status()) == "CHALLENGE_EXPIRED");
  const auto principal = Exchange(entered->token.Reveal());
  REQUIRE(principal.ok());
  REQUIRE(principal->principal().cases_size() == 1);
  CHECK(principal->principal().cases(0).case_id() == "deal-1");
  CHECK(principal->principal().origins(0) == "https://portal.acme.example");
  CHECK(database.Exec("SELECT count(*) FROM audit_event WHERE type = 'session.started'")[0][0]
            .as<int>() == 1);
}

TEST_CASE_METHOD(Fixture, "a second start within the cool-down sends nothing; later the same code",
                 "[service]") {
  const std::string id = StartedId();
  CHECK(StartedId() == id);
  CHECK(messenger.codes.size() == 1);
  CHECK(challenges.Resend(id, call).ok());
  CHECK(messenger.codes.size() == 1);
  clock.ahead = absl::Seconds(61);
  CHECK(challenges.Resend(id, call).ok());
  REQUIRE(messenger.codes.size() == 2);
  CHECK(messenger.codes[0] == messenger.codes[1]);
  CHECK(messenger.ids[0] != messenger.ids[1]);
  clock.ahead = absl::Minutes(5) + absl::Seconds(1);
  CHECK(ReasonOf(challenges.Resend(id, call).status()) == "CHALLENGE_EXPIRED");
  CHECK(ReasonOf(Verify(id, messenger.codes[0]).status()) == "CHALLENGE_EXPIRED");
}

TEST_CASE_METHOD(Fixture, "five codes an hour for a number, and a hundred a minute for an address",
                 "[service]") {
  for (int i = 0; i < 5; ++i) {
    REQUIRE(challenges.Start(Ada("lnk_" + std::to_string(i)), call).ok());
  }
  const auto refused = challenges.Start(Ada("lnk_9"), call).status();
  CHECK(ReasonOf(refused) == "CODE_LIMIT_REACHED");
  int started = 0;
  for (int i = 0; i < 100; ++i) {
    started += challenges.Start(Ada("l", "+614999" + std::to_string(10000 + i)), call).ok() ? 1 : 0;
  }
  CHECK(started == 95);
}

TEST_CASE_METHOD(Fixture, "a code that is sent ahead is the one that the client's start finds",
                 "[service]") {
  const absl::Time end = clock.Now() + absl::Minutes(5);
  Call nobodys = call;
  nobodys.client_address.clear();
  REQUIRE(challenges.Offer(Ada(), "r1", end, nobodys).ok());
  REQUIRE(messenger.codes.size() == 1);
  const std::string id = StartedId();
  CHECK(messenger.codes.size() == 1);
  CHECK(Verify(id, messenger.codes[0]).ok());
  // A repeated one sends nothing: neither after the cool-down, nor after the code was used.
  clock.ahead = absl::Seconds(61);
  CHECK(challenges.Offer(Ada(), "r1", end, nobodys).ok());
  CHECK(messenger.codes.size() == 1);
  // Too late, or refused: nothing is sent, and nobody need try again.
  clock.ahead = absl::Minutes(6);
  CHECK(challenges.Offer(Ada(), "r2", end, nobodys).ok());
  CHECK(messenger.codes.size() == 1);
  const absl::Time later = clock.Now() + absl::Minutes(5);
  messenger.answer = Refuse(notification::v1::SMS_CREDITS_EXHAUSTED, "");
  CHECK(challenges.Offer(Ada(), "r3", later, nobodys).ok());
  // Down: it is to be tried again.
  messenger.answer = absl::UnavailableError("down");
  CHECK_FALSE(challenges.Offer(Ada(), "r4", later, nobodys).ok());
  messenger.answer = absl::OkStatus();
  CHECK(challenges.Offer(Ada(), "r4", later, nobodys).ok());
  CHECK(messenger.codes.size() == 2);
}

TEST_CASE_METHOD(Fixture, "whom else a code is sent to stays with the challenge", "[service]") {
  Subject ada = Ada();
  ada.owner_email = "olive@example.com";
  const auto started = challenges.Start(ada, call);
  REQUIRE(started.ok());
  clock.ahead = absl::Seconds(61);
  REQUIRE(challenges.Resend(started->challenge_id, call).ok());
  CHECK(messenger.owners == std::vector<std::string>(2, "olive@example.com"));
}

TEST_CASE_METHOD(Fixture, "a code that could not be handed over does not count", "[service]") {
  messenger.answer = absl::UnavailableError("down");
  for (int i = 0; i < 10; ++i) CHECK_FALSE(challenges.Start(Ada(), call).ok());
  messenger.answer = absl::OkStatus();
  (void)StartedId();
  CHECK(messenger.codes.size() == 1);
}

TEST_CASE_METHOD(Fixture, "a code whose answer was lost is handed over again as the same one",
                 "[service]") {
  messenger.answer = absl::UnavailableError("the answer was lost");
  messenger.takes_before_it_fails = true;
  for (int i = 0; i < 3; ++i) CHECK_FALSE(challenges.Start(Ada(), call).ok());
  messenger.answer = absl::OkStatus();
  const std::string id = StartedId();
  // Four times under one id, which notification takes once; then the cool-down holds.
  CHECK(messenger.ids == std::vector<std::string>(4, id + ":1"));
  CHECK(StartedId() == id);
  CHECK(messenger.ids.size() == 4);
}

TEST_CASE_METHOD(Fixture, "a code that is refused leaves no challenge behind", "[service]") {
  messenger.answer = Refuse(notification::v1::SMS_CREDITS_EXHAUSTED, "");
  for (int i = 0; i < 10; ++i) {
    CHECK(ReasonOf(challenges.Start(Ada(), call).status()) == "SMS_CREDITS_EXHAUSTED");
  }
  messenger.answer = absl::OkStatus();
  (void)StartedId();
  CHECK(messenger.codes.size() == 1);
}

TEST_CASE_METHOD(Fixture, "of two hundred guesses at once five are compared", "[service]") {
  const std::string id = StartedId();
  std::atomic<int> wrong = 0, locked = 0, other = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 20; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10; ++i) {
        const std::string reason = ReasonOf(Verify(id, Wrong()).status());
        ++(reason == "CODE_WRONG" ? wrong : reason == "CHALLENGE_LOCKED" ? locked : other);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 5);
  CHECK(locked == 195);
  CHECK(other == 0);
  CHECK(ReasonOf(Verify(id, messenger.codes[0]).status()) == "CHALLENGE_LOCKED");
}

TEST_CASE_METHOD(Fixture, "the right code twice at once is one session", "[service]") {
  // The second statement's snapshot does not see the first one's row: only many rounds show it.
  for (int round = 0; round < 20; ++round) {
    const std::string mobile = "+6140001" + std::to_string(1000 + round);
    const auto started = challenges.Start(Ada("lnk_" + std::to_string(round), mobile), call);
    REQUIRE(started.ok());
    const std::string code = messenger.codes.back();
    std::vector<std::thread> threads;
    std::atomic<int> entered = 0;
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&] { entered += Verify(started->challenge_id, code).ok() ? 1 : 0; });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(entered == 8);
  }
  CHECK(database.Exec("SELECT count(*) FROM session")[0][0].as<int>() == 20);
  CHECK(database.Exec("SELECT count(*) FROM audit_event WHERE type = 'session.started'")[0][0]
            .as<int>() == 20);
}

TEST_CASE_METHOD(Fixture, "failures count across challenges: lock, disabling, unlocking",
                 "[service]") {
  const FactorKey factor = challenges.KeyOf("acme", "ada", "+61412345678");
  const std::string id = StartedId();
  const std::string code = messenger.codes.back();
  for (int i = 0; i < 10; ++i) REQUIRE(access.CountFailure(factor).ok());
  CHECK(ReasonOf(challenges.Start(Ada("lnk_2"), call).status()) == "SIGN_IN_LOCKED");
  CHECK(ReasonOf(Verify(id, code).status()) == "SIGN_IN_LOCKED");
  for (int i = 0; i < 90; ++i) REQUIRE(access.CountFailure(factor).ok());
  CHECK(ReasonOf(challenges.Start(Ada("lnk_2"), call).status()) == "SIGN_IN_DISABLED");
  pb::UnlockSignInRequest unlock;
  unlock.set_contact_id("ada");
  unlock.set_mobile("+61412345678");
  REQUIRE(access_handler.UnlockSignIn(call, unlock).ok());
  CHECK(challenges.Start(Ada("lnk_2"), call).ok());
}

TEST_CASE_METHOD(Fixture, "whatever the order of revoke and verify, nobody is left inside",
                 "[service]") {
  for (int round = 0; round < 20; ++round) {
    Subject subject =
        Ada("lnk_" + std::to_string(round), "+6140000" + std::to_string(1000 + round));
    subject.access.invitation_id = "inv_" + std::to_string(round);
    const auto started = challenges.Start(subject, call);
    REQUIRE(started.ok());
    absl::StatusOr<Challenges::Entered> entered = absl::UnknownError("");
    std::thread verify([&] { entered = Verify(started->challenge_id, messenger.codes.back()); });
    pb::RevokeGrantRequest revoke;
    revoke.set_invitation_id(subject.access.invitation_id);
    revoke.set_case_id("deal-1");
    CHECK(access_handler.RevokeGrant(call, revoke).ok());
    verify.join();
    if (entered.ok()) {
      CHECK(ReasonOf(Exchange(entered->token.Reveal()).status()) == "CREDENTIAL_INVALID");
    } else {
      CHECK(ReasonOf(entered.status()) == "ACCESS_REVOKED");
    }
  }
  CHECK(database.Exec("SELECT count(*) FROM session WHERE end_time IS NULL")[0][0].as<int>() == 0);
}

TEST_CASE_METHOD(Fixture, "an access whose number was corrected belongs to the new one alone",
                 "[service]") {
  pb::RebindGrantRequest rebind;
  rebind.set_invitation_id("inv_1");
  rebind.set_case_id("deal-1");
  rebind.set_contact_id("ada");
  rebind.set_mobile("+61499999999");
  const std::string late = StartedId();
  const std::string code = messenger.codes.back();

  SECTION("before the first entry") {
    REQUIRE(access_handler.RebindGrant(call, rebind).ok());
    CHECK(ReasonOf(Verify(late, code).status()) == "ACCESS_REVOKED");
    const auto started = challenges.Start(Ada("lnk_2", "+61499999999"), call);
    REQUIRE(started.ok());
    const auto entered = Verify(started->challenge_id, messenger.codes.back());
    REQUIRE(entered.ok());
    CHECK(Exchange(entered->token.Reveal())->principal().cases(0).contact_id() == "ada");
  }
  SECTION("after it: sessions of the old number end, and its codes are void") {
    const auto entered = Verify(late, code);
    REQUIRE(entered.ok());
    CHECK(access_handler.RebindGrant(call, rebind)->ended_sessions() == 1);
    CHECK(ReasonOf(Exchange(entered->token.Reveal()).status()) == "CREDENTIAL_INVALID");
    CHECK(access_handler.RebindGrant(call, rebind)->ended_sessions() == 0);
  }
  SECTION("no number: nobody enters") {
    rebind.clear_mobile();
    REQUIRE(access_handler.RebindGrant(call, rebind).ok());
    CHECK(ReasonOf(Verify(late, code).status()) == "ACCESS_REVOKED");
  }
}

TEST_CASE_METHOD(Fixture, "a session ends by idling, by its absolute end and by signing out",
                 "[service]") {
  const std::string id = StartedId();
  const auto entered = Verify(id, messenger.codes.back());
  REQUIRE(entered.ok());
  const std::string token = entered->token.Reveal();
  database.Exec("UPDATE session SET last_use_time = now() - interval '31 minutes'");
  CHECK(ReasonOf(Exchange(token).status()) == "CREDENTIAL_INVALID");
  database.Exec("UPDATE session SET last_use_time = now(), expire_time = now()");
  CHECK(ReasonOf(Exchange(token).status()) == "CREDENTIAL_INVALID");
  database.Exec("UPDATE session SET expire_time = now() + interval '1 hour'");
  REQUIRE(Exchange(token).ok());
  Call client = ClientCall({"deal-1", "ada", "inv_1"});
  client.caller.credential_id = entered->session.session_id;
  client.caller.actor_id = challenges.KeyOf("acme", "ada", "+61412345678").account_id;
  CHECK(access_handler.ListSessions(client, {})->sessions_size() == 1);
  Call stranger = client;
  stranger.caller.actor_id = "acc_other";
  pb::EndSessionRequest end;
  end.set_session_id(entered->session.session_id);
  CHECK(ReasonOf(access_handler.EndSession(stranger, end).status()) == "NOT_FOUND");
  CHECK(access_handler.SignOut(client, {}).ok());
  CHECK(ReasonOf(Exchange(token).status()) == "CREDENTIAL_INVALID");
  CHECK(access_handler.SignOut(client, {}).ok());
}

TEST_CASE_METHOD(Fixture, "a revocation empties every cache before it returns", "[service]") {
  const std::string id = StartedId();
  const auto entered = Verify(id, messenger.codes.back());
  REQUIRE(entered.ok());
  CachingAuthenticator cache(principals.Source(), clock);
  RevocationListener listener(cache, redis, redis_url);
  absl::SleepFor(absl::Milliseconds(100));
  const Secret token = entered->token;
  REQUIRE(cache.Authenticate(token).ok());
  CHECK(cache.Cached(token) != nullptr);
  pb::RevokeGrantRequest revoke;
  revoke.set_invitation_id("inv_1");
  revoke.set_case_id("deal-1");
  REQUIRE(access_handler.RevokeGrant(call, revoke).ok());
  CHECK(cache.Cached(token) == nullptr);
  CHECK_FALSE(cache.Authenticate(token).ok());
}

}  // namespace
}  // namespace gatehouse::identity
