#include <catch2/catch.hpp>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "services/common/redis/redis.h"
#include "tests/support/test_database.h"

namespace gatehouse {
namespace {

const std::vector<Migration> kNotes = {{"0001_notes.sql", R"(
  CREATE TABLE note (organisation_id text, id int, PRIMARY KEY (organisation_id, id));
  ALTER TABLE note ENABLE ROW LEVEL SECURITY;
  ALTER TABLE note FORCE ROW LEVEL SECURITY;
  CREATE POLICY organisation ON note USING
    (current_setting('gatehouse.organisation_id', true) IN (organisation_id, '*'));)"}};

absl::Status Insert(Postgres& postgres, const Rows& rows, const std::string& organisation, int id) {
  return postgres.Write(rows, [&](Transaction& tx) -> absl::Status {
    tx.Exec("INSERT INTO note VALUES ($1, $2)", organisation, id);
    return absl::OkStatus();
  });
}

absl::StatusOr<int> CountAll(Postgres& postgres, const Rows& rows) {
  return postgres.Read(rows, [](Transaction& tx) -> absl::StatusOr<int> {
    return tx.Exec("SELECT count(*) FROM note")[0][0].as<int>();
  });
}

TEST_CASE("a query that forgets its organisation sees no neighbour's rows", "[service]") {
  TestDatabase database("probe", kNotes);
  REQUIRE(Insert(database.postgres(), Rows::Of("acme"), "acme", 1).ok());
  REQUIRE(Insert(database.postgres(), Rows::Of("other"), "other", 1).ok());
  CHECK(CountAll(database.postgres(), Rows::Of("acme")).value() == 1);
  CHECK(CountAll(database.postgres(), Rows::Of("nobody")).value() == 0);
  CHECK(CountAll(database.postgres(), Rows::OfAll()).value() == 2);
  CHECK_FALSE(Insert(database.postgres(), Rows::Of("acme"), "other", 2).ok());
}

TEST_CASE("a transaction that refuses leaves nothing behind", "[service]") {
  TestDatabase database("probe", kNotes);
  const absl::Status refused =
      database.postgres().Write(Rows::Of("acme"), [&](Transaction& tx) -> absl::Status {
        tx.Exec("INSERT INTO note VALUES ($1, $2)", "acme", 7);
        return Refuse(common::v1::NOT_FOUND, "no");
      });
  CHECK(ReasonOf(refused) == "NOT_FOUND");
  CHECK(CountAll(database.postgres(), Rows::OfAll()).value() == 0);
}

TEST_CASE("a connection that the database closed is replaced", "[service]") {
  TestDatabase database("probe", kNotes);
  REQUIRE(CountAll(database.postgres(), Rows::OfAll()).ok());
  database.Exec(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
      "WHERE datname = current_database() AND pid <> pg_backend_pid()");
  absl::SleepFor(absl::Milliseconds(50));
  CHECK(CountAll(database.postgres(), Rows::OfAll()).ok());
}

TEST_CASE("a database that is away is UNAVAILABLE, and a fault shows no values", "[service]") {
  Postgres away({.url = Secret("postgresql://x:y@127.0.0.1:1/z"), .schema = "probe"});
  const auto status = CountAll(away, Rows::OfAll()).status();
  CHECK(absl::IsUnavailable(status));
  CHECK(status.ToString().find("x:y") == std::string::npos);

  TestDatabase database("probe", kNotes);
  REQUIRE(Insert(database.postgres(), Rows::OfAll(), "secret-value", 1).ok());
  const absl::Status fault = Insert(database.postgres(), Rows::OfAll(), "secret-value", 1);
  CHECK_FALSE(fault.ok());
  CHECK(fault.ToString().find("secret-value") == std::string::npos);
}

TEST_CASE("migrations are applied once, and refuse to start when one was edited", "[service]") {
  TestDatabase database("probe", kNotes);
  CHECK(database.Migrate(kNotes).ok());
  CHECK(database.postgres().Ready(1).ok());
  CHECK_FALSE(database.postgres().Ready(2).ok());
  std::vector<Migration> edited = kNotes;
  edited[0].sql += "-- changed";
  CHECK_FALSE(database.Migrate(edited).ok());
}

TEST_CASE("many threads share one Redis connection", "[service]") {
  Redis redis(TestRedisUrl());
  const RedisScript add("return redis.call('INCRBY', KEYS[1], ARGV[1])");
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 100; ++i) (void)redis.Eval(add, {"sum"}, {"1"});
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(redis.Command({"GET", "sum"}).value().string == "800");
}

TEST_CASE("a connection to Redis that broke fails one command, and is made anew", "[service]") {
  Redis redis(TestRedisUrl()), other(TestRedisUrl());
  const std::string id = std::to_string(redis.Command({"CLIENT", "ID"}).value().integer);
  REQUIRE(other.Command({"CLIENT", "KILL", "ID", id}).value().integer == 1);
  CHECK(absl::IsUnavailable(redis.Command({"PING"}).status()));
  CHECK(redis.Command({"PING"}).ok());
}

TEST_CASE("a Redis that is away is UNAVAILABLE", "[service]") {
  Redis redis(Secret("redis://127.0.0.1:1/0"));
  CHECK(absl::IsUnavailable(redis.Command({"PING"}).status()));
}

}  // namespace
}  // namespace gatehouse
