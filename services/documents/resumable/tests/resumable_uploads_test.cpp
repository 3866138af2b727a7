#include <fstream>

#include "services/documents/resumable/domain/assembly.h"
#include "services/documents/resumable/handler.h"
#include "services/documents/resumable/tests/fixture.h"

namespace gatehouse::documents {
namespace {

TEST_CASE_METHOD(ResumableFixture,
                 "an upload in three calls is one document, and leaves nothing else", "[service]") {
  const std::string pdf = Pdf(300000);
  const auto upload = Begin(300000);
  CHECK(Put(sam, upload.upload_id, 0, pdf.substr(0, 100000))->offset == 100000);
  CHECK(resumable.Get(sam, upload.upload_id)->offset == 100000);
  CHECK(Put(sam, upload.upload_id, 100000, pdf.substr(100000, 1))->offset == 100001);
  CHECK(Count("documents.document") == 0);
  const auto done = Put(sam, upload.upload_id, 100001, pdf.substr(100001));
  REQUIRE(done.ok());
  CHECK(done->offset == 300000);
  CHECK(Kept(done->document_id) == pdf);
  const auto document = documents.Get("acme", "deal-1", nullptr, done->document_id).value();
  CHECK(document.filename == "a.pdf");
  CHECK(document.content_type == "application/pdf");
  CHECK(document.sha256 == Hex(Sha256(pdf)));
  CHECK(Files() == 1);
  CHECK(Count("documents.loose_blob") == 0);
  // Where it stands can be asked still, and it takes no more.
  CHECK(resumable.Get(sam, upload.upload_id)->document_id == done->document_id);
  CHECK(resumable.Get(sam, upload.upload_id)->offset == 300000);
  CHECK(Reason(Put(sam, upload.upload_id, 300000, "x")) == "UPLOAD_LENGTH_EXCEEDED");
  CHECK(Put(sam, upload.upload_id, 300000, "")->document_id == done->document_id);
  CHECK(Count("documents.document") == 1);
}

TEST_CASE_METHOD(ResumableFixture, "an upload goes on only from where it stands", "[service]") {
  const auto upload = Begin(1000);
  REQUIRE(Put(sam, upload.upload_id, 0, Pdf(100)).ok());
  for (const int64_t offset : {0, 99, 101, 1000}) {
    CHECK(Reason(Put(sam, upload.upload_id, offset, "x")) == "UPLOAD_OFFSET_MISMATCH");
  }
  CHECK(Reason(Put(sam, upload.upload_id, 100, Pdf(901))) == "UPLOAD_LENGTH_EXCEEDED");
  CHECK(resumable.Get(sam, upload.upload_id)->offset == 100);
}

TEST_CASE_METHOD(ResumableFixture, "a call that breaks keeps what has waited for long",
                 "[service]") {
  const auto upload = Begin(1000);
  {
    const auto appending = resumable.Append(sam, {.upload_id = upload.upload_id}).value();
    REQUIRE(appending->Take(Pdf(100)).ok());
    clock.now = absl::Now() + absl::Seconds(6);
    REQUIRE(appending->Take("slowly").ok());
    REQUIRE(appending->Take("lost").ok());
  }
  clock.now = absl::InfinitePast();
  CHECK(resumable.Get(sam, upload.upload_id)->offset == 106);
  CHECK(Files() == 1);
}

TEST_CASE_METHOD(ResumableFixture, "a large call is kept part by part, and nothing of it is held",
                 "[service]") {
  const std::string pdf = Pdf(20 << 20);
  const auto upload = Begin(pdf.size() + 1);
  {
    const auto appending = resumable.Append(sam, {.upload_id = upload.upload_id}).value();
    for (size_t at = 0; at < pdf.size(); at += 256 << 10) {
      REQUIRE(appending->Take(pdf.substr(at, 256 << 10)).ok());
    }
  }
  CHECK(resumable.Get(sam, upload.upload_id)->offset == 16 << 20);
  const auto done = Put(sam, upload.upload_id, 16 << 20, pdf.substr(16 << 20) + "x");
  REQUIRE(done.ok());
  CHECK(Kept(done->document_id) == pdf + "x");
}

TEST_CASE_METHOD(ResumableFixture, "with a checksum all bytes of a call are kept, or none",
                 "[service]") {
  const auto upload = Begin(1000);
  {
    const auto appending =
        resumable.Append(sam, {.upload_id = upload.upload_id, .at_once = true}).value();
    REQUIRE(appending->Take(Pdf(100)).ok());
    clock.now = absl::Now() + absl::Seconds(6);
    REQUIRE(appending->Take("slowly").ok());
  }
  CHECK(resumable.Get(sam, upload.upload_id)->offset == 0);
  CHECK(Files() == 0);
}

TEST_CASE_METHOD(ResumableFixture, "a new call takes over from one that is stuck", "[service]") {
  const std::string pdf = Pdf(1000);
  const auto upload = Begin(1000);
  const auto stuck = resumable.Append(sam, {.upload_id = upload.upload_id}).value();
  REQUIRE(stuck->Take(pdf.substr(0, 400)).ok());
  const auto done = Put(sam, upload.upload_id, 0, pdf);
  REQUIRE(done.ok());
  CHECK(Reason(stuck->Finish()) == "UPLOAD_TAKEN_OVER");
  CHECK(Kept(done->document_id) == pdf);
  CHECK(Count("documents.document") == 1);
  CHECK(Files() == 1);
}

TEST_CASE_METHOD(ResumableFixture, "of two calls with the last bytes one makes the document",
                 "[service]") {
  const auto upload = Begin(1000);
  const auto first = resumable.Append(sam, {.upload_id = upload.upload_id}).value();
  const auto second = resumable.Append(sam, {.upload_id = upload.upload_id}).value();
  REQUIRE(first->Take(Pdf(1000)).ok());
  REQUIRE(second->Take(Pdf(1000)).ok());
  CHECK(Reason(first->Finish()) == "UPLOAD_TAKEN_OVER");
  CHECK(second->Finish().ok());
  CHECK(Count("documents.document") == 1);
  CHECK(Files() == 1);
}

TEST_CASE_METHOD(ResumableFixture, "a length may be known only at the end", "[service]") {
  const auto upload = Begin(std::nullopt);
  CHECK_FALSE(upload.length.has_value());
  REQUIRE(Put(sam, upload.upload_id, 0, Pdf(500)).ok());
  CHECK_FALSE(resumable.Get(sam, upload.upload_id)->length.has_value());
  CHECK(Reason(Put(sam, upload.upload_id, 500, "", 499)) == "INVALID_REQUEST");
  SECTION("with the last bytes") {
    CHECK_FALSE(Put(sam, upload.upload_id, 500, "x", 501)->document_id.empty());
  }
  SECTION("or behind them") {
    CHECK_FALSE(Put(sam, upload.upload_id, 500, "", 500)->document_id.empty());
  }
  SECTION("once") {
    REQUIRE(Put(sam, upload.upload_id, 500, "x", 600).ok());
    CHECK(Reason(Put(sam, upload.upload_id, 501, "x", 700)) == "INVALID_REQUEST");
    CHECK(resumable.Get(sam, upload.upload_id)->length == 600);
  }
  SECTION("and is no way around the largest size") {
    rules.rules.max_document_bytes = 510;
    CHECK(Reason(Put(sam, upload.upload_id, 500, "more than ten bytes")) == "DOCUMENT_TOO_LARGE");
  }
}

TEST_CASE_METHOD(ResumableFixture,
                 "what is refused at the end is refused at the beginning, where known",
                 "[service]") {
  const auto begin = [&](const UploadRequest& request) {
    return Reason(resumable.Create(sam, request));
  };
  const std::string named = FilenameOf("a.pdf");
  CHECK(begin({.metadata = named, .length = 0}) == "DOCUMENT_EMPTY");
  CHECK(begin({.length = 5}) == "FILENAME_INVALID");
  CHECK(begin({.metadata = named}) == "INVALID_REQUEST");
  CHECK(begin({.metadata = named, .length = 5, .deferred = true}) == "INVALID_REQUEST");
  CHECK(begin({.metadata = "filename !", .length = 5}) == "INVALID_REQUEST");
  CHECK(begin({.metadata = FilenameOf("a.exe"), .length = 5}) == "CONTENT_TYPE_NOT_ALLOWED");
  CHECK(begin({.metadata = named, .length = rules.rules.max_document_bytes + 1}) ==
        "DOCUMENT_TOO_LARGE");
  rules.rules.quotas.of_case.bytes = 10;
  CHECK(begin({.metadata = named, .length = 11}) == "CASE_QUOTA_REACHED");
  CHECK(Reason(resumable.Create({"acme", "deal-none", "key_1", "Sam"},
                                {.metadata = named, .length = 5})) == "NOT_FOUND");
  CHECK(Count("documents.upload") == 0);
}

TEST_CASE_METHOD(ResumableFixture, "the bytes decide at the end, as of every upload", "[service]") {
  const std::string program = "MZ\x90" + std::string(97, '\0');
  const auto upload = Begin(100);
  REQUIRE(Put(sam, upload.upload_id, 0, program.substr(0, 50)).ok());
  CHECK(Reason(Put(sam, upload.upload_id, 50, program.substr(50))) == "CONTENT_TYPE_NOT_ALLOWED");
  CHECK(Count("documents.document") == 0);
  CHECK(resumable.Get(sam, upload.upload_id)->document_id.empty());
}

TEST_CASE_METHOD(ResumableFixture, "a request that is accepted while its upload runs takes no more",
                 "[service]") {
  const auto request = requests.Create(
      {.organisation_id = "acme", .case_id = "deal-1", .title = "Payslip", .label = "Payslips"});
  REQUIRE(request.ok());
  const std::string id = request->document_request_id;
  const auto upload = resumable.Create(
      ada_owner, {.metadata = FilenameOf("a.pdf") + ",documentRequestId " + absl::Base64Escape(id),
                  .length = 1000});
  REQUIRE(upload.ok());
  REQUIRE(Put(ada_owner, upload->upload_id, 0, Pdf(500)).ok());
  SECTION("accepted") {
    database.Exec("UPDATE documents.document_request SET state = 3");
    CHECK(Reason(Put(ada_owner, upload->upload_id, 500, Pdf(500))) == "DOCUMENT_REQUEST_ACCEPTED");
  }
  SECTION("deleted") {
    database.Exec("DELETE FROM documents.document_request");
    CHECK(Reason(Put(ada_owner, upload->upload_id, 500, Pdf(500))) == "NOT_FOUND");
  }
  SECTION("neither") {
    const auto done = Put(ada_owner, upload->upload_id, 500, Pdf(500));
    REQUIRE(done.ok());
    const auto document = documents.Get("acme", "deal-1", &ada, done->document_id).value();
    CHECK(document.document_request_id == id);
    CHECK(document.label == "Payslips");
    CHECK(document.from_client);
  }
}

TEST_CASE_METHOD(ResumableFixture, "nobody but its owner finds an upload", "[service]") {
  const auto upload =
      resumable.Create(ada_owner, {.metadata = FilenameOf("a.pdf"), .length = 1000});
  REQUIRE(upload.ok());
  for (const UploadOwner& other :
       {bob_owner, sam, UploadOwner{"other", "deal-1", "ada", "Ada", &ada},
        UploadOwner{"acme", "deal-2", "ada", "Ada", &ada},
        UploadOwner{"acme", "deal-1", "ada", "Ada"}}) {
    CHECK(Reason(resumable.Get(other, upload->upload_id)) == "NOT_FOUND");
    CHECK(Reason(Put(other, upload->upload_id, 0, "x")) == "NOT_FOUND");
    CHECK(ReasonOf(resumable.Delete(other, upload->upload_id)) == "NOT_FOUND");
  }
  CHECK(resumable.Get(ada_owner, upload->upload_id).ok());
}

TEST_CASE_METHOD(ResumableFixture,
                 "after 22 hours an upload is gone, before its bytes are collected", "[service]") {
  const auto upload = Begin(1000);
  REQUIRE(Put(sam, upload.upload_id, 0, Pdf(500)).ok());
  clock.now = absl::Now() + absl::Hours(21);
  CHECK(collector.Collect(clock.now).value() == 0);
  CHECK(resumable.Get(sam, upload.upload_id).ok());
  clock.now = absl::Now() + absl::Hours(22) + absl::Minutes(1);
  CHECK(Reason(resumable.Get(sam, upload.upload_id)) == "NOT_FOUND");
  CHECK(Reason(Put(sam, upload.upload_id, 500, "x")) == "NOT_FOUND");
  CHECK(Files() == 1);
  CHECK(collector.Collect(absl::Now() + absl::Hours(25)).value() == 1);
  CHECK(Files() == 0);
}

TEST_CASE_METHOD(ResumableFixture, "what is given up leaves nothing", "[service]") {
  const auto upload = Begin(1000);
  REQUIRE(Put(sam, upload.upload_id, 0, Pdf(500)).ok());
  const auto under_way =
      resumable.Append(sam, {.upload_id = upload.upload_id, .offset = 500}).value();
  REQUIRE(under_way->Take(Pdf(100)).ok());
  REQUIRE(resumable.Delete(sam, upload.upload_id).ok());
  CHECK(Reason(under_way->Finish()) == "UPLOAD_TAKEN_OVER");
  CHECK(ReasonOf(resumable.Delete(sam, upload.upload_id)) == "NOT_FOUND");
  CHECK(Files() == 0);
  CHECK(Count("documents.loose_blob") == 0);
  CHECK(Count("documents.upload_part") == 0);
}

TEST_CASE_METHOD(ResumableFixture, "a document stays when the upload that it came of is given up",
                 "[service]") {
  const auto upload = Begin(1000);
  const auto done = Put(sam, upload.upload_id, 0, Pdf(1000));
  REQUIRE(done.ok());
  REQUIRE(resumable.Delete(sam, upload.upload_id).ok());
  CHECK(Kept(done->document_id) == Pdf(1000));
}

TEST_CASE_METHOD(ResumableFixture, "partial uploads are joined in the order that is said",
                 "[service]") {
  const std::string pdf = Pdf(900);
  const auto one = Begin(300, "partial"), two = Begin(600, "partial");
  const std::string folder = "/v1/cases/deal-1/uploads/";
  const std::string concat = "final;" + folder + one.upload_id + " " + folder + two.upload_id;
  const auto join = [&] {
    return resumable.Create(sam, {.metadata = FilenameOf("a.pdf"), .concat = concat});
  };
  REQUIRE(Put(sam, two.upload_id, 0, pdf.substr(300)).ok());
  CHECK(Reason(join()) == "UPLOAD_INCOMPLETE");
  REQUIRE(Put(sam, one.upload_id, 0, pdf.substr(0, 300)).ok());
  CHECK(Count("documents.document") == 0);
  const auto done = join();
  REQUIRE(done.ok());
  CHECK(Kept(done->document_id) == pdf);
  CHECK(done->offset == 900);
  CHECK(Files() == 1);
  // Said again, since the answer was lost, it is the same one.
  CHECK(join()->document_id == done->document_id);
  CHECK(Count("documents.document") == 1);
  CHECK(Reason(Put(sam, done->upload_id, 900, "x")) == "UPLOAD_NOT_APPENDABLE");
}

TEST_CASE_METHOD(ResumableFixture, "of two calls that join the same uploads one makes the document",
                 "[service]") {
  const auto partial = Begin(300, "partial");
  REQUIRE(Put(sam, partial.upload_id, 0, Pdf(300)).ok());
  std::vector<ResumableUpload> wholes;
  for (const char* id : {"upl_1", "upl_2"}) {
    wholes.push_back({.upload_id = id,
                      .metadata = FilenameOf("a.pdf"),
                      .length = 300,
                      .joins = partial.upload_id,
                      .expire_time = absl::Now() + absl::Hours(1)});
    REQUIRE(store.Create(sam, wholes.back(), 10).ok());
    REQUIRE(store.Hold(sam, wholes.back(), "hold_1").ok());
  }
  const auto parts = store.ListParts(sam, partial.upload_id).value();
  const ResumablePlaces places = {store, uploads, documents, blobs, rules, clock};
  CHECK(Assemble(places, sam, wholes[0], "hold_1", parts, nullptr).ok());
  CHECK(Reason(Assemble(places, sam, wholes[1], "hold_1", parts, nullptr)) == "UPLOAD_TAKEN_OVER");
  CHECK(Count("documents.document") == 1);
  CHECK(store.Get(sam, "upl_2", absl::Now())->document_id.empty());
}

TEST_CASE_METHOD(ResumableFixture, "what is not partial, or another's, is not joined",
                 "[service]") {
  const auto whole = Begin(300);
  const auto join = [&](const UploadOwner& owner, const std::string& id) {
    return Reason(resumable.Create(owner, {.metadata = FilenameOf("a.pdf"),
                                           .concat = "final;/v1/cases/deal-1/uploads/" + id}));
  };
  CHECK(join(sam, whole.upload_id) == "UPLOAD_INCOMPLETE");
  const auto partial = Begin(300, "partial");
  REQUIRE(Put(sam, partial.upload_id, 0, Pdf(300)).ok());
  CHECK(join(ada_owner, partial.upload_id) == "NOT_FOUND");
  CHECK(join(sam, "upl_none") == "NOT_FOUND");
  CHECK(join(sam, partial.upload_id).empty());
}

TEST_CASE_METHOD(ResumableFixture, "an upload lies in no more than so many parts", "[service]") {
  const auto upload = Begin(1000);
  database.Exec("UPDATE documents.upload SET parts = 9999");
  REQUIRE(Put(sam, upload.upload_id, 0, Pdf(100)).ok());
  CHECK(Reason(Put(sam, upload.upload_id, 100, "x")) == "UPLOAD_TOO_MANY_PARTS");
  CHECK(Files() == 1);
  // The last bytes are kept with the document, and are no part.
  CHECK(Put(sam, upload.upload_id, 100, std::string(900, 'x')).ok());
}

TEST_CASE_METHOD(ResumableFixture, "nothing of an upload lies plain, while it comes and behind",
                 "[service]") {
  const std::string pdf = Pdf(500000);
  const auto upload = Begin(500000);
  REQUIRE(Put(sam, upload.upload_id, 0, pdf.substr(0, 200000)).ok());
  const auto appending =
      resumable.Append(sam, {.upload_id = upload.upload_id, .offset = 200000}).value();
  REQUIRE(appending->Take(pdf.substr(200000)).ok());
  const auto plain = [&] {
    bool found = false;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path());
      const std::string bytes{std::istreambuf_iterator<char>(file), {}};
      for (const size_t at : {0, 100000, 200000, 300000, 450000}) {
        found = found || bytes.find(pdf.substr(at, 20)) != std::string::npos;
      }
    }
    return found;
  };
  CHECK(Files() == 2);
  CHECK_FALSE(plain());
  REQUIRE(appending->Finish().ok());
  CHECK(Files() == 1);
  CHECK_FALSE(plain());
}

TEST_CASE_METHOD(ResumableFixture, "an upload whose organisation's key is erased does not go on",
                 "[service]") {
  const auto upload = Begin(1000);
  REQUIRE(Put(sam, upload.upload_id, 0, Pdf(500)).ok());
  REQUIRE(keys.Erase("acme").ok());
  CHECK(Reason(Put(sam, upload.upload_id, 500, Pdf(500))) == "DOCUMENT_ERASED");
  CHECK(Count("documents.document") == 0);
}

TEST_CASE_METHOD(ResumableFixture, "so many uploads may be under way at once", "[service]") {
  for (int i = 0; i < 64; ++i) Begin(10);
  CHECK(Reason(resumable.Create(sam, {.metadata = FilenameOf("a.pdf"), .length = 10})) ==
        "UPLOAD_LIMIT_REACHED");
  CHECK(resumable.Create(ada_owner, {.metadata = FilenameOf("a.pdf"), .length = 10}).ok());
}

TEST_CASE_METHOD(ResumableFixture, "another replica goes on with an upload", "[service]") {
  const auto upload = Begin(1000);
  REQUIRE(Put(sam, upload.upload_id, 0, Pdf(500)).ok());
  // Nothing is shared but the stores.
  FolderBlobs same(root);
  SealedBlobs its_blobs(same, keys);
  Uploads its_uploads({documents, request_store, its_blobs, rules, cases, *sniffer, clock});
  PostgresUploads its_store(database.postgres());
  ResumableUploads other({its_store, its_uploads, documents, its_blobs, rules, clock});
  const auto appending = other.Append(sam, {.upload_id = upload.upload_id, .offset = 500});
  REQUIRE(appending.ok());
  REQUIRE((*appending)->Take(std::string(500, '%')).ok());
  const auto ended = (*appending)->Finish();
  REQUIRE(ended.ok());
  CHECK(Kept(ended->document_id) == Pdf(500) + std::string(500, '%'));
}

TEST_CASE_METHOD(ResumableFixture,
                 "a document and its upload's end are kept together, or neither is", "[service]") {
  const auto upload = Begin(1000);
  REQUIRE(Put(sam, upload.upload_id, 0, Pdf(500)).ok());
  database.Exec("ALTER TABLE documents.upload ADD CONSTRAINT broken CHECK (document_id = '')");
  CHECK_FALSE(Put(sam, upload.upload_id, 500, Pdf(500)).ok());
  database.Exec("ALTER TABLE documents.upload DROP CONSTRAINT broken");
  CHECK(Count("documents.document") == 0);
  CHECK(resumable.Get(sam, upload.upload_id)->offset == 500);
  CHECK(Put(sam, upload.upload_id, 500, Pdf(500)).ok());
  CHECK(Count("documents.document") == 1);
}

}  // namespace
}  // namespace gatehouse::documents
