#include "services/documents/blobs/store/sealed_blobs.h"

#include "absl/strings/str_cat.h"
#include "gatehouse/documents/v1/reasons.pb.h"
#include "services/common/base/random.h"
#include "services/common/base/status.h"
#include "services/common/observe/log.h"
#include "services/common/observe/metrics.h"
#include "services/documents/blobs/store/chunk_cipher.h"
#include "services/documents/blobs/store/sealed_trailer.h"

namespace gatehouse::documents {
namespace {

constexpr size_t kCopyBytes = 4 * kChunkBytes;  // Of an old blob, at a time.

// Which blob it is about, for the log.
struct Name {
  std::string organisation_id, id;
};

absl::Status Damaged(const Name& name, const std::string& what) {
  LogWarning(
      "blobs.damaged",
      {{"organisation_id", name.organisation_id}, {"document_id", name.id}, {"error", what}});
  Count("gatehouse_blobs_damaged_total", {});
  return Refuse(v1::DOCUMENT_DAMAGED, "the document's bytes are not those that were stored");
}

// Up to `size` bytes from `offset` of the `plain_size` that lie sealed in `store`.
absl::Status ReadSealed(BlobReader& store, ChunkCipher& cipher, const Name& name,
                        int64_t plain_size, int64_t offset, size_t size, std::string& bytes) {
  bytes.clear();
  const int64_t end = std::min(plain_size, offset + static_cast<int64_t>(size));
  if (offset >= end) return absl::OkStatus();
  constexpr int64_t kPlain = kChunkBytes, kSealed = kChunkBytes + kChunkTag;
  const int64_t first = offset / kPlain, behind = (end - 1) / kPlain + 1;
  const int64_t last_plain = std::min(plain_size, behind * kPlain);
  std::string sealed;
  const auto sealed_size = static_cast<size_t>(SealedBytes(last_plain) - first * kSealed);
  RETURN_IF_ERROR(store.Read(first * kSealed, sealed_size, sealed));
  if (sealed.size() != sealed_size) return Damaged(name, "it is cut off");
  std::string plain(static_cast<size_t>(last_plain - first * kPlain), '\0');
  for (int64_t number = first; number < behind; ++number) {
    const auto chunk = static_cast<size_t>(std::min(kPlain, last_plain - number * kPlain));
    if (!cipher.Open(number, sealed.data() + (number - first) * kSealed, chunk,
                     plain.data() + (number - first) * kPlain)) {
      return Damaged(name, absl::StrCat("chunk ", number, " does not open"));
    }
  }
  plain.resize(static_cast<size_t>(end - first * kPlain));
  plain.erase(0, static_cast<size_t>(offset - first * kPlain));
  bytes = std::move(plain);
  return absl::OkStatus();
}

class Writer : public BlobWriter {
 public:
  Writer(std::unique_ptr<BlobWriter> store, Name name, OrganisationKeys& keys)
      : store_(std::move(store)), name_(std::move(name)), keys_(keys) {}

  absl::Status Append(const std::string& bytes) override {
    std::string sealed;
    size_t taken = 0;
    if (!pending_.empty()) {
      taken = std::min(bytes.size(), kChunkBytes - pending_.size());
      pending_.append(bytes, 0, taken);
      if (pending_.size() == kChunkBytes) {
        cipher_.Seal(chunks_++, pending_.data(), kChunkBytes, sealed);
        pending_.clear();
      }
    }
    for (; bytes.size() - taken >= kChunkBytes; taken += kChunkBytes) {
      cipher_.Seal(chunks_++, bytes.data() + taken, kChunkBytes, sealed);
    }
    pending_.append(bytes, taken);
    return sealed.empty() ? absl::OkStatus() : store_->Append(sealed);
  }

  absl::Status Read(int64_t offset, size_t size, std::string& bytes) override {
    const int64_t sealed = Sealed();
    RETURN_IF_ERROR(ReadSealed(*store_, cipher_, {}, sealed, offset, size, bytes));
    const int64_t from = std::max<int64_t>(0, offset - sealed);
    if (bytes.size() < size && from < static_cast<int64_t>(pending_.size())) {
      bytes.append(pending_, static_cast<size_t>(from), size - bytes.size());
    }
    return absl::OkStatus();
  }
  absl::StatusOr<int64_t> Size() override {
    return Sealed() + static_cast<int64_t>(pending_.size());
  }

  absl::Status Commit() override {
    ASSIGN_OR_RETURN(const OrganisationKey key, keys_.ForWriting(name_.organisation_id));
    ASSIGN_OR_RETURN(const int64_t size, Size());
    std::string end;
    if (!pending_.empty()) cipher_.Seal(chunks_, pending_.data(), pending_.size(), end);
    end += TrailerOf({name_.organisation_id, name_.id, size, key.number}, key.key, data_key_);
    RETURN_IF_ERROR(store_->Append(end));
    return store_->Commit();
  }

 private:
  int64_t Sealed() const { return chunks_ * static_cast<int64_t>(kChunkBytes); }

  const std::unique_ptr<BlobWriter> store_;
  const Name name_;
  OrganisationKeys& keys_;
  const Secret data_key_{RandomBytes(kDataKey)};
  ChunkCipher cipher_{data_key_};
  int64_t chunks_ = 0;   // So many are sealed.
  std::string pending_;  // What is no whole chunk yet.
};

class Reader : public BlobReader {
 public:
  Reader(std::unique_ptr<BlobReader> store, Name name, int64_t size, const Secret& data_key)
      : store_(std::move(store)), name_(std::move(name)), size_(size), cipher_(data_key) {}

  absl::Status Read(int64_t offset, size_t size, std::string& bytes) override {
    return ReadSealed(*store_, cipher_, name_, size_, offset, size, bytes);
  }
  absl::StatusOr<int64_t> Size() override { return size_; }

 private:
  const std::unique_ptr<BlobReader> store_;
  const Name name_;
  const int64_t size_;
  ChunkCipher cipher_;
};

}  // namespace

std::string SealedName(const std::string& id) { return id + ".sealed"; }

absl::StatusOr<std::unique_ptr<BlobWriter>> SealedBlobs::Write(const std::string& organisation_id,
                                                               const std::string& id) {
  ASSIGN_OR_RETURN(auto writer, store_.Write(organisation_id, SealedName(id)));
  return std::make_unique<Writer>(std::move(writer), Name{organisation_id, id}, keys_);
}

absl::StatusOr<std::unique_ptr<BlobReader>> SealedBlobs::Read(const std::string& organisation_id,
                                                              const std::string& id) {
  auto sealed = store_.Read(organisation_id, SealedName(id));
  if (absl::IsDataLoss(sealed.status())) {
    // Of before there was encryption; or sealed between the two looks; or of nowhere.
    auto old = store_.Read(organisation_id, id);
    if (!absl::IsDataLoss(old.status())) return old;
    sealed = store_.Read(organisation_id, SealedName(id));
  }
  RETURN_IF_ERROR(sealed.status());
  const Name name = {organisation_id, id};
  ASSIGN_OR_RETURN(const int64_t stored, (*sealed)->Size());
  const int64_t begin = stored - static_cast<int64_t>(kTrailer);
  if (begin < 0) return Damaged(name, "it is cut off");
  std::string bytes;
  RETURN_IF_ERROR((*sealed)->Read(begin, kTrailer, bytes));
  const std::optional<Trailer> trailer = ParseTrailer(bytes);
  if (!trailer.has_value() || SealedBytes(trailer->size) != begin) {
    return Damaged(name, "its end is not that of a sealed blob");
  }
  ASSIGN_OR_RETURN(const std::optional<Secret> key,
                   keys_.Find(organisation_id, trailer->key_number));
  if (!key.has_value()) {
    return Refuse(v1::DOCUMENT_ERASED, "the key of the document's bytes was erased");
  }
  const auto data_key =
      OpenTrailer({organisation_id, id, trailer->size, trailer->key_number}, *key, *trailer);
  if (!data_key.has_value()) return Damaged(name, "its key does not open");
  return std::make_unique<Reader>(*std::move(sealed), name, trailer->size, *data_key);
}

absl::Status SealedBlobs::Remove(const std::string& organisation_id, const std::string& id) {
  RETURN_IF_ERROR(store_.Remove(organisation_id, id));
  return store_.Remove(organisation_id, SealedName(id));
}

absl::StatusOr<bool> SealedBlobs::SealOld(const std::string& organisation_id,
                                          const std::string& id) {
  auto old = store_.Read(organisation_id, id);
  if (absl::IsDataLoss(old.status())) return false;
  RETURN_IF_ERROR(old.status());
  ASSIGN_OR_RETURN(const int64_t size, (*old)->Size());
  ASSIGN_OR_RETURN(const auto writer, Write(organisation_id, id));
  std::string bytes;
  for (int64_t at = 0; at < size; at += static_cast<int64_t>(bytes.size())) {
    RETURN_IF_ERROR((*old)->Read(at, kCopyBytes, bytes));
    if (bytes.empty()) return absl::DataLossError("blobs: a blob became shorter");
    RETURN_IF_ERROR(writer->Append(bytes));
  }
  RETURN_IF_ERROR(writer->Commit());
  RETURN_IF_ERROR(store_.Remove(organisation_id, id));
  return true;
}

}  // namespace gatehouse::documents
