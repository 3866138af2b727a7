// What every blob store does: a folder, a bucket of a server that checks signatures strictly, and
// one of Swift, which is none of ours.

#include "services/common/base/status.h"
#include "services/documents/blobs/tests/s3_process.h"
#include "services/documents/tests/fixture.h"

namespace gatehouse::documents {
namespace {

namespace fs = std::filesystem;

class FolderPlace {
 public:
  FolderPlace() { REQUIRE(blobs.Mark("store_1").ok()); }
  ~FolderPlace() { fs::remove_all(root_); }
  FolderPlace(const FolderPlace&) = delete;
  FolderPlace& operator=(const FolderPlace&) = delete;
  void Unmark() const { fs::remove(root_ / "blobs" / ".gatehouse-store"); }

 private:
  const fs::path root_ = fs::temp_directory_path() / NewId("gatehouse-test");

 public:
  FolderBlobs blobs{root_};
};

class BucketPlace {
 public:
  BucketPlace(const std::string& url, std::string bucket)
      : bucket_(std::move(bucket)),
        client_(TestS3(url), bucket_),
        blobs(TestS3(url), bucket_, "a/") {
    REQUIRE(client_.Ask({.method = "PUT"}).value().ok());
    REQUIRE(blobs.Mark("store_1").ok());
  }
  void Unmark() {
    REQUIRE(client_.Ask({.method = "DELETE", .key = "a/blobs/.gatehouse-store"}).value().ok());
  }

 private:
  const std::string bucket_;
  S3Client client_;

 public:
  S3Blobs blobs;
};

class StrictPlace : private StrictS3, public BucketPlace {
 public:
  StrictPlace() : BucketPlace(url(), "gatehouse") {}
};

// It takes seconds to start, so that all tests share it.
class Swift {
 public:
  static const std::string& Url() {
    static const Swift swift;
    return swift.process_.url();
  }
  ~Swift() { fs::remove_all(folder_); }

 private:
  const fs::path folder_ = fs::temp_directory_path() / NewId("gatehouse-swift");
  const ScriptProcess process_{"swift.py", {folder_.string()}};
};

class SwiftPlace : public BucketPlace {
 public:
  SwiftPlace() : BucketPlace(Swift::Url(), absl::StrCat("b-", NewId("x").substr(2))) {}
};

TEMPLATE_TEST_CASE("a blob is in its store once it is committed, and not before", "[service]",
                   FolderPlace, StrictPlace, SwiftPlace) {
  TestType place;
  auto writer = place.blobs.Write("acme", "doc_1").value();
  REQUIRE(writer->Append("hello ").ok());
  REQUIRE(writer->Append("world").ok());
  CHECK(absl::IsDataLoss(place.blobs.Read("acme", "doc_1").status()));
  REQUIRE(writer->Commit().ok());
  CHECK(Kept(place.blobs, "doc_1").value() == "hello world");
  CHECK(absl::IsDataLoss(place.blobs.Read("other", "doc_1").status()));
}

TEMPLATE_TEST_CASE("a blob of any size is read as it was written, whole and in part", "[service]",
                   FolderPlace, StrictPlace, SwiftPlace) {
  TestType place;
  const size_t part = S3Blobs::kPartBytes;
  for (const size_t size : {size_t{0}, size_t{1}, part - 1, part, part + 1, 2 * part + 17}) {
    INFO(size);
    const std::string bytes = Numbers(size), id = absl::StrCat("doc_", size);
    REQUIRE(Keep(place.blobs, id, bytes).ok());
    const auto reader = place.blobs.Read("acme", id).value();
    CHECK(reader->Size().value() == static_cast<int64_t>(size));
    for (const size_t offset : {size_t{0}, size_t{1}, part - 2, part, size, size + 5}) {
      std::string read = "of before";
      REQUIRE(reader->Read(static_cast<int64_t>(offset), 100'000, read).ok());
      CHECK((read == (offset < size ? bytes.substr(offset, 100'000) : "")));
    }
    CHECK((Kept(place.blobs, id).value() == bytes));
  }
}

TEMPLATE_TEST_CASE("what is being written is read as well", "[service]", FolderPlace, StrictPlace,
                   SwiftPlace) {
  TestType place;
  const std::string bytes = Numbers(S3Blobs::kPartBytes + 100);
  const auto writer = place.blobs.Write("acme", "doc_1").value();
  REQUIRE(writer->Append(bytes).ok());
  std::string read;
  for (const size_t offset : {size_t{0}, size_t{S3Blobs::kPartBytes - 10}, bytes.size() - 3}) {
    REQUIRE(writer->Read(static_cast<int64_t>(offset), 20, read).ok());
    CHECK(read == bytes.substr(offset, 20));
  }
  CHECK(writer->Size().value() == static_cast<int64_t>(bytes.size()));
}

TEMPLATE_TEST_CASE("what was not committed is nowhere", "[service]", FolderPlace, StrictPlace,
                   SwiftPlace) {
  TestType place;
  REQUIRE(
      place.blobs.Write("acme", "doc_1").value()->Append(Numbers(S3Blobs::kPartBytes + 100)).ok());
  CHECK(absl::IsDataLoss(place.blobs.Read("acme", "doc_1").status()));
  CHECK(place.blobs.RemoveAbandoned(absl::Now() + absl::Hours(1)).ok());
}

TEMPLATE_TEST_CASE("a blob is removed from its store, once or twice", "[service]", FolderPlace,
                   StrictPlace, SwiftPlace) {
  TestType place;
  REQUIRE(Keep(place.blobs, "doc_1", "hello").ok());
  CHECK(place.blobs.Remove("acme", "doc_1").ok());
  CHECK(place.blobs.Remove("acme", "doc_1").ok());
  CHECK(place.blobs.Remove("acme", "doc_none").ok());
  const auto read = place.blobs.Read("acme", "doc_1");
  CHECK(absl::IsDataLoss(read.status()));
  CHECK(ReasonOf(read.status()).empty());
}

TEMPLATE_TEST_CASE("what bears no marker is no store, until it bears it again", "[service]",
                   FolderPlace, StrictPlace, SwiftPlace) {
  TestType place;
  CHECK(place.blobs.Marker().value() == "store_1");
  REQUIRE(Keep(place.blobs, "doc_1", "hello").ok());
  auto writer = place.blobs.Write("acme", "doc_2").value();
  CHECK(place.blobs.Ready().ok());
  place.Unmark();
  CHECK(place.blobs.Marker().value().empty());
  CHECK(ReasonOf(place.blobs.Ready()) == "STORAGE_UNAVAILABLE");
  CHECK(ReasonOf(place.blobs.Write("acme", "doc_3").status()) == "STORAGE_UNAVAILABLE");
  CHECK(ReasonOf(place.blobs.Read("acme", "doc_none").status()) == "STORAGE_UNAVAILABLE");
  CHECK(ReasonOf(place.blobs.Remove("acme", "doc_none")) == "STORAGE_UNAVAILABLE");
  CHECK(ReasonOf(place.blobs.RemoveAbandoned(absl::Now())) == "STORAGE_UNAVAILABLE");
  REQUIRE(place.blobs.Mark("store_1").ok());
  CHECK(place.blobs.Ready().ok());
  CHECK(Kept(place.blobs, "doc_1").value() == "hello");
  CHECK(writer->Commit().ok());
}

TEMPLATE_TEST_CASE("blobs lie encrypted in every store", "[service]", FolderPlace, StrictPlace,
                   SwiftPlace) {
  TestType place;
  TestDatabase database("documents", WithCommon(kMigrations));
  PostgresKeys keys(database.postgres(), Secret(RandomBytes(32)));
  SealedBlobs sealed(place.blobs, keys);
  const std::string bytes = Numbers(S3Blobs::kPartBytes + 1000);
  REQUIRE(Keep(sealed, "doc_1", bytes).ok());
  CHECK((Kept(sealed, "doc_1").value() == bytes));
  CHECK((Kept(place.blobs, SealedName("doc_1")).value().substr(0, bytes.size()) != bytes));
}

}  // namespace
}  // namespace gatehouse::documents
