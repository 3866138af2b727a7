#include "services/common/base/crypto.h"
#include "services/common/base/proto_time.h"
#include "services/identity/tests/fixture.h"

// Whose a session is, how long it lives, and what its token looks like.

namespace gatehouse::identity {
namespace {

struct Entered : Fixture {
  // Signs in as this contact; the call that the session makes.
  Call Enter(const std::string& contact, const std::string& mobile, const std::string& invitation,
             const std::string& case_id = "deal-1") {
    Subject subject = Ada("lnk_" + invitation, mobile);
    subject.access.contact_id = contact;
    subject.access.invitation_id = invitation;
    subject.access.case_id = case_id;
    const auto started = challenges.Start(subject, call);
    REQUIRE(started.ok());
    const auto entered = Verify(started->challenge_id, messenger.codes.back());
    REQUIRE(entered.ok());
    token = entered->token.Reveal();
    return As(token);
  }
  std::vector<std::string> Seen(const Call& by) {
    std::vector<std::string> ids;
    const auto listed = access_handler.ListSessions(by, {});
    REQUIRE(listed.ok());
    for (const auto& session : listed->sessions()) {
      ids.push_back(session.session_id());
    }
    return ids;
  }
  // Lets all sessions be unused for so long.
  void Idle(int seconds) {
    database.Exec("UPDATE session SET last_use_time = clock_timestamp() - make_interval(secs => " +
                  std::to_string(seconds) + ")");
  }
  std::string token;
};

TEST_CASE_METHOD(Entered, "who shares an e-mail address sees and ends only his own sessions",
                 "[service]") {
  const Call ada = Enter("ada", "+61412345678", "inv_1");
  const Call bob = Enter("bob", "+61412345679", "inv_2");
  CHECK(Seen(ada) == std::vector<std::string>{ada.caller.credential_id});
  CHECK(Seen(bob) == std::vector<std::string>{bob.caller.credential_id});
  pb::EndSessionRequest end;
  end.set_session_id(ada.caller.credential_id);
  CHECK(ReasonOf(access_handler.EndSession(bob, end).status()) == "NOT_FOUND");
  CHECK(access_handler.EndSession(ada, end).ok());
}

TEST_CASE_METHOD(Entered, "a shared phone is not the same client, nor is a contact's new phone",
                 "[service]") {
  const Call ada = Enter("ada", "+61412345678", "inv_1");
  const Call bob = Enter("bob", "+61412345678", "inv_2");
  const Call renewed = Enter("ada", "+61412345680", "inv_3");
  for (const Call& one : {ada, bob, renewed}) {
    CHECK(Seen(one) == std::vector<std::string>{one.caller.credential_id});
  }
}

TEST_CASE_METHOD(Entered, "the same contact and phone is one client, on every device",
                 "[service]") {
  const Call laptop = Enter("ada", "+61412345678", "inv_1");
  const Call phone = Enter("ada", "+61412345678", "inv_2", "deal-2");
  CHECK(Seen(phone) ==
        std::vector<std::string>{phone.caller.credential_id, laptop.caller.credential_id});
  // Seeing a session is not entering its case.
  REQUIRE(phone.caller.cases.size() == 1);
  CHECK(phone.caller.cases[0].case_id == "deal-2");
}

TEST_CASE_METHOD(Entered, "wrong codes count for who typed them, not for an e-mail address",
                 "[service]") {
  const FactorKey bob = challenges.KeyOf("acme", "bob", "+61412345679");
  for (int i = 0; i < 10; ++i) REQUIRE(access.CountFailure(bob).ok());
  CHECK(challenges.Start(Ada(), call).ok());
}

TEST_CASE_METHOD(Entered, "the session that asks is told all that its row says", "[service]") {
  const Call ada = Enter("ada", "+61412345678", "inv_1");
  const auto session = access_handler.GetSession(ada, {});
  REQUIRE(session.ok());
  CHECK(session->session_id() == ada.caller.credential_id);
  CHECK(session->user_agent() == "Browser/1");
  CHECK(session->client_address() == "192.0.2.7");
  CHECK(session->case_ids(0) == "deal-1");
  CHECK(session->current());
  CHECK(FromProto(session->create_time()) > absl::Now() - absl::Minutes(1));
  Call elsewhere = ada;
  elsewhere.caller.organisation_id = "other";
  CHECK(ReasonOf(access_handler.GetSession(elsewhere, {}).status()) == "CREDENTIAL_INVALID");
  REQUIRE(access_handler.SignOut(ada, {}).ok());
  CHECK(ReasonOf(access_handler.GetSession(ada, {}).status()) == "CREDENTIAL_INVALID");
}

TEST_CASE_METHOD(Entered, "a principal ends early enough for uses to be seen", "[service]") {
  database.Exec("UPDATE organisation SET idle_seconds = 60");
  Enter("ada", "+61412345678", "inv_1");
  const auto short_lived = Exchange(token);
  REQUIRE(short_lived.ok());
  CHECK(FromProto(short_lived->expire_time()) <= clock.Now() + absl::Seconds(5));
  database.Exec("UPDATE organisation SET idle_seconds = 1800");
  Enter("bob", "+61412345679", "inv_2");
  CHECK(FromProto(Exchange(token)->expire_time()) > clock.Now() + absl::Seconds(40));
}

TEST_CASE_METHOD(Entered, "a session that is used does not idle out, however principals are cached",
                 "[service]") {
  database.Exec("UPDATE organisation SET idle_seconds = 60");
  Enter("ada", "+61412345678", "inv_1");
  // The last use that was noted may be five seconds older than the last one.
  Idle(64);
  CHECK(Exchange(token).ok());
  Idle(66);
  CHECK(ReasonOf(Exchange(token).status()) == "CREDENTIAL_INVALID");
}

TEST_CASE_METHOD(Entered, "what a session is told of its end is when it ends", "[service]") {
  database.Exec("UPDATE organisation SET idle_seconds = 60");
  Enter("ada", "+61412345678", "inv_1");
  const Call ada = As(token);
  const absl::Time end = FromProto(access_handler.GetSession(ada, {})->expire_time());
  CHECK(end == ada.caller.expires_at);
  CHECK(end > absl::Now() + absl::Seconds(60));
  CHECK(end <= absl::Now() + absl::Seconds(65));
  const auto listed = access_handler.ListSessions(ada, {});
  CHECK(FromProto(listed->sessions(0).expire_time()) == end);
  database.Exec("UPDATE session SET expire_time = clock_timestamp() + interval '9 seconds'");
  CHECK(FromProto(access_handler.GetSession(ada, {})->expire_time()) <
        absl::Now() + absl::Seconds(10));
}

TEST_CASE_METHOD(Entered, "a session's token says what it is; an older one is known still",
                 "[service]") {
  Enter("ada", "+61412345678", "inv_1");
  CHECK(token.rfind("gh_session_", 0) == 0);
  CHECK(token.size() == 11 + 43);
  const std::string older(43, 'A');
  database.Exec("UPDATE session SET token_hash = decode('" + Hex(Sha256(older)) + "', 'hex')");
  CHECK(Exchange(older).ok());
  CHECK_FALSE(Exchange(token).ok());
}

TEST_CASE_METHOD(Entered, "an operator's key may look like anything", "[service]") {
  const std::string key = "operator-key-that-looks-as-sessions-used-to";
  REQUIRE(IsSessionToken(key));
  CHECK(Exchange(key)->principal().kind() == pb::Principal::OPERATOR);
}

TEST_CASE("what is no session's token", "[unit]") {
  CHECK(IsSessionToken(SessionToken(std::string(32, '\xff')).Reveal()));
  CHECK(IsSessionToken(std::string(43, 'A')));
  for (const std::string text : {"", "gh_session_", "gh_session_short", "gh_live_x_y"}) {
    CHECK_FALSE(IsSessionToken(text));
  }
  CHECK_FALSE(IsSessionToken("gh_session_" + std::string(44, 'A')));
  CHECK_FALSE(IsSessionToken(std::string(42, 'A') + "+"));
}

}  // namespace
}  // namespace gatehouse::identity
