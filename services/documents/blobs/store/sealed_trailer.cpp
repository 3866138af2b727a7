#include "services/documents/blobs/store/sealed_trailer.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/common/base/crypto.h"
#include "services/documents/blobs/store/chunk_cipher.h"

namespace gatehouse::documents {
namespace {

constexpr char kMagic[] = "GHB1";
constexpr size_t kMagicBytes = 4, kNumberBytes = 4, kSizeBytes = 8;
constexpr int64_t kSizeMax = int64_t{1} << 48;

std::string BigEndian(uint64_t value, size_t bytes) {
  std::string text(bytes, '\0');
  for (size_t i = 0; i < bytes; ++i) text[bytes - 1 - i] = static_cast<char>(value >> (8 * i));
  return text;
}

uint64_t FromBigEndian(const std::string& text) {
  uint64_t value = 0;
  for (const char c : text) value = value << 8 | static_cast<uint8_t>(c);
  return value;
}

std::string ContextOf(const BlobIdentity& blob) {
  return absl::StrCat("blob\n", blob.organisation_id, "\n", blob.id, "\n", blob.size, "\n",
                      blob.key_number);
}

}  // namespace

std::optional<Trailer> ParseTrailer(const std::string& bytes) {
  if (bytes.size() != kTrailer || !absl::StartsWith(bytes, kMagic)) return std::nullopt;
  Trailer trailer;
  trailer.key_number = static_cast<int>(FromBigEndian(bytes.substr(kMagicBytes, kNumberBytes)));
  trailer.size =
      static_cast<int64_t>(FromBigEndian(bytes.substr(kMagicBytes + kNumberBytes, kSizeBytes)));
  trailer.sealed_key = bytes.substr(kMagicBytes + kNumberBytes + kSizeBytes);
  if (trailer.size < 0 || trailer.size > kSizeMax) return std::nullopt;
  return trailer;
}

std::string TrailerOf(const BlobIdentity& blob, const Secret& organisation_key,
                      const Secret& data_key) {
  return absl::StrCat(kMagic, BigEndian(static_cast<uint64_t>(blob.key_number), kNumberBytes),
                      BigEndian(static_cast<uint64_t>(blob.size), kSizeBytes),
                      Seal(organisation_key, ContextOf(blob), data_key.Reveal()));
}

std::optional<Secret> OpenTrailer(const BlobIdentity& blob, const Secret& organisation_key,
                                  const Trailer& trailer) {
  auto opened = Open(organisation_key, ContextOf(blob), trailer.sealed_key);
  if (!opened.ok() || opened->size() != kDataKey) return std::nullopt;
  return Secret(*std::move(opened));
}

int64_t SealedBytes(int64_t plain_size) {
  constexpr int64_t kChunk = kChunkBytes, kTag = kChunkTag;
  return plain_size + (plain_size + kChunk - 1) / kChunk * kTag;
}

}  // namespace gatehouse::documents
