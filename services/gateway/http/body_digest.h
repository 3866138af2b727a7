#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace gatehouse::gateway {

// The digests that a request names of its body, to be compared with what came: Content-Digest and
// Repr-Digest (RFC 9530: sha-256 and sha-512; others are ignored, as it allows) and Content-MD5
// (RFC 1864). A request has no content coding here, so the first two mean the same bytes.
class BodyDigest {
 public:
  struct Headers {
    std::string content_digest, repr_digest, content_md5;
  };
  // Refuses DIGEST_INVALID for what is not well formed.
  static absl::StatusOr<BodyDigest> Of(const Headers& headers);

  BodyDigest();
  BodyDigest(BodyDigest&&) noexcept;
  BodyDigest& operator=(BodyDigest&&) noexcept;
  ~BodyDigest();

  void Add(std::string_view bytes);
  // Once, after the last bytes. Refuses DIGEST_MISMATCH.
  absl::Status Check();

 private:
  struct One;
  absl::Status Expect(const char* algorithm, const std::string& base64);
  absl::Status ExpectAll(const std::string& dictionary);
  std::vector<std::unique_ptr<One>> digests_;
};

}  // namespace gatehouse::gateway
