#include "services/common/postgres/root_key.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <thread>

#include "absl/time/clock.h"
#include "services/common/base/crypto.h"
#include "services/common/base/random.h"
#include "services/common/observe/metrics.h"
#include "tests/support/test_database.h"

namespace gatehouse {
namespace {

struct Rotating {
  TestDatabase database{"probe", WithCommon({})};
  const Secret old_key{RandomBytes(32)}, new_key{RandomBytes(32)};

  absl::StatusOr<Secret> Load(const std::vector<Secret>& keys) {
    return LoadRootKey(database.postgres(), keys);
  }
};

TEST_CASE_METHOD(Rotating, "a new schema has a root key of chance, the same for all who ask",
                 "[service]") {
  std::vector<std::string> loaded(4);
  std::vector<std::thread> threads;
  for (std::string& one : loaded) {
    threads.emplace_back([&] { one = Load({old_key}).value().Reveal(); });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(loaded[0].size() == 32);
  for (const std::string& one : loaded) CHECK(one == loaded[0]);
  CHECK(loaded[0] != old_key.Reveal());
  const auto row = database.Exec("SELECT sealed FROM root_key");
  CHECK(BytesFromSql(row[0]["sealed"]).find(loaded[0]) == std::string::npos);
}

TEST_CASE_METHOD(Rotating, "a secret key is replaced, and the root key stays", "[service]") {
  const std::string root = Load({old_key}).value().Reveal();
  // Everybody knows the new one before anybody seals under it.
  CHECK(Load({old_key, new_key}).value().Reveal() == root);
  CHECK(Load({old_key}).value().Reveal() == root);
  CHECK(Load({new_key, old_key}).value().Reveal() == root);
  CHECK(Load({old_key, new_key}).value().Reveal() == root);
  CHECK(Load({new_key, old_key}).value().Reveal() == root);
  CHECK(Load({new_key}).value().Reveal() == root);
  // And the old one has served.
  const absl::Status refused = Load({old_key}).status();
  CHECK(absl::IsFailedPrecondition(refused));
  CHECK(std::string(refused.message()).find("GATEHOUSE_SECRET_KEY") != std::string::npos);
}

TEST_CASE_METHOD(Rotating, "a wrong secret key is refused, and changes nothing", "[service]") {
  const std::string root = Load({old_key}).value().Reveal();
  CHECK(absl::IsFailedPrecondition(Load({new_key}).status()));
  CHECK(absl::IsFailedPrecondition(Load({new_key, Secret(RandomBytes(32))}).status()));
  CHECK(Load({old_key}).value().Reveal() == root);
}

TEST_CASE_METHOD(Rotating, "what was made before the table stays readable under its secret key",
                 "[service]") {
  database.Exec("UPDATE root_key SET adopts = true");
  // Which of two it was made under, nobody can tell.
  CHECK(absl::IsFailedPrecondition(Load({new_key, old_key}).status()));
  CHECK(Load({old_key}).value().Reveal() == old_key.Reveal());
  CHECK(Load({new_key, old_key}).value().Reveal() == old_key.Reveal());
  CHECK(Load({new_key}).value().Reveal() == old_key.Reveal());
}

TEST_CASE_METHOD(Rotating, "a schema that is there already adopts, a new one does not",
                 "[service]") {
  const auto adopts = [](TestDatabase& of) {
    return of.Exec("SELECT adopts FROM root_key")[0]["adopts"].as<bool>();
  };
  CHECK_FALSE(adopts(database));
  // One that was migrated before the table came.
  std::vector<Migration> before = WithCommon({{"0001_own.sql", "CREATE TABLE own (id int);"}});
  const auto found = std::find_if(before.begin(), before.end(), [](const Migration& migration) {
    return migration.name == "0004_root_key.sql";
  });
  REQUIRE(found != before.end());
  const Migration root_key = *found;
  before.erase(found);
  TestDatabase old("probe", before);
  REQUIRE(old.Migrate({root_key}).ok());
  CHECK(adopts(old));
}

TEST_CASE_METHOD(Rotating, "since when a secret key seals is shown, and a new one begins anew",
                 "[service]") {
  const auto sealed_at = [] {
    const std::string text = MetricsText(), name = "\ngatehouse_secret_key_time_seconds ";
    const size_t at = text.find(name);
    REQUIRE(at != std::string::npos);
    return absl::FromUnixSeconds(std::stoll(text.substr(at + name.size())));
  };
  const Secret root = Load({old_key}).value();
  database.Exec("UPDATE root_key SET seal_time = '2020-01-01 00:00:00+00'");
  REQUIRE(CheckRootKey(database.postgres(), root).ok());
  CHECK(sealed_at() == absl::FromUnixSeconds(1577836800));
  REQUIRE(Load({new_key, old_key}).ok());
  REQUIRE(CheckRootKey(database.postgres(), root).ok());
  CHECK(absl::Now() - sealed_at() < absl::Seconds(10));
}

TEST_CASE_METHOD(Rotating, "readiness sees a database of another root key", "[service]") {
  const Secret root = Load({old_key}).value();
  CHECK(CheckRootKey(database.postgres(), root).ok());
  // The secret key does not matter to who has the root key already.
  REQUIRE(Load({new_key, old_key}).ok());
  CHECK(CheckRootKey(database.postgres(), root).ok());
  database.Exec("UPDATE root_key SET sealed = ''");
  REQUIRE(Load({new_key}).ok());
  CHECK(absl::IsFailedPrecondition(CheckRootKey(database.postgres(), root)));
  database.Exec("DROP TABLE root_key");
  CHECK_FALSE(CheckRootKey(database.postgres(), root).ok());
}

}  // namespace
}  // namespace gatehouse
