#include "services/invitation/tests/fixture.h"

// What a start and a first entry cost, by the rows that PostgreSQL reads for them.

namespace gatehouse::invitation {
namespace {

TEST_CASE_METHOD(Fixture, "a start and an entry cost the same in an organisation of many cases",
                 "[service][plans]") {
  for (const char* table : {"invitation", "link", "case_lock", "job"}) {
    database.Exec(std::string("ALTER TABLE ") + table + " SET (autovacuum_enabled = off)");
  }
  std::vector<Entry> entries;
  std::vector<std::string> tokens;
  for (int number = 0; number < 14; ++number) {
    Asked asked = {.case_id = "deal-" + std::to_string(number), .contact_id = "c1"};
    asked.delivery = Delivery::kLinkOnly;
    const auto made = invitations.Create(asked, StaffCall());
    REQUIRE(made.ok());
    entries.push_back(EntryBy(*made));
    tokens.push_back(TokenOf(*made));
  }
  const int64_t read = database.RowsRead([&](Postgres& pool) {
    Outbox nobody(pool, {.key = Secret(RandomBytes(32)), .services = {}});
    const Settings<Policy> settings(pool, nobody);
    PostgresStore reading(pool, nobody, settings);
    const auto tell = [](const Invitation& accepted) {
      Change change;
      change.invitation = accepted;
      change.event = v1::InvitationAccepted();
      change.portal = Portal::kActive;
      return change;
    };
    const auto enter = [&](size_t number) {
      REQUIRE(reading.FindLink(Invitations::HashOf(tokens[number])).ok());
      REQUIRE(reading.UseLink("acme", entries[number].link_id, "chl_1").ok());
      const auto before = reading.Accept(entries[number], clock.Now(), tell);
      REQUIRE(before.ok());
      CHECK(*before == State::kPending);
    };
    // A connection keeps the plans that it made while there was next to nothing.
    for (size_t number = 0; number < 10; ++number) enter(number);
    database.Exec(
        "INSERT INTO invitation SELECT 'acme', 'many_' || n, 'case-' || n, 'c1', 1, 1, 1, '{}', "
        "'', '', '', '', NULL, '', now() + interval '1 day', now() "
        "FROM generate_series(1, 3000) AS n");
    database.Exec(
        "INSERT INTO link (organisation_id, link_id, invitation_id, token_hash, single_use, "
        "expire_time) SELECT 'acme', 'many_' || n, 'many_' || n, decode(md5(n::text), 'hex'), "
        "false, now() + interval '1 day' FROM generate_series(1, 3000) AS n");
    database.Exec(
        "INSERT INTO case_lock SELECT 'acme', 'case-' || n, 1 FROM generate_series(1, 3000) AS n");
    enter(10);
  });
  // The foreign key of each link that was added reads an invitation.
  CHECK(read < 3000 + 1500);
}

}  // namespace
}  // namespace gatehouse::invitation
