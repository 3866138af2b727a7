#include "tests/support/lists.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "services/cases/changes/store/change_store.h"
#include "services/cases/contacts/store/contact_store.h"
#include "services/cases/factfind/store/fact_find_store.h"
#include "services/cases/incidents/store/incident_store.h"
#include "services/cases/portal/store/terms_store.h"
#include "services/cases/tests/fixture.h"

namespace gatehouse::cases {
namespace {

struct Lists : Fixture {
  // The ids of all cases, read in pages of this size, with something that happens between them.
  std::vector<std::string> CaseIds(
      int page_size, const std::function<void()>& between = [] {}) {
    std::vector<std::string> ids;
    pb::ListCasesRequest request;
    request.set_page_size(page_size);
    do {
      const auto page = handler.ListCases(StaffCall(), request);
      REQUIRE(page.ok());
      for (const auto& mirrored : page->cases()) ids.push_back(mirrored.case_id());
      request.set_page_token(page->next_page_token());
      if (!request.page_token().empty()) between();
    } while (!request.page_token().empty());
    return ids;
  }
  std::vector<std::string> NoteTexts(
      int page_size, const std::function<void()>& between = [] {}) {
    std::vector<std::string> texts;
    pb::ListNotesRequest request;
    request.set_case_id("deal-1");
    request.set_page_size(page_size);
    do {
      const auto page = handler.ListNotes(StaffCall(), request);
      REQUIRE(page.ok());
      for (const auto& note : page->notes()) texts.push_back(note.text());
      request.set_page_token(page->next_page_token());
      if (!request.page_token().empty()) between();
    } while (!request.page_token().empty());
    return texts;
  }
  void Note(const std::string& text) {
    pb::CreateNoteRequest note;
    note.set_case_id("deal-1");
    note.set_text(text);
    REQUIRE(handler.CreateNote(StaffCall(), note).ok());
  }
};

TEST_CASE_METHOD(Lists, "cases are listed page by page, newest first", "[service][plans]") {
  for (const char* id : {"a", "b", "c", "d", "e"}) REQUIRE(Put(id, id).ok());
  const std::vector<std::string> all = {"e", "d", "c", "b", "a"};
  for (const int size : {1, 2, 3, 5, 1000}) CHECK(CaseIds(size) == all);
  REQUIRE(Put("b", "changed").ok());
  CHECK(CaseIds(2) == all);
  pb::ListCasesRequest request;
  const auto page = handler.ListCases(StaffCall(), request);
  CHECK(page->cases(3).display_name() == "changed");
  CHECK(page->cases(3).contacts_size() == 2);
  request.set_page_token("nonsense!");
  CHECK(ReasonOf(handler.ListCases(StaffCall(), request).status()) == "PAGE_TOKEN_INVALID");
}

TEST_CASE_METHOD(Lists, "a case that changes between two pages is neither missed nor given twice",
                 "[service][plans]") {
  for (const char* id : {"a", "b", "c", "d", "e", "f"}) REQUIRE(Put(id, id).ok());
  SECTION("one that is still to come") {
    CHECK(CaseIds(2, [&] { REQUIRE(Put("a", "changed").ok()); }) ==
          std::vector<std::string>{"f", "e", "d", "c", "b", "a"});
  }
  SECTION("one that was given") {
    CHECK(CaseIds(2, [&] { REQUIRE(Put("f", "changed").ok()); }) ==
          std::vector<std::string>{"f", "e", "d", "c", "b", "a"});
  }
  SECTION("the one that the page ended with") {
    CHECK(CaseIds(1, [&] {
            for (const char* id : {"a", "b", "c", "d", "e", "f"}) REQUIRE(Put(id, "changed").ok());
          }) == std::vector<std::string>{"f", "e", "d", "c", "b", "a"});
  }
  SECTION("where others come and go meanwhile") {
    int made = 0;
    const auto ids = CaseIds(2, [&] {
      REQUIRE(Put(absl::StrCat("new-", ++made), "new").ok());
      (void)Delete("e");
    });
    CHECK(ids == std::vector<std::string>{"f", "e", "d", "c", "b", "a"});
  }
  SECTION("where the page's last one is deleted") {
    CHECK(CaseIds(2, [&] { (void)Delete("e"); }) ==
          std::vector<std::string>{"f", "e", "d", "c", "b", "a"});
  }
}

TEST_CASE_METHOD(Lists, "cases of one moment are told apart by their ids", "[service][plans]") {
  for (const char* id : {"a", "b", "c", "d"}) REQUIRE(Put(id, id).ok());
  database.Exec("UPDATE case_file SET create_time = '2026-11-28 09:30:00.123456+00'");
  for (const int size : {1, 2, 3}) {
    CHECK(CaseIds(size) == std::vector<std::string>{"d", "c", "b", "a"});
  }
}

TEST_CASE_METHOD(Lists, "a token that names no place in the list is refused", "[service][plans]") {
  REQUIRE(Put("a", "a").ok());
  pb::ListCasesRequest request;
  const Page page = PageOf(request).value();
  for (const char* key : {"x", "|", "-1|a", "12", "99999999999999999999|a", "1.5|a", " |a"}) {
    request.set_page_token(page.TokenAfter(key));
    const auto answer = handler.ListCases(StaffCall(), request);
    INFO(key);
    if (!answer.ok()) CHECK(ReasonOf(answer.status()) == "PAGE_TOKEN_INVALID");
    if (answer.ok()) CHECK(answer->cases_size() == 0);
  }
}

TEST_CASE_METHOD(Lists, "notes are listed newest first, whatever is written meanwhile",
                 "[service][plans]") {
  REQUIRE(Put("deal-1", "Smith").ok());
  for (const char* text : {"a", "b", "c", "d", "e"}) {
    Note(text);
    absl::SleepFor(absl::Milliseconds(2));  // Notes of one millisecond have no order.
  }
  const std::vector<std::string> all = {"e", "d", "c", "b", "a"};
  for (const int size : {1, 2, 5, 1000}) CHECK(NoteTexts(size) == all);
  int written = 0;
  CHECK(NoteTexts(2, [&] { Note(absl::StrCat("late ", ++written)); }) == all);
  CHECK(written == 2);
}

TEST_CASE("cases and notes are read by their indexes", "[service][plans]") {
  TestDatabase database("cases", WithCommon(kMigrations));
  database.Exec("ALTER TABLE case_file DISABLE TRIGGER case_made");
  database.Exec(
      std::string("INSERT INTO case_file (organisation_id, case_id, display_name, kind, owner_id, "
                  "owner_name, owner_email, owner_phone, owner_e164, create_time) "
                  "SELECT 'o' || n % 2, 'case-' || n, 'n', 'case', '', '', '', '', '', "
                  "'2026-11-28 00:00:00+00'::timestamptz - n * interval '1 second' FROM ") +
      ListCost::kMany);
  database.Exec(
      "INSERT INTO note (organisation_id, case_id, note_id, text, author) SELECT 'o0', 'case-' || "
      "2 * (n % 20 + 1), 'note_' || lpad(n::text, 9, '0'), 't', 'a' "
      "FROM generate_series(1, 20000) AS n");
  Outbox outbox(database.postgres(), {.key = Secret(RandomBytes(32)), .services = {}});
  CaseFile case_file(database.postgres());
  NoFacts facts;
  PlaceStore places(database.postgres(), outbox, case_file, facts);
  const auto cases = [&](const Page& page) {
    return [&, page](Postgres& pool) {
      return PostgresStore(pool, outbox, places).List("o0", page).value().size();
    };
  };
  const auto notes = [&](const Page& page) {
    return [&, page](Postgres& pool) {
      return PostgresStore(pool, outbox, places).ListNotes("o0", "case-4", page).value().size();
    };
  };
  absl::Time midnight;
  REQUIRE(absl::ParseTime("%Y-%m-%d", "2026-11-28", &midnight, nullptr));
  const auto deep = [&](int n) {
    return PageAfter(absl::StrCat(absl::ToUnixMicros(midnight - absl::Seconds(n)), "|case-", n));
  };
  ListCost cost(database);
  CHECK(cost.IsOfAPage(cases({})));
  CHECK(cost.IsOfAPage(cases(deep(10000))));
  CHECK(cost.IsOfAPage(cases(deep(900000))));
  CHECK(cost.IsOfAPage(notes({})));
  CHECK(cost.IsOfAPage(notes(PageAfter("note_000010000"))));
  CHECK(cost.IsOfAPage(notes(PageAfter("note_000001500"))));
}

// What happens in cases, of which one is asked for.
void FillWithHistory(TestDatabase& database) {
  const auto insert = [&](const std::string& into) {
    database.Exec("INSERT INTO " + into + " FROM generate_series(1, 20000) AS n");
  };
  database.Exec(
      "INSERT INTO case_file (organisation_id, case_id, display_name, kind, owner_id, owner_name, "
      "owner_email, owner_phone, owner_e164) SELECT 'o' || n % 2, 'case-' || n, 'n', 'case', '', "
      "'', '', '', '' FROM generate_series(1, 20000) AS n");
  insert(
      "contact_change (organisation_id, case_id, contact_id, field, before, after, by_contact_id) "
      "SELECT 'o0', 'case-' || 2 * (n % 20 + 1), 'ada', 1, '', '', 'ada'");
  insert(
      "incident (organisation_id, case_id, incident_id, type_id, contact_id) SELECT 'o0', "
      "'case-' || 2 * (n % 20 + 1), 'incident_' || lpad(n::text, 9, '0'), 't', 'ada'");
  database.Exec("INSERT INTO pipeline VALUES ('o0', 'p', 'P', 1)");
  database.Exec("INSERT INTO pipeline_version VALUES ('o0', 'p', 1, '')");
  insert(
      "case_move (organisation_id, case_id, number, pipeline_id, pipeline_version, from_state_id, "
      "to_state_id, cause, actor_id, actor_name, contact_id, reason, external_action) SELECT 'o0', "
      "'case-' || 2 * (n % 20 + 1), n, 'p', 1, 'a', 'b', 1, '', '', '', '', ''");
  database.Exec("INSERT INTO terms VALUES ('o0', 1, '', ''), ('o1', 1, '', '')");
  insert(
      "terms_acceptance (organisation_id, account_id, version, contact_id, case_id, "
      "client_address, user_agent, language) SELECT 'o' || n % 2, 'acc_' || n, 1, '', '', '', '', "
      "'en'");
  database.Exec("INSERT INTO flow (organisation_id, flow_id, version) VALUES ('o0', 'f', 1)");
  database.Exec("INSERT INTO flow_version VALUES ('o0', 'f', 1, '')");
  database.Exec(
      "INSERT INTO fact_find (organisation_id, case_id, fact_find_id, contact_id, flow_id, "
      "flow_version) SELECT 'o0', 'case-4', 'fct_' || n, 'c' || n, 'f', 1 "
      "FROM generate_series(1, 20) AS n");
  insert(
      "fact_answer_change (organisation_id, case_id, fact_find_id, section_id, field_id, value, "
      "version, contact_id, staff_name, update_time) SELECT 'o0', 'case-4', 'fct_' || n % 20 + 1, "
      "'s', 'f', '', n, '', '', now()");
}

TEST_CASE("what has happened in a case is read by its indexes", "[service][plans]") {
  TestDatabase database("cases", WithCommon(kMigrations));
  FillWithHistory(database);
  Outbox outbox(database.postgres(), {.key = Secret(RandomBytes(32)), .services = {}});
  CaseFile case_file(database.postgres());
  NoFacts facts;
  PlaceStore no_places(database.postgres(), outbox, case_file, facts);
  PostgresStore mirror(database.postgres(), outbox, no_places);
  const auto changes = [&](const Page& page) {
    return [&, page](Postgres& pool) {
      return ContactStore(pool, outbox, mirror, case_file)
          .ListChanges("o0", "case-4", page)
          .value()
          .size();
    };
  };
  const auto incidents = [&](const std::string& seen_by, const Page& page) {
    return [&, seen_by, page](Postgres& pool) {
      return IncidentStore(pool, outbox, case_file)
          .List("o0", "case-4", seen_by, page)
          .value()
          .size();
    };
  };
  const auto moves = [&](const Page& page) {
    return [&, page](Postgres& pool) {
      return PlaceStore(pool, outbox, case_file, facts)
          .ListMoves("o0", "case-4", page)
          .value()
          .size();
    };
  };
  const auto acceptances = [&](const Page& page) {
    return [&, page](Postgres& pool) {
      return TermsStore(pool, outbox).ListAcceptances("o0", page).value().size();
    };
  };
  const auto answers = [&](const Page& page) {
    return [&, page](Postgres& pool) {
      return FactFindStore(pool, outbox, case_file)
          .ListChanges({"o0", "case-4", "fct_4", "*"}, page)
          .value()
          .size();
    };
  };
  ListCost cost(database);
  CHECK(cost.IsOfAPage(changes({})));
  CHECK(cost.IsOfAPage(changes(PageAfter("10000"))));
  CHECK(cost.IsOfAPage(incidents("*", {})));
  CHECK(cost.IsOfAPage(incidents("*", PageAfter("incident_000010000"))));
  CHECK(cost.IsOfAPage(incidents("ada", {})));
  CHECK(cost.IsOfAPage(moves({})));
  CHECK(cost.IsOfAPage(moves(PageAfter("10000"))));
  CHECK(cost.IsOfAPage(acceptances({})));
  CHECK(cost.IsOfAPage(acceptances(PageAfter("10000"))));
  CHECK(cost.IsOfAPage(answers({})));
  CHECK(cost.IsOfAPage(answers(PageAfter("10000"))));
}

TEST_CASE("the changes of cases are read by their index, once they have numbers",
          "[service][plans]") {
  TestDatabase database("cases", WithCommon(kMigrations));
  database.Exec(
      "INSERT INTO case_change (organisation_id, case_id, number) SELECT 'o' || n % 2, "
      "'case-' || n, n FROM generate_series(1, 20000) AS n");
  const auto changes = [](int64_t after) {
    return
        [after](Postgres& pool) { return ChangeStore(pool).List("o0", after, 51).value().size(); };
  };
  ListCost cost(database);
  CHECK(cost.IsOfAPage(changes(0)));
  CHECK(cost.IsOfAPage(changes(10000)));
  CHECK(cost.IsOfAPage(changes(19800)));
}

}  // namespace
}  // namespace gatehouse::cases
