#include <sys/stat.h>

#include <fstream>

#include "absl/strings/match.h"
#include "services/common/base/clock.h"
#include "services/common/observe/metrics.h"
#include "services/documents/blobs/store/files.h"
#include "services/documents/tests/fixture.h"

namespace gatehouse::documents {
namespace {

namespace fs = std::filesystem;

struct Folder {
  const fs::path root = fs::temp_directory_path() / NewId("gatehouse-test");
  FolderBlobs blobs{root};
  Folder() { REQUIRE(MarkStore(root, "store_1").ok()); }
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
  auto writer = blobs.Write("acme", "doc_1").value();
  REQUIRE(writer->Append("hello ").ok());
  REQUIRE(writer->Append("world").ok());
  CHECK(All(*writer) == "hello world");
  CHECK_FALSE(blobs.Read("acme", "doc_1").ok());
  REQUIRE(writer->Commit().ok());
  CHECK(All(*blobs.Read("acme", "doc_1").value()) == "hello world");
  CHECK_FALSE(blobs.Read("other", "doc_1").ok());
  CHECK(fs::is_empty(root / "incoming"));
}

TEST_CASE_METHOD(Folder, "a part of a blob is read, also of one that is being written", "[unit]") {
  auto writer = blobs.Write("acme", "doc_1").value();
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
  REQUIRE(blobs.Write("acme", "doc_1").value()->Append("half").ok());
  CHECK(fs::is_empty(root / "incoming"));
}

TEST_CASE_METHOD(Folder, "a blob is removed, once or twice", "[unit]") {
  auto writer = blobs.Write("acme", "doc_1").value();
  REQUIRE(writer->Commit().ok());
  CHECK(blobs.Remove("acme", "doc_1").ok());
  CHECK(blobs.Remove("acme", "doc_1").ok());
  CHECK_FALSE(blobs.Read("acme", "doc_1").ok());
}

template <typename Result>
std::string ReasonFor(const Result& result) {
  if constexpr (std::is_same_v<Result, absl::Status>) {
    return ReasonOf(result);
  } else {
    return ReasonOf(result.status());
  }
}

// What is under the mount point when the store's volume is not: at its worst, folders that somebody
// made there.
struct Unmounted : Folder {
  const fs::path away = root.string() + "-away";
  void Unmount() {
    fs::rename(root, away);
    fs::create_directories(root / "incoming");
    fs::create_directories(root / "blobs" / "acme");
  }
  void Mount() {
    fs::remove_all(root);
    fs::rename(away, root);
  }
  void Keep(const std::string& id) {
    auto writer = blobs.Write("acme", id).value();
    REQUIRE(writer->Append("kept").ok());
    REQUIRE(writer->Commit().ok());
  }
};

TEST_CASE_METHOD(Unmounted, "an empty mount point is not taken for the store", "[unit]") {
  Keep("doc_1");
  CHECK(blobs.Ready().ok());
  Unmount();
  CHECK(ReasonFor(blobs.Ready()) == "STORAGE_UNAVAILABLE");
  CHECK(ReasonFor(blobs.Write("acme", "doc_1")) == "STORAGE_UNAVAILABLE");
  CHECK(ReasonFor(blobs.Read("acme", "doc_1")) == "STORAGE_UNAVAILABLE");
  CHECK(ReasonFor(blobs.Remove("acme", "doc_1")) == "STORAGE_UNAVAILABLE");
  CHECK(ReasonFor(blobs.RemoveAbandoned(absl::Now())) == "STORAGE_UNAVAILABLE");
  CHECK(absl::IsUnavailable(blobs.Write("acme", "doc_1").status()));
  CHECK(fs::is_empty(root / "incoming"));
  Mount();
  CHECK(blobs.Ready().ok());
  CHECK(All(*blobs.Read("acme", "doc_1").value()) == "kept");
}

TEST_CASE_METHOD(Unmounted, "an upload under way is not committed under the mount point",
                 "[unit]") {
  auto writer = blobs.Write("acme", "doc_1").value();
  REQUIRE(writer->Append("half").ok());
  Unmount();
  CHECK(ReasonFor(writer->Commit()) == "STORAGE_UNAVAILABLE");
  CHECK(fs::is_empty(root / "blobs" / "acme"));
  Mount();
}

TEST_CASE_METHOD(Folder, "a store that cannot be written to is not ready, and says why", "[unit]") {
  CHECK(blobs.Ready().ok());
  CHECK(fs::is_empty(root / "incoming"));
  fs::remove_all(root / "incoming");
  std::ofstream(root / "incoming") << "no folder";
  CHECK(ReasonFor(blobs.Ready()) == "STORAGE_UNAVAILABLE");
  CHECK(ReasonFor(blobs.Write("acme", "doc_1")) == "STORAGE_UNAVAILABLE");
  fs::remove_all(root / "incoming");
  CHECK(ReasonFor(blobs.Ready()) == "STORAGE_UNAVAILABLE");
  fs::create_directories(root / "incoming");
  CHECK(blobs.Ready().ok());
}

TEST_CASE_METHOD(Folder, "how the store is can be seen", "[unit]") {
  const auto shows = [](const std::string& text) { return absl::StrContains(MetricsText(), text); };
  REQUIRE(blobs.Ready().ok());
  CHECK(shows("gatehouse_storage_available 1"));
  CHECK(shows("gatehouse_storage_free_bytes "));
  CHECK(shows("gatehouse_storage_bytes "));
  fs::remove_all(root / "blobs");
  REQUIRE_FALSE(blobs.Ready().ok());
  CHECK(shows("gatehouse_storage_available 0"));
  CHECK(shows("gatehouse_storage_failures_total{reason=\"unavailable\"}"));
}

TEST_CASE("what the disk answers is full, or away; both are for later", "[unit]") {
  const auto refusal = [](int error) {
    errno = error;
    return FromErrno("write");
  };
  for (const int error : {ENOSPC, EDQUOT}) CHECK(ReasonOf(refusal(error)) == "STORAGE_FULL");
  for (const int error : {EROFS, EIO, ENOENT, ESTALE, EACCES, ENODEV, ENOTCONN}) {
    CHECK(ReasonOf(refusal(error)) == "STORAGE_UNAVAILABLE");
  }
  CHECK(absl::IsUnavailable(refusal(ENOSPC)));
  CHECK(absl::IsUnavailable(refusal(EIO)));
}

TEST_CASE_METHOD(Folder, "bytes that are missing in a store that is there are a fault", "[unit]") {
  CHECK(absl::IsDataLoss(blobs.Read("acme", "doc_none").status()));
  CHECK(ReasonFor(blobs.Read("acme", "doc_none")).empty());
}

TEST_CASE_METHOD(Folder, "what a writer left is removed when it has not grown since", "[unit]") {
  const auto old = root / "incoming" / "up_old", young = root / "incoming" / "up_young";
  std::ofstream(old) << "half";
  std::ofstream(young) << "half";
  fs::last_write_time(old, fs::file_time_type::clock::now() - std::chrono::hours(3));
  CHECK(blobs.RemoveAbandoned(absl::Now() - absl::Hours(2)).ok());
  CHECK_FALSE(fs::exists(old));
  CHECK(fs::exists(young));
  CHECK(blobs.RemoveAbandoned(absl::Now() + absl::Hours(1)).ok());
  CHECK_FALSE(fs::exists(young));
}

TEST_CASE("a marker says which store it is, and is there once it is whole", "[unit]") {
  const fs::path root = fs::temp_directory_path() / NewId("gatehouse-test");
  CHECK(MarkerOf(root).empty());
  CHECK_FALSE(IsMarked(root));
  CHECK(MarkStore(root, "store_1").ok());
  CHECK(IsMarked(root));
  CHECK(MarkerOf(root) == "store_1");
  CHECK(fs::is_empty(root / "incoming"));
  fs::remove_all(root);
  CHECK_FALSE(MarkStore("/proc/gatehouse", "store_1").ok());
}

// As a process leaves it that ends between the bytes and the row.
void CrashBeforeRow(Fixture& fixture, const std::string& id, bool bytes = true) {
  REQUIRE(fixture.documents.NoteLoose({"acme", id}).ok());
  if (!bytes) return;
  auto writer = fixture.blobs.Write("acme", id).value();
  REQUIRE(writer->Append(kPdf).ok());
  REQUIRE(writer->Commit().ok());
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
  CHECK(blobs.Read("acme", kept->document_id).ok());
  CHECK(collector.Collect(absl::Now() + absl::Hours(2500)).value() == 0);
}

TEST_CASE_METHOD(Fixture, "bytes of a store that is away are not forgotten", "[service]") {
  CrashBeforeRow(*this, "doc_lost");
  const fs::path away = root.string() + "-away";
  fs::rename(root, away);
  fs::create_directories(root);
  CHECK_FALSE(collector.Collect(absl::Now() + absl::Hours(25)).ok());
  CHECK(Count("documents.loose_blob") == 1);
  fs::remove(root);
  fs::rename(away, root);
  CHECK(collector.Collect(absl::Now() + absl::Hours(25)).value() == 1);
  CHECK(Files() == 0);
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
  const auto found = documents.List("acme", "deal-1", nullptr, {}, {}).value();
  REQUIRE(found.size() == 1);
  CHECK(blobs.Read("acme", found[0].document_id).ok());
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
