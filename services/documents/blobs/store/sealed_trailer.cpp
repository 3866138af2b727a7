#include "services/documents/blobs/store/sealed_trailer.h"

#include <boost/endian/conversion.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/common/base/crypto.h"
#include "services/documents/blobs/store/chunk_cipher.h"

namespace gatehouse::documents {
namespace {

constexpr char kMagic[] = "GHB1";
constexpr size_t kMagicBytes = 4, kNumberBytes = 4, kSizeBytes = 8;
constexpr int64_t kSizeMax = int64_t{1} << 48;

std::string ContextOf(const BlobIdentity& blob) {
  return absl::StrCat("blob\n", blob.organisation_id, "\n", blob.id, "\n", blob.size, "\n",
                      blob.key_number);
}

}  // namespace

std::optional<Trailer> ParseTrailer(const std::string& bytes) {
  if (bytes.size() != kTrailer || !absl::StartsWith(bytes, kMagic)) return std::nullopt;
  const auto* numbers = reinterpret_cast<const unsigned char*>(bytes.data()) + kMagicBytes;
  Trailer trailer;
  trailer.key_number = boost::endian::load_big_s32(numbers);
  trailer.size = boost::endian::load_big_s64(numbers + kNumberBytes);
  trailer.sealed_key = bytes.substr(kMagicBytes + kNumberBytes + kSizeBytes);
  if (trailer.size < 0 || trailer.size > kSizeMax) return std::nullopt;
  return trailer;
}

std::string TrailerOf(const BlobIdentity& blob, const Secret& organisation_key,
                      const Secret& data_key) {
  std::string numbers(kNumberBytes + kSizeBytes, '\0');
  auto* bytes = reinterpret_cast<unsigned char*>(numbers.data());
  boost::endian::store_big_s32(bytes, blob.key_number);
  boost::endian::store_big_s64(bytes + kNumberBytes, blob.size);
  return absl::StrCat(kMagic, numbers, Seal(organisation_key, ContextOf(blob), data_key.Reveal()));
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
