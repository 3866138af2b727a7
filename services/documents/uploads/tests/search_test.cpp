#include "services/documents/uploads/domain/search.h"

#include "services/documents/tests/fixture.h"

namespace gatehouse::documents {
namespace {

using Words = std::vector<std::string>;

TEST_CASE("a query is words, however they are written", "[unit]") {
  CHECK(WordsOf(" Pay  JUN\t") == Words{"pay", "jun"});
  CHECK(WordsOf("STRASSE Ｐ") == Words{"strasse", "p"});
  CHECK(WordsOf("Straße\xc2\xa0ÜBER") == Words{"strasse", "über"});
  CHECK(WordsOf(" \n ").empty());
}

struct SearchFixture : Fixture {
  // The names of what is found, newest first.
  std::string Found(const std::string& query, const CaseAccess* access = nullptr,
                    DocumentFilter filter = {}) {
    filter.words = WordsOf(query);
    std::string names;
    const auto found = documents.List("acme", "deal-1", access, filter, {}).value();
    for (const Document& one : found) names += one.filename + ";";
    return names;
  }
};

TEST_CASE_METHOD(SearchFixture, "documents are found by parts of their names and labels",
                 "[service]") {
  REQUIRE(TakeByStaff(kPdf, "June Payslip.pdf").ok());
  const auto plan = TakeByStaff(kPdf, "Grundriß.pdf");
  REQUIRE(plan.ok());
  REQUIRE(changes.Update({"acme", "deal-1", plan->document_id}, "Floor plan 100%", "Plans").ok());
  CHECK(Found("payslip") == "June Payslip.pdf;");
  CHECK(Found("SLIP jun") == "June Payslip.pdf;");
  CHECK(Found("GRUNDRISS") == "Grundriß.pdf;");
  CHECK(Found("floor") == "Grundriß.pdf;");
  CHECK(Found("pdf") == "Grundriß.pdf;June Payslip.pdf;");
  CHECK(Found("june plan").empty());
  CHECK(Found("pdf", nullptr, {.folder = "Plans"}) == "Grundriß.pdf;");
  // What means something to SQL means nothing here.
  CHECK(Found("100%") == "Grundriß.pdf;");
  for (const char* query : {"%", "_", "'", "{}", "\\", "\"", "NULL"}) {
    INFO(query);
    CHECK(Found(query) == (query[0] == '%' ? "Grundriß.pdf;" : ""));
  }
}

TEST_CASE_METHOD(SearchFixture, "what answers a request is found by its title", "[service]") {
  const auto request = requests.Create({.organisation_id = "acme",
                                        .case_id = "deal-1",
                                        .title = "Your last two payslips",
                                        .label = "Income"});
  REQUIRE(request.ok());
  REQUIRE(TakeBy(ada, kPdf, request->document_request_id).ok());
  CHECK(Found("last two") == "a.pdf;");
  CHECK(Found("income a.pdf") == "a.pdf;");
}

TEST_CASE_METHOD(SearchFixture, "a client finds what it may see, and nothing else", "[service]") {
  REQUIRE(TakeBy(bob).ok());
  REQUIRE(TakeByStaff(kPdf, "a plan.pdf").ok());
  CHECK(Found("pdf") == "a plan.pdf;a.pdf;");
  CHECK(Found("pdf", &ada).empty());
  CHECK(Found("pdf", &bob) == "a.pdf;");
}

TEST_CASE_METHOD(SearchFixture, "what a process of before wrote is found as well", "[service]") {
  REQUIRE(TakeByStaff(kPdf, "Plan.pdf").ok());
  database.Exec("UPDATE documents.document SET search_text = '', label = 'Old'");
  CHECK(Found("plan OLD") == "Plan.pdf;");
  CHECK(Found("new").empty());
}

}  // namespace
}  // namespace gatehouse::documents
