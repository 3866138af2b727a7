#pragma once

#include <openssl/evp.h>

#include <cstdint>
#include <memory>
#include <string>

#include "services/common/base/secret.h"

namespace gatehouse::documents {

constexpr size_t kChunkBytes = 64 << 10;  // Of a blob, sealed at a time.
constexpr size_t kChunkTag = 16;
constexpr size_t kDataKey = 32;

// The chunks of one blob, each by AES-256-GCM under the blob's own key, its number being the nonce:
// so one that lies at another place, or is another blob's, does not open. No number is sealed twice
// under a key. For one thread at a time.
class ChunkCipher {
 public:
  // `key` has kDataKey bytes.
  explicit ChunkCipher(const Secret& key);

  // Appends the sealed chunk: `size` bytes, kChunkBytes at most, and kChunkTag more.
  void Seal(int64_t number, const char* plain, size_t size, std::string& sealed);
  // Writes `size` bytes to `plain` of a sealed chunk with a tag behind them. False: it is not what
  // was sealed, and `plain` holds nothing of use.
  bool Open(int64_t number, const char* sealed, size_t size, char* plain);

 private:
  using Context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;
  Context seal_{EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free};
  Context open_{EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free};
};

}  // namespace gatehouse::documents
