#include <catch2/catch.hpp>

#include "services/notification/store/postgres_store.h"
#include "tests/support/test_database.h"

namespace gatehouse::notification {
extern const std::vector<Migration> kMigrations;
namespace {

// Beyond what PostgreSQL's planner makes for single values: it settles on one plan for all.
constexpr int kCalls = 10;
// A page has 50 rows, and one more is looked for.
constexpr int64_t kFewRows = kCalls * 51 * 4;

TEST_CASE("messages, events and credits are read by their indexes", "[service]") {
  TestDatabase database("notification", WithCommon(kMigrations));
  database.Exec(
      "INSERT INTO message (organisation_id, message_id, request_id, channel, template, "
      "masked_recipient, sealed, case_id, segments, state, expire_time) SELECT 'o' || n % 2, "
      "'msg_' || lpad(n::text, 9, '0'), 'r' || n, 1, 't', '', '', 'case-' || n % 100, 1, 3, now() "
      "FROM generate_series(1, 20000) AS n");
  database.Exec(
      "INSERT INTO event (organisation_id, number, event_id, request_id, type, case_id, time, "
      "data) "
      "SELECT 'o0', n, 'evt_' || n, 'r' || n, 't', '', now(), '{}' "
      "FROM generate_series(1, 20000) AS n");
  database.Exec(
      "INSERT INTO credit_entry (organisation_id, entry_number, kind, credits, balance, reference) "
      "SELECT 'o0', n, 1, 1, n, 'r' || n FROM generate_series(1, 20000) AS n");
  database.Exec("VACUUM ANALYZE");
  const auto read = [&](const std::function<size_t(PostgresStore&)>& list) {
    return database.RowsRead([&](Postgres& pool) {
      PostgresStore store(pool, Secret(std::string(32, 'k')));
      for (int i = 0; i < kCalls; ++i) CHECK(list(store) == 51);
    });
  };
  CHECK(read([](auto& store) { return store.ListMessages("o0", "", {}).value().size(); }) <
        kFewRows);
  CHECK(read([](auto& store) { return store.ListMessages("o0", "case-4", {}).value().size(); }) <
        kFewRows);
  CHECK(read([](auto& store) { return store.ListEvents("o0", 15000, 51).value().size(); }) <
        kFewRows);
  CHECK(read([](auto& store) { return store.ListEntries("o0", {}).value().size(); }) < kFewRows);
}

}  // namespace
}  // namespace gatehouse::notification
