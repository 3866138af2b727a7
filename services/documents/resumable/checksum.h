#pragma once

#include <openssl/evp.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace gatehouse::documents {

// A checksum that a sender says of its bytes, as tus writes it in `Upload-Checksum`: `sha1` or
// `sha256`, a space, and the digest in base64.
class Checksum {
 public:
  // Refuses UPLOAD_CHECKSUM_UNKNOWN for another algorithm, and INVALID_REQUEST for no such text.
  static absl::StatusOr<std::unique_ptr<Checksum>> Of(const std::string& header);

  void Add(const std::string& bytes);
  // Whether the bytes so far are what was said: refuses UPLOAD_CHECKSUM_MISMATCH. Once.
  absl::Status Check();

 private:
  Checksum(const EVP_MD* algorithm, std::string said);

  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
  const std::string said_;
};

}  // namespace gatehouse::documents
