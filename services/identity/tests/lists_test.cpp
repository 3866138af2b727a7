#include <catch2/catch.hpp>

#include "services/identity/store/organisation_store.h"
#include "tests/support/test_database.h"

namespace gatehouse::identity {
extern const std::vector<Migration> kMigrations;
namespace {

// Beyond what PostgreSQL's planner makes for single values: it settles on one plan for all.
constexpr int kCalls = 10;
// A page has 50 rows, and one more is looked for.
constexpr int64_t kFewRows = kCalls * 51 * 4;

TEST_CASE("the audit trail is read by its indexes, whole and by case", "[service]") {
  TestDatabase database("identity", WithCommon(kMigrations));
  database.Exec(
      "INSERT INTO audit_event (organisation_id, audit_event_id, type, actor_id, actor_name, "
      "subject_id, case_id, client_address, request_id) SELECT 'o' || n % 2, "
      "'aud_' || lpad(n::text, 9, '0'), 't', '', '', '', CASE WHEN n % 3 = 0 THEN '' ELSE 'case-' "
      "|| n % 100 END, '', '' FROM generate_series(1, 30000) AS n");
  database.Exec("VACUUM ANALYZE audit_event");
  const auto read = [&](const std::string& case_id, const Page& page, size_t rows) {
    return database.RowsRead([&](Postgres& pool) {
      OrganisationStore store(pool);
      for (int i = 0; i < kCalls; ++i) {
        CHECK(store.ListAudit("o0", case_id, page).value().size() == rows);
      }
    });
  };
  CHECK(read("", {}, 51) < kFewRows);
  CHECK(read("case-4", {}, 51) < kFewRows);
  CHECK(read("case-4", {.after = "aud_000029000"}, 51) < kFewRows);
  // Where hardly any of the newest are the case's, and where none is.
  CHECK(read("case-99", {}, 0) < kFewRows);
  CHECK(read("no-such-case", {}, 0) < kFewRows);
}

}  // namespace
}  // namespace gatehouse::identity
