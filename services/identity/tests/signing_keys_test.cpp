#include <thread>

#include "services/common/base/proto_time.h"
#include "services/identity/tests/fixture.h"

// The keys that sign principal tokens.

namespace gatehouse::identity {
namespace {

struct Signing : Fixture {
  Secret sealing{RandomBytes(32)};
  SigningKeys one{database.postgres(), sealing, clock};
  SigningKeys other{database.postgres(), sealing, clock};
  int Kept() { return database.Exec("SELECT count(*) FROM signing_key")[0][0].as<int>(); }
};

TEST_CASE_METHOD(Signing, "replicas sign with one key, whoever made it", "[service]") {
  const auto key = one.Current();
  REQUIRE(key.ok());
  CHECK(other.Current()->key_id == key->key_id);
  CHECK(Kept() == 1);
  CHECK(one.Published()->at(0).public_key == key->public_key);
  CHECK(one.Published()->at(0).private_key.empty());
}

TEST_CASE_METHOD(Signing, "many who need a key at once get the same", "[service]") {
  std::vector<std::string> ids(8);
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) threads.emplace_back([&, t] { ids[t] = one.Current()->key_id; });
  for (std::thread& thread : threads) thread.join();
  for (const std::string& id : ids) CHECK(id == ids[0]);
  CHECK(Kept() == 1);
}

TEST_CASE_METHOD(Signing, "a key serves thirty days, and is known one more", "[service]") {
  const std::string first = one.Current()->key_id;
  database.Exec("UPDATE signing_key SET create_time = now() - interval '29 days'");
  clock.ahead = absl::Minutes(2);
  CHECK(one.Current()->key_id == first);
  database.Exec("UPDATE signing_key SET create_time = now() - interval '30 days 1 hour'");
  clock.ahead = absl::Minutes(4);
  CHECK(one.Current()->key_id != first);
  CHECK(one.Published()->size() == 2);
  database.Exec(
      "UPDATE signing_key SET create_time = now() - interval '32 days' "
      "WHERE key_id = '" +
      first + "'");
  CHECK(one.Published()->size() == 1);
}

TEST_CASE_METHOD(Signing, "a rotation is heard of within a minute", "[service]") {
  const std::string first = one.Current()->key_id;
  REQUIRE(other.Rotate(false).ok());
  CHECK(one.Current()->key_id == first);
  clock.ahead = absl::Seconds(61);
  CHECK(one.Current()->key_id != first);
}

TEST_CASE_METHOD(Signing, "a private key rests sealed", "[service]") {
  const auto key = one.Current();
  const std::string rests =
      BytesFromSql(database.Exec("SELECT sealed_private_key FROM signing_key")[0][0]);
  CHECK(rests.find(key->private_key.Reveal()) == std::string::npos);
  SigningKeys stranger(database.postgres(), Secret(RandomBytes(32)), clock);
  CHECK_FALSE(stranger.Current().ok());
}

TEST_CASE_METHOD(Signing, "a list of keys has an end, so that a distrusted one has", "[service]") {
  const auto listed = principals.ListSigningKeys(call, {});
  REQUIRE(listed.ok());
  const absl::Time end = FromProto(listed->expire_time());
  CHECK(end > clock.Now() + absl::Minutes(4));
  CHECK(end <= clock.Now() + absl::Minutes(5));
}

TEST_CASE_METHOD(Signing, "principal tokens are verified by the published keys, for a minute",
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
