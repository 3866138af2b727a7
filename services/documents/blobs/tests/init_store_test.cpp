#include "services/documents/blobs/init_store.h"

#include <thread>

#include "absl/strings/match.h"
#include "services/documents/tests/fixture.h"

namespace gatehouse::documents {
namespace {

namespace fs = std::filesystem;

struct InitFixture : Fixture {
  const fs::path folder = root.string() + "-init";
  ~InitFixture() { fs::remove_all(folder); }

  absl::Status Init(const fs::path& path) {
    FolderBlobs store(path);
    return InitStore(store, database.postgres());
  }
  std::string Known() {
    const auto rows = database.Exec("SELECT store_id FROM documents.blob_store");
    return rows.empty() ? "" : rows[0]["store_id"].c_str();
  }
  // A refusal for an operator that says this.
  void Refuses(const absl::Status& status, const std::string& text) {
    CHECK(absl::IsFailedPrecondition(status));
    INFO(status.ToString());
    CHECK(absl::StrContains(std::string(status.message()), text));
  }
};

TEST_CASE_METHOD(InitFixture, "a store is made once, and known from then on", "[service]") {
  REQUIRE(Init(folder).ok());
  const std::string marker = MarkerOf(folder);
  CHECK_FALSE(marker.empty());
  CHECK(Known() == marker);
  CHECK(FolderBlobs(folder).Ready().ok());
  REQUIRE(Init(folder).ok());
  CHECK(MarkerOf(folder) == marker);
  CHECK(Known() == marker);
}

TEST_CASE_METHOD(InitFixture, "replicas that start at once make one store", "[service]") {
  std::vector<std::thread> threads;
  std::atomic<int> made = 0;
  for (int i = 0; i < 6; ++i) threads.emplace_back([&] { made += Init(folder).ok(); });
  for (std::thread& thread : threads) thread.join();
  CHECK(made == 6);
  CHECK(Known() == MarkerOf(folder));
}

TEST_CASE_METHOD(InitFixture, "an empty folder does not take the place of the known store",
                 "[service]") {
  REQUIRE(Init(root).ok());
  Refuses(Init(folder), "is no blob store");
  CHECK_FALSE(fs::exists(folder));
  REQUIRE(MarkStore(folder, "store_other").ok());
  Refuses(Init(folder), "is the blob store store_other, and the database knows store_1");
  CHECK(Known() == "store_1");
  CHECK(Init(root).ok());
}

TEST_CASE_METHOD(InitFixture, "an older version's folder becomes the store, if it has the bytes",
                 "[service]") {
  for (int i = 0; i < 3; ++i) REQUIRE(TakeByStaff().ok());
  fs::rename(root, folder);
  fs::remove(folder / "blobs" / ".gatehouse-store");
  REQUIRE_FALSE(IsMarked(folder));
  fs::create_directories(root / "blobs" / "acme");
  Refuses(Init(root), "has none of the documents that the database knows");
  CHECK(Known().empty());
  CHECK_FALSE(IsMarked(root));
  CHECK(Init(folder).ok());
  CHECK(Known() == MarkerOf(folder));
}

TEST_CASE_METHOD(InitFixture, "a database that was begun anew takes the store as it is",
                 "[service]") {
  CHECK(Known().empty());
  CHECK(Init(root).ok());
  CHECK(Known() == "store_1");
}

TEST_CASE_METHOD(InitFixture, "where no folder can be made, none is known", "[service]") {
  CHECK_FALSE(Init("/proc/gatehouse").ok());
  CHECK(Known().empty());
}

}  // namespace
}  // namespace gatehouse::documents
