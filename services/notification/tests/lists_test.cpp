#include "tests/support/lists.h"

#include "services/common/base/random.h"
#include "services/notification/conversations/store/postgres_conversations.h"
#include "services/notification/sandbox/store/postgres_inbox.h"
#include "services/notification/store/postgres_store.h"
#include "services/notification/webhooks/store/postgres_webhooks.h"

namespace gatehouse::notification {
extern const std::vector<Migration> kMigrations;
namespace {

TEST_CASE("messages, events and credits are read by their indexes", "[service][plans]") {
  TestDatabase database("notification", WithCommon(kMigrations));
  ListCost::Hasten(database, "message");
  database.Exec(
      std::string("INSERT INTO message (organisation_id, message_id, request_id, channel, "
                  "template, masked_recipient, case_id, segments, state, expire_time) "
                  "SELECT 'o' || n % 2, 'msg_' || lpad(n::text, 9, '0'), 'r' || n, 1, 't', '', "
                  "'case-' || n % 100, 1, 3, now() FROM ") +
      ListCost::kMany);
  ListCost::Hasten(database, "event");
  database.Exec(
      std::string("INSERT INTO event (organisation_id, number, event_id, request_id, type, "
                  "case_id, time, data) SELECT 'o0', n, 'evt_' || n, 'r' || n, 't', '', now(), "
                  "'{}' FROM ") +
      ListCost::kMany);
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
  CHECK(cost.IsOfAPage(messages("", PageAfter("msg_000500000"))));
  CHECK(cost.IsOfAPage(messages("", PageAfter("msg_000010000"))));
  CHECK(cost.IsOfAPage(messages("", PageAfter("msg_000000200"))));
  CHECK(cost.IsOfAPage(messages("case-4", {})));
  CHECK(cost.IsOfAPage(messages("case-4", PageAfter("msg_000010000"))));
  CHECK(cost.IsOfAPage(events(0)));
  CHECK(cost.IsOfAPage(events(15000)));
  CHECK(cost.IsOfAPage(events(900000)));
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

TEST_CASE("conversations, inboxes and deliveries are read by their indexes", "[service][plans]") {
  TestDatabase database("notification", WithCommon(kMigrations));
  const auto insert = [&](const std::string& into) {
    database.Exec("INSERT INTO " + into + " FROM generate_series(1, 20000) AS n");
  };
  insert(
      "conversation_message (organisation_id, message_id, case_id, contact_id, author_id, "
      "author_name, text) SELECT 'o' || n % 2, 'cvm_' || lpad(n::text, 9, '0'), "
      "'case-' || n % 100, CASE WHEN n % 200 < 100 THEN 'ada' ELSE '' END, '', '', 't'");
  insert(
      "sandbox_message (organisation_id, message_id, channel, recipient, subject, body, html, "
      "arrive_time) SELECT 'o' || n % 2, 'msg_' || lpad(n::text, 9, '0'), 1, 'r' || n % 100, '', "
      "'', '', now()");
  database.Exec(
      "INSERT INTO webhook_endpoint (organisation_id, endpoint_id, display_name, url, event_types, "
      "secret, cursor) SELECT 'o0', 'whe_' || n, '', '', '{}', '', 0 "
      "FROM generate_series(1, 2) AS n");
  insert(
      "event (organisation_id, number, event_id, request_id, type, case_id, time, data) "
      "SELECT 'o0', n, 'evt_' || n, 'r' || n, 't', '', now(), '{}'");
  // Few of them are dead.
  insert(
      "webhook_delivery (organisation_id, endpoint_id, number, state, attempts, failure, "
      "http_status, first_attempt_time, attempt_time, next_attempt_time) SELECT 'o0', "
      "'whe_' || 1 + n % 2, n, CASE WHEN n % 100 < 2 THEN 2 ELSE 1 END, 1, 1, 500, now(), now(), "
      "now()");
  Outbox outbox(database.postgres(), {.key = Secret(RandomBytes(32)), .services = {}});
  const auto conversation = [](const std::string& contact_id, const Page& at) {
    return [=](Postgres& pool) {
      return PostgresConversations(pool)
          .List("o0", {.case_id = "case-4", .contact_id = contact_id}, at)
          .value()
          .size();
    };
  };
  const auto inbox = [](const std::string& recipient, const Page& at) {
    return [=](Postgres& pool) {
      return PostgresInbox(pool).List("o0", recipient, at).value().size();
    };
  };
  const auto deliveries = [&](std::optional<DeliveryState> state, const Page& at) {
    return [&, state, at](Postgres& pool) {
      return PostgresWebhooks(pool, Secret(RandomBytes(32)), outbox)
          .ListDeliveries({"o0", "whe_1"}, state, at)
          .value()
          .size();
    };
  };
  ListCost cost(database);
  CHECK(cost.IsOfAPage(conversation("", {})));
  CHECK(cost.IsOfAPage(conversation("", PageAfter("cvm_000015000"))));
  CHECK(cost.IsOfAPage(conversation("ada", {})));
  CHECK(cost.IsOfAPage(inbox("", {})));
  CHECK(cost.IsOfAPage(inbox("", PageAfter("msg_000010000"))));
  CHECK(cost.IsOfAPage(inbox("r4", PageAfter("msg_000015000"))));
  CHECK(cost.IsOfAPage(deliveries(std::nullopt, {})));
  CHECK(cost.IsOfAPage(deliveries(DeliveryState::kDead, {})));
  CHECK(cost.IsOfAPage(deliveries(DeliveryState::kDead, PageAfter("15000"))));
  CHECK(cost.IsOfAPage(deliveries(DeliveryState::kRetrying, PageAfter("10000"))));
}

}  // namespace
}  // namespace gatehouse::notification
