#include "services/cases/changes/handler.h"

#include <thread>

#include "services/cases/pipelines/tests/fixture.h"

// What changed of the mirror since a cursor.

namespace gatehouse::cases {
namespace {

using Strings = std::vector<std::string>;

struct ChangesFixture : PipelinesFixture {
  ChangeStore change_store{database.postgres()};
  ChangesHandler changes{change_store, places};
  std::string cursor;

  v1::ListCaseChangesResponse Page(const std::string& token, int size = 0,
                                   const std::string& organisation_id = "acme") {
    v1::ListCaseChangesRequest request;
    request.set_page_token(token);
    request.set_page_size(size);
    const auto page = changes.ListCaseChanges(StaffCall(organisation_id), request);
    INFO(page.status().ToString());
    REQUIRE(page.ok());
    return *page;
  }
  // What changed since this was asked for last: ids, `-` before those that are gone. In the order
  // of their ids, since what is committed at once has none.
  Strings News() {
    const auto page = Page(cursor);
    cursor = page.next_page_token();
    Strings news;
    for (const auto& change : page.changes()) {
      news.push_back((change.has_case_() ? "" : "-") + change.case_id());
    }
    std::sort(news.begin(), news.end());
    return news;
  }
};

TEST_CASE_METHOD(ChangesFixture, "whoever keeps up hears of each change, once", "[service]") {
  CHECK(News().empty());
  REQUIRE(Put("a", "Smith").ok());
  REQUIRE(Put("b", "Jones").ok());
  CHECK(News() == Strings{"a", "b"});
  CHECK(News().empty());
  REQUIRE(Put("a", "Brown").ok());
  REQUIRE(Put("a", "Green").ok());
  const auto page = Page(cursor);
  REQUIRE(page.changes_size() == 1);
  CHECK(page.changes(0).case_().display_name() == "Green");
  CHECK(page.changes(0).case_().contacts_size() == 2);
  CHECK(News() == Strings{"a"});
  REQUIRE(Delete("b").ok());
  REQUIRE(Delete("b").ok());
  CHECK(News() == Strings{"-b"});
  REQUIRE(Put("b", "Jones").ok());
  CHECK(News() == Strings{"b"});
}

TEST_CASE_METHOD(ChangesFixture, "what moves a case, and what a client changes, is a change too",
                 "[service]") {
  REQUIRE(pipelines.PutPipeline(StaffCall(), Solar()).ok());
  REQUIRE(PutAt("deal", "lead").ok());
  CHECK(News() == Strings{"deal"});
  REQUIRE(Move("deal", "drawing").ok());
  const auto page = Page(cursor);
  REQUIRE(page.changes_size() == 1);
  CHECK(page.changes(0).case_().state().state_id() == "drawing");
  CHECK(News() == Strings{"deal"});
  REQUIRE(Submit("deal", "drawing").ok());
  CHECK(News() == Strings{"deal"});
}

TEST_CASE_METHOD(ChangesFixture, "pages go on where they ended, while cases change between them",
                 "[service]") {
  for (int i = 0; i < 7; ++i) REQUIRE(Put("deal-" + std::to_string(i), "Smith").ok());
  auto page = Page("", 3);
  const std::string first = page.changes(0).case_id();
  REQUIRE(Put(first, "Changed").ok());
  std::map<std::string, int> seen;
  while (page.changes_size() > 0) {
    CHECK(page.changes_size() <= 3);
    for (const auto& change : page.changes()) ++seen[change.case_id()];
    page = Page(page.next_page_token(), 3);
  }
  CHECK(seen.size() == 7);
  for (const auto& [case_id, times] : seen) CHECK(times == (case_id == first ? 2 : 1));
}

TEST_CASE_METHOD(ChangesFixture, "what commits late is not skipped", "[service]") {
  REQUIRE(Put("early", "Smith").ok());
  REQUIRE(Put("late", "Smith").ok());
  const auto known = change_store.List("acme", 0, 10);
  REQUIRE(known.ok());
  const int64_t after = known->back().number;
  // One changes in a transaction that is open still while another changes and is read.
  absl::StatusOr<std::vector<CaseChange>> meanwhile;
  const auto change = [](Transaction& tx, const char* case_id) -> absl::Status {
    tx.Exec("UPDATE case_file SET version = version + 1 WHERE case_id = $1", case_id);
    return absl::OkStatus();
  };
  const absl::Status late =
      database.postgres().Write(Rows::Of("acme"), [&](Transaction& tx) -> absl::Status {
        RETURN_IF_ERROR(change(tx, "late"));
        std::thread([&] {
          const absl::Status early = database.postgres().Write(
              Rows::Of("acme"), [&](Transaction& other) { return change(other, "early"); });
          meanwhile = early.ok() ? change_store.List("acme", after, 10) : early;
        }).join();
        return absl::OkStatus();
      });
  REQUIRE(late.ok());
  REQUIRE(meanwhile.ok());
  REQUIRE(meanwhile->size() == 1);
  CHECK(meanwhile->front().case_id == "early");
  const auto afterwards = change_store.List("acme", meanwhile->front().number, 10);
  REQUIRE(afterwards->size() == 1);
  CHECK(afterwards->front().case_id == "late");
}

TEST_CASE_METHOD(ChangesFixture,
                 "changes are one organisation's, and a token is one that was given", "[service]") {
  REQUIRE(Put("a", "Smith").ok());
  CHECK(Page("", 0, "other").changes().empty());
  v1::ListCaseChangesRequest request;
  for (const char* token : {"nonsense", "LTE", "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkw"}) {
    request.set_page_token(token);
    CHECK(ReasonOf(changes.ListCaseChanges(StaffCall(), request).status()) == "PAGE_TOKEN_INVALID");
  }
}

}  // namespace
}  // namespace gatehouse::cases
