#include "services/documents/scanning/domain/rescanning.h"

#include "services/documents/scanning/store/postgres_rescans.h"
#include "services/documents/tests/fixture.h"

namespace gatehouse::documents {
namespace {

// Finds what it is told to find, by the size of a file.
class SizeScanner : public Scanner {
 public:
  absl::StatusOr<Verdict> Scan(BlobReader&, int64_t size) override {
    sizes.push_back(size);
    if (away) return absl::UnavailableError("clamd: away");
    if (size == fails) return absl::InternalError("clamd: not this one");
    return size == infected ? Verdict{Scan::kInfected, "Eicar"} : Verdict{Scan::kClean, ""};
  }
  absl::StatusOr<int64_t> Database() override {
    if (away) return absl::UnavailableError("clamd: away");
    return database;
  }
  int64_t infected = 0, fails = 0, database = 100;
  bool away = false;
  std::vector<int64_t> sizes;
};

struct RescanFixture : Fixture {
  SizeScanner scanner;
  Scanning scanning{documents, blobs, scanner, {}};
  PostgresRescans rescans{database.postgres(), outbox};
  Rescanning rescanning{rescans, scanning, scanner, clock};

  // Documents that were found clean, each a byte longer than the one before.
  std::vector<Document> Fill(int count) {
    std::vector<Document> kept;
    for (int i = 0; i < count; ++i) kept.push_back(TakeByStaff(kPdf + std::string(i, '%')).value());
    database.Exec("UPDATE documents.document SET scan = 1");
    return kept;
  }
  Document Now(const Document& document) {
    return documents.Get("acme", "deal-1", nullptr, document.document_id).value();
  }
  int Jobs(const std::string& kind) {
    return database.Exec("SELECT count(*) FROM job WHERE kind LIKE '%" + kind + "'")[0][0]
        .as<int>();
  }
  // All that there is to do: how many turns that took.
  int GoAll(const std::string& organisation_id = "acme") {
    int turns = 1;
    while (rescanning.Go(organisation_id).value()) ++turns;
    return turns;
  }
};

TEST_CASE_METHOD(RescanFixture, "new signatures are asked about what came in before them",
                 "[service]") {
  const auto kept = Fill(40);
  CHECK(rescanning.Look().value() == 0);  // The first that are seen.
  CHECK(GoAll() == 1);
  CHECK(scanner.sizes.empty());
  scanner.database = 101;
  CHECK(rescanning.Look().value() == 1);
  CHECK(rescanning.Look().value() == 0);
  CHECK(Jobs("documents.rescan") == 1);
  scanner.infected = kept[17].size_bytes;
  const int before = Jobs("PublishEvent");
  CHECK(GoAll() == 3);
  CHECK(scanner.sizes.size() == 40);
  CHECK(Now(kept[17]).scan == Scan::kInfected);
  CHECK(Now(kept[17]).scan_finding == "Eicar");
  CHECK(Now(kept[16]).scan == Scan::kClean);
  CHECK(Jobs("PublishEvent") == before + 1);
  CHECK(GoAll() == 1);
  CHECK(scanner.sizes.size() == 40);
}

TEST_CASE_METHOD(RescanFixture, "what is older than a month is not scanned again", "[service]") {
  const auto kept = Fill(3);
  database.Exec(
      "UPDATE documents.document SET create_time = now() - interval '31 days' "
      "WHERE document_id = '" +
      kept[0].document_id + "'");
  database.Exec(
      "UPDATE documents.document SET create_time = now() - interval '29 days' "
      "WHERE document_id = '" +
      kept[1].document_id + "'");
  REQUIRE(rescanning.Look().ok());
  scanner.database = 101;
  CHECK(rescanning.Look().value() == 1);
  GoAll();
  CHECK(scanner.sizes == std::vector<int64_t>{kept[1].size_bytes, kept[2].size_bytes});
}

TEST_CASE_METHOD(RescanFixture, "only what was found clean is scanned again", "[service]") {
  const auto kept = Fill(6);
  for (int scan = 1; scan <= 5; ++scan) {
    database.Exec(absl::StrCat("UPDATE documents.document SET scan = ", scan,
                               " WHERE document_id = '", kept[scan].document_id, "'"));
  }
  REQUIRE(rescanning.Look().ok());
  scanner.database = 101;
  REQUIRE(rescanning.Look().ok());
  GoAll();
  CHECK(scanner.sizes == std::vector<int64_t>{kept[0].size_bytes, kept[1].size_bytes});
}

TEST_CASE_METHOD(RescanFixture, "a replica whose scanner is behind begins nothing", "[service]") {
  Fill(1);
  scanner.database = 101;
  REQUIRE(rescanning.Look().ok());
  for (const int64_t number : {100, 101, 0}) {
    scanner.database = number;
    CHECK(rescanning.Look().value() == 0);
  }
  CHECK(Jobs("documents.rescan") == 0);
}

TEST_CASE_METHOD(RescanFixture, "a scanner that goes away delays, and goes on where it was",
                 "[service]") {
  Fill(20);
  REQUIRE(rescanning.Look().ok());
  scanner.database = 101;
  REQUIRE(rescanning.Look().ok());
  CHECK(rescanning.Go("acme").value());
  scanner.away = true;
  CHECK(absl::IsUnavailable(rescanning.Go("acme").status()));
  CHECK(absl::IsUnavailable(rescanning.Look().status()));
  scanner.away = false;
  CHECK_FALSE(rescanning.Go("acme").value());
  CHECK(scanner.sizes.size() == 16 + 1 + 4);
}

TEST_CASE_METHOD(RescanFixture, "what cannot be scanned again holds up nothing", "[service]") {
  const auto kept = Fill(3);
  REQUIRE(rescanning.Look().ok());
  scanner.database = 101;
  scanner.fails = kept[0].size_bytes;
  REQUIRE(rescanning.Look().ok());
  GoAll();
  CHECK(scanner.sizes.size() == 3);
  CHECK(Now(kept[0]).scan == Scan::kClean);
}

TEST_CASE_METHOD(RescanFixture, "newer signatures begin anew what goes on", "[service]") {
  Fill(20);
  REQUIRE(rescanning.Look().ok());
  scanner.database = 101;
  REQUIRE(rescanning.Look().ok());
  REQUIRE(rescanning.Go("acme").ok());
  const auto before = rescans.Get("acme").value();
  scanner.database = 102;
  REQUIRE(rescanning.Look().ok());
  // What a job of before says of it is not heard.
  REQUIRE(rescans.Advance("acme", *before).ok());
  GoAll();
  CHECK(scanner.sizes.size() == 16 + 20);
}

TEST_CASE_METHOD(RescanFixture, "each organisation with documents has a job of its own",
                 "[service]") {
  database.Exec(
      "INSERT INTO documents.document (organisation_id, document_id, case_id, filename, "
      "content_type, size_bytes, sha256, label, from_client, uploader_id, uploader_name, scan, "
      "create_time) SELECT 'o' || n % 5, 'doc_' || n, 'deal-1', 'f', 'text/plain', 1, '', '', "
      "false, 'key_1', '', 1, now() - CASE WHEN n % 5 = 4 THEN interval '40 days' ELSE "
      "interval '1 day' END FROM generate_series(1, 100) AS n");
  REQUIRE(rescanning.Look().ok());
  scanner.database = 101;
  REQUIRE(rescanning.Look().ok());
  CHECK(Jobs("documents.rescan") == 4);
  CHECK_FALSE(rescans.Get("o4").value().has_value());
  CHECK(rescans.Next("o1", *rescans.Get("o1").value(), 100).value().size() == 20);
}

}  // namespace
}  // namespace gatehouse::documents
