#include <catch2/catch.hpp>
#include <filesystem>

#include "services/common/base/crypto.h"
#include "services/common/base/random.h"
#include "services/common/jobs/outbox.h"
#include "services/documents/blobs/folder_blobs.h"
#include "services/documents/domain/uploads.h"
#include "services/documents/magic_sniffer.h"
#include "services/documents/store/postgres_store.h"
#include "tests/support/test_database.h"

namespace gatehouse::documents {
extern const std::vector<Migration> kMigrations;
namespace {

const std::string kPdf = "%PDF-1.4\n1 0 obj\n<<>>\nendobj\n";

TEST_CASE("a name cannot leave its folder, forge a header or turn around", "[unit]") {
  CHECK(SafeName("payslip.pdf").value() == "payslip.pdf");
  CHECK(SafeName("../../etc/passwd").value() == "passwd");
  CHECK(SafeName("C:\\Users\\ada\\pay slip.pdf").value() == "pay slip.pdf");
  CHECK(SafeName("a\r\nSet-Cookie: x\x01.pdf").value() == "aSet-Cookie: x.pdf");
  CHECK(SafeName("invoice\u202efdp.exe").value() == "invoicefdp.exe");
  CHECK(SafeName(".htaccess").value() == "htaccess");
  CHECK(SafeName("nul.txt").value() == "_nul.txt");
  CHECK(SafeName("Lohnzettel März 📄.pdf").value() == "Lohnzettel März 📄.pdf");
  const std::string cut = SafeName(std::string(400, 'x') + ".pdf").value();
  CHECK(cut.size() == 200);
  CHECK(cut.substr(196) == ".pdf");
  for (const char* name : {"", "..", "/", "   ", "\x80\xff", "\n"}) {
    CHECK(ReasonOf(SafeName(name).status()) == "FILENAME_INVALID");
  }
}

TEST_CASE("a download is offered under its name in two ways", "[unit]") {
  CHECK(AttachmentOf("März \"1\".pdf") ==
        "attachment; filename=\"M__rz _1_.pdf\"; filename*=UTF-8''M%C3%A4rz%20%221%22.pdf");
}

TEST_CASE("the bytes decide what a file is; the sender may only narrow it down", "[unit]") {
  CHECK(ContentType("application/pdf", "").value() == "application/pdf");
  CHECK(ContentType("application/pdf", "application/pdf; x=y").value() == "application/pdf");
  CHECK(ContentType("text/plain", "text/csv").value() == "text/csv");
  CHECK(ReasonOf(ContentType("image/png", "application/pdf").status()) == "CONTENT_TYPE_MISMATCH");
  CHECK(ReasonOf(ContentType("text/html", "text/html").status()) == "CONTENT_TYPE_NOT_ALLOWED");
  CHECK(ReasonOf(ContentType("application/x-dosexec", "application/pdf").status()) ==
        "CONTENT_TYPE_NOT_ALLOWED");
}

TEST_CASE("a range is one part of what is there, or ignored, or refused", "[unit]") {
  const auto part = [](const char* range) {
    const auto parsed = ParseRange(range, 100);
    if (!parsed.ok()) return std::string("refused");
    if (!parsed->has_value()) return std::string("ignored");
    return std::to_string((*parsed)->first) + "-" + std::to_string((*parsed)->last);
  };
  CHECK(part("bytes=0-9") == "0-9");
  CHECK(part("bytes=90-") == "90-99");
  CHECK(part("bytes=-10") == "90-99");
  CHECK(part("bytes=-1000") == "0-99");
  CHECK(part("bytes=50-1000") == "50-99");
  for (const char* range : {"", "bytes=", "bytes=-", "bytes=9-1", "bytes=0-1,3-4", "lines=1-2",
                            "bytes=a-b", "bytes=0-99999999999999999999", "bytes=+1-2"}) {
    CHECK(part(range) == "ignored");
  }
  for (const char* range : {"bytes=100-", "bytes=-0", "bytes=200-300"}) {
    CHECK(part(range) == "refused");
  }
}

TEST_CASE("a client sees what it handed in, or everybody where the invitation says so", "[unit]") {
  const Document own = {.case_id = "d", .from_client = true, .uploader_id = "ada"};
  const Document other = {.case_id = "d", .from_client = true, .uploader_id = "bob"};
  const Document staff = {.case_id = "d", .from_client = false, .uploader_id = "ada"};
  CaseAccess access = {"d", "ada", "inv_1", Visibility::kOwn, {}};
  CHECK(MaySee(access, own));
  CHECK_FALSE(MaySee(access, other));
  CHECK_FALSE(MaySee(access, staff));
  DocumentRequest request = {.document_request_id = "drq_1", .case_id = "d", .contact_id = "bob"};
  CHECK_FALSE(MaySee(access, request));
  access.visibility = Visibility::kAll;
  CHECK(MaySee(access, other));
  CHECK_FALSE(MaySee(access, staff));
  CHECK(MaySee(access, request));
  access.document_request_ids = {"drq_2"};
  CHECK_FALSE(MaySee(access, request));
}

struct Fixture {
  TestDatabase database{"documents", WithCommon(kMigrations)};
  Outbox outbox{database.postgres(), {.key = Secret(RandomBytes(32)), .services = {}}};
  PostgresStore store{database.postgres(), outbox};
  const std::filesystem::path root =
      std::filesystem::temp_directory_path() / NewId("gatehouse-test");
  std::unique_ptr<FolderBlobs> blobs = FolderBlobs::Open(root).value();
  MagicSniffer sniffer;
  Uploads uploads{store, *blobs, sniffer};

  ~Fixture() { std::filesystem::remove_all(root); }

  static Document Named(const std::string& request_id = "") {
    return {.organisation_id = "acme",
            .case_id = "deal-1",
            .filename = "a.pdf",
            .uploader_id = "key",
            .request_id = request_id};
  }
  // Hands these parts in, and says whether they are all.
  absl::StatusOr<Document> Take(const Document& document, const std::string& type,
                                std::optional<int64_t> size, const std::vector<std::string>& parts,
                                const absl::Status& end = absl::OkStatus()) {
    ASSIGN_OR_RETURN(const auto upload, uploads.Begin(document, type, size));
    for (const std::string& part : parts) RETURN_IF_ERROR(upload->Append(part));
    RETURN_IF_ERROR(end);
    return upload->Finish();
  }
  int Files() const {
    int files = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
      files += entry.is_regular_file() ? 1 : 0;
    }
    return files;
  }
};

TEST_CASE_METHOD(Fixture, "an upload is kept whole, with its digest and type", "[service]") {
  const std::string rest(300000, 'x');
  const auto kept = Take(Named(), "application/pdf", 300000 + kPdf.size(), {kPdf, rest});
  REQUIRE(kept.ok());
  CHECK(kept->sha256 == Hex(Sha256(kPdf + rest)));
  CHECK(kept->content_type == "application/pdf");
  std::string bytes;
  REQUIRE(blobs->Read("acme", kept->document_id).value()->Read(5, 400000, bytes).ok());
  CHECK(bytes == (kPdf + rest).substr(5));
  CHECK(store.Get("acme", "deal-1", kept->document_id).ok());
  CHECK(ReasonOf(store.Get("other", "deal-1", kept->document_id).status()) == "NOT_FOUND");
  CHECK(ReasonOf(store.Get("acme", "deal-2", kept->document_id).status()) == "NOT_FOUND");
  CHECK(Files() == 1);
}

TEST_CASE_METHOD(Fixture, "an upload that breaks or is refused leaves nothing", "[service]") {
  const auto refused = [&](const std::string& type, std::optional<int64_t> size,
                           const std::vector<std::string>& parts,
                           const absl::Status& end = absl::OkStatus()) {
    const auto kept = Take(Named(), type, size, parts, end);
    CHECK_FALSE(kept.ok());
    CHECK(Files() == 0);
    return ReasonOf(kept.status());
  };
  CHECK(refused("", {}, {kPdf}, absl::CancelledError("gone")) == "");
  CHECK(refused("", {}, {}) == "DOCUMENT_EMPTY");
  CHECK(refused("", 7, {kPdf}) == "SIZE_MISMATCH");
  CHECK(refused("image/png", {}, {kPdf}) == "CONTENT_TYPE_MISMATCH");
  CHECK(refused("", {}, {"MZ\x90", std::string(100, '\0')}) == "CONTENT_TYPE_NOT_ALLOWED");
  CHECK(refused("", {}, {"<!doctype html><script>x</script>"}) == "CONTENT_TYPE_NOT_ALLOWED");
  REQUIRE(store.SetMaxBytes("acme", 10).ok());
  CHECK(refused("", {}, {kPdf}) == "DOCUMENT_TOO_LARGE");
  CHECK(refused("", 1 << 20, {}) == "DOCUMENT_TOO_LARGE");
  CHECK(store.List("acme", "deal-1", nullptr, {}).value().empty());
  CHECK(database.Exec("SELECT count(*) FROM job")[0][0].as<int>() == 0);
}

TEST_CASE_METHOD(Fixture, "the same request_id is one document", "[service]") {
  const auto first = Take(Named("r1"), "", {}, {kPdf});
  const auto again = Take(Named("r1"), "", {}, {kPdf});
  REQUIRE(first.ok());
  REQUIRE(again.ok());
  CHECK(first->document_id == again->document_id);
  // It is known before its bytes have come.
  CHECK(uploads.Begin(Named("r1"), "", {}).value()->is_known());
  CHECK(Files() == 1);
}

TEST_CASE_METHOD(Fixture, "what was left by a crash is forgotten when the service starts",
                 "[service]") {
  auto writer = blobs->Write();
  REQUIRE((*writer)->Append("half").ok());
  for (const auto& entry : std::filesystem::directory_iterator(root / "incoming")) {
    std::filesystem::last_write_time(
        entry, std::filesystem::file_time_type::clock::now() - std::chrono::hours(3));
  }
  CHECK(FolderBlobs::Open(root).ok());
  CHECK(Files() == 0);
}

}  // namespace
}  // namespace gatehouse::documents
