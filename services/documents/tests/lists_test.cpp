#include <catch2/catch.hpp>

#include "services/common/jobs/outbox.h"
#include "services/documents/store/postgres_store.h"
#include "tests/support/test_database.h"

namespace gatehouse::documents {
extern const std::vector<Migration> kMigrations;
namespace {

// Beyond what PostgreSQL's planner makes for single values: it settles on one plan for all.
constexpr int kCalls = 10;
// A page has 50 rows, and one more is looked for.
constexpr int64_t kFewRows = kCalls * 51 * 4;

TEST_CASE("documents and what is asked for are read by their indexes", "[service]") {
  TestDatabase database("documents", WithCommon(kMigrations));
  database.Exec(
      "INSERT INTO document (organisation_id, document_id, case_id, filename, content_type, "
      "size_bytes, sha256, label, from_client, uploader_id, uploader_name, scan) SELECT 'o0', "
      "'doc_' || lpad(n::text, 9, '0'), 'case-' || n % 100, 'f', 't', 1, '', '', true, 'c', '', 1 "
      "FROM generate_series(1, 20000) AS n");
  database.Exec(
      "INSERT INTO document_request (organisation_id, document_request_id, case_id, title, label, "
      "contact_id) "
      "SELECT 'o0', 'drq_' || n, 'case-' || n % 1000, 't', '', '' FROM generate_series(1, 20000) "
      "AS n");
  database.Exec("VACUUM ANALYZE");
  const auto read = [&](const std::function<size_t(PostgresStore&)>& list, size_t rows) {
    return database.RowsRead([&](Postgres& pool) {
      Outbox outbox(pool, {.key = Secret(std::string(32, 'k')), .services = {}});
      PostgresStore store(pool, outbox);
      for (int i = 0; i < kCalls; ++i) CHECK(list(store) == rows);
    });
  };
  CHECK(read([](auto& s) { return s.List("o0", "case-4", nullptr, {}).value().size(); }, 51) <
        kFewRows);
  CHECK(read([](auto& s) { return s.ListRequests("o0", "case-4").value().size(); }, 20) < kFewRows);
}

}  // namespace
}  // namespace gatehouse::documents
