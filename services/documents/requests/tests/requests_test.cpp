#include "services/documents/requests/domain/requests.h"

#include "services/documents/tests/fixture.h"

namespace gatehouse::documents {
namespace {

TEST_CASE("a client sees what is asked of it, of all, or what its invitation chose", "[unit]") {
  CaseAccess access = {"d", "ada", "inv_1", Visibility::kOwn};
  const DocumentRequest own = {.document_request_id = "1", .case_id = "d", .contact_id = "ada"};
  const DocumentRequest other = {.document_request_id = "2", .case_id = "d", .contact_id = "bob"};
  const DocumentRequest everybody = {.document_request_id = "3", .case_id = "d"};
  CHECK(MaySee(access, own));
  CHECK_FALSE(MaySee(access, other));
  CHECK(MaySee(access, everybody));
  access.visibility = Visibility::kAll;
  CHECK(MaySee(access, other));
  access.chose_requests = true;
  CHECK_FALSE(MaySee(access, everybody));  // Not as long as nobody knows what was chosen.
  access.document_request_ids = {"3"};
  CHECK_FALSE(MaySee(access, own));
  CHECK(MaySee(access, everybody));
  access.case_id = "e";
  CHECK_FALSE(MaySee(access, everybody));
}

struct RequestsFixture : Fixture {
  std::string Ask(const std::string& title, const std::string& contact_id = "") {
    const auto asked = requests.Create({.organisation_id = "acme",
                                        .case_id = "deal-1",
                                        .title = title,
                                        .label = "Label",
                                        .contact_id = contact_id});
    REQUIRE(asked.ok());
    return asked->document_request_id;
  }
  std::vector<std::string> Titles(const CaseAccess* access, const Page& page = {}) {
    std::vector<std::string> titles;
    const auto listed = requests.List("acme", "deal-1", access, page).value();
    for (const AnsweredRequest& one : listed) {
      titles.push_back(one.request.title);
    }
    return titles;
  }
  // Answers as rows, which is quicker than as uploads.
  void AnswerTimes(const std::string& id, int times) {
    database.Exec(absl::StrCat(
        "INSERT INTO documents.document (organisation_id, document_id, case_id, filename, "
        "content_type, size_bytes, sha256, label, from_client, uploader_id, uploader_name, "
        "document_request_id, scan) SELECT 'acme', 'doc_' || lpad(n::text, 6, '0'), 'deal-1', "
        "'a.pdf', 'application/pdf', 1, '', '', true, 'bob', 'Bob', '",
        id, "', 4 FROM generate_series(1, ", times, ") n"));
  }
};

TEST_CASE_METHOD(RequestsFixture, "the store shows what a client may see, as the rule says",
                 "[service]") {
  const std::string own = Ask("own", "ada"), other = Ask("other", "bob"), all = Ask("all");
  CaseAccess access = ada;
  const auto every = requests.List("acme", "deal-1", nullptr, {}).value();
  for (const Visibility visibility : {Visibility::kOwn, Visibility::kAll}) {
    for (const auto& chosen : std::vector<std::vector<std::string>>{{}, {other}, {own, all}}) {
      access.visibility = visibility;
      access.chose_requests = !chosen.empty();
      choices.chosen[access.invitation_id] = chosen;
      CaseAccess complete = access;
      complete.document_request_ids = chosen;
      std::vector<std::string> expected;
      for (const AnsweredRequest& one : every) {
        if (MaySee(complete, one.request)) expected.push_back(one.request.title);
      }
      CHECK(Titles(&access) == expected);
    }
  }
  CHECK(requests.List("other", "deal-1", nullptr, {})->empty());
  CHECK(requests.List("acme", "deal-2", nullptr, {})->empty());
}

TEST_CASE_METHOD(RequestsFixture, "what an invitation chose is asked for where it matters",
                 "[service]") {
  const std::string shown = Ask("shown"), hidden = Ask("hidden");
  CHECK(Titles(&ada).size() == 2);
  CHECK(choices.asked == 0);
  CaseAccess access = ada;
  access.chose_requests = true;
  // An access that identity does not know shows nothing.
  CHECK(ReasonOf(requests.List("acme", "deal-1", &access, {}).status()) == "NOT_FOUND");
  choices.chosen["inv_1"] = {shown};
  CHECK(Titles(&access) == std::vector<std::string>{"shown"});
  CHECK(TakeBy(access, kPdf, shown).ok());
  CHECK(ReasonOf(TakeBy(access, kPdf, hidden).status()) == "NOT_FOUND");
  CHECK(Titles(nullptr).size() == 2);
}

TEST_CASE_METHOD(RequestsFixture, "an answer beyond the thousandth counts", "[service]") {
  const std::string many = Ask("many"), last = Ask("last");
  AnswerTimes(many, 1500);
  REQUIRE(TakeBy(ada, kPdf, last).ok());
  const auto answered = requests.List("acme", "deal-1", nullptr, {}).value();
  REQUIRE(answered.size() == 2);
  CHECK(answered[0].request.answers == 1500);
  CHECK(answered[0].documents.size() == kAnswersShown);
  CHECK(answered[0].documents[0].document_id == "doc_000001");
  CHECK(answered[1].request.answers == 1);
  CHECK(answered[1].documents.size() == 1);
  // The others come page by page.
  int found = 0;
  Page page = {.size = 1000};
  while (true) {
    auto documents_of =
        documents.List("acme", "deal-1", nullptr, {.document_request_id = many}, page).value();
    const std::string token =
        CutPage(documents_of, page, [](const Document& document) { return document.document_id; });
    found += static_cast<int>(documents_of.size());
    if (token.empty()) break;
    page.after = documents_of.back().document_id;
  }
  CHECK(found == 1500);
  // A client sees that somebody answered, and its own answers.
  const auto seen = requests.List("acme", "deal-1", &ada, {}).value();
  CHECK(seen[0].request.answers == 1500);
  CHECK(seen[0].documents.empty());
  CHECK(seen[1].documents.size() == 1);
}

TEST_CASE_METHOD(RequestsFixture, "requests come page by page, beyond a thousand", "[service]") {
  rules.rules.max_document_requests = 1200;
  database.Exec(
      "INSERT INTO documents.document_request (organisation_id, document_request_id, case_id, "
      "title, label, contact_id) SELECT 'acme', 'drq_' || lpad(n::text, 6, '0'), 'deal-1', n, "
      "'', CASE WHEN n % 2 = 0 THEN 'bob' ELSE '' END FROM generate_series(1, 1199) n");
  database.Exec(
      "INSERT INTO documents.usage (organisation_id, case_id, contact_id, requests) "
      "VALUES ('acme', 'deal-1', '', 1199)");
  Ask("the last one");
  Page page = {.size = 200};
  std::vector<std::string> titles;
  while (true) {
    auto one = requests.List("acme", "deal-1", &ada, page).value();
    const bool more = one.size() > 200;
    if (more) one.resize(200);
    for (const AnsweredRequest& answered : one) titles.push_back(answered.request.title);
    if (!more) break;
    page.after = one.back().request.document_request_id;
  }
  CHECK(titles.size() == 601);
  CHECK(titles.back() == "the last one");
  CHECK(request_store.ListIds("acme", "deal-1")->size() == 1200);
  const auto refused =
      requests.Create({.organisation_id = "acme", .case_id = "deal-1", .title = "one more"});
  CHECK(ReasonOf(refused.status()) == "DOCUMENT_REQUEST_LIMIT_REACHED");
  CHECK(FactsOf(refused.status())["max"] == "1200");
  CHECK(Count("documents.document_request") == 1200);
}

TEST_CASE_METHOD(RequestsFixture, "a limit of requests holds for those who ask at once",
                 "[service]") {
  rules.rules.max_document_requests = 3;
  std::atomic<int> made = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      made += requests.Create({.organisation_id = "acme", .case_id = "deal-1", .title = "x"}).ok();
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(made == 3);
}

TEST_CASE_METHOD(RequestsFixture, "only who is there is asked", "[service]") {
  const auto create = [&](const std::string& case_id, const std::string& contact_id) {
    return ReasonOf(requests
                        .Create({.organisation_id = "acme",
                                 .case_id = case_id,
                                 .title = "x",
                                 .contact_id = contact_id})
                        .status());
  };
  CHECK(create("deal-1", "eve") == "NOT_FOUND");
  CHECK(create("deal-2", "") == "NOT_FOUND");
  CHECK(create("deal-1", "bob").empty());
}

}  // namespace
}  // namespace gatehouse::documents
