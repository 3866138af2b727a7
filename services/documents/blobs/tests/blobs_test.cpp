#include <sys/stat.h>

#include <fstream>

#include "services/common/base/clock.h"
#include "services/documents/tests/fixture.h"

namespace gatehouse::documents {
namespace {

namespace fs = std::filesystem;

struct Folder {
  const fs::path root = fs::temp_directory_path() / NewId("gatehouse-test");
  std::unique_ptr<FolderBlobs> blobs = FolderBlobs::Open(root).value();
  Folder() = default;
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { fs::remove_all(root); }
};

std::string All(BlobReader& reader) {
  std::string bytes;
  REQUIRE(reader.Read(0, 1 << 20, bytes).ok());
  return bytes;
}

TEST_CASE_METHOD(Folder, "a blob is there once it is committed, and not before", "[unit]") {
  auto writer = blobs->Write().value();
  REQUIRE(writer->Append("hello ").ok());
  REQUIRE(writer->Append("world").ok());
  CHECK(All(*writer) == "hello world");
  CHECK_FALSE(blobs->Read("acme", "doc_1").ok());
  REQUIRE(writer->Commit("acme", "doc_1").ok());
  CHECK(All(*blobs->Read("acme", "doc_1").value()) == "hello world");
  CHECK_FALSE(blobs->Read("other", "doc_1").ok());
  CHECK(fs::is_empty(root / "incoming"));
}

TEST_CASE_METHOD(Folder, "a part of a blob is read, also of one that is being written", "[unit]") {
  auto writer = blobs->Write().value();
  REQUIRE(writer->Append("0123456789").ok());
  std::string bytes;
  for (const auto& [offset, size, part] : {std::tuple(0, 3, "012"), std::tuple(8, 5, "89"),
                                           std::tuple(10, 5, ""), std::tuple(50, 5, "")}) {
    REQUIRE(writer->Read(offset, size, bytes).ok());
    CHECK(bytes == part);
  }
  REQUIRE(writer->Append("ab").ok());
  CHECK(All(*writer) == "0123456789ab");
}

TEST_CASE_METHOD(Folder, "what is not committed is gone without a trace", "[unit]") {
  REQUIRE(blobs->Write().value()->Append("half").ok());
  CHECK(fs::is_empty(root / "incoming"));
}

TEST_CASE_METHOD(Folder, "a blob is removed, once or twice", "[unit]") {
  auto writer = blobs->Write().value();
  REQUIRE(writer->Commit("acme", "doc_1").ok());
  CHECK(blobs->Remove("acme", "doc_1").ok());
  CHECK(blobs->Remove("acme", "doc_1").ok());
  CHECK_FALSE(blobs->Read("acme", "doc_1").ok());
}

TEST_CASE_METHOD(Folder, "a store whose folder is gone is not ready", "[unit]") {
  CHECK(blobs->Ready().ok());
  CHECK(fs::is_empty(root / "incoming"));
  fs::remove_all(root / "incoming");
  CHECK_FALSE(blobs->Ready().ok());
  CHECK_FALSE(blobs->Write().ok());
  fs::create_directories(root / "incoming");
  CHECK(blobs->Ready().ok());
}

TEST_CASE_METHOD(Folder, "what a writer left is removed when it has not grown since", "[unit]") {
  const auto old = root / "incoming" / "up_old", young = root / "incoming" / "up_young";
  std::ofstream(old) << "half";
  std::ofstream(young) << "half";
  fs::last_write_time(old, fs::file_time_type::clock::now() - std::chrono::hours(3));
  CHECK(blobs->RemoveAbandoned(absl::Now() - absl::Hours(2)).ok());
  CHECK_FALSE(fs::exists(old));
  CHECK(fs::exists(young));
  CHECK(blobs->RemoveAbandoned(absl::Now() + absl::Hours(1)).ok());
  CHECK_FALSE(fs::exists(young));
}

TEST_CASE("a folder that cannot be made is no store", "[unit]") {
  CHECK_FALSE(FolderBlobs::Open("/proc/gatehouse").ok());
}

// As a process leaves it that ends between the bytes and the row.
void CrashBeforeRow(Fixture& fixture, const std::string& id, bool bytes = true) {
  REQUIRE(fixture.documents.NoteLoose({"acme", id}).ok());
  if (!bytes) return;
  auto writer = fixture.blobs->Write().value();
  REQUIRE(writer->Append(kPdf).ok());
  REQUIRE(writer->Commit("acme", id).ok());
}

TEST_CASE_METHOD(Fixture, "bytes that no document has are collected after a day", "[service]") {
  const auto kept = TakeByStaff();
  CrashBeforeRow(*this, "doc_lost");
  CrashBeforeRow(*this, "doc_never", false);
  CHECK(Files() == 2);
  CHECK(collector.Collect(absl::Now() + absl::Hours(23)).value() == 0);
  CHECK(Files() == 2);
  CHECK(collector.Collect(absl::Now() + absl::Hours(25)).value() == 2);
  CHECK(Files() == 1);
  CHECK(Count("documents.loose_blob") == 0);
  CHECK(blobs->Read("acme", kept->document_id).ok());
  CHECK(collector.Collect(absl::Now() + absl::Hours(2500)).value() == 0);
}

TEST_CASE_METHOD(Fixture, "more than one batch is collected", "[service]") {
  for (int i = 0; i < 230; ++i) CrashBeforeRow(*this, absl::StrCat("doc_", i), i % 50 == 0);
  CHECK(collector.Collect(absl::Now() + absl::Hours(25)).value() == 230);
  CHECK(Files() == 0);
}

TEST_CASE_METHOD(Fixture, "a document whose bytes were collected meanwhile is not kept",
                 "[service]") {
  Document document = Named();
  document.document_id = "doc_late";
  CrashBeforeRow(*this, document.document_id);
  CHECK(collector.Collect(absl::Now() + absl::Hours(25)).value() == 1);
  const auto kept = documents.Add(document, {});
  CHECK(absl::IsAborted(kept.status()));
  CHECK(Count("documents.document") == 0);
}

TEST_CASE_METHOD(Fixture, "a wrong database costs no bytes", "[service]") {
  REQUIRE(TakeByStaff().ok());
  database.Exec("DELETE FROM documents.document");
  CHECK(collector.Collect(absl::Now() + absl::Hours(2500)).value() == 0);
  CHECK(Files() == 1);
}

TEST_CASE_METHOD(Fixture, "while the database is away the bytes stay: the row may be there",
                 "[service]") {
  const auto finish = [&](const KeepOnce& once) {
    auto upload = uploads.BeginByStaff(Named(), {}).value();
    REQUIRE(upload->Append(kPdf).ok());
    return upload->Finish(once);
  };
  const auto lost = [](const std::string&, const auto& keep) -> absl::StatusOr<std::string> {
    REQUIRE(keep().ok());
    return absl::UnavailableError("the answer to COMMIT is lost");
  };
  CHECK(absl::IsUnavailable(finish(lost)));
  CHECK(Files() == 1);
  CHECK(collector.Collect(absl::Now() + absl::Hours(25)).value() == 0);
  const auto found = documents.List("acme", "deal-1", nullptr, "", {}).value();
  REQUIRE(found.size() == 1);
  CHECK(blobs->Read("acme", found[0].document_id).ok());
  const auto failed = [](const std::string&, const auto&) -> absl::StatusOr<std::string> {
    return absl::UnavailableError("the database is away");
  };
  CHECK(absl::IsUnavailable(finish(failed)));
  CHECK(Files() == 2);
  CHECK(collector.Collect(absl::Now() + absl::Hours(25)).value() == 1);
  CHECK(Files() == 1);
}

}  // namespace
}  // namespace gatehouse::documents
