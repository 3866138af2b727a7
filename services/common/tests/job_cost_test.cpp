#include <catch2/catch.hpp>

#include "services/common/base/random.h"
#include "services/common/jobs/job_store.h"
#include "tests/support/test_database.h"

// What a job costs, by the rows that PostgreSQL reads for it.

namespace gatehouse {
namespace {

TEST_CASE("adding and ending jobs cost the same whatever waits", "[service][plans]") {
  TestDatabase database("probe", WithCommon({}));
  database.Exec("ALTER TABLE job SET (autovacuum_enabled = off)");
  const int64_t read = database.RowsRead([&](Postgres& pool) {
    const JobStore store(pool, Secret(std::string(32, 'k')));
    const auto add_and_end = [&] {
      std::vector<Job> jobs(2);
      for (Job& job : jobs) {
        job = {.organisation_id = "acme", .lane = "a", .kind = "test", .id = NewId("job")};
      }
      jobs[0].key = "key";
      const auto add = [&](Transaction& transaction) -> absl::Status {
        store.Add(transaction, {{"a", absl::Seconds(10)}}, jobs);
        return absl::OkStatus();
      };
      REQUIRE(pool.Write(Rows::OfAll(), add).ok());
      REQUIRE(store.Remove({jobs[0].number, jobs[1].number}).ok());
    };
    // A connection keeps the plan that it made while the table was empty.
    for (int i = 0; i < 10; ++i) add_and_end();
    database.Exec(
        "INSERT INTO job (organisation_id, lane, kind, id, payload, order_key) "
        "SELECT 'acme', 'a', 'test', 'id', '', 'k' || n FROM generate_series(1, 5000) AS n");
    add_and_end();
  });
  CHECK(read < 300);
}

TEST_CASE("what a connection does to jobs it plans a few times, and not for each",
          "[service][plans]") {
  TestDatabase database("probe", WithCommon({}));
  Postgres::Options options = database.options();
  options.connections = 1;
  Postgres pool(options);
  const JobStore store(pool, Secret(std::string(32, 'k')));
  for (int i = 0; i < 20; ++i) {
    std::vector<Job> jobs(2);
    for (Job& job : jobs) {
      job = {.organisation_id = "acme", .lane = "a", .kind = "test", .id = NewId("job")};
      job.key = "key";
    }
    const auto add = [&](Transaction& transaction) -> absl::Status {
      store.Add(transaction, {}, jobs);
      return absl::OkStatus();
    };
    REQUIRE(pool.Write(Rows::OfAll(), add).ok());
    std::string organisation;
    const auto taken = store.Take({.lane = "a"}, organisation);
    REQUIRE(taken->size() == 2);
    REQUIRE(store.GiveBack({jobs[1]}).ok());
    REQUIRE(store.Remove({jobs[0].number}).ok());
    REQUIRE(store.Remove({jobs[1].number}).ok());
  }
  const auto planned_anew = pool.Read(Rows::OfAll(), [](Transaction& tx) -> absl::StatusOr<int> {
    return tx
        .Exec("SELECT count(*) AS n FROM pg_prepared_statements WHERE custom_plans > 5")[0]["n"]
        .as<int>();
  });
  CHECK(planned_anew.value() == 0);
}

}  // namespace
}  // namespace gatehouse
