#include <atomic>
#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "services/common/base/crypto.h"
#include "services/identity/audit/audit_trail_handler.h"
#include "services/identity/tests/fixture.h"

// The chain in PostgreSQL: how it grows, what the database refuses, what verifying finds.

namespace gatehouse::identity {
namespace {

struct AuditChain : Fixture {
  PostgresAuditChain chain{database.postgres()};
  AuditTrailHandler trail{chain};

  void Add(const std::string& id, const std::string& organisation = "acme",
           absl::Time time = absl::Now()) {
    AuditEvent event = {.audit_event_id = id, .type = "settings.updated", .time = time};
    event.data["after"] = "{}";
    REQUIRE(organisations.RecordAudit(organisation, {event}).ok());
  }
  // Until nothing waits any more that can be given its place.
  void Extend() {
    int extended = 1;
    while (extended > 0) {
      const auto placed = chain.Extend();
      INFO(placed.status().ToString());
      REQUIRE(placed.ok());
      extended = *placed;
    }
  }
  v1::AuditVerification Verify(int64_t after = 0, const std::string& hash = "",
                               const std::string& organisation = "acme") {
    v1::VerifyAuditTrailRequest request;
    request.set_after_number(after);
    request.set_after_hash(hash);
    const auto found = trail.VerifyAuditTrail(StaffCall(organisation), request);
    INFO(found.status().ToString());
    REQUIRE(found.ok());
    return *found;
  }
  std::vector<std::string> Export(int64_t after = 0) {
    v1::ExportAuditTrailRequest request;
    request.set_after_number(after);
    const auto source = trail.ExportAuditTrail(StaffCall(), request);
    REQUIRE(source.ok());
    std::string text, type;
    while (true) {
      v1::ExportAuditTrailResponse part;
      const auto more = (*source)->Next(part);
      REQUIRE(more.ok());
      if (!*more) break;
      type += part.content_type();
      text += part.data();
    }
    CHECK(type == "application/jsonl");
    return absl::StrSplit(text, '\n', absl::SkipEmpty());
  }
  // What somebody does who owns the tables.
  void Tamper(const std::string& sql) {
    database.Exec("ALTER TABLE audit_event DISABLE TRIGGER audit_event_kept");
    database.Exec(sql);
    database.Exec("ALTER TABLE audit_event ENABLE TRIGGER audit_event_kept");
  }
  absl::Status AsService(const char* sql) {
    return database.postgres().WriteOne(Rows::OfAll(), [&](Transaction& tx) -> absl::Status {
      tx.Exec(sql);
      return absl::OkStatus();
    });
  }
  std::string One(const std::string& sql) { return database.Exec(sql)[0][0].c_str(); }
};

TEST_CASE_METHOD(AuditChain, "rows get their numbers in the order of writing", "[service]") {
  CHECK(Verify().waiting() == 1);  // The first key's.
  CHECK(Verify().head_number() == 0);
  REQUIRE(SignIn().ok());
  Add("aud_1");
  Add("aud_1", "other");
  Extend();
  CHECK(One("SELECT string_agg(type, ' ' ORDER BY number) FROM audit_event "
            "WHERE organisation_id = 'acme'") == "apiKey.created session.started settings.updated");
  const auto found = Verify();
  CHECK(found.first_number() == 1);
  CHECK(found.last_number() == 3);
  CHECK(found.head_number() == 3);
  CHECK(found.waiting() == 0);
  CHECK_FALSE(found.has_broken_link());
  CHECK(found.last_hash() == One("SELECT hash FROM audit_chain WHERE organisation_id = 'acme'"));
  CHECK(Verify(0, "", "other").head_number() == 1);
  // It grows on from where it was.
  Add("aud_0");
  Extend();
  CHECK(Verify(3, found.last_hash()).last_number() == 4);
  CHECK(Verify(4).first_number() == 0);
  CHECK(*chain.Extend() == 0);
  CHECK(*chain.CountWaiting() == 0);
  Add("aud_5", "other");
  CHECK(*chain.CountWaiting() == 1);
}

TEST_CASE_METHOD(AuditChain, "the database refuses to change what was written", "[service]") {
  Add("aud_1");
  const auto refused = [&](const char* sql) {
    INFO(sql);
    CHECK_FALSE(AsService(sql).ok());
    CHECK_THROWS(database.Exec(sql));  // Whoever owns it, too.
  };
  for (int round = 0; round < 2; ++round) {  // While it waits, and in its place.
    refused("UPDATE audit_event SET actor_name = 'Eve'");
    refused("UPDATE audit_event SET number = 7, hash = 'x', actor_name = 'Eve'");
    refused("DELETE FROM audit_event");
    Extend();
  }
  refused("UPDATE audit_event SET number = number + 10");
  refused("UPDATE audit_event SET hash = 'x'");
  refused("UPDATE audit_event SET number = NULL, hash = NULL");
  // The setting by which retention works opens nothing for who serves.
  CHECK_FALSE(database.postgres()
                  .Write(Rows::OfAll(),
                         [](Transaction& tx) -> absl::Status {
                           tx.Exec("SELECT set_config('gatehouse.forgets_audit', 'yes', true)");
                           tx.Exec("DELETE FROM audit_event");
                           return absl::OkStatus();
                         })
                  .ok());
  CHECK_FALSE(AsService("TRUNCATE audit_event").ok());
  CHECK_FALSE(AsService("ALTER TABLE audit_event DISABLE TRIGGER audit_event_kept").ok());
  CHECK(AsService("SELECT forget_audit('acme', 'infinity', 500)").ok());
  CHECK(Verify().last_number() == 2);  // Nothing of today is forgotten.
}

TEST_CASE_METHOD(AuditChain, "the first broken link is found, whatever was done", "[service]") {
  for (int i = 1; i <= 5; ++i) Add(absl::StrCat("aud_", i));
  Extend();
  const auto whole = Verify(0);
  REQUIRE(whole.last_number() == 6);
  const auto broken = [&](int64_t number, v1::AuditBreak kind) {
    const auto found = Verify();
    CHECK(found.broken_link().number() == number);
    CHECK(found.broken_link().kind() == kind);
    CHECK(found.last_number() == number - 1);
  };
  SECTION("a changed column") {
    for (const char* column : {"type", "actor_id", "actor_name", "subject_id", "case_id",
                               "client_address", "request_id", "client_request_id"}) {
      INFO(column);
      const std::string was = One(absl::StrCat("SELECT ", column,
                                               " FROM audit_event WHERE "
                                               "organisation_id = 'acme' AND number = 4"));
      const auto set = [&](const std::string& value) {
        Tamper(absl::StrCat("UPDATE audit_event SET ", column, " = '", value,
                            "' WHERE organisation_id = 'acme' AND number = 4"));
      };
      set("x");
      broken(4, v1::AUDIT_ROW_ALTERED);
      set(was);
    }
    Tamper("UPDATE audit_event SET time = time + interval '1 us' WHERE number = 3");
    broken(3, v1::AUDIT_ROW_ALTERED);
    Tamper("UPDATE audit_event SET data = '{\"after\": \"x\"}' WHERE number = 2");
    broken(2, v1::AUDIT_ROW_ALTERED);
    CHECK(Verify().broken_link().audit_event_id() == "aud_1");
  }
  SECTION("a row that is gone") {
    Tamper("DELETE FROM audit_event WHERE number = 3");
    broken(3, v1::AUDIT_ROW_MISSING);
  }
  SECTION("the last rows gone") {
    Tamper("DELETE FROM audit_event WHERE number > 4");
    broken(5, v1::AUDIT_ROW_MISSING);
  }
  SECTION("the end rewritten, with its hashes") {
    Tamper("DELETE FROM audit_event WHERE number > 4");
    database.Exec(
        "UPDATE audit_chain SET number = 4, hash = (SELECT hash FROM audit_event "
        "WHERE organisation_id = 'acme' AND number = 4)");
    Add("aud_6");
    Add("aud_7");
    Extend();
    CHECK_FALSE(Verify().has_broken_link());  // By itself it is whole.
    const auto found = Verify(whole.last_number(), whole.last_hash());
    CHECK(found.broken_link().number() == 6);
    CHECK(found.broken_link().kind() == v1::AUDIT_ROW_ALTERED);
  }
  SECTION("the end cut off after somebody noted it") {
    Tamper("DELETE FROM audit_event WHERE number > 4");
    database.Exec(
        "UPDATE audit_chain SET number = 4, hash = (SELECT hash FROM audit_event "
        "WHERE organisation_id = 'acme' AND number = 4)");
    CHECK(Verify(6, whole.last_hash()).broken_link().kind() == v1::AUDIT_ROW_MISSING);
  }
  SECTION("another end than the chain's own") {
    database.Exec("UPDATE audit_chain SET hash = repeat('a', 64)");
    CHECK(Verify().broken_link().number() == 6);
  }
}

TEST_CASE_METHOD(AuditChain, "two replicas extend it while it is written and verified",
                 "[service]") {
  const auto postgres = database.Another();
  PostgresAuditChain other(*postgres);
  std::atomic<bool> written = false;
  std::atomic<int> failed = 0;
  const auto extend = [&](PostgresAuditChain& one) {
    while (!written) failed += one.Extend().ok() ? 0 : 1;
  };
  std::thread first([&] { extend(chain); }), second([&] { extend(other); });
  std::thread writer([&] {
    for (int i = 0; i < 150; ++i) {
      const AuditEvent event = {
          .audit_event_id = absl::StrCat("aud_", i), .type = "t", .time = absl::Now()};
      failed += organisations.RecordAudit("acme", {event}).ok() ? 0 : 1;
    }
    written = true;
  });
  bool broken = false;
  int64_t last = 0;
  while (!written) {
    const auto found = identity::VerifyAuditTrail(chain, "acme", 0, "");
    if (!found.ok() || found->broken_link.has_value() || found->head_number < last) broken = true;
    if (found.ok()) last = found->head_number;
  }
  first.join();
  second.join();
  writer.join();
  CHECK_FALSE(broken);
  CHECK(failed == 0);
  Extend();
  CHECK(Verify().last_number() == 151);
  CHECK(Verify().waiting() == 0);
}

TEST_CASE_METHOD(AuditChain, "whoever writes a row waits for no chain", "[service]") {
  Extend();
  const auto postgres = database.Another();
  Add("aud_1");
  REQUIRE(postgres
              ->Write(Rows::Of("acme"),
                      [&](Transaction& tx) -> absl::Status {
                        tx.Exec("SELECT FROM audit_chain FOR UPDATE");
                        // As long as another replica is at it.
                        std::thread meanwhile([&] {
                          const AuditEvent event = {
                              .audit_event_id = "aud_2", .type = "t", .time = absl::Now()};
                          (void)organisations.RecordAudit("acme", {event});
                          (void)chain.Extend();
                        });
                        meanwhile.join();
                        return absl::OkStatus();
                      })
              .ok());
  CHECK(Verify().head_number() == 1);
  CHECK(Verify().waiting() == 2);
  Extend();
  CHECK(Verify().last_number() == 3);
}

TEST_CASE_METHOD(AuditChain, "a row that cannot be read holds up its own organisation alone",
                 "[service]") {
  Add("aud_1", "broken");
  Tamper(
      "UPDATE audit_event SET data = '{\"after\": {\"x\": 1}}' "
      "WHERE organisation_id = 'broken'");
  Extend();
  CHECK(Verify().last_number() == 1);
  CHECK(Verify(0, "", "broken").waiting() == 1);
}

TEST_CASE_METHOD(AuditChain, "what is left after its retention is still verified", "[service]") {
  const absl::Time now = absl::Now();
  const auto days = [&](int count) { return now - absl::Hours(24) * count; };
  Add("aud_1", "old", days(400));
  Add("aud_2", "old", days(300));
  Add("aud_3", "old", days(20));
  Extend();
  Add("aud_4", "old", days(500));  // It came late: it is older than what comes before it.
  Extend();
  const auto before = Verify(0, "", "old");
  REQUIRE(before.last_number() == 4);
  CHECK(*chain.Forget(days(200)) == 2);
  const auto after = Verify(0, "", "old");
  CHECK_FALSE(after.has_broken_link());
  CHECK(after.first_number() == 3);
  CHECK(after.last_hash() == before.last_hash());
  CHECK(*chain.Forget(days(200)) == 0);
  // What somebody noted of a row that is gone since says nothing any more.
  CHECK_FALSE(Verify(1, std::string(64, 'a'), "old").has_broken_link());
  CHECK(Verify(2, std::string(64, 'a'), "old").broken_link().number() == 2);
  Tamper("DELETE FROM audit_event WHERE organisation_id = 'old' AND number = 3");
  CHECK(Verify(0, "", "old").broken_link().number() == 3);
}

TEST_CASE_METHOD(AuditChain, "retention goes batch by batch, and keeps the day", "[service]") {
  database.Exec(
      "INSERT INTO audit_event (organisation_id, audit_event_id, type, actor_id, actor_name, "
      "subject_id, case_id, client_address, request_id, time) SELECT 'old', 'aud_' || i, 't', '', "
      "'', '', '', '', '', now() - interval '40 days' + i * interval '1 s' "
      "FROM generate_series(1, 1200) AS i");
  Extend();
  CHECK(Verify(0, "", "old").last_number() == 1200);
  Add("aud_now", "old");
  Extend();
  CHECK(*chain.Forget(absl::InfiniteFuture()) == 1200);
  const auto found = Verify(0, "", "old");
  CHECK(found.first_number() == 1201);
  CHECK_FALSE(found.has_broken_link());
  // Nothing is left of what waits for its number, and is old: it is given one first.
  Add("aud_late", "old", absl::Now() - absl::Hours(240));
  CHECK(*chain.Forget(absl::InfiniteFuture()) == 0);
  CHECK(Verify(0, "", "old").waiting() == 1);
}

TEST_CASE_METHOD(AuditChain, "anybody can verify the export by themselves", "[service]") {
  CHECK(Export().empty());
  Add("aud_1");
  Add("aud_2", "other");
  Extend();
  Add("aud_3");  // It waits.
  const auto lines = Export();
  REQUIRE(lines.size() == 2);
  std::string previous(64, '0');
  for (const std::string& line : lines) {
    INFO(line);
    CHECK(line.find("\"previousHash\":\"" + previous + "\"") != std::string::npos);
    CHECK(line.find("\"organisationId\":\"acme\"") != std::string::npos);
    previous = Hex(Sha256(line));
  }
  CHECK(previous == Verify().last_hash());
  CHECK(Export(1) == std::vector<std::string>{lines[1]});
  CHECK(Export(2).empty());
  CHECK(Export(999).empty());
  // What was done to a row shows in the next one's line.
  Tamper("UPDATE audit_event SET type = 'x' WHERE organisation_id = 'acme' AND number = 1");
  const auto altered = Export();
  CHECK(altered[1] == lines[1]);
  CHECK(Hex(Sha256(altered[0])) != Hex(Sha256(lines[0])));
}

TEST_CASE_METHOD(AuditChain, "a long trail is verified and exported part by part", "[service]") {
  database.Exec(
      "INSERT INTO audit_event (organisation_id, audit_event_id, type, actor_id, actor_name, "
      "subject_id, case_id, client_address, request_id) SELECT 'acme', 'aud_' || i, 't', '', '', "
      "'', '', '', '' FROM generate_series(1, 1100) AS i");
  Extend();
  CHECK(Verify().last_number() == 1101);
  CHECK(Export().size() == 1101);
  CHECK(Export(600).size() == 501);
}

TEST_CASE_METHOD(AuditChain, "a line that is larger than a part arrives whole", "[service]") {
  AuditEvent event = {.audit_event_id = "aud_1", .type = "settings.updated", .time = absl::Now()};
  event.data["after"] = std::string(200000, 'a');
  event.data["before"] = std::string(200000, 'b');
  REQUIRE(organisations.RecordAudit("acme", {event}).ok());
  Extend();
  const auto lines = Export();
  REQUIRE(lines.size() == 2);
  CHECK(lines[1].size() > 400000);
  CHECK(Hex(Sha256(lines[1])) == Verify().last_hash());
}

TEST_CASE_METHOD(AuditChain, "what waits is found without reading what has its place",
                 "[service][plans]") {
  database.Exec(
      "INSERT INTO audit_event (organisation_id, audit_event_id, type, actor_id, actor_name, "
      "subject_id, case_id, client_address, request_id) SELECT 'acme', 'aud_' || i, 't', '', '', "
      "'', '', '', '' FROM generate_series(1, 2000) AS i");
  Extend();
  database.Exec("ANALYZE audit_event");
  Add("aud_next");
  CHECK(database.RowsRead([](Postgres& postgres) { (void)PostgresAuditChain(postgres).Extend(); }) <
        50);
  CHECK(database.RowsRead([](Postgres& postgres) {
    (void)PostgresAuditChain(postgres).List("acme", 1900, 10);
  }) < 50);
}

TEST_CASE_METHOD(AuditChain, "the thread gives what was written its place", "[service]") {
  AuditExtender extender(chain);
  extender.Start();
  for (int i = 0; i < 300 && Verify().head_number() == 0; ++i)
    absl::SleepFor(absl::Milliseconds(10));
  CHECK(Verify().head_number() == 1);
}

}  // namespace
}  // namespace gatehouse::identity
