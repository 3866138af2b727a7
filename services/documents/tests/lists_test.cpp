#include "tests/support/lists.h"

#include "services/documents/tests/fixture.h"

namespace gatehouse::documents {
namespace {

// Fifty cases of each of two organisations; half of the documents are clients', and answer
// requests.
void Fill(TestDatabase& database) {
  database.Exec(
      "INSERT INTO document_request (organisation_id, document_request_id, case_id, title, label, "
      "contact_id) SELECT 'o' || n % 2, 'drq_' || lpad(n::text, 9, '0'), 'case-' || n % 100, 't', "
      "'', '' FROM generate_series(1, 20000) AS n");
  database.Exec(
      "INSERT INTO document (organisation_id, document_id, case_id, filename, content_type, "
      "size_bytes, sha256, label, from_client, uploader_id, uploader_name, document_request_id, "
      "scan) SELECT 'o' || n % 2, 'doc_' || lpad(n::text, 9, '0'), 'case-' || n % 100, 'f', "
      "'text/plain', 1, '', '', n % 200 < 100, CASE WHEN n % 200 < 100 THEN 'ada' ELSE 'key_1' "
      "END, "
      "'', "
      "CASE WHEN n % 200 < 100 THEN 'drq_' || lpad((n % 100 + 100)::text, 9, '0') END, 1 "
      "FROM generate_series(1, 20000) AS n");
}

TEST_CASE("documents and requests are read by their indexes", "[service][plans]") {
  TestDatabase database("documents", WithCommon(kMigrations));
  Fill(database);
  Outbox outbox(database.postgres(), {.key = Secret(RandomBytes(32)), .services = {}});
  Effects effects(outbox);
  RequestEffects request_effects(outbox);
  const CaseAccess ada = {"case-4", "ada", "inv_1", Visibility::kOwn};
  const auto documents = [&](const CaseAccess* access, const std::string& request, const Page& at) {
    return [&, access, request, at](Postgres& pool) {
      return PostgresDocuments(pool, effects)
          .List("o0", "case-4", access, {.document_request_id = request}, at)
          .value()
          .size();
    };
  };
  const auto requests = [&](const CaseAccess* access, const Page& at) {
    return [&, access, at](Postgres& pool) {
      return PostgresRequests(pool, request_effects)
          .List("o0", "case-4", access, at)
          .value()
          .size();
    };
  };
  ListCost cost(database);
  CHECK(cost.IsOfAPage(documents(nullptr, "", {})));
  CHECK(cost.IsOfAPage(documents(nullptr, "", PageAfter("doc_000010000"))));
  CHECK(cost.IsOfAPage(documents(nullptr, "", PageAfter("doc_000006000"))));
  CHECK(cost.IsOfAPage(documents(&ada, "", {})));
  CHECK(cost.IsOfAPage(documents(&ada, "", PageAfter("doc_000012000"))));
  CHECK(cost.IsOfAPage(documents(nullptr, "drq_000000104", {})));
  CHECK(cost.IsOfAPage(documents(&ada, "drq_000000104", PageAfter("doc_000012000"))));
  CHECK(cost.IsOfAPage(requests(nullptr, {})));
  // A folder with little in it, of long ago.
  database.Exec("UPDATE document SET folder = 'Old' WHERE document_id < 'doc_000001000'");
  database.Exec("ANALYZE document");
  const auto folder = [&](const CaseAccess* access, const std::string& name, const Page& at = {}) {
    return [&, access, name, at](Postgres& pool) {
      return PostgresDocuments(pool, effects)
          .List("o0", "case-4", access, {.folder = name}, at)
          .value()
          .size();
    };
  };
  CHECK(database.RowsRead([&](Postgres& pool) { CHECK(folder(nullptr, "Old")(pool) == 10); }) <=
        10 + 1);
  CHECK(cost.IsOfAPage(folder(nullptr, "Documents")));
  CHECK(cost.IsOfAPage(folder(nullptr, "Client-Documents", PageAfter("doc_000014000"))));
  // A word that is in each of them; and one that is in none, which costs a look at the case.
  const auto found = [&](const CaseAccess* access, const std::string& word) {
    return [&, access, word](Postgres& pool) {
      return PostgresDocuments(pool, effects)
          .List("o0", "case-4", access, {.words = {word}}, {})
          .value()
          .size();
    };
  };
  CHECK(cost.IsOfAPage(found(nullptr, "f")));
  CHECK(cost.IsOfAPage(found(&ada, "f")));
  CHECK(database.RowsRead([&](Postgres& pool) { CHECK(found(nullptr, "none")(pool) == 0); }) <=
        200 + 1);
  CHECK(cost.IsOfAPage(requests(nullptr, PageAfter("drq_000010000"))));
  CHECK(cost.IsOfAPage(requests(&ada, PageAfter("drq_000010000"))));
}

TEST_CASE("a case's documents cost a page where there are few cases", "[service][plans]") {
  TestDatabase database("documents", WithCommon(kMigrations));
  // A small case that is over, and a large one; or, of another organisation, one case alone.
  const std::string of_case =
      "CASE WHEN n % 2 = 0 AND n <= 400 THEN 'small' ELSE 'large' END AS case_id "
      "FROM generate_series(1, 40000) AS n";
  database.Exec(
      "INSERT INTO document_request (organisation_id, document_request_id, title, label, "
      "contact_id, case_id) SELECT 'o' || n % 2, 'drq_' || lpad(n::text, 9, '0'), 't', '', '', " +
      of_case);
  database.Exec(
      "INSERT INTO document (organisation_id, document_id, filename, content_type, size_bytes, "
      "sha256, label, from_client, uploader_id, uploader_name, scan, case_id) SELECT "
      "'o' || n % 2, 'doc_' || lpad(n::text, 9, '0'), 'f', 'text/plain', 1, '', '', true, 'ada', "
      "'', 1, " +
      of_case);
  Outbox outbox(database.postgres(), {.key = Secret(RandomBytes(32)), .services = {}});
  Effects effects(outbox);
  RequestEffects request_effects(outbox);
  const CaseAccess ada = {"small", "ada", "inv_1", Visibility::kOwn};
  const auto documents = [&](const CaseAccess* access, const std::string& case_id,
                             const Page& at = {}) {
    return [&, access, case_id, at](Postgres& pool) {
      return PostgresDocuments(pool, effects).List("o0", case_id, access, {}, at).value().size();
    };
  };
  const auto requests = [&](const std::string& case_id, const Page& at = {}) {
    return [&, case_id, at](Postgres& pool) {
      return PostgresRequests(pool, request_effects)
          .List("o0", case_id, nullptr, at)
          .value()
          .size();
    };
  };
  ListCost cost(database);
  CHECK(cost.IsOfAPage(documents(nullptr, "small")));
  CHECK(cost.IsOfAPage(documents(&ada, "small", PageAfter("doc_000000300"))));
  CHECK(cost.IsOfAPage(documents(nullptr, "large")));
  CHECK(cost.IsOfAPage(requests("small")));
  CHECK(cost.IsOfAPage(requests("small", PageAfter("drq_000000100"))));
  CHECK(cost.IsOfAPage(requests("large")));
}

}  // namespace
}  // namespace gatehouse::documents
