#include <catch2/catch.hpp>

#include "services/cases/store/postgres_store.h"
#include "services/common/base/random.h"
#include "tests/support/test_database.h"

namespace gatehouse::cases {
extern const std::vector<Migration> kMigrations;
namespace {

// Beyond what PostgreSQL's planner makes for single values: it settles on one plan for all.
constexpr int kCalls = 10;
// A page has 50 rows, and one more is looked for.
constexpr int64_t kFewRows = kCalls * 51 * 4;

TEST_CASE("cases and notes are read by their indexes", "[service]") {
  TestDatabase database("cases", WithCommon(kMigrations));
  database.Exec(
      "INSERT INTO case_file (organisation_id, case_id, display_name, kind, owner_id, owner_name, "
      "owner_email, owner_phone, owner_e164, update_time) SELECT 'o' || n % 2, 'case-' || n, 'n', "
      "'case', '', '', '', '', '', now() - n * interval '1 second' "
      "FROM generate_series(1, 20000) AS n");
  database.Exec(
      "INSERT INTO note (organisation_id, case_id, note_id, text, author) SELECT 'o0', 'case-' || "
      "2 * (n % 20 + 1), 'note_' || lpad(n::text, 9, '0'), 't', 'a' "
      "FROM generate_series(1, 20000) AS n");
  database.Exec("VACUUM ANALYZE");
  Outbox outbox(database.postgres(), {.key = Secret(RandomBytes(32)), .services = {}});
  CHECK(database.RowsRead([&](Postgres& pool) {
    PostgresStore store(pool, outbox);
    for (int i = 0; i < kCalls; ++i) CHECK(store.List("o0", {}).value().size() == 51);
  }) < kFewRows);
  CHECK(database.RowsRead([&](Postgres& pool) {
    PostgresStore store(pool, outbox);
    for (int i = 0; i < kCalls; ++i) {
      CHECK(store.ListNotes("o0", "case-4", {}).value().size() == 51);
    }
  }) < kFewRows);
}

}  // namespace
}  // namespace gatehouse::cases
