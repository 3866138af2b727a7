#include <catch2/catch.hpp>
#include <thread>

#include "services/common/crypto.h"
#include "services/common/jwt.h"
#include "services/common/proto_time.h"
#include "services/common/random.h"
#include "services/identity/access_handler.h"
#include "services/identity/domain/lockout.h"
#include "services/identity/organisations_handler.h"
#include "services/identity/principals_handler.h"
#include "services/identity/store/challenge_store.h"
#include "tests/support/calls.h"
#include "tests/support/test_database.h"

namespace gatehouse::identity {
extern const std::vector<Migration> kMigrations;
namespace {

TEST_CASE("ten wrong codes bring a quarter of an hour, doubling to an hour; a hundred the end",
          "[unit]") {
  CHECK(LockoutAfter(9).wait == absl::ZeroDuration());
  CHECK(LockoutAfter(10).wait == absl::Minutes(15));
  CHECK(LockoutAfter(20).wait == absl::Minutes(30));
  CHECK(LockoutAfter(30).wait == absl::Hours(1));
  CHECK(LockoutAfter(90).wait == absl::Hours(1));
  CHECK_FALSE(LockoutAfter(99).disabled);
  CHECK(LockoutAfter(100).disabled);
}

TEST_CASE("a key is found by its id and known by its secret", "[unit]") {
  const Secret root(RandomBytes(32));
  const NewKey key = MakeKey(KeyKind::kApiKey, NewKeyId(KeyKind::kApiKey), root);
  const auto parsed = ParseKey(key.text.Reveal());
  REQUIRE(parsed.has_value());
  CHECK(parsed->id == key.id);
  CHECK(parsed->hash == key.hash);
  for (const char* text : {"", "gh_live_", "gh_live_x", "gh_test_a_b", "Bearer gh_live_a_b"}) {
    CHECK_FALSE(ParseKey(text).has_value());
  }
  CHECK(OriginOf("https://portal.example.com/au/") == "https://portal.example.com");
}

TEST_CASE("nobody gives away a scope that he does not hold", "[unit]") {
  Caller caller;
  caller.scopes = {"cases.read", "cases.write"};
  CHECK(CheckScopes(caller, {"cases.read"}).ok());
  CHECK(ReasonOf(CheckScopes(caller, {"cases.read", "*"})) == "SCOPE_NOT_HELD");
}

class FakeMessenger : public Messenger {
 public:
  absl::Status SendCode(const Subject&, const std::string& request_id, const Secret& code,
                        absl::Time) override {
    if (!answer.ok() && !takes_before_it_fails) return answer;
    codes.push_back(code.Reveal());
    ids.push_back(request_id);
    return answer;
  }
  absl::Status answer;
  bool takes_before_it_fails = false;
  std::vector<std::string> codes, ids;
};

class FakeClock : public Clock {
 public:
  absl::Time Now() const override { return absl::Now() + ahead; }
  absl::Duration ahead;
};

struct Fixture {
  TestDatabase database{"identity", kMigrations};
  Secret redis_url = TestRedisUrl();
  Redis redis{redis_url};
  FakeClock clock;
  FakeMessenger messenger;
  OrganisationStore organisations{database.postgres()};
  PostgresAccessStore access{database.postgres()};
  RedisChallengeStore store{redis, Secret(RandomBytes(32))};
  Challenges challenges{store, access, messenger, Secret(RandomBytes(32)), clock};
  SigningKeys keys{database.postgres(), Secret(RandomBytes(32)), clock};
  PrincipalsHandler principals{
      organisations, access, keys, {Secret("operator-key"), Secret("old-key")}, clock};
  OrganisationsHandler handler{organisations, redis, Secret(RandomBytes(32))};
  AccessHandler access_handler{challenges, access, redis};
  Call call = ServiceCall();

  Fixture() { REQUIRE(CreateAcme("").ok()); }

  absl::StatusOr<pb::CreateOrganisationResponse> CreateAcme(const std::string& request_id,
                                                            const std::string& id = "acme") {
    pb::CreateOrganisationRequest request;
    request.set_organisation_id(id);
    request.set_display_name("Acme");
    request.set_region("AU");
    request.set_time_zone("Australia/Sydney");
    request.set_portal_url("https://portal.acme.example/au");
    request.set_request_id(request_id);
    return handler.CreateOrganisation(StaffCall(""), request);
  }
  Subject Ada(const std::string& link = "lnk_1", const std::string& mobile = "+61412345678") {
    return {.organisation_id = "acme",
            .link_id = link,
            .mobile = mobile,
            .email = "Ada@example.com",
            .organisation_name = "Acme",
            .portal_host = "portal.acme.example",
            .contact_name = "Ada",
            .access = {"deal-1", "ada", "inv_1", Visibility::kAll, {"drq_1"}}};
  }
  std::string StartedId() {
    const auto started = challenges.Start(Ada(), call);
    INFO(started.status().ToString());
    REQUIRE(started.ok());
    return started->challenge_id;
  }
  std::string Wrong() const { return messenger.codes.back() == "000000" ? "000001" : "000000"; }
  absl::StatusOr<pb::ExchangeCredentialResponse> Exchange(const std::string& credential) {
    pb::ExchangeCredentialRequest request;
    request.set_credential(credential);
    return principals.ExchangeCredential(call, request);
  }
};

TEST_CASE_METHOD(Fixture, "an organisation is made once, and a repeated request gets its key again",
                 "[service]") {
  const auto first = CreateAcme("r1", "other");
  REQUIRE(first.ok());
  CHECK(CreateAcme("r1", "other")->api_key() == first->api_key());
  CHECK(ReasonOf(CreateAcme("r2", "other").status()) == "ORGANISATION_EXISTS");
  CHECK(ReasonOf(CreateAcme("", "other").status()) == "ORGANISATION_EXISTS");
  const auto principal = Exchange(first->api_key());
  REQUIRE(principal.ok());
  CHECK(principal->principal().organisation_id() == "other");
  CHECK(principal->principal().region() == "AU");
  CHECK(database.Exec("SELECT count(*) FROM audit_event WHERE type = 'apiKey.created'")[0][0]
            .as<int>() == 2);
}

TEST_CASE_METHOD(Fixture, "a principal token that is presented in its last moment still arrives",
                 "[service]") {
  const auto exchanged = Exchange(CreateAcme("", "other")->api_key());
  REQUIRE(exchanged.ok());
  const std::string key = principals.ListSigningKeys(call, {})->keys(0).public_key();
  const absl::Time until = FromProto(exchanged->expire_time());
  CHECK(until > clock.Now() + absl::Seconds(30));
  CHECK(VerifyPrincipal(exchanged->token(), key, until + absl::Seconds(10)).ok());
  CHECK_FALSE(VerifyPrincipal(exchanged->token(), key, clock.Now() + absl::Seconds(60)).ok());
}

TEST_CASE_METHOD(Fixture, "a revoked key and the tokens that it minted are worth nothing",
                 "[service]") {
  const auto made = CreateAcme("", "other");
  const auto key = Exchange(made->api_key());
  REQUIRE(key.ok());
  Call staff = StaffCall("other");
  staff.caller.credential_id = key->principal().credential_id();
  pb::CreateStaffTokenRequest request;
  request.mutable_actor()->set_id("sam");
  request.mutable_actor()->set_display_name("Sam");
  request.add_scopes("cases.read");
  const auto token = handler.CreateStaffToken(staff, request);
  REQUIRE(token.ok());
  const auto principal = Exchange(token->token());
  REQUIRE(principal.ok());
  CHECK(principal->principal().actor_id() == "sam");
  CHECK(principal->principal().parent_credential_id() == staff.caller.credential_id);
  pb::RevokeApiKeyRequest revoke;
  revoke.set_api_key_id(staff.caller.credential_id);
  REQUIRE(handler.RevokeApiKey(staff, revoke).ok());
  CHECK(ReasonOf(Exchange(made->api_key()).status()) == "CREDENTIAL_INVALID");
  CHECK(ReasonOf(Exchange(token->token()).status()) == "CREDENTIAL_INVALID");
  CHECK(ReasonOf(handler.RevokeApiKey(StaffCall("acme"), revoke).status()) == "NOT_FOUND");
}

TEST_CASE_METHOD(Fixture, "what is no credential is refused alike", "[service]") {
  CHECK(Exchange("operator-key")->principal().kind() == pb::Principal::OPERATOR);
  for (const char* text : {"x", "gh_live_a_b", "gh_staff_a_b", "operator-kez",
                           "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}) {
    CHECK(ReasonOf(Exchange(text).status()) == "CREDENTIAL_INVALID");
  }
}

TEST_CASE_METHOD(Fixture, "an update changes what the mask names, and an old etag nothing",
                 "[service]") {
  pb::UpdateOrganisationRequest request;
  request.set_display_name("Acme Homes");
  request.mutable_session_policy()->mutable_idle_timeout()->set_seconds(600);
  request.mutable_update_mask()->add_paths("session_policy");
  const auto updated = handler.UpdateOrganisation(StaffCall(), request);
  REQUIRE(updated.ok());
  CHECK(updated->display_name() == "Acme");
  CHECK(updated->session_policy().idle_timeout().seconds() == 600);
  request.clear_update_mask();
  request.set_etag("1");
  CHECK(ReasonOf(handler.UpdateOrganisation(StaffCall(), request).status()) == "ETAG_MISMATCH");
  request.set_etag(updated->etag());
  request.set_portal_url("http://portal.example.com");
  CHECK(ReasonOf(handler.UpdateOrganisation(StaffCall(), request).status()) == "INVALID_REQUEST");
}

TEST_CASE_METHOD(Fixture, "the right code enters, and a double submit gets the same session",
                 "[service]") {
  const std::string id = StartedId();
  const std::string code = messenger.codes.back();
  const auto entered = challenges.Verify(id, code.substr(0, 3) + " " + code.substr(3), call);
  REQUIRE(entered.ok());
  const auto again = challenges.Verify(id, code, call);
  REQUIRE(again.ok());
  CHECK(again->session.session_id == entered->session.session_id);
  CHECK(again->token.Reveal() == entered->token.Reveal());
  Call other = call;
  other.client_address = "192.0.2.99";
  CHECK(ReasonOf(challenges.Verify(id, code, other).status()) == "CHALLENGE_EXPIRED");
  clock.ahead = absl::Seconds(31);
  CHECK(ReasonOf(challenges.Verify(id, code, call).status()) == "CHALLENGE_EXPIRED");
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
  CHECK(ReasonOf(challenges.Verify(id, messenger.codes[0], call).status()) == "CHALLENGE_EXPIRED");
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
  messenger.answer = Refuse(absl::StatusCode::kFailedPrecondition, "SMS_CREDITS_EXHAUSTED", "");
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
        const std::string reason = ReasonOf(challenges.Verify(id, Wrong(), call).status());
        ++(reason == "CODE_WRONG" ? wrong : reason == "CHALLENGE_LOCKED" ? locked : other);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 5);
  CHECK(locked == 195);
  CHECK(other == 0);
  CHECK(ReasonOf(challenges.Verify(id, messenger.codes[0], call).status()) == "CHALLENGE_LOCKED");
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
      threads.emplace_back(
          [&] { entered += challenges.Verify(started->challenge_id, code, call).ok() ? 1 : 0; });
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
  const FactorKey factor = challenges.KeyOf("acme", "ada@example.com", "+61412345678");
  const std::string id = StartedId();
  const std::string code = messenger.codes.back();
  for (int i = 0; i < 10; ++i) REQUIRE(access.CountFailure(factor).ok());
  CHECK(ReasonOf(challenges.Start(Ada("lnk_2"), call).status()) == "SIGN_IN_LOCKED");
  CHECK(ReasonOf(challenges.Verify(id, code, call).status()) == "SIGN_IN_LOCKED");
  for (int i = 0; i < 90; ++i) REQUIRE(access.CountFailure(factor).ok());
  CHECK(ReasonOf(challenges.Start(Ada("lnk_2"), call).status()) == "SIGN_IN_DISABLED");
  pb::UnlockSignInRequest unlock;
  unlock.set_email("ada@example.com");
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
    std::thread verify(
        [&] { entered = challenges.Verify(started->challenge_id, messenger.codes.back(), call); });
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

TEST_CASE_METHOD(Fixture, "a session ends by idling, by its absolute end and by signing out",
                 "[service]") {
  const std::string id = StartedId();
  const auto entered = challenges.Verify(id, messenger.codes.back(), call);
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
  client.caller.actor_id = challenges.KeyOf("acme", "ada@example.com", "").account_id;
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
  const auto entered = challenges.Verify(id, messenger.codes.back(), call);
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

TEST_CASE_METHOD(Fixture, "principal tokens are verified by the published keys, for a minute",
                 "[service]") {
  const auto exchanged = Exchange("operator-key");
  REQUIRE(exchanged.ok());
  CachingAuthenticator cache(principals.Source(), clock);
  CHECK(cache.Authenticate(Secret(exchanged->token())).value()->caller.kind ==
        CallerKind::kOperator);
  // Many at once, while the keys are not known yet: one asks for them, and all wait.
  CachingAuthenticator fresh(principals.Source(), clock);
  std::atomic<int> known = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back(
        [&] { known += fresh.Authenticate(Secret(exchanged->token())).ok() ? 1 : 0; });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(known == 8);
  std::string forged = exchanged->token();
  forged[forged.size() / 2] ^= 1;
  CHECK_FALSE(cache.Authenticate(Secret(forged)).ok());
  clock.ahead = absl::Seconds(61);
  CHECK_FALSE(cache.Authenticate(Secret(exchanged->token())).ok());
}

TEST_CASE_METHOD(Fixture, "while the operator's key is being replaced both are good", "[service]") {
  for (const char* key : {"operator-key", "old-key"}) {
    CHECK(Exchange(key).value().principal().kind() == v1::Principal::OPERATOR);
  }
  CHECK_FALSE(Exchange("operator-key,old-key").ok());
}

TEST_CASE_METHOD(Fixture,
                 "a new signing key serves within a minute; the old one is known still, "
                 "unless it is distrusted",
                 "[service]") {
  const auto old = Exchange("operator-key");
  REQUIRE(old.ok());
  REQUIRE(keys.Rotate(false).ok());
  clock.ahead = absl::Seconds(61);
  const auto next = Exchange("operator-key");
  REQUIRE(next.ok());
  CHECK(KeyIdOf(next->token()) != KeyIdOf(old->token()));
  CHECK(keys.Published().value().size() == 2);
  REQUIRE(keys.Rotate(true).ok());
  CHECK(keys.Published().value().size() == 1);
  CachingAuthenticator cache(principals.Source(), clock);
  CHECK_FALSE(cache.Authenticate(Secret(next->token())).ok());
}

}  // namespace
}  // namespace gatehouse::identity
