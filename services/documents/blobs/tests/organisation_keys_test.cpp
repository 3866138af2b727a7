#include <thread>

#include "services/documents/blobs/seal_store.h"
#include "services/documents/downloads/handler.h"
#include "services/documents/tests/fixture.h"
#include "tests/support/calls.h"

namespace gatehouse::documents {
namespace {

struct KeysFixture : Fixture {
  int Keys() { return Count("documents.organisation_key"); }
  void Age(int days) {
    database.Exec(
        "UPDATE documents.organisation_key SET create_time = now() - interval '1 day' * " +
        std::to_string(days));
  }
  std::string Bytes(const Document& document) {
    const auto reader = blobs.Read("acme", document.document_id);
    if (!reader.ok()) return ReasonOf(reader.status());
    std::string bytes;
    REQUIRE((*reader)->Read(0, 1 << 20, bytes).ok());
    return bytes;
  }
};

TEST_CASE_METHOD(KeysFixture, "an organisation has one key, however many write at once",
                 "[service]") {
  std::vector<std::thread> threads;
  std::vector<std::string> found(6);
  for (std::string& key : found) {
    threads.emplace_back([&] {
      const auto made = keys.ForWriting("acme");
      if (made.ok()) key = made->key.Reveal();
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(Keys() == 1);
  for (const std::string& key : found) CHECK((key.size() == 32 && key == found[0]));
  CHECK(keys.ForWriting("other").value().key.Reveal() != found[0]);
  CHECK(Keys() == 2);
}

TEST_CASE_METHOD(KeysFixture, "after 90 days there is a new key, and the old one still opens",
                 "[service]") {
  const auto first = TakeByStaff();
  Age(89);
  REQUIRE(TakeByStaff().ok());
  CHECK(Keys() == 1);
  Age(91);
  const auto later = TakeByStaff();
  CHECK(Keys() == 2);
  CHECK(keys.ForWriting("acme")->number == 2);
  CHECK(Bytes(*first) == kPdf);
  CHECK(Bytes(*later) == kPdf);
}

TEST_CASE_METHOD(KeysFixture, "erased keys take an organisation's bytes with them, for good",
                 "[service]") {
  const auto document = TakeByStaff();
  const auto others = keys.ForWriting("other").value();
  REQUIRE(keys.Erase("acme").ok());
  CHECK(Bytes(*document) == "DOCUMENT_ERASED");
  CHECK(keys.Find("other", others.number)->has_value());
  // What comes afterwards is under a new one, which opens nothing of before.
  const auto later = TakeByStaff();
  CHECK(keys.ForWriting("acme")->number == 2);
  CHECK(Bytes(*later) == kPdf);
  CHECK(Bytes(*document) == "DOCUMENT_ERASED");
  REQUIRE(keys.Erase("acme").ok());
  REQUIRE(keys.Erase("nobody").ok());
  CHECK(Bytes(*later) == "DOCUMENT_ERASED");
}

TEST_CASE_METHOD(KeysFixture, "a key opens under the master key that sealed it, for its number",
                 "[service]") {
  const auto key = keys.ForWriting("acme").value();
  PostgresKeys same(database.postgres(), Secret(RandomBytes(32)));
  CHECK_FALSE(same.ForWriting("acme").ok());
  CHECK_FALSE(same.Find("acme", key.number).ok());
  CHECK_FALSE(keys.Find("acme", key.number + 1)->has_value());
  CHECK_FALSE(keys.Find("other", key.number)->has_value());
  database.Exec("UPDATE documents.organisation_key SET organisation_id = 'other'");
  CHECK_FALSE(keys.Find("other", key.number).ok());
  // Nothing of it tells the key.
  const auto row = database.Exec(
      "SELECT encode(sealed, 'hex') AS sealed "
      "FROM documents.organisation_key")[0];
  CHECK(std::string(row["sealed"].c_str()).find(Hex(key.key.Reveal())) == std::string::npos);
}

TEST_CASE_METHOD(KeysFixture, "documents of before are sealed while they are served", "[service]") {
  std::vector<Document> old;
  for (int i = 0; i < 3; ++i) {
    old.push_back(*TakeByStaff());
    const std::string id = old.back().document_id;
    REQUIRE(blobs.Remove("acme", id).ok());
    auto writer = folder.Write("acme", id).value();
    REQUIRE(writer->Append(kPdf).ok());
    REQUIRE(writer->Commit().ok());
  }
  REQUIRE(TakeByStaff().ok());
  CHECK(Bytes(old[0]) == kPdf);
  CHECK(SealStore(database.postgres(), blobs).value() == 3);
  for (const Document& document : old) {
    CHECK(Bytes(document) == kPdf);
    CHECK(absl::IsDataLoss(folder.Read("acme", document.document_id).status()));
  }
  CHECK(SealStore(database.postgres(), blobs).value() == 0);
}

TEST_CASE_METHOD(KeysFixture, "of a damaged document a download gives nothing but the reason",
                 "[service]") {
  const auto document = TakeByStaff(kPdf + std::string(200 << 10, 'x'));
  const auto path = root / "blobs" / "acme" / SealedName(document->document_id);
  DownloadsHandler handler(documents, blobs, rules, signature_store);
  const Call call = StaffCall();
  pb::DownloadDocumentRequest request;
  request.set_case_id("deal-1");
  request.set_document_id(document->document_id);
  const auto download = [&]() -> absl::StatusOr<std::string> {
    ASSIGN_OR_RETURN(const auto source, handler.DownloadDocument(call, request));
    std::string all;
    pb::DownloadDocumentResponse part;
    while (true) {
      part.Clear();
      ASSIGN_OR_RETURN(const bool more, static_cast<MessageSource&>(*source).NextMessage(part));
      if (!more) return all;
      all += part.data();
    }
  };
  CHECK(download()->size() == static_cast<size_t>(document->size_bytes));
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 1);
  CHECK(ReasonOf(download().status()) == "DOCUMENT_DAMAGED");
  REQUIRE(keys.Erase("acme").ok());
  CHECK(ReasonOf(download().status()) == "DOCUMENT_DAMAGED");
}

}  // namespace
}  // namespace gatehouse::documents
