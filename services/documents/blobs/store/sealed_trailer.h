#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "services/common/base/secret.h"

namespace gatehouse::documents {

// What stands behind the chunks of a sealed blob, kTrailer bytes:
//
//   `GHB1`, the organisation key's number (4 bytes), the blob's size (8), both big-endian, and the
//   blob's own key (72), sealed under the organisation's for just this blob.
constexpr size_t kTrailer = 88;

struct Trailer {
  int key_number = 0;
  int64_t size = 0;  // As it is plain.
  std::string sealed_key;
};
// Nothing where it is none.
std::optional<Trailer> ParseTrailer(const std::string& bytes);

// What a blob's key is bound to.
struct BlobIdentity {
  std::string organisation_id, id;
  int64_t size = 0;
  int key_number = 0;
};
std::string TrailerOf(const BlobIdentity& blob, const Secret& organisation_key,
                      const Secret& data_key);
// The blob's key; nothing where it is another blob's, or not as it was.
std::optional<Secret> OpenTrailer(const BlobIdentity& blob, const Secret& organisation_key,
                                  const Trailer& trailer);

// How many bytes the chunks of so many are.
int64_t SealedBytes(int64_t plain_size);

}  // namespace gatehouse::documents
