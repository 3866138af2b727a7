#include "tests/support/lists.h"

#include <set>

#include "absl/strings/str_cat.h"
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
  database.Exec(
      "INSERT INTO case_file (organisation_id, case_id, display_name, kind, owner_id, owner_name, "
      "owner_email, owner_phone, owner_e164, create_time) SELECT 'o' || n % 2, 'case-' || n, 'n', "
      "'case', '', '', '', '', '', '2026-11-28 00:00:00+00'::timestamptz - n * interval '1 second' "
      "FROM generate_series(1, 20000) AS n");
  database.Exec(
      "INSERT INTO note (organisation_id, case_id, note_id, text, author) SELECT 'o0', 'case-' || "
      "2 * (n % 20 + 1), 'note_' || lpad(n::text, 9, '0'), 't', 'a' "
      "FROM generate_series(1, 20000) AS n");
  Outbox outbox(database.postgres(), {.key = Secret(RandomBytes(32)), .services = {}});
  CaseFile case_file(database.postgres());
  PlaceStore places(database.postgres(), outbox, case_file);
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
  CHECK(cost.IsOfAPage(cases(deep(19800))));
  CHECK(cost.IsOfAPage(notes({})));
  CHECK(cost.IsOfAPage(notes(PageAfter("note_000010000"))));
  CHECK(cost.IsOfAPage(notes(PageAfter("note_000001500"))));
}

}  // namespace
}  // namespace gatehouse::cases
