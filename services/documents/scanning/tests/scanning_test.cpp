#include "services/documents/scanning/domain/scanning.h"

#include <future>

#include "services/documents/downloads/domain/download.h"
#include "services/documents/downloads/handler.h"
#include "services/documents/scanning/clamd.h"
#include "services/documents/scanning/scan_job.h"
#include "services/documents/scanning/tests/clamd_process.h"
#include "services/documents/tests/files.h"
#include "services/documents/tests/fixture.h"
#include "services/documents/uploads/domain/zip_file.h"

namespace gatehouse::documents {
namespace {

TEST_CASE("what clamd answers means one of three things", "[unit]") {
  const auto verdict = [](const std::string& answer) {
    const auto found = VerdictOf(answer + std::string(1, '\0'));
    return found.ok() ? std::make_pair(static_cast<int>(found->scan), found->finding)
                      : std::make_pair(0, std::string(found.status().message()));
  };
  using Is = std::pair<int, std::string>;
  CHECK(verdict("stream: OK") == Is{1, ""});
  CHECK(verdict("stream: Win.Test.EICAR_HDB-1 FOUND") == Is{3, "Win.Test.EICAR_HDB-1"});
  // What could not be looked into whole is neither.
  const std::string limit = "Heuristics.Limits.Exceeded.MaxFiles";
  CHECK(verdict("stream: " + limit + " FOUND") == Is{4, limit});
  CHECK(verdict("stream: Heuristics.Encrypted.Zip FOUND") == Is{4, "Heuristics.Encrypted.Zip"});
  CHECK(verdict("INSTREAM size limit exceeded. ERROR") == Is{4, "INSTREAM size limit exceeded"});
  // Of two words the worse one counts.
  CHECK(verdict("stream: OK\nstream: Eicar FOUND") == Is{3, "Eicar"});
  CHECK(verdict("stream: " + limit + " FOUND\nstream: Eicar FOUND") == Is{3, "Eicar"});
  CHECK(verdict("stream: OK\nstream: " + limit + " FOUND") == Is{4, limit});
  // Anything else is no word about the file.
  CHECK(verdict("stream: Can't allocate memory ERROR").first == 0);
  CHECK(verdict("").first == 0);
  CHECK(verdict("OKAY").first == 0);
  CHECK(verdict(std::string(5000, 'x') + " FOUND").second.size() == 200);
}

TEST_CASE("where clamd listens is said as an address", "[unit]") {
  CHECK(ClamdAddress::Parse("tcp://clamd.example:3310")->host == "clamd.example");
  CHECK(ClamdAddress::Parse("tcp://clamd.example:3310")->port == "3310");
  CHECK(ClamdAddress::Parse("unix:///run/clamav/clamd.ctl")->path == "/run/clamav/clamd.ctl");
  for (const char* wrong : {"", "clamd:3310", "tcp://clamd", "tcp://:3310", "tcp://clamd:0",
                            "tcp://clamd:99999", "unix://relative", "unix://", "http://x:1"}) {
    INFO(wrong);
    CHECK_FALSE(ClamdAddress::Parse(wrong).ok());
  }
  CHECK_FALSE(ClamdAddress::Parse("unix:///" + std::string(200, 'x')).ok());
}

TEST_CASE("infected bytes are never given out, unscanned ones where the rules say so", "[unit]") {
  for (const bool lenient : {true, false}) {
    CHECK(CheckScan(Scan::kClean, lenient).ok());
    CHECK(ReasonOf(CheckScan(Scan::kInfected, lenient)) == "DOCUMENT_INFECTED");
    CHECK(ReasonOf(CheckScan(Scan::kPending, lenient)) == "DOCUMENT_SCAN_PENDING");
  }
  for (const Scan unknown : {Scan::kUnscanned, Scan::kError}) {
    CHECK(CheckScan(unknown, true).ok());
    CHECK(ReasonOf(CheckScan(unknown, false)) == "DOCUMENT_NOT_SCANNED");
  }
}

TEST_CASE("how large a ZIP file's members become its directory says", "[unit]") {
  const auto largest = [](const std::string& bytes) {
    TextBlob blob(bytes);
    return LargestZipMember(blob, static_cast<int64_t>(bytes.size())).value();
  };
  CHECK(largest(ZipOf({{"a", std::string(10, 'x')}, {"b", std::string(5000, 'x')}})) == 5000);
  CHECK(largest(ZipOf({{"a", "xyz"}}, {.comment = "hello"})) == 3);
  CHECK(largest(ZipOf({})) == 0);
  // What is cut off nobody knows.
  const std::string whole = ZipOf({{"a", "xyz"}, {"b", "xyz"}});
  CHECK_FALSE(largest(whole.substr(0, whole.size() - 10)).has_value());
  CHECK_FALSE(largest("PK\x03\x04 and nothing more").has_value());
}

// Says what it was told to say.
class FakeScanner : public Scanner {
 public:
  absl::StatusOr<Verdict> Scan(BlobReader&, int64_t size) override {
    sizes.push_back(size);
    return answer;
  }
  absl::StatusOr<int64_t> Database() override { return database; }
  absl::StatusOr<Verdict> answer = Verdict{Scan::kClean, ""};
  absl::StatusOr<int64_t> database = 0;
  std::vector<int64_t> sizes;
};

TEST_CASE("clamd says of which signatures it is", "[unit]") {
  CHECK(DatabaseOf("ClamAV 1.4.6/27345/Sun Nov 29 09:00:00 2026") == 27345);
  for (const char* other : {"ClamAV 1.4.6", "", "ClamAV/", "ClamAV 1/-3/x", "ClamAV 1/x/y",
                            "ClamAV 1/99999999999999999999/y"}) {
    CHECK(DatabaseOf(other) == 0);
  }
}

struct ScanFixture : Fixture {
  FakeScanner scanner;
  ScanLimits limits = {.max_file_bytes = 1000};
  Scanning scanning{documents, blobs, scanner, limits};
  Uploads waiting{{documents, request_store, blobs, rules, cases, *sniffer, clock, true}};

  Document Keep(const std::string& bytes = kPdf, const std::string& name = "a.pdf") {
    const auto kept = Take(waiting.BeginByClient(By(ada), ada, {}), {bytes});
    INFO(kept.status().ToString() << name);
    REQUIRE(kept.ok());
    return *kept;
  }
  Document Now(const Document& document) {
    return documents.Get("acme", "deal-1", nullptr, document.document_id).value();
  }
  absl::Status ScanIt(const Document& document) {
    return scanning.Scan("acme", "deal-1", document.document_id);
  }
  int Jobs(const std::string& kind) {
    return database.Exec("SELECT count(*) FROM job WHERE kind LIKE '%" + kind + "'")[0][0]
        .as<int>();
  }
};

TEST_CASE_METHOD(ScanFixture, "what comes in waits for the scanner, which is asked once",
                 "[service]") {
  const Document kept = Keep();
  CHECK(kept.scan == Scan::kPending);
  CHECK(Jobs("document.scan") == 1);
  REQUIRE(ScanIt(kept).ok());
  CHECK(Now(kept).scan == Scan::kClean);
  CHECK(scanner.sizes == std::vector<int64_t>{static_cast<int64_t>(kPdf.size())});
  // A second word about the same file changes nothing.
  scanner.answer = Verdict{Scan::kInfected, "Eicar"};
  REQUIRE(ScanIt(kept).ok());
  CHECK(Now(kept).scan == Scan::kClean);
  CHECK(scanner.sizes.size() == 1);
  CHECK(scanning.Scan("acme", "deal-1", "doc_none").ok());
  CHECK(scanning.Scan("other", "deal-1", kept.document_id).ok());
}

TEST_CASE_METHOD(ScanFixture, "staff are told of what is infected, once", "[service]") {
  const Document kept = Keep();
  const int before = Jobs("PublishEvent");
  scanner.answer = Verdict{Scan::kInfected, "Eicar"};
  REQUIRE(ScanIt(kept).ok());
  REQUIRE(ScanIt(kept).ok());
  CHECK(Now(kept).scan == Scan::kInfected);
  CHECK(Now(kept).scan_finding == "Eicar");
  CHECK(Jobs("PublishEvent") == before + 1);
}

TEST_CASE_METHOD(ScanFixture, "nobody is given what is not known to be harmless", "[service]") {
  const Document kept = Keep();
  DownloadsHandler downloads(documents, blobs, rules, signature_store);
  pb::DownloadDocumentRequest request;
  request.set_case_id("deal-1");
  request.set_document_id(kept.document_id);
  const auto reason = [&] {
    const auto staff = downloads.DownloadDocument(StaffCall(), request);
    const auto client = downloads.DownloadPortalDocument(ClientCall(ada), request);
    CHECK(ReasonOf(staff.status()) == ReasonOf(client.status()));
    return ReasonOf(staff.status());
  };
  CHECK(reason() == "DOCUMENT_SCAN_PENDING");
  SECTION("clean") {
    REQUIRE(ScanIt(kept).ok());
    CHECK(reason().empty());
  }
  SECTION("infected") {
    scanner.answer = Verdict{Scan::kInfected, "Eicar"};
    REQUIRE(ScanIt(kept).ok());
    CHECK(reason() == "DOCUMENT_INFECTED");
  }
  SECTION("given up") {
    REQUIRE(scanning.GiveUp("acme", "deal-1", kept.document_id, absl::InternalError("x")).ok());
    CHECK(Now(kept).scan == Scan::kError);
    CHECK(reason().empty());
    rules.rules.unscanned_downloads = false;
    CHECK(reason() == "DOCUMENT_NOT_SCANNED");
  }
}

TEST_CASE_METHOD(ScanFixture, "nothing over a limit is ever called clean", "[service]") {
  SECTION("a file") {
    const Document kept = Keep(kPdf + std::string(1000, 'x'));
    REQUIRE(ScanIt(kept).ok());
    CHECK(Now(kept).scan == Scan::kUnscanned);
    CHECK(scanner.sizes.empty());
  }
  SECTION("a member of an archive, however small that is") {
    std::string zip = ZipOf({{"a.txt", "hello"}});
    // Packed it is five bytes, and the directory says a megabyte.
    const size_t entry = zip.find("PK\x01\x02");
    zip.replace(entry + 24, 4, std::string("\x00\x00\x10\x00", 4));
    const Document kept = Keep(zip, "a.zip");
    REQUIRE(ScanIt(kept).ok());
    CHECK(Now(kept).scan == Scan::kUnscanned);
    CHECK(scanner.sizes.size() == 1);
  }
  SECTION("nor is what is small kept from it") {
    const Document kept = Keep(ZipOf({{"a.txt", "hello"}}), "a.zip");
    REQUIRE(ScanIt(kept).ok());
    CHECK(Now(kept).scan == Scan::kClean);
  }
}

TEST_CASE_METHOD(ScanFixture, "a scanner that is away delays, and one that fails gives up",
                 "[service]") {
  const Document kept = Keep();
  WorkerPool workers("test", 1, 10);
  const LaneOptions lane = ScanningLane(scanning, workers);
  const auto attempt = [&](int failures) {
    Job job;
    job.organisation_id = "acme";
    job.payload = "deal-1\n" + kept.document_id;
    job.failures = failures;
    std::promise<absl::Status> outcome;
    lane.work(job, [&](absl::Status status) { outcome.set_value(std::move(status)); });
    return outcome.get_future().get();
  };
  scanner.answer = absl::UnavailableError("away");
  CHECK(absl::IsUnavailable(attempt(50)));
  CHECK(Now(kept).scan == Scan::kPending);
  scanner.answer = absl::InternalError("odd");
  CHECK(absl::IsInternal(attempt(3)));
  CHECK(Now(kept).scan == Scan::kPending);
  CHECK(attempt(4).ok());
  CHECK(Now(kept).scan == Scan::kError);
}

TEST_CASE("without a scanner nothing waits for one", "[service]") {
  Fixture fixture;
  CHECK(fixture.TakeByStaff()->scan == Scan::kUnscanned);
}

// The real one.
struct ClamdFixture {
  ClamdProcess process;
  Clamd clamd{*ClamdAddress::Parse("unix://" + process.socket()), absl::Seconds(20)};

  absl::StatusOr<Verdict> Scan(const std::string& bytes) {
    TextBlob blob(bytes);
    for (int i = 0; i < 200; ++i) {
      auto verdict = clamd.Scan(blob, static_cast<int64_t>(bytes.size()));
      if (!absl::IsUnavailable(verdict.status())) return verdict;
      absl::SleepFor(absl::Milliseconds(50));
    }
    return absl::DeadlineExceededError("clamd did not start");
  }
};

TEST_CASE_METHOD(ClamdFixture, "clamd finds what it knows, in a file and in an archive",
                 "[service]") {
  CHECK(Scan("hello")->scan == Scan::kClean);
  CHECK(Scan(kEicar)->scan == Scan::kInfected);
  CHECK(Scan(kEicar)->finding.find("EICAR") != std::string::npos);
  CHECK(Scan(std::string(600'000, 'x') + kEicar)->scan == Scan::kInfected);
  CHECK(Scan(ZipOf({{"a.txt", "hello"}, {"b.txt", kEicar}}))->scan == Scan::kInfected);
  CHECK(Scan(ZipOf({{"a.txt", "hello"}}))->scan == Scan::kClean);
}

TEST_CASE_METHOD(ClamdFixture, "a clamd with signatures of one's own alone has no number",
                 "[service]") {
  REQUIRE(Scan("hello").ok());
  CHECK(clamd.Database().value() == 0);
  process.Stop();
  CHECK(absl::IsUnavailable(clamd.Database().status()));
}

TEST_CASE_METHOD(ClamdFixture, "what is beyond clamd's limits is not clean", "[service]") {
  REQUIRE(Scan("hello")->scan == Scan::kClean);
  const std::string large(ClamdProcess::kStreamMaxBytes + (1 << 20), 'x');
  CHECK(Scan(large)->scan == Scan::kUnscanned);
  const std::string nested = [] {
    std::string zip = ZipOf({{"a.txt", "hello"}});
    for (int i = 0; i < 12; ++i) zip = ZipOf({{"a.zip", zip}});
    return zip;
  }();
  CHECK(Scan(nested)->scan == Scan::kUnscanned);
}

TEST_CASE("what clamd would cut and call clean is not clean", "[service]") {
  ScanFixture fixture;
  ClamdFixture real;
  const std::string member = std::string(2 << 20, 'x') + kEicar;
  const std::string zip = ZipOf({{"a.txt", member}});
  INFO("clamd itself says of it " << static_cast<int>(real.Scan(zip)->scan));
  Scanning scanning(fixture.documents, fixture.blobs, real.clamd,
                    {.max_file_bytes = ClamdProcess::kMaxFileBytes});
  const Document kept = fixture.Keep(zip, "a.zip");
  REQUIRE(scanning.Scan("acme", "deal-1", kept.document_id).ok());
  CHECK(fixture.Now(kept).scan == Scan::kUnscanned);
}

TEST_CASE_METHOD(ClamdFixture, "a clamd that goes away is away, and is found again", "[service]") {
  REQUIRE(Scan("hello").ok());
  process.Stop();
  TextBlob blob("hello");
  CHECK(absl::IsUnavailable(clamd.Scan(blob, 5).status()));
  process.Start();
  CHECK(Scan(kEicar)->scan == Scan::kInfected);
}

}  // namespace
}  // namespace gatehouse::documents
