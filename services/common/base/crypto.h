#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "services/common/base/secret.h"

namespace gatehouse {

std::string Sha256(const std::string& data);  // 32 bytes
// The same of bytes that come in pieces.
class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();
  void Add(const std::string& bytes);
  std::string Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};
std::string HmacSha256(const std::string& key, const std::string& data);  // 32 bytes
std::string Hex(const std::string& bytes);
std::string Base64Url(const std::string& bytes);  // RFC 4648, section 5, unpadded
absl::StatusOr<std::string> FromBase64Url(const std::string& text);
bool EqualInConstantTime(const std::string& a, const std::string& b);

// A key for one purpose, derived from a root key, so that no key serves two purposes
// (HMAC-SHA256 of the purpose under the root key; RFC 5869's expand step with one block).
Secret DeriveKey(const Secret& root, const std::string& purpose);

// Authenticated encryption for what must rest in a table for a while (XChaCha20-Poly1305 with a
// random nonce before the text). `context` is bound to the text: opening with another one fails.
std::string Seal(const Secret& key, const std::string& context, const std::string& plaintext);
absl::StatusOr<std::string> Open(const Secret& key, const std::string& context,
                                 const std::string& sealed);

}  // namespace gatehouse
