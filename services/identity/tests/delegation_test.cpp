#include "services/identity/domain/delegation.h"

#include "services/common/base/proto_time.h"
#include "services/identity/tests/fixture.h"

// What credentials mint: it never outlives, outscopes or survives them, and acts as nobody else.

namespace gatehouse::identity {
namespace {

using Scopes = std::vector<std::string>;

Caller KeyWith(const Scopes& scopes) {
  return {
      .kind = CallerKind::kStaff, .actor_id = "key1", .scopes = scopes, .credential_id = "key1"};
}

TEST_CASE("nobody gives away a scope that he does not hold", "[unit]") {
  const Caller caller = KeyWith({"cases.read", "cases.write"});
  CHECK(Delegate(caller, {"cases.read"}, absl::InfiniteFuture()).ok());
  const auto refused = Delegate(caller, {"cases.read", "*"}, absl::InfiniteFuture()).status();
  CHECK(ReasonOf(refused) == "SCOPE_NOT_HELD");
  CHECK(FactsOf(refused)["scope"] == "*");
  CHECK(Delegate(KeyWith({"*"}), {"*", "cases.read"}, absl::InfiniteFuture()).ok());
}

TEST_CASE("a child's end is its parent's at the latest", "[unit]") {
  Caller caller = KeyWith({"*"});
  const absl::Time now = absl::FromUnixSeconds(1'700'000'000);
  CHECK(Delegate(caller, {}, absl::InfiniteFuture())->expire_time == absl::InfiniteFuture());
  caller.expires_at = now + absl::Minutes(1);
  CHECK(Delegate(caller, {}, absl::InfiniteFuture())->expire_time == caller.expires_at);
  CHECK(Delegate(caller, {}, now + absl::Hours(12))->expire_time == caller.expires_at);
  CHECK(Delegate(caller, {}, now + absl::Seconds(1))->expire_time == now + absl::Seconds(1));
}

TEST_CASE("a chain of credentials names every one of them, and has an end", "[unit]") {
  Caller caller = KeyWith({"*"});
  for (size_t depth = 1; depth <= kAncestorsMax; ++depth) {
    const auto made = Delegate(caller, {}, absl::InfiniteFuture());
    REQUIRE(made.ok());
    CHECK(made->ancestors.size() == depth);
    CHECK(made->ancestors.front() == "key1");
    CHECK(made->ancestors.back() == caller.credential_id);
    caller.ancestors = made->ancestors;
    caller.credential_id = "key" + std::to_string(depth + 1);
  }
  const auto refused = Delegate(caller, {}, absl::InfiniteFuture()).status();
  CHECK(ReasonOf(refused) == "DELEGATION_TOO_DEEP");
}

TEST_CASE("an actor is carried, not chosen", "[unit]") {
  Caller key = KeyWith({"*"});
  CHECK(CheckActor(*Delegate(key, {}, absl::InfiniteFuture()), "sam").ok());
  Caller sams = key;
  sams.actor_id = "sam";
  sams.actor_name = "Sam Staff";
  const auto delegation = Delegate(sams, {}, absl::InfiniteFuture());
  CHECK(delegation->actor_name == "Sam Staff");
  CHECK(CheckActor(*delegation, "sam").ok());
  CHECK(ReasonOf(CheckActor(*delegation, "olive")) == "ACTOR_NOT_HELD");
}

TEST_CASE("a key is rotated by itself and by those above it", "[unit]") {
  const Caller key = KeyWith({"*"});
  CHECK(CheckRotation(key, "key1", {}).ok());
  CHECK(CheckRotation(key, "key2", {"key0", "key1"}).ok());
  CHECK(ReasonOf(CheckRotation(key, "key0", {})) == "KEY_NOT_MINTED");
  CHECK(ReasonOf(CheckRotation(key, "key2", {"key0"})) == "KEY_NOT_MINTED");
}

// An organisation with its first key, and what is minted from there.
struct Minted : Fixture {
  std::string first = CreateAcme("", "other")->api_key();

  absl::StatusOr<pb::CreateStaffTokenResponse> Token(const Call& by, const std::string& actor,
                                                     int seconds, const Scopes& scopes = {"*"}) {
    pb::CreateStaffTokenRequest request;
    request.mutable_actor()->set_id(actor);
    request.mutable_actor()->set_display_name("Name of " + actor);
    for (const std::string& scope : scopes) request.add_scopes(scope);
    request.mutable_ttl()->set_seconds(seconds);
    return handler.CreateStaffToken(by, request);
  }
  absl::StatusOr<pb::CreateApiKeyResponse> Key(const Call& by, const Scopes& scopes = {"*"}) {
    pb::CreateApiKeyRequest request;
    request.set_display_name("Made");
    for (const std::string& scope : scopes) request.add_scopes(scope);
    return handler.CreateApiKey(by, request);
  }
  absl::StatusOr<pb::RotateApiKeyResponse> Rotate(const Call& by, const std::string& id,
                                                  int overlap, const std::string& request_id = "") {
    pb::RotateApiKeyRequest request;
    request.set_api_key_id(id);
    request.mutable_overlap()->set_seconds(overlap);
    request.set_request_id(request_id);
    return handler.RotateApiKey(by, request);
  }
  void RevokeToken(const std::string& id) {
    pb::RevokeStaffTokenRequest request;
    request.set_staff_token_id(id);
    REQUIRE(handler.RevokeStaffToken(As(first), request).ok());
  }
  void RevokeKey(const std::string& id, const Call& by) {
    pb::RevokeApiKeyRequest request;
    request.set_api_key_id(id);
    REQUIRE(handler.RevokeApiKey(by, request).ok());
  }
  bool Lives(const std::string& credential) {
    const auto exchanged = Exchange(credential);
    if (!exchanged.ok()) CHECK(ReasonOf(exchanged.status()) == "CREDENTIAL_INVALID");
    return exchanged.ok();
  }
};

TEST_CASE_METHOD(Minted, "a staff token of a minute mints nothing that lives longer", "[service]") {
  const auto parent = Token(As(first), "sam", 60);
  REQUIRE(parent.ok());
  const Call by = As(parent->token());
  const auto token = Token(by, "sam", 43200);
  REQUIRE(token.ok());
  CHECK(FromProto(token->expire_time()) <= FromProto(parent->expire_time()));
  const auto key = Key(by);
  REQUIRE(key.ok());
  CHECK(FromProto(key->api_key().expire_time()) <= FromProto(parent->expire_time()));
  CHECK(Lives(key->secret()));
  database.Exec("UPDATE staff_token SET expire_time = now() WHERE ancestors = ARRAY[api_key_id]");
  CHECK_FALSE(Lives(parent->token()));
  CHECK_FALSE(Lives(token->token()));
  CHECK_FALSE(Lives(key->secret()));
}

TEST_CASE_METHOD(Minted, "a staff token mints nothing of another actor", "[service]") {
  const auto parent = Token(As(first), "sam", 600);
  const Call by = As(parent->token());
  CHECK(ReasonOf(Token(by, "olive", 60).status()) == "ACTOR_NOT_HELD");
  const Call child = As(Token(by, "sam", 60)->token());
  CHECK(child.caller.actor_id == "sam");
  CHECK(child.caller.actor_name == "Name of sam");
  // Nor by the detour of an API key, which acts as him too.
  const Call key = As(Key(by)->secret());
  CHECK(key.caller.actor_id == "sam");
  CHECK(ReasonOf(Token(key, "olive", 60).status()) == "ACTOR_NOT_HELD");
  // A key that nobody's token made acts as itself, and for whom it likes.
  const Call plain = As(Key(As(first))->secret());
  CHECK(plain.caller.actor_id == plain.caller.credential_id);
  CHECK(Token(plain, "olive", 60).ok());
}

TEST_CASE_METHOD(Minted, "the end of a staff token ends all that it minted", "[service]") {
  const auto parent = Token(As(first), "sam", 600);
  const auto child = Token(As(parent->token()), "sam", 600);
  const auto key = Key(As(child->token()));
  const auto grandchild = Token(As(key->secret()), "sam", 600);
  for (const std::string& credential :
       {parent->token(), child->token(), key->secret(), grandchild->token()}) {
    CHECK(Lives(credential));
  }
  RevokeToken(child->staff_token_id());
  CHECK(Lives(parent->token()));
  CHECK_FALSE(Lives(child->token()));
  CHECK_FALSE(Lives(key->secret()));
  CHECK_FALSE(Lives(grandchild->token()));
  RevokeToken(parent->staff_token_id());
  CHECK_FALSE(Lives(parent->token()));
  CHECK(Lives(first));
}

TEST_CASE_METHOD(Minted, "the end of an API key ends the keys and the tokens that it minted",
                 "[service]") {
  const Call root = As(first);
  const auto key = Key(root);
  const auto inner = Key(As(key->secret()));
  const auto token = Token(As(inner->secret()), "sam", 600);
  RevokeKey(key->api_key().api_key_id(), root);
  CHECK(Lives(first));
  CHECK_FALSE(Lives(key->secret()));
  CHECK_FALSE(Lives(inner->secret()));
  CHECK_FALSE(Lives(token->token()));
  pb::RevokeApiKeyRequest request;
  request.set_api_key_id(key->api_key().api_key_id());
  CHECK(ReasonOf(handler.RevokeApiKey(StaffCall("acme"), request).status()) == "NOT_FOUND");
}

TEST_CASE_METHOD(Minted, "what was minted under a credential that has just ended is worth nothing",
                 "[service]") {
  const auto parent = Token(As(first), "sam", 600);
  const Call late = As(parent->token());  // Authenticated before the revocation.
  RevokeToken(parent->staff_token_id());
  const auto child = Token(late, "sam", 600);
  CHECK((!child.ok() || !Lives(child->token())));
}

TEST_CASE_METHOD(Minted, "a parent's row that retention took away is no parent that lives",
                 "[service]") {
  const auto parent = Token(As(first), "sam", 600);
  const auto child = Token(As(parent->token()), "sam", 600);
  database.Exec("DELETE FROM staff_token WHERE staff_token_id = '" + parent->staff_token_id() +
                "'");
  CHECK_FALSE(Lives(child->token()));
}

TEST_CASE_METHOD(Minted, "caches forget a grandchild at the end of its grandparent", "[service]") {
  const auto parent = Token(As(first), "sam", 600);
  const auto child = Token(As(parent->token()), "sam", 600);
  const auto grandchild = Token(As(child->token()), "sam", 600);
  CachingAuthenticator cache(principals.Source(), clock);
  RevocationListener listener(cache, redis, redis_url);
  absl::SleepFor(absl::Milliseconds(100));
  const Secret token(grandchild->token());
  const auto principal = cache.Authenticate(token);
  REQUIRE(principal.ok());
  CHECK((*principal)->caller.ancestors.size() == 3);
  // By the principal's own token as well, which services see.
  const Secret presented((*principal)->token);
  REQUIRE(cache.Authenticate(presented).ok());
  RevokeToken(parent->staff_token_id());
  CHECK(cache.Cached(token) == nullptr);
  CHECK(cache.Cached(presented) == nullptr);
  CHECK_FALSE(cache.Authenticate(token).ok());
  CHECK_FALSE(cache.Authenticate(presented).ok());
}

TEST_CASE_METHOD(Minted, "an id that is no staff token of the organisation ends nothing in a cache",
                 "[service]") {
  const auto token = Token(As(first), "sam", 600);
  CachingAuthenticator cache(principals.Source(), clock);
  RevocationListener listener(cache, redis, redis_url);
  absl::SleepFor(absl::Milliseconds(100));
  REQUIRE(cache.Authenticate(Secret(token->token())).ok());
  pb::RevokeStaffTokenRequest request;
  request.set_staff_token_id(token->staff_token_id());
  CHECK(handler.RevokeStaffToken(StaffCall("acme"), request).ok());  // Of another organisation.
  CHECK(cache.Cached(Secret(token->token())) != nullptr);
  RevokeToken(As(first).caller.credential_id);  // An API key's, which has a call of its own.
  CHECK(cache.Cached(Secret(token->token())) != nullptr);
  CHECK(Lives(first));
  // Its own ends it, also where the word of it was lost the first time.
  database.Exec("UPDATE staff_token SET revoke_time = now()");
  RevokeToken(token->staff_token_id());
  CHECK(cache.Cached(Secret(token->token())) == nullptr);
}

TEST_CASE_METHOD(Minted, "a rotated key goes on under a new secret, and the old one for a while",
                 "[service]") {
  const Call root = As(first);
  const std::string id = root.caller.credential_id;
  const auto child = Key(root);
  const auto rotated = Rotate(root, id, 3600, "r1");
  REQUIRE(rotated.ok());
  CHECK(rotated->secret() != first);
  CHECK(Lives(rotated->secret()));
  CHECK(Lives(first));
  CHECK(Lives(child->secret()));
  CHECK(As(rotated->secret()).caller.credential_id == id);
  // Until when the old secret serves is the credential's end.
  CHECK(As(first).caller.expires_at < absl::Now() + absl::Hours(1) + absl::Seconds(1));
  CHECK(Rotate(root, id, 3600, "r1")->secret() == rotated->secret());
  CHECK(ReasonOf(Rotate(root, id, 60, "r1").status()) == "REQUEST_ID_REUSED");
  const auto next = Rotate(As(rotated->secret()), id, 0, "r2");
  REQUIRE(next.ok());
  CHECK_FALSE(Lives(first));
  CHECK_FALSE(Lives(rotated->secret()));
  CHECK(Lives(next->secret()));
  CHECK(database.Exec("SELECT count(*) FROM audit_event WHERE type = 'apiKey.rotated'")[0][0]
            .as<int>() == 2);
}

TEST_CASE_METHOD(Minted, "nobody gets hold of a key that stands above or beside his own",
                 "[service]") {
  const Call root = As(first);
  const auto narrow = Key(root, {"apiKeys.write"});
  const auto beside = Key(root, {"*"});
  const Call by = As(narrow->secret());
  CHECK(ReasonOf(Rotate(by, root.caller.credential_id, 60).status()) == "KEY_NOT_MINTED");
  CHECK(ReasonOf(Rotate(by, beside->api_key().api_key_id(), 60).status()) == "KEY_NOT_MINTED");
  CHECK(ReasonOf(Rotate(StaffCall("acme"), root.caller.credential_id, 60).status()) == "NOT_FOUND");
  CHECK(Rotate(root, beside->api_key().api_key_id(), 60).ok());
  RevokeKey(beside->api_key().api_key_id(), root);
  CHECK(ReasonOf(Rotate(root, beside->api_key().api_key_id(), 60).status()) == "NOT_FOUND");
}

}  // namespace
}  // namespace gatehouse::identity
