#include "services/documents/blobs/store/sealed_blobs.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "absl/strings/match.h"
#include "services/common/base/random.h"
#include "services/common/base/status.h"
#include "services/common/observe/metrics.h"
#include "services/documents/blobs/store/chunk_cipher.h"
#include "services/documents/blobs/store/folder_blobs.h"
#include "services/documents/blobs/store/sealed_trailer.h"
#include "services/documents/blobs/store/store_marker.h"

namespace gatehouse::documents {
namespace {

namespace fs = std::filesystem;

constexpr size_t kSealedChunk = kChunkBytes + kChunkTag;

// Keys in memory, a new one when a test says so.
class MemoryKeys : public OrganisationKeys {
 public:
  absl::StatusOr<OrganisationKey> ForWriting(const std::string& organisation_id) override {
    auto& keys = keys_[organisation_id];
    if (keys.empty()) keys.emplace_back(RandomBytes(32));
    return OrganisationKey{static_cast<int>(keys.size()), keys.back()};
  }
  absl::StatusOr<std::optional<Secret>> Find(const std::string& organisation_id,
                                             int number) override {
    if (away) return absl::UnavailableError("the database is away");
    const auto& keys = keys_[organisation_id];
    if (number < 1 || static_cast<size_t>(number) > keys.size()) return std::nullopt;
    return keys[static_cast<size_t>(number) - 1];
  }
  void Rotate(const std::string& organisation_id) {
    keys_[organisation_id].emplace_back(RandomBytes(32));
  }
  void Erase(const std::string& organisation_id) { keys_[organisation_id].clear(); }
  bool away = false;

 private:
  std::map<std::string, std::vector<Secret>> keys_;
};

struct SealedFolder {
  const fs::path root = fs::temp_directory_path() / NewId("gatehouse-test");
  FolderBlobs folder{root};
  MemoryKeys keys;
  SealedBlobs blobs{folder, keys};

  SealedFolder() { REQUIRE(MarkStore(root, "store_1").ok()); }
  SealedFolder(const SealedFolder&) = delete;
  SealedFolder& operator=(const SealedFolder&) = delete;
  ~SealedFolder() { fs::remove_all(root); }

  void Keep(const std::string& id, const std::string& bytes, BlobStore& store,
            size_t part = 1 << 20) {
    auto writer = store.Write("acme", id).value();
    for (size_t at = 0; at < bytes.size(); at += part) {
      REQUIRE(writer->Append(bytes.substr(at, part)).ok());
    }
    REQUIRE(writer->Commit().ok());
  }
  void Keep(const std::string& id, const std::string& bytes, size_t part = 1 << 20) {
    Keep(id, bytes, blobs, part);
  }
  fs::path PathOf(const std::string& id) const { return root / "blobs" / "acme" / SealedName(id); }
  std::string Stored(const std::string& id) const {
    std::ifstream file(PathOf(id), std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }
  void Store(const std::string& id, const std::string& bytes) const {
    std::ofstream(PathOf(id), std::ios::binary | std::ios::trunc) << bytes;
  }
  // All of it, or the reason why not.
  std::string All(const std::string& id, size_t size = 10 << 20) {
    const auto reader = blobs.Read("acme", id);
    if (!reader.ok()) return ReasonOf(reader.status());
    std::string bytes;
    const absl::Status read = (*reader)->Read(0, size, bytes);
    return read.ok() ? bytes : ReasonOf(read);
  }
};

// Bytes of which no two chunks are alike.
std::string Text(size_t size) {
  std::string text;
  text.reserve(size + 16);
  for (int i = 0; text.size() < size; ++i) text += std::to_string(i) + ",";
  text.resize(size);
  return text;
}

TEST_CASE_METHOD(SealedFolder, "what is written sealed is read as it was, of any size", "[unit]") {
  for (const size_t size : {size_t{0}, size_t{1}, kChunkBytes - 1, kChunkBytes, kChunkBytes + 1,
                            3 * kChunkBytes, 3 * kChunkBytes + 17}) {
    for (const size_t part : {size_t{1000}, kChunkBytes, kChunkBytes + 1, size_t{1} << 20}) {
      INFO(size << " in parts of " << part);
      const std::string text = Text(size);
      Keep("doc_1", text, part);
      CHECK(All("doc_1") == text);
      CHECK(blobs.Read("acme", "doc_1").value()->Size().value() == static_cast<int64_t>(size));
      CHECK(Stored("doc_1").size() ==
            static_cast<size_t>(SealedBytes(static_cast<int64_t>(size))) + kTrailer);
    }
  }
}

TEST_CASE_METHOD(SealedFolder, "no byte of a document lies in the store as it is", "[unit]") {
  const std::string word = "the client's passport number";
  Keep("doc_1", word + Text(2 * kChunkBytes) + word);
  CHECK_FALSE(absl::StrContains(Stored("doc_1"), word));
  CHECK_FALSE(fs::exists(root / "blobs" / "acme" / "doc_1"));
  // The same bytes once more are other ones in the store.
  Keep("doc_2", word + Text(2 * kChunkBytes) + word);
  CHECK(Stored("doc_1") != Stored("doc_2"));
  // Nor while it comes in.
  auto writer = blobs.Write("acme", "doc_1").value();
  REQUIRE(writer->Append(word + Text(2 * kChunkBytes)).ok());
  for (const auto& file : fs::directory_iterator(root / "incoming")) {
    std::ifstream stream(file.path(), std::ios::binary);
    std::ostringstream text;
    text << stream.rdbuf();
    CHECK_FALSE(absl::StrContains(text.str(), word));
  }
}

TEST_CASE_METHOD(SealedFolder, "any part is read, also of what is being written", "[unit]") {
  const std::string text = Text(3 * kChunkBytes + 100);
  Keep("doc_1", text);
  const auto reader = blobs.Read("acme", "doc_1").value();
  const auto writer = blobs.Write("acme", "doc_1").value();
  for (size_t at = 0; at < text.size(); at += 50000) {
    REQUIRE(writer->Append(text.substr(at, 50000)).ok());
  }
  const std::vector<size_t> edges = {0,
                                     1,
                                     100,
                                     kChunkBytes - 1,
                                     kChunkBytes,
                                     kChunkBytes + 1,
                                     2 * kChunkBytes,
                                     3 * kChunkBytes - 1,
                                     3 * kChunkBytes,
                                     text.size() - 1,
                                     text.size(),
                                     text.size() + 5};
  for (const size_t offset : edges) {
    for (const size_t size : edges) {
      INFO(size << " from " << offset);
      const std::string expected = offset < text.size() ? text.substr(offset, size) : "";
      for (BlobReader* source :
           {static_cast<BlobReader*>(reader.get()), static_cast<BlobReader*>(writer.get())}) {
        std::string bytes = "of before";
        REQUIRE(source->Read(static_cast<int64_t>(offset), size, bytes).ok());
        CHECK(bytes == expected);
      }
    }
  }
}

TEST_CASE_METHOD(SealedFolder, "a flipped bit anywhere is found, and nothing of it delivered",
                 "[unit]") {
  const std::string text = Text(2 * kChunkBytes + 1000);
  Keep("doc_1", text);
  const std::string stored = Stored("doc_1");
  const size_t end = stored.size();
  for (const size_t place :
       {size_t{0}, kChunkBytes, kSealedChunk, 2 * kSealedChunk + 5, end - kTrailer,
        end - kTrailer + 4, end - kTrailer + 9, end - kTrailer + 20, end - 1}) {
    for (const int bit : {1, 0x80}) {
      INFO("at " << place);
      std::string changed = stored;
      changed[place] = static_cast<char>(changed[place] ^ bit);
      Store("doc_1", changed);
      const std::string read = All("doc_1");
      // Of another key number there is no key.
      CHECK((read == "DOCUMENT_DAMAGED" || read == "DOCUMENT_ERASED"));
    }
  }
  CHECK(absl::StrContains(MetricsText(), "gatehouse_blobs_damaged_total"));
  Store("doc_1", stored);
  CHECK(All("doc_1") == text);
}

TEST_CASE_METHOD(SealedFolder, "what stands before damage can be read, damage cannot", "[unit]") {
  const std::string text = Text(3 * kChunkBytes);
  Keep("doc_1", text);
  std::string stored = Stored("doc_1");
  stored[kSealedChunk + 7] = static_cast<char>(stored[kSealedChunk + 7] ^ 1);
  Store("doc_1", stored);
  const auto reader = blobs.Read("acme", "doc_1").value();
  std::string bytes;
  REQUIRE(reader->Read(0, kChunkBytes, bytes).ok());
  CHECK(bytes == text.substr(0, kChunkBytes));
  for (const auto& [offset, size] :
       {std::pair(kChunkBytes, size_t{1}), std::pair(size_t{0}, 3 * kChunkBytes),
        std::pair(2 * kChunkBytes - 1, size_t{10})}) {
    CHECK(ReasonOf(reader->Read(static_cast<int64_t>(offset), size, bytes)) == "DOCUMENT_DAMAGED");
    CHECK(bytes.empty());
  }
}

TEST_CASE_METHOD(SealedFolder, "a chunk left out, repeated, exchanged or of another is found",
                 "[unit]") {
  Keep("doc_1", Text(3 * kChunkBytes));
  Keep("doc_2", Text(3 * kChunkBytes));
  const std::string stored = Stored("doc_1"), other = Stored("doc_2");
  const auto chunk = [](const std::string& of, size_t number) {
    return of.substr(number * kSealedChunk, kSealedChunk);
  };
  const std::string trailer = stored.substr(3 * kSealedChunk);
  const std::vector<std::string> mistaken = {
      chunk(stored, 0) + chunk(stored, 2) + trailer,
      chunk(stored, 0) + chunk(stored, 0) + chunk(stored, 2) + trailer,
      chunk(stored, 1) + chunk(stored, 0) + chunk(stored, 2) + trailer,
      stored.substr(0, 3 * kSealedChunk) + chunk(stored, 2) + trailer,
      chunk(stored, 0) + chunk(other, 1) + chunk(stored, 2) + trailer,
      stored.substr(0, 3 * kSealedChunk) + other.substr(3 * kSealedChunk),
      other,  // A whole blob in the place of another.
      stored.substr(0, 3 * kSealedChunk),
      stored.substr(0, stored.size() - 1),
      stored + "x",
      stored.substr(0, 50),
      "",
  };
  for (size_t i = 0; i < mistaken.size(); ++i) {
    INFO(i);
    Store("doc_1", mistaken[i]);
    CHECK(All("doc_1") == "DOCUMENT_DAMAGED");
  }
}

TEST_CASE_METHOD(SealedFolder, "a blob of another organisation does not open", "[unit]") {
  Keep("doc_1", "hello");
  REQUIRE(keys.ForWriting("other").ok());
  fs::create_directories(root / "blobs" / "other");
  fs::copy(PathOf("doc_1"), root / "blobs" / "other" / SealedName("doc_1"));
  CHECK(ReasonOf(blobs.Read("other", "doc_1").status()) == "DOCUMENT_DAMAGED");
}

TEST_CASE_METHOD(SealedFolder, "a key changes without a change to what was written", "[unit]") {
  Keep("doc_1", "first");
  const std::string stored = Stored("doc_1");
  const auto reader = blobs.Read("acme", "doc_1").value();
  keys.Rotate("acme");
  Keep("doc_2", "second");
  std::string bytes;
  REQUIRE(reader->Read(0, 100, bytes).ok());  // In the middle of a read.
  CHECK(bytes == "first");
  CHECK(All("doc_1") == "first");
  CHECK(All("doc_2") == "second");
  CHECK(Stored("doc_1") == stored);
}

TEST_CASE_METHOD(SealedFolder, "with its organisation's key a blob is erased", "[unit]") {
  Keep("doc_1", "hello");
  keys.Erase("acme");
  CHECK(All("doc_1") == "DOCUMENT_ERASED");
}

TEST_CASE_METHOD(SealedFolder, "a key that cannot be looked up is not one that is gone", "[unit]") {
  Keep("doc_1", "hello");
  keys.away = true;
  const auto read = blobs.Read("acme", "doc_1");
  CHECK(absl::IsUnavailable(read.status()));
  CHECK(ReasonOf(read.status()).empty());
}

TEST_CASE_METHOD(SealedFolder, "a blob of before is read as it is, and sealed when asked",
                 "[unit]") {
  const std::string text = Text(5 * kChunkBytes + 3);
  Keep("doc_1", text, folder);
  CHECK(All("doc_1") == text);
  CHECK(blobs.SealOld("acme", "doc_1").value());
  CHECK(All("doc_1") == text);
  CHECK(fs::exists(PathOf("doc_1")));
  CHECK_FALSE(fs::exists(root / "blobs" / "acme" / "doc_1"));
  CHECK_FALSE(blobs.SealOld("acme", "doc_1").value());
  CHECK_FALSE(blobs.SealOld("acme", "doc_none").value());
}

// A folder in which somebody seals a blob just before it is looked for under its plain name.
class SealedMeanwhile : public BlobStore {
 public:
  SealedMeanwhile(BlobStore& folder, SealedBlobs& sealing) : folder_(folder), sealing_(sealing) {}
  absl::StatusOr<std::unique_ptr<BlobWriter>> Write(const std::string& organisation_id,
                                                    const std::string& id) override {
    return folder_.Write(organisation_id, id);
  }
  absl::StatusOr<std::unique_ptr<BlobReader>> Read(const std::string& organisation_id,
                                                   const std::string& id) override {
    if (!absl::EndsWith(id, ".sealed")) REQUIRE(sealing_.SealOld(organisation_id, id).ok());
    return folder_.Read(organisation_id, id);
  }
  absl::Status Remove(const std::string& organisation_id, const std::string& id) override {
    return folder_.Remove(organisation_id, id);
  }
  absl::Status RemoveAbandoned(absl::Time before) override {
    return folder_.RemoveAbandoned(before);
  }
  absl::Status Ready() override { return folder_.Ready(); }

 private:
  BlobStore& folder_;
  SealedBlobs& sealing_;
};

TEST_CASE_METHOD(SealedFolder, "a blob that is sealed while it is looked for is found", "[unit]") {
  Keep("doc_1", "hello", folder);
  SealedMeanwhile store(folder, blobs);
  const auto reader = SealedBlobs(store, keys).Read("acme", "doc_1");
  REQUIRE(reader.ok());
  std::string bytes;
  REQUIRE((*reader)->Read(0, 100, bytes).ok());
  CHECK(bytes == "hello");
  CHECK(absl::IsDataLoss(SealedBlobs(store, keys).Read("acme", "doc_none").status()));
}

TEST_CASE_METHOD(SealedFolder, "a blob is removed, sealed or of before", "[unit]") {
  Keep("doc_1", "hello");
  Keep("doc_2", "hello", folder);
  for (const char* id : {"doc_1", "doc_2", "doc_none"}) CHECK(blobs.Remove("acme", id).ok());
  CHECK(fs::is_empty(root / "blobs" / "acme"));
  CHECK(absl::IsDataLoss(blobs.Read("acme", "doc_1").status()));
}

TEST_CASE_METHOD(SealedFolder, "a store that is away is that, sealed or not", "[unit]") {
  Keep("doc_1", "hello");
  fs::rename(root, root.string() + "-away");
  CHECK(ReasonOf(blobs.Write("acme", "doc_1").status()) == "STORAGE_UNAVAILABLE");
  CHECK(ReasonOf(blobs.Read("acme", "doc_1").status()) == "STORAGE_UNAVAILABLE");
  CHECK(ReasonOf(blobs.Remove("acme", "doc_1")) == "STORAGE_UNAVAILABLE");
  CHECK(ReasonOf(blobs.Ready()) == "STORAGE_UNAVAILABLE");
  fs::rename(root.string() + "-away", root);
  CHECK(All("doc_1") == "hello");
}

TEST_CASE("a trailer is read as it was written, and bound to its blob", "[unit]") {
  const Secret organisation(RandomBytes(32)), data(RandomBytes(32));
  const BlobIdentity blob = {"acme", "doc_1", (int64_t{5} << 30) + 7, 300};
  const std::string bytes = TrailerOf(blob, organisation, data);
  REQUIRE(bytes.size() == kTrailer);
  const auto trailer = ParseTrailer(bytes);
  REQUIRE(trailer.has_value());
  CHECK(trailer->size == blob.size);
  CHECK(trailer->key_number == 300);
  CHECK(OpenTrailer(blob, organisation, *trailer)->Reveal() == data.Reveal());
  for (const BlobIdentity& other : {BlobIdentity{"other", "doc_1", blob.size, 300},
                                    BlobIdentity{"acme", "doc_2", blob.size, 300},
                                    BlobIdentity{"acme", "doc_1", blob.size + 1, 300},
                                    BlobIdentity{"acme", "doc_1", blob.size, 301}}) {
    CHECK_FALSE(OpenTrailer(other, organisation, *trailer).has_value());
  }
  CHECK_FALSE(OpenTrailer(blob, data, *trailer).has_value());
  CHECK_FALSE(ParseTrailer(bytes + "x").has_value());
  CHECK_FALSE(ParseTrailer("X" + bytes.substr(1)).has_value());
  CHECK_FALSE(ParseTrailer(bytes.substr(0, 8) + "\xff" + bytes.substr(9)).has_value());
}

}  // namespace
}  // namespace gatehouse::documents
