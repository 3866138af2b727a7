#include "tests/support/lists.h"

#include "services/invitation/tests/fixture.h"

namespace gatehouse::invitation {
namespace {

TEST_CASE("the invitations of a case are read by their index", "[service][plans]") {
  TestDatabase database("invitation", WithCommon(kMigrations));
  // Fifty cases of each organisation, whose contacts were invited again and again.
  database.Exec(
      std::string("INSERT INTO invitation (organisation_id, invitation_id, case_id, contact_id, "
                  "state, delivery, visibility, document_request_ids, contact_name, email, mobile, "
                  "inviter_name, expire_time, create_time) SELECT 'o' || n % 2, "
                  "'inv_' || lpad(n::text, 9, '0'), 'case-' || n % 100, 'c', 3, 1, 1, '{}', '', "
                  "'', '', '', now(), now() FROM ") +
      ListCost::kMany);
  Outbox outbox(database.postgres(), {.key = Secret(RandomBytes(32)), .services = {}});
  const auto page = [&](const Page& at) {
    return [&, at](Postgres& pool) {
      Settings<Policy> policies(pool, outbox);
      return PostgresStore(pool, outbox, policies).List("o0", "case-4", at).value().size();
    };
  };
  ListCost cost(database);
  CHECK(cost.IsOfAPage(page({})));
  CHECK(cost.IsOfAPage(page(PageAfter("inv_000900000"))));
  CHECK(cost.IsOfAPage(page(PageAfter("inv_000010000"))));
  CHECK(cost.IsOfAPage(page(PageAfter("inv_000006000"))));
}

TEST_CASE("a case's invitations cost a page where there are few cases", "[service][plans]") {
  TestDatabase database("invitation", WithCommon(kMigrations));
  // A small case that is over, and a large one; or, of another organisation, one case alone.
  database.Exec(
      "INSERT INTO invitation (organisation_id, invitation_id, case_id, contact_id, state, "
      "delivery, visibility, document_request_ids, contact_name, email, mobile, inviter_name, "
      "expire_time, create_time) SELECT 'o' || n % 2, 'inv_' || lpad(n::text, 9, '0'), "
      "CASE WHEN n % 2 = 0 AND n <= 400 THEN 'small' ELSE 'large' END, 'c', 3, 1, 1, '{}', '', '', "
      "'', '', now(), now() FROM generate_series(1, 40000) AS n");
  Outbox outbox(database.postgres(), {.key = Secret(RandomBytes(32)), .services = {}});
  const auto page = [&](const std::string& organisation_id, const std::string& case_id,
                        const Page& at = {}) {
    return [&, organisation_id, case_id, at](Postgres& pool) {
      Settings<Policy> policies(pool, outbox);
      return PostgresStore(pool, outbox, policies)
          .List(organisation_id, case_id, at)
          .value()
          .size();
    };
  };
  ListCost cost(database);
  CHECK(cost.IsOfAPage(page("o0", "small")));
  CHECK(cost.IsOfAPage(page("o0", "small", PageAfter("inv_000000300"))));
  CHECK(cost.IsOfAPage(page("o0", "large")));
  CHECK(cost.IsOfAPage(page("o1", "large", PageAfter("inv_000020001"))));
}

TEST_CASE_METHOD(Fixture, "an invitation that changes between two pages is given once",
                 "[service][plans]") {
  std::vector<std::string> made;
  for (int i = 0; i < 3; ++i) {
    made.insert(made.begin(), Create("c" + std::to_string(i))->invitation.invitation_id);
    absl::SleepFor(absl::Milliseconds(2));  // Ids of one millisecond have no order.
  }
  std::vector<std::string> listed;
  pb::ListInvitationsRequest request;
  request.set_case_id("deal-1");
  request.set_page_size(1);
  do {
    const auto page = handler.ListInvitations(StaffCall(), request);
    REQUIRE(page.ok());
    REQUIRE(page->invitations_size() == 1);
    listed.push_back(page->invitations(0).invitation_id());
    // The oldest, which is still to come.
    REQUIRE(invitations.CreateLink("deal-1", made.back(), StaffCall()).ok());
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  CHECK(listed == made);
}

}  // namespace
}  // namespace gatehouse::invitation
