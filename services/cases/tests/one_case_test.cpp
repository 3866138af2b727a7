// What staff and clients look at all day is about one case: it reads that case's rows, whatever
// there is beside it.
#include "absl/strings/str_cat.h"
#include "services/cases/drawing/store/drawing_store.h"
#include "services/cases/factfind/store/fact_find_store.h"
#include "services/cases/offers/store/offer_store.h"
#include "services/cases/tests/fixture.h"
#include "services/cases/visits/store/visit_store.h"

namespace gatehouse::cases {
namespace {

constexpr int kReads = 10;

// One of everything in each of 20,000 cases, half of them this organisation's.
void Fill(TestDatabase& database) {
  const std::string of_case = "SELECT 'o' || n % 2, 'case-' || n, ";
  const auto insert = [&](const std::string& into, const std::string& rest) {
    database.Exec(absl::StrCat("INSERT INTO ", into, " ", of_case, rest,
                               " FROM generate_series(1, 20000) AS n"));
  };
  insert(
      "case_file (organisation_id, case_id, display_name, kind, owner_id, owner_name, owner_email, "
      "owner_phone, owner_e164)",
      "'n', 'deal', '', '', '', '', ''");
  insert(
      "contact (organisation_id, case_id, contact_id, position, type, given_name, family_name, "
      "email, mobile, e164, role)",
      "'ada', 0, 1, 'Ada', '', '', '', '', ''");
  database.Exec("INSERT INTO pipeline VALUES ('o0', 'p', 'P', 1), ('o1', 'p', 'P', 1)");
  database.Exec("INSERT INTO pipeline_version VALUES ('o0', 'p', 1, ''), ('o1', 'p', 1, '')");
  insert("case_place (organisation_id, case_id, pipeline_id, pipeline_version, state_id)",
         "'p', 1, 'a'");
  insert(
      "case_move (organisation_id, case_id, number, pipeline_id, pipeline_version, from_state_id, "
      "to_state_id, cause, actor_id, actor_name, contact_id, reason, external_action)",
      "1, 'p', 1, '', 'a', 1, '', '', '', '', ''");
  insert(
      "offer (organisation_id, case_id, offer_id, contact_id, content, content_sha256, "
      "valid_until_time, closes_others)",
      "'offer', '', '{}', '', 'infinity', false");
  insert("visit (organisation_id, case_id, visit_id, contact_id, state, plan, agreed)",
         "'visit', '', 1, '', ''");
  database.Exec("INSERT INTO flow VALUES ('o0', 'f', 1), ('o1', 'f', 1)");
  database.Exec("INSERT INTO flow_version VALUES ('o0', 'f', 1, ''), ('o1', 'f', 1, '')");
  insert("fact_find (organisation_id, case_id, fact_find_id, contact_id, flow_id, flow_version)",
         "'find', 'ada', 'f', 1");
  insert(
      "fact_answer (organisation_id, case_id, fact_find_id, section_id, field_id, value, version, "
      "contact_id, staff_name)",
      "'find', 's', 'a', '', 1, 'ada', ''");
  database.Exec("VACUUM ANALYZE");
}

struct OneCase {
  OneCase() { Fill(database); }

  // How many rows it reads, once PostgreSQL has settled on its plans.
  int64_t RowsOf(const std::function<void(Postgres&)>& look) {
    const int64_t rows = database.RowsRead([&](Postgres& pool) {
      for (int i = 0; i < kReads; ++i) look(pool);
    });
    return rows / kReads;
  }

  TestDatabase database = TestDatabase("cases", WithCommon(kMigrations));
  Outbox outbox = Outbox(database.postgres(), {.key = Secret(RandomBytes(32)), .services = {}});
  CaseFile case_file = CaseFile(database.postgres());
  PlaceStore no_places = PlaceStore(database.postgres(), outbox, case_file);
};

constexpr int64_t kFew = 8;  // One row of each table that a look needs, and those that it joins.

TEST_CASE_METHOD(OneCase, "a case's page and a client's home read their own rows",
                 "[service][plans]") {
  const CaseAccess ada = {"case-4", "ada", "inv_1", Visibility::kOwn};
  CHECK(RowsOf([&](Postgres& pool) {
          CHECK(PostgresStore(pool, outbox, no_places).Get("o0", "case-4").ok());
        }) <= kFew);
  CHECK(RowsOf([&](Postgres& pool) {
          const auto seen = PostgresStore(pool, outbox, no_places).ListVisible("o0", {ada});
          CHECK(seen.value().size() == 1);
        }) <= kFew);
  CHECK(RowsOf([&](Postgres& pool) {
          CHECK(PlaceStore(pool, outbox, case_file).Passed("o0", "case-4", "p").ok());
        }) <= kFew);
}

TEST_CASE_METHOD(OneCase, "what a client may see is planned a few times, and not for each",
                 "[service][plans]") {
  Postgres::Options options = database.options();
  options.connections = 1;
  Postgres pool(options);
  const CaseAccess ada = {"case-4", "ada", "inv_1", Visibility::kOwn};
  for (int i = 0; i < 20; ++i) {
    REQUIRE(PostgresStore(pool, outbox, no_places).ListVisible("o0", {ada}).ok());
  }
  const auto planned_anew = pool.Read(Rows::OfAll(), [](Transaction& tx) -> absl::StatusOr<int> {
    return tx
        .Exec("SELECT count(*) AS n FROM pg_prepared_statements WHERE custom_plans > 5")[0]["n"]
        .as<int>();
  });
  CHECK(planned_anew.value() == 0);
}

TEST_CASE_METHOD(OneCase, "a case's tasks are read of the case's own rows", "[service][plans]") {
  CHECK(RowsOf([&](Postgres& pool) {
          CaseFile file(pool);
          const auto found = OfferStore(pool, outbox, file, no_places)
                                 .List("o0", "case-4", {.seen_by = "ada", .staff = false});
          CHECK(found.value().size() == 1);
        }) <= kFew);
  CHECK(RowsOf([&](Postgres& pool) {
          CaseFile file(pool);
          CHECK(VisitStore(pool, outbox, file).List("o0", "case-4", "ada").value().size() == 1);
        }) <= kFew);
  CHECK(RowsOf([&](Postgres& pool) {
          CaseFile file(pool);
          CHECK(DrawingStore(pool, outbox, file).Get("o0", "case-4").ok());
        }) <= kFew);
  CHECK(RowsOf([&](Postgres& pool) {
          CaseFile file(pool);
          const auto finds = FactFindStore(pool, outbox, file).List({"o0", "case-4", "", "ada"});
          CHECK(finds.value().size() == 1);
        }) <= kFew);
}

TEST_CASE_METHOD(OneCase, "an answer is saved by looking at its own rows", "[service][plans]") {
  CHECK(RowsOf([&](Postgres& pool) {
          CaseFile file(pool);
          FactFindStore finds(pool, outbox, file);
          v1::Answer answer;
          answer.set_section_id("s");
          answer.set_field_id(NewId("field"));
          answer.mutable_value()->set_text("x");
          CHECK(finds.Save({"o0", "case-4", "find", "ada"}, answer)->saved());
        }) <= kFew);
}

}  // namespace
}  // namespace gatehouse::cases
