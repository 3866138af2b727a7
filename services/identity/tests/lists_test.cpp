#include "tests/support/lists.h"

#include "services/identity/store/key_store.h"
#include "services/identity/store/organisation_store.h"

namespace gatehouse::identity {
extern const std::vector<Migration> kMigrations;
namespace {

TEST_CASE("API keys and the audit trail are read by their indexes", "[service][plans]") {
  TestDatabase database("identity", WithCommon(kMigrations));
  database.Exec(
      "INSERT INTO organisation (organisation_id, display_name, region, time_zone, portal_url, "
      "origin, idle_seconds, absolute_seconds, request_id, first_api_key_id) "
      "SELECT 'o' || n, 'n', 'AU', 'UTC', '', '', 1, 1, '', '' FROM generate_series(0, 1) AS n");
  database.Exec(
      "INSERT INTO api_key (organisation_id, api_key_id, display_name, scopes, secret_hash) "
      "SELECT 'o' || n % 2, 'key_' || lpad(n::text, 9, '0'), 'n', '*', '' "
      "FROM generate_series(1, 20000) AS n");
  ListCost::Hasten(database, "audit_event");
  database.Exec(
      std::string("INSERT INTO audit_event (organisation_id, audit_event_id, type, actor_id, "
                  "actor_name, subject_id, case_id, client_address, request_id) "
                  "SELECT 'o' || n % 2, 'aud_' || lpad(n::text, 9, '0'), 't', '', '', '', "
                  "CASE WHEN n % 4 < 2 THEN '' ELSE 'case-' || n % 100 END, '', '' FROM ") +
      ListCost::kMany);
  const auto keys = [](const Page& at) {
    return [at](Postgres& pool) {
      return PostgresKeyStore(pool).ListApiKeys("o0", at).value().size();
    };
  };
  const auto trail = [](const std::string& case_id, const Page& at) {
    return [=](Postgres& pool) {
      return PostgresOrganisationStore(pool).ListAudit("o0", case_id, at).value().size();
    };
  };
  ListCost cost(database);
  CHECK(cost.IsOfAPage(keys({})));
  CHECK(cost.IsOfAPage(keys(PageAfter("key_000010000"))));
  CHECK(cost.IsOfAPage(keys(PageAfter("key_000000200"))));
  CHECK(cost.IsOfAPage(trail("", {})));
  CHECK(cost.IsOfAPage(trail("", PageAfter("aud_000500000"))));
  CHECK(cost.IsOfAPage(trail("", PageAfter("aud_000010000"))));
  CHECK(cost.IsOfAPage(trail("", PageAfter("aud_000000200"))));
  CHECK(cost.IsOfAPage(trail("case-2", {})));
  CHECK(cost.IsOfAPage(trail("case-2", PageAfter("aud_000500000"))));
  CHECK(cost.IsOfAPage(trail("case-2", PageAfter("aud_000010000"))));
}

TEST_CASE("a case's trail costs a page where there are few cases", "[service][plans]") {
  TestDatabase database("identity", WithCommon(kMigrations));
  // A small case that is over, and a large one; or, of another organisation, one case alone.
  database.Exec(
      "INSERT INTO audit_event (organisation_id, audit_event_id, type, actor_id, actor_name, "
      "subject_id, case_id, client_address, request_id) SELECT 'o' || n % 2, "
      "'aud_' || lpad(n::text, 9, '0'), 't', '', '', '', "
      "CASE WHEN n % 2 = 0 AND n <= 400 THEN 'small' ELSE 'large' END, '', '' "
      "FROM generate_series(1, 40000) AS n");
  const auto trail = [](const std::string& organisation_id, const std::string& case_id,
                        const Page& at = {}) {
    return [=](Postgres& pool) {
      return PostgresOrganisationStore(pool).ListAudit(organisation_id, case_id, at).value().size();
    };
  };
  ListCost cost(database);
  CHECK(cost.IsOfAPage(trail("o0", "small")));
  CHECK(cost.IsOfAPage(trail("o0", "small", PageAfter("aud_000000300"))));
  CHECK(cost.IsOfAPage(trail("o0", "large")));
  CHECK(cost.IsOfAPage(trail("o1", "large", PageAfter("aud_000020001"))));
}

}  // namespace
}  // namespace gatehouse::identity
