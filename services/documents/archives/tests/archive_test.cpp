#include "services/documents/archives/domain/archive.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/documents/archives/handler.h"
#include "services/documents/signing/tests/seal_authority.h"
#include "services/documents/tests/files.h"
#include "services/documents/tests/fixture.h"

namespace gatehouse::documents {
namespace {

Document Of(const std::string& filename, const std::string& folder = "", Scan scan = Scan::kClean) {
  return {.document_id = "doc_1",
          .filename = filename,
          .size_bytes = 1,
          .scan = scan,
          .folder = folder};
}

std::vector<std::string> NamesOf(const std::vector<Document>& documents) {
  ArchivePlan plan(true);
  for (const Document& document : documents) plan.Add(document);
  std::vector<std::string> names;
  for (const auto& entry : plan.entries()) names.push_back(entry.name);
  return names;
}

using Names = std::vector<std::string>;

TEST_CASE("in an archive each document has a name of its own, in its folder", "[unit]") {
  CHECK(NamesOf({Of("a.pdf"), Of("A.PDF"), Of("a.pdf"), Of("a (2).pdf"), Of("b", "Plans"),
                 Of("b", "Plans"), Of("a.pdf", "Plans")}) ==
        Names{"Documents/a.pdf", "Documents/A (2).PDF", "Documents/a (3).pdf",
              "Documents/a (2) (2).pdf", "Plans/b", "Plans/b (2)", "Plans/a.pdf"});
  CHECK(NamesOf({Of("über.pdf"), Of("ÜBER.pdf")})[1] == "Documents/ÜBER (2).pdf");
}

TEST_CASE("a folder's name is no way out of an archive", "[unit]") {
  for (const char* folder : {"../../etc", "/etc", "C:\\Windows", "..", "a/b"}) {
    const std::string name = NamesOf({Of("a.pdf", folder)})[0];
    INFO(name);
    CHECK_FALSE(absl::StartsWith(name, "/"));
    CHECK_FALSE(absl::StrContains(name, ".."));
    CHECK(std::count(name.begin(), name.end(), '/') == 1);
  }
}

TEST_CASE("a name with a number is no longer than a name may be", "[unit]") {
  std::string longest;
  while (longest.size() < 249) longest += "ü";
  longest = longest.substr(0, 250) + ".pdf";
  const std::string second = NamesOf({Of(longest), Of(longest)})[1];
  CHECK(second.size() <= std::string("Documents/").size() + 255);
  CHECK(absl::EndsWith(second, "ü (2).pdf"));
}

TEST_CASE("as many of one name as there may be are named in no time", "[unit]") {
  std::vector<Document> documents(kArchiveDocumentsMax, Of("a.pdf"));
  CHECK(NamesOf(documents).back() == absl::StrCat("Documents/a (", kArchiveDocumentsMax, ").pdf"));
}

TEST_CASE("what may not be downloaded is left out, and named", "[unit]") {
  for (const bool unscanned : {true, false}) {
    ArchivePlan plan(unscanned);
    plan.Add(Of("clean.pdf"));
    plan.Add(Of("bad.pdf", "", Scan::kInfected));
    plan.Add(Of("new.pdf", "", Scan::kPending));
    plan.Add(Of("large.pdf", "", Scan::kUnscanned));
    CHECK(plan.entries().size() == (unscanned ? 2 : 1));
    CHECK(absl::StrContains(plan.LeftOut(), "Documents/bad.pdf: malware was found in it\r\n"));
    CHECK(absl::StrContains(plan.LeftOut(), "Documents/new.pdf: it has not been scanned yet"));
    CHECK(absl::StrContains(plan.LeftOut(), "large.pdf") == !unscanned);
  }
}

struct ArchiveFixture : Fixture {
  ArchivesHandler handler{documents, blobs, rules, cases};

  DownloadsHandler::Sends Ask(const CaseAccess* access) {
    pb::DownloadDocumentArchiveRequest request;
    request.set_case_id("deal-1");
    return access == nullptr ? handler.DownloadDocumentArchive(StaffCall(), request)
                             : handler.DownloadPortalDocumentArchive(ClientCall(*access), request);
  }
  // What a reader that is not ours finds in it, by the script's words.
  std::string Read(const CaseAccess* access, const std::string& script) {
    return ReadZip(Ask(access), script);
  }
  std::string Names(const CaseAccess* access) { return Read(access, "print(z.namelist())\n"); }
};

TEST_CASE_METHOD(ArchiveFixture, "an archive has what its reader may see, and no more",
                 "[service][no-tsan]") {
  const std::string large = kPdf + std::string(700'000, '%');
  REQUIRE(TakeByStaff(large, "plan.pdf").ok());
  REQUIRE(TakeBy(ada).ok());
  REQUIRE(TakeBy(bob).ok());
  CHECK(Names(nullptr) ==
        "['Documents/plan.pdf', 'Client-Documents/a.pdf', 'Client-Documents/a (2).pdf']\n");
  CHECK(Read(nullptr, "print(len(z.read('Documents/plan.pdf')))\n") ==
        absl::StrCat(large.size(), "\n"));
  CHECK(Names(&ada) == "['Client-Documents/a.pdf']\n");
  CaseAccess all = ada;
  all.visibility = Visibility::kAll;
  CHECK(Names(&all) == "['Client-Documents/a.pdf', 'Client-Documents/a (2).pdf']\n");
}

TEST_CASE_METHOD(ArchiveFixture, "a case without documents has an archive, no case has none",
                 "[service][no-tsan]") {
  CHECK(Names(nullptr) == "[]\n");
  pb::DownloadDocumentArchiveRequest request;
  request.set_case_id("deal-none");
  CHECK(ReasonOf(handler.DownloadDocumentArchive(StaffCall(), request).status()) == "NOT_FOUND");
}

TEST_CASE_METHOD(ArchiveFixture, "infected bytes are in no archive", "[service][no-tsan]") {
  const auto bad = TakeByStaff(kPdf, "bad.pdf");
  REQUIRE(TakeByStaff(kPdf, "good.pdf").ok());
  database.Exec("UPDATE documents.document SET scan = 3 WHERE filename = 'bad.pdf'");
  CHECK(Names(nullptr) == "['Documents/good.pdf', 'Left out.txt']\n");
  CHECK(Read(nullptr, "print(z.read('Left out.txt').decode(), end='')\n") ==
        "Documents/bad.pdf: malware was found in it\r\n");
}

TEST_CASE_METHOD(ArchiveFixture, "an archive breaks off where bytes are not what they were",
                 "[service][no-tsan]") {
  const auto first = TakeByStaff(kPdf, "a.pdf");
  database.Exec("UPDATE documents.document SET size_bytes = 1000000");
  const auto source = Ask(nullptr);
  REQUIRE(source.ok());
  pb::DownloadDocumentResponse part;
  CHECK_FALSE((*source)->Next(part).ok());
}

TEST_CASE_METHOD(ArchiveFixture, "an archive of too many documents is refused",
                 "[service][no-tsan]") {
  database.Exec(
      "INSERT INTO documents.document (organisation_id, document_id, case_id, filename, "
      "content_type, size_bytes, sha256, label, from_client, uploader_id, uploader_name, scan) "
      "SELECT 'acme', 'doc_' || lpad(n::text, 9, '0'), 'deal-1', 'f', 'text/plain', 1, '', '', "
      "false, 'key_1', '', 1 FROM generate_series(1, 20001) AS n");
  CHECK(ReasonOf(Ask(nullptr).status()) == "DOCUMENT_ARCHIVE_TOO_LARGE");
  database.Exec("DELETE FROM documents.document WHERE document_id = 'doc_000000007'");
  CHECK(Ask(nullptr).ok());
}

}  // namespace
}  // namespace gatehouse::documents
