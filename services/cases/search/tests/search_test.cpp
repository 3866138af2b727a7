#include "services/cases/search/handler.h"

#include "services/cases/bulk/handler.h"
#include "services/cases/bulk/store/bulk_store.h"
#include "services/cases/search/domain/query.h"
#include "services/cases/tests/fixture.h"
#include "tests/support/lists.h"

// Cases are found by what staff know of them.

namespace gatehouse::cases {
namespace {

using Strings = std::vector<std::string>;

struct SearchFixture : Fixture {
  SearchStore search_store{database.postgres()};
  SearchHandler search{search_store, places};

  absl::StatusOr<v1::SearchCasesResponse> Search(const std::string& query, int page_size = 0,
                                                 const std::string& organisation_id = "acme") {
    v1::SearchCasesRequest request;
    request.set_query(query);
    request.set_page_size(page_size);
    return search.SearchCases(StaffCall(organisation_id), request);
  }
  Strings Ids(const std::string& query, const std::string& organisation_id = "acme") {
    const auto answer = Search(query, 0, organisation_id);
    INFO(query << ": " << answer.status().ToString());
    REQUIRE(answer.ok());
    Strings ids;
    for (const auto& mirrored : answer->cases()) ids.push_back(mirrored.case_id());
    return ids;
  }
  // A case of one contact.
  void PutWith(const std::string& case_id, const std::string& name, const std::string& given,
               const std::string& family, const std::string& email, const std::string& mobile) {
    pb::PutCaseRequest request;
    request.set_case_id(case_id);
    request.set_display_name(name);
    pb::Contact& contact = *request.add_contacts();
    contact.set_contact_id("c");
    contact.set_given_name(given);
    contact.set_family_name(family);
    contact.set_email(email);
    contact.set_mobile(mobile);
    REQUIRE(handler.PutCase(StaffCall(), request).ok());
  }
};

TEST_CASE("four digits or more may be how a phone number ends", "[unit]") {
  CHECK(NumberWord("345 678") == "~876543");
  CHECK(NumberWord("0412 345 678") == "~876543214");
  CHECK(NumberWord("+61 (412) 345-678") == "~87654321416");
  CHECK(NumberWord("٣٤٥ ٦٧٨") == "~876543");
  for (const char* none : {"", "123", "0001", "12a45", "12 & 345", "ada", "0000"}) {
    INFO(none);
    CHECK(NumberWord(none).empty());
  }
}

TEST_CASE_METHOD(SearchFixture, "a case is found by its id, its name, and its contacts",
                 "[service]") {
  PutWith("deal-77", "Smith & Sons refinance", "Ada", "O'Brien-Ünal", "ada.lovelace@Example.com",
          "0412 345 678");
  PutWith("deal-78", "Another", "Bob", "Jones", "bob@example.org", "+44 20 7946 0958");
  for (const char* query : {"deal-77",
                            "77",
                            "smith",
                            "SMITH sons",
                            "refi",
                            "ada",
                            "o'brien",
                            "brien ünal",
                            "ÜNAL",
                            "u\xCC\x88nal",
                            "ada.lovelace@example.com",
                            "lovelace@exam",
                            "ada smi",
                            "  ada  ",
                            "\xEF\xBC\xA1\xEF\xBC\xA4\xEF\xBC\xA1" /* ＡＤＡ */,
                            "0412 345 678",
                            "+61412345678",
                            "412345678",
                            "345 678",
                            "(0412) 345-678"}) {
    INFO(query);
    CHECK(Ids(query) == Strings{"deal-77"});
  }
  CHECK(Ids("deal") == Strings{"deal-77", "deal-78"});
  CHECK(Ids("example") == Strings{"deal-77", "deal-78"});
  CHECK(Ids("7946 0958") == Strings{"deal-78"});
  for (const char* query : {"mith", "ada jones", "zoe", "0412 345 679", "ada 345", "%"}) {
    INFO(query);
    const auto answer = Search(query);
    if (answer.ok()) CHECK(answer->cases_size() == 0);
  }
  CHECK(Ids("ada", "another").empty());
}

TEST_CASE_METHOD(SearchFixture, "the asked word comes before words that go on", "[service]") {
  for (const char* name : {"Johnson", "John", "Johns"}) PutWith(name, name, "", "", "", "");
  PutWith("z", "John Johnson", "", "", "", "");
  CHECK(Ids("john") == Strings{"John", "z", "Johns", "Johnson"});
  const auto two = Search("john", 2);
  REQUIRE(two.ok());
  CHECK(two->cases_size() == 2);
  CHECK(two->more());
  CHECK_FALSE(Search("john", 4)->more());
}

TEST_CASE_METHOD(SearchFixture, "where the looking ends there may be more", "[service]") {
  PutWith("a", "Smith", "", "", "", "");
  database.Exec(
      "INSERT INTO case_word SELECT 'acme', 'a', 'w' || n FROM generate_series(1, 5000) AS n");
  CHECK_FALSE(Search("w")->more());
  PutWith("b", "wz", "", "", "", "");
  CHECK(Ids("w") == Strings{"a"});
  CHECK(Search("w")->more());
}

TEST_CASE_METHOD(SearchFixture, "a query is one to eight words", "[service]") {
  for (const char* query : {"&", "' - .", "a b c d e f g h i"}) {
    INFO(query);
    CHECK(absl::IsInvalidArgument(Search(query).status()));
  }
  CHECK(Search("a b c d e f g h").ok());
}

TEST_CASE_METHOD(SearchFixture, "what a case was called finds it no more", "[service]") {
  PutWith("a", "Smith", "Ada", "Lovelace", "ada@example.com", "0412 345 678");
  PutWith("a", "Jones", "Ada", "Byron", "ada@example.com", "0412 345 679");
  for (const char* gone : {"smith", "lovelace", "345 678"}) CHECK(Ids(gone).empty());
  for (const char* now : {"jones", "byron", "ada", "345 679"}) CHECK(Ids(now) == Strings{"a"});
  SECTION("nor does what was deleted") {
    REQUIRE(Delete("a").ok());
    CHECK(Ids("jones").empty());
    CHECK(database.Exec("SELECT FROM case_word").empty());
  }
  SECTION("and what is put again as it is leaves every word where it is") {
    const auto rows = [&] { return database.Exec("SELECT ctid FROM case_word ORDER BY word"); };
    const auto before = rows();
    PutWith("a", "Jones", "Ada", "Byron", "ada@example.com", "0412 345 679");
    const auto after = rows();
    REQUIRE(before.size() == after.size());
    for (int i = 0; i < static_cast<int>(before.size()); ++i) {
      CHECK(std::string(before[i][0].c_str()) == after[i][0].c_str());
    }
  }
}

TEST_CASE_METHOD(SearchFixture, "cases that are put in bulk are found", "[service]") {
  BulkPlaces bulk_places(database.postgres(), outbox, facts);
  BulkStore bulk(database.postgres(), outbox, bulk_places);
  std::vector<Case> puts(2);
  for (Case& put : puts) {
    put.case_id = &put == puts.data() ? "a" : "b";
    put.display_name = "Bulk " + put.case_id;
    put.contacts = {{.contact_id = "c", .given_name = "Grace"}};
  }
  REQUIRE(bulk.Put(StaffCall().caller, puts).ok());
  CHECK(Ids("grace") == Strings{"a", "b"});
  CHECK(Ids("grace b") == Strings{"a", "b"});  // `bulk` begins so, too.
  CHECK(Ids("bulk a") == Strings{"a"});
}

TEST_CASE_METHOD(SearchFixture, "of very many words a case is found by two thousand", "[service]") {
  pb::PutCaseRequest request;
  request.set_case_id("a");
  request.set_display_name("Smith");
  for (int n = 0; n < 200; ++n) {
    pb::Contact& contact = *request.add_contacts();
    contact.set_contact_id("c" + std::to_string(n));
    for (int word = 0; word < 40; ++word) {
      contact.mutable_given_name()->append(" w" + std::to_string(n * 40 + word));
    }
  }
  REQUIRE(handler.PutCase(StaffCall(), request).ok());
  CHECK(database.Exec("SELECT count(*) FROM case_word")[0][0].as<int>() == 2000);
}

TEST_CASE("a search costs what it finds, whatever there is", "[service][plans]") {
  TestDatabase database("cases", WithCommon(kMigrations));
  database.Exec("ALTER TABLE case_word DROP CONSTRAINT case_word_organisation_id_case_id_fkey");
  ListCost::Hasten(database, "case_word");
  database.Exec(
      "INSERT INTO case_word (organisation_id, case_id, word) SELECT 'o' || n % 2, 'case-' || n, "
      "word FROM generate_series(1, 200000) AS n, "
      "unnest(ARRAY['smith', 'name' || n, 'john' || n % 1000]) AS word");
  ListCost cost(database);
  const auto rows = [&](const Strings& words) {
    return database.RowsRead([&](Postgres& pool) {
      SearchStore search(pool);
      for (int i = 0; i < 10; ++i) (void)search.Find("o0", words, 50).value();
    }) / 10;
  };
  // Each of the 51 first is looked for among its case's sooner words, or for its other word.
  CHECK(rows({"smith"}) < 51 * 4);
  CHECK(rows({"john"}) < 51 * 4);
  CHECK(rows({"name2"}) < 51 * 4);
  CHECK(rows({"john2", "smith"}) < 51 * 6);
  // A word that all have, beside one that none of the first has: 5,000 are looked at.
  CHECK(rows({"smith", "name9999"}) < 5000 * 4);
}

}  // namespace
}  // namespace gatehouse::cases
