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
}

TEST_CASE_METHOD(Fixture, "an organisation is made once, and a repeated request gets its key again",
                 "[service]") {
  const auto first = CreateAcme("r1", "other");
  REQUIRE(first.ok());
  CHECK(CreateAcme("r1", "other")->api_key() == first->api_key());
  CHECK(ReasonOf(CreateAcme("r1", "another").status()) == "REQUEST_ID_REUSED");
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

TEST_CASE_METHOD(Fixture, "while the operator's key is being replaced both are good", "[service]") {
  for (const char* key : {"operator-key", "old-key"}) {
    CHECK(Exchange(key).value().principal().kind() == v1::Principal::OPERATOR);
  }
  CHECK_FALSE(Exchange("operator-key,old-key").ok());
}

}  // namespace
}  // namespace gatehouse::identity
