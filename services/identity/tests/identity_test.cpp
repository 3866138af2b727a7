#include <thread>

#include "services/common/auth/jwt.h"
#include "services/common/base/crypto.h"
#include "services/common/base/proto_time.h"
#include "services/identity/tests/fixture.h"

namespace gatehouse::identity {
namespace {

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
