#include "services/common/base/crypto.h"
#include "services/identity/tests/fixture.h"

// What an entry costs, by the rows that PostgreSQL reads for it.

namespace gatehouse::identity {
namespace {

struct Costs : Fixture {
  NewSession SessionOf(int number, const std::string& earlier_token_hash = "") {
    const std::string n = std::to_string(number);
    Subject subject = Ada("lnk_" + n);
    subject.access.invitation_id = "inv_" + n;
    return {.session_id = "ses_" + n,
            .token_hash = Sha256(n),
            .earlier_token_hash = earlier_token_hash,
            .factor = challenges.KeyOf(subject),
            .subject = subject};
  }
  // Enters twice, the second time as who holds the first session, and uses the second one.
  void EnterTwice(AccessStore& store, int number) {
    REQUIRE(store.FindFactor(SessionOf(number).factor, "inv_1").ok());
    REQUIRE(store.Enter(SessionOf(number), call).ok());
    const auto second = store.Enter(SessionOf(number + 1, Sha256(std::to_string(number))), call);
    REQUIRE(second.ok());
    CHECK(second->replaces == "ses_" + std::to_string(number));
    const auto used = store.UseSession(Sha256(std::to_string(number + 1)));
    REQUIRE(used.ok());
    REQUIRE(used->has_value());
    CHECK((*used)->caller.cases.size() == 2);
    CHECK(store.FindSession("acme", "ses_" + std::to_string(number + 1)).ok());
  }
  // Other clients of the organisation, each with a live session.
  void Fill(int clients) {
    const std::string series = " FROM generate_series(1, " + std::to_string(clients) + ") AS n";
    database.Exec(
        "INSERT INTO access_grant (organisation_id, invitation_id, account_id, case_id, "
        "contact_id, "
        "sees_all, document_request_ids) SELECT 'acme', 'many_' || n, 'acc_' || n, 'case-' || n, "
        "'c', true, ''" +
        series);
    database.Exec(
        "INSERT INTO session (organisation_id, session_id, token_hash, account_id, factor_id, "
        "invitation_id, client_name, user_agent, client_address, idle_seconds, expire_time) "
        "SELECT 'acme', 'many_' || n, decode(md5(n::text), 'hex'), 'acc_' || n, 'sms_' || n, "
        "'many_' || n, '', '', '', 1800, now() + interval '1 day'" +
        series);
    database.Exec("INSERT INTO session_grant SELECT 'acme', 'many_' || n, 'many_' || n" + series);
  }
};

TEST_CASE_METHOD(Costs, "an entry costs the same in an organisation of many clients",
                 "[service][plans]") {
  for (const char* table : {"access_grant", "session", "session_grant", "factor", "account"}) {
    database.Exec(std::string("ALTER TABLE ") + table + " SET (autovacuum_enabled = off)");
  }
  const int64_t read = database.RowsRead([&](Postgres& pool) {
    PostgresAccessStore store(pool);
    // A connection keeps the plans that it made while there was next to nothing.
    for (int number = 0; number < 20; number += 2) EnterTwice(store, number);
    Fill(3000);
    EnterTwice(store, 100);
  });
  // The foreign key of each grant that was added reads a session.
  CHECK(read < 3000 + 1500);
}

}  // namespace
}  // namespace gatehouse::identity
