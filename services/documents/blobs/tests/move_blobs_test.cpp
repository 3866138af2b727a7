#include "services/documents/blobs/move_blobs.h"

#include <fstream>

#include "absl/strings/match.h"
#include "services/documents/blobs/init_store.h"
#include "services/documents/blobs/store/moving_blobs.h"
#include "services/documents/blobs/tests/s3_process.h"
#include "services/documents/tests/fixture.h"

namespace gatehouse::documents {
namespace {

namespace fs = std::filesystem;

// A service whose documents lie in a folder, and a bucket to which they are to move.
struct Mover : Fixture {
  StrictS3 server;
  S3Blobs bucket{TestS3(server.url()), "gatehouse", ""};
  MovingBlobs both{bucket, folder};

  void Join() { REQUIRE(InitStores(bucket, folder, database.postgres()).ok()); }
  bool IsInFolder(const std::string& id) const { return fs::exists(root / "blobs" / "acme" / id); }
};

TEST_CASE_METHOD(Mover, "a bucket becomes the store that the folder is", "[service]") {
  REQUIRE(InitStore(folder, database.postgres()).ok());
  CHECK_FALSE(InitStore(bucket, database.postgres()).ok());
  CHECK(ReasonOf(both.Ready()) == "STORAGE_UNAVAILABLE");
  Join();
  Join();
  CHECK(bucket.Marker().value() == "store_1");
  CHECK(both.Ready().ok());
  // From then on it is the store by itself, too.
  CHECK(InitStore(bucket, database.postgres()).ok());
}

TEST_CASE_METHOD(Mover, "a folder without a marker does not become a store beside a bucket",
                 "[service]") {
  Join();
  fs::remove(root / "blobs" / ".gatehouse-store");
  const absl::Status joined = InitStores(bucket, folder, database.postgres());
  CHECK(absl::IsFailedPrecondition(joined));
  CHECK(absl::StrContains(std::string(joined.message()), "is no blob store"));
  FolderBlobs strange("/proc/gatehouse");
  CHECK_FALSE(InitStores(strange, bucket, database.postgres()).ok());
}

TEST_CASE_METHOD(Mover, "documents are served while they move", "[service]") {
  std::vector<Document> documents;
  for (int i = 0; i < 3; ++i) documents.push_back(TakeByStaff(kPdf + std::to_string(i)).value());
  Join();
  SealedBlobs served(both, keys);
  const auto read = [&](size_t i) { return Kept(served, documents[i].document_id).value(); };
  for (size_t i = 0; i < 3; ++i) CHECK(read(i) == kPdf + std::to_string(i));
  REQUIRE(Keep(served, "doc_new", "new").ok());
  CHECK(Kept(bucket, SealedName("doc_new")).ok());
  CHECK(MoveBlobs(folder, bucket).value() == 3);
  CHECK(Files() == 0 + 1);  // The lock.
  for (size_t i = 0; i < 3; ++i) CHECK(read(i) == kPdf + std::to_string(i));
  SealedBlobs moved(bucket, keys);
  CHECK(Kept(moved, documents[0].document_id).value() == kPdf + "0");
  CHECK(MoveBlobs(folder, bucket).value() == 0);
  CHECK(served.Remove("acme", documents[0].document_id).ok());
  CHECK(absl::IsDataLoss(served.Read("acme", documents[0].document_id).status()));
}

TEST_CASE_METHOD(Mover, "a move that breaks off loses nothing, and goes on", "[service]") {
  Join();
  for (int i = 0; i < 5; ++i) {
    REQUIRE(Keep(folder, absl::StrCat("doc_", i), Numbers(1000 + i)).ok());
  }
  server.Fault("PUT", "doc_3", "denied");
  CHECK(ReasonOf(MoveBlobs(folder, bucket).status()) == "STORAGE_UNAVAILABLE");
  CHECK(IsInFolder("doc_3"));
  for (int i = 0; i < 5; ++i) {
    CHECK(Kept(both, absl::StrCat("doc_", i)).value() == Numbers(1000 + i));
  }
  CHECK(MoveBlobs(folder, bucket).ok());
  for (int i = 0; i < 5; ++i) {
    CHECK_FALSE(IsInFolder(absl::StrCat("doc_", i)));
    CHECK(Kept(bucket, absl::StrCat("doc_", i)).value() == Numbers(1000 + i));
  }
}

// A bucket, in which a blob arrives just after it was removed from the folder.
class RemovedMeanwhile : public MovingBlobs {
 public:
  RemovedMeanwhile(S3Blobs& bucket, FolderBlobs& folder)
      : MovingBlobs(bucket, folder), serving_(bucket, folder) {}
  absl::StatusOr<std::unique_ptr<BlobWriter>> Write(const std::string& organisation_id,
                                                    const std::string& id) override {
    auto writer = MovingBlobs::Write(organisation_id, id);
    REQUIRE(serving_.Remove(organisation_id, id).ok());
    return writer;
  }

 private:
  MovingBlobs serving_;
};

TEST_CASE_METHOD(Mover, "what is removed while it moves is gone in both", "[service]") {
  Join();
  REQUIRE(Keep(folder, "doc_1", "hello").ok());
  RemovedMeanwhile to(bucket, folder);
  CHECK(MoveBlobs(folder, to).value() == 0);
  CHECK_FALSE(IsInFolder("doc_1"));
  CHECK(absl::IsDataLoss(bucket.Read("acme", "doc_1").status()));
}

TEST_CASE_METHOD(Mover, "one moves at a time", "[service]") {
  Join();
  {
    const auto held = folder.Lock().value();
    CHECK(absl::IsFailedPrecondition(MoveBlobs(folder, bucket).status()));
  }
  CHECK(MoveBlobs(folder, bucket).ok());
}

TEST_CASE_METHOD(Mover, "where one of the two is away, so are documents", "[service]") {
  Join();
  REQUIRE(Keep(folder, "doc_1", "hello").ok());
  const fs::path away = root.string() + "-away";
  fs::rename(root, away);
  CHECK(ReasonOf(both.Read("acme", "doc_1").status()) == "STORAGE_UNAVAILABLE");
  CHECK(ReasonOf(both.Ready()) == "STORAGE_UNAVAILABLE");
  CHECK(ReasonOf(both.Remove("acme", "doc_1")) == "STORAGE_UNAVAILABLE");
  fs::rename(away, root);
  server.Bucket("gatehouse", "remove");
  CHECK(ReasonOf(both.Read("acme", "doc_1").status()) == "STORAGE_UNAVAILABLE");
}

}  // namespace
}  // namespace gatehouse::documents
