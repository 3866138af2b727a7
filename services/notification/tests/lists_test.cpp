#include "tests/support/lists.h"

#include "services/notification/store/postgres_store.h"

namespace gatehouse::notification {
extern const std::vector<Migration> kMigrations;
namespace {

TEST_CASE("messages, events and credits are read by their indexes", "[service][plans]") {
  TestDatabase database("notification", WithCommon(kMigrations));
  database.Exec(
      "INSERT INTO message (organisation_id, message_id, request_id, channel, template, "
      "masked_recipient, case_id, segments, state, expire_time) SELECT 'o' || n % 2, "
      "'msg_' || lpad(n::text, 9, '0'), 'r' || n, 1, 't', '', 'case-' || n % 100, 1, 3, now() "
      "FROM generate_series(1, 20000) AS n");
  database.Exec(
      "INSERT INTO event (organisation_id, number, event_id, request_id, type, case_id, time, "
      "data) "
      "SELECT 'o0', n, 'evt_' || n, 'r' || n, 't', '', now(), '{}' "
      "FROM generate_series(1, 20000) AS n");
  database.Exec(
      "INSERT INTO credit_entry (organisation_id, entry_number, kind, credits, balance, reference) "
      "SELECT 'o0', n, 1, 1, n, 'r' || n FROM generate_series(1, 20000) AS n");
  const auto page = [](const std::function<size_t(PostgresStore&)>& list) {
    return [list](Postgres& pool) {
      PostgresStore store(pool);
      return list(store);
    };
  };
  const auto messages = [&](const std::string& case_id, const Page& at) {
    return page([=](auto& store) { return store.ListMessages("o0", case_id, at).value().size(); });
  };
  const auto events = [&](int64_t after) {
    return page([=](auto& store) { return store.ListEvents("o0", after, 51).value().size(); });
  };
  const auto entries = [&](const Page& at) {
    return page([=](auto& store) { return store.ListEntries("o0", at).value().size(); });
  };
  ListCost cost(database);
  CHECK(cost.IsOfAPage(messages("", {})));
  CHECK(cost.IsOfAPage(messages("", PageAfter("msg_000010000"))));
  CHECK(cost.IsOfAPage(messages("", PageAfter("msg_000000200"))));
  CHECK(cost.IsOfAPage(messages("case-4", {})));
  CHECK(cost.IsOfAPage(messages("case-4", PageAfter("msg_000010000"))));
  CHECK(cost.IsOfAPage(events(0)));
  CHECK(cost.IsOfAPage(events(15000)));
  CHECK(cost.IsOfAPage(entries({})));
  CHECK(cost.IsOfAPage(entries(PageAfter("10000"))));
  CHECK(cost.IsOfAPage(entries(PageAfter("100"))));
}

TEST_CASE("a case's messages cost a page where there are few cases", "[service][plans]") {
  TestDatabase database("notification", WithCommon(kMigrations));
  // A small case that is over, and a large one; or, of another organisation, one case alone.
  database.Exec(
      "INSERT INTO message (organisation_id, message_id, request_id, channel, template, "
      "masked_recipient, case_id, segments, state, expire_time) SELECT 'o' || n % 2, "
      "'msg_' || lpad(n::text, 9, '0'), 'r' || n, 1, 't', '', "
      "CASE WHEN n % 2 = 0 AND n <= 400 THEN 'small' ELSE 'large' END, 1, 3, now() "
      "FROM generate_series(1, 40000) AS n");
  const auto messages = [](const std::string& organisation_id, const std::string& case_id,
                           const Page& at = {}) {
    return [=](Postgres& pool) {
      return PostgresStore(pool).ListMessages(organisation_id, case_id, at).value().size();
    };
  };
  ListCost cost(database);
  CHECK(cost.IsOfAPage(messages("o0", "small")));
  CHECK(cost.IsOfAPage(messages("o0", "small", PageAfter("msg_000000300"))));
  CHECK(cost.IsOfAPage(messages("o0", "large")));
  CHECK(cost.IsOfAPage(messages("o1", "large", PageAfter("msg_000020001"))));
}

}  // namespace
}  // namespace gatehouse::notification
