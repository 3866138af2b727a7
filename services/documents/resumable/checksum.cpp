#include "services/documents/resumable/checksum.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_split.h"
#include "gatehouse/documents/v1/reasons.pb.h"
#include "services/common/base/status.h"

namespace gatehouse::documents {

absl::StatusOr<std::unique_ptr<Checksum>> Checksum::Of(const std::string& header) {
  const std::pair<std::string, std::string> parts = absl::StrSplit(header, absl::MaxSplits(' ', 1));
  const EVP_MD* algorithm = nullptr;
  if (parts.first == "sha1") algorithm = EVP_sha1();
  if (parts.first == "sha256") algorithm = EVP_sha256();
  if (algorithm == nullptr) {
    return Refuse(v1::UPLOAD_CHECKSUM_UNKNOWN, "checksums are sha1 or sha256");
  }
  std::string said;
  if (!absl::Base64Unescape(parts.second, &said) ||
      said.size() != static_cast<size_t>(EVP_MD_size(algorithm))) {
    return RefuseField("upload_checksum", "must be the algorithm and its digest in base64");
  }
  return std::unique_ptr<Checksum>(new Checksum(algorithm, std::move(said)));
}

Checksum::Checksum(const EVP_MD* algorithm, std::string said)
    : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free), said_(std::move(said)) {
  EVP_DigestInit_ex(context_.get(), algorithm, nullptr);
}

void Checksum::Add(const std::string& bytes) {
  EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
}

absl::Status Checksum::Check() {
  std::string digest(EVP_MAX_MD_SIZE, '\0');
  unsigned int size = 0;
  EVP_DigestFinal_ex(context_.get(), reinterpret_cast<unsigned char*>(digest.data()), &size);
  digest.resize(size);
  if (digest == said_) return absl::OkStatus();
  return Refuse(v1::UPLOAD_CHECKSUM_MISMATCH, "the bytes are not those that were meant");
}

}  // namespace gatehouse::documents
