#include "services/gateway/http/body_digest.h"

#include <openssl/evp.h>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "gatehouse/gateway/v1/reasons.pb.h"
#include "services/common/base/status.h"

namespace gatehouse::gateway {
namespace {

absl::Status Invalid() {
  return gatehouse::Refuse(gateway::v1::DIGEST_INVALID,
                           "a digest of the body is not well formed: see RFC 9530");
}

}  // namespace

struct BodyDigest::One {
  explicit One(const EVP_MD* algorithm) : context(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    EVP_DigestInit_ex(context.get(), algorithm, nullptr);
  }
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context;
  std::string expected;
};

BodyDigest::BodyDigest() = default;
BodyDigest::BodyDigest(BodyDigest&&) noexcept = default;
BodyDigest& BodyDigest::operator=(BodyDigest&&) noexcept = default;
BodyDigest::~BodyDigest() = default;

absl::StatusOr<BodyDigest> BodyDigest::Of(const Headers& headers) {
  BodyDigest digest;
  RETURN_IF_ERROR(digest.ExpectAll(headers.content_digest));
  RETURN_IF_ERROR(digest.ExpectAll(headers.repr_digest));
  if (!headers.content_md5.empty()) {
    RETURN_IF_ERROR(digest.Expect("MD5", headers.content_md5));
  }
  return digest;
}

// A dictionary of byte sequences (RFC 8941): sha-256=:base64:, sha-512=:base64:
absl::Status BodyDigest::ExpectAll(const std::string& dictionary) {
  for (absl::string_view member : absl::StrSplit(dictionary, ',', absl::SkipWhitespace())) {
    member = absl::StripAsciiWhitespace(member);
    const size_t equals = member.find('=');
    if (equals == absl::string_view::npos || equals == 0) return Invalid();
    const absl::string_view name = member.substr(0, equals), value = member.substr(equals + 1);
    if (value.size() < 2 || value.front() != ':' || value.back() != ':') return Invalid();
    const std::string base64(value.substr(1, value.size() - 2));
    if (name == "sha-256") RETURN_IF_ERROR(Expect("SHA256", base64));
    if (name == "sha-512") RETURN_IF_ERROR(Expect("SHA512", base64));
  }
  return absl::OkStatus();
}

absl::Status BodyDigest::Expect(const char* algorithm, const std::string& base64) {
  const EVP_MD* type = EVP_get_digestbyname(algorithm);
  if (type == nullptr) return absl::InternalError("OpenSSL lacks a digest");
  auto one = std::make_unique<One>(type);
  if (!absl::Base64Unescape(base64, &one->expected) ||
      one->expected.size() != static_cast<size_t>(EVP_MD_size(type))) {
    return Invalid();
  }
  digests_.push_back(std::move(one));
  return absl::OkStatus();
}

void BodyDigest::Add(std::string_view bytes) {
  for (const auto& one : digests_) {
    EVP_DigestUpdate(one->context.get(), bytes.data(), bytes.size());
  }
}

absl::Status BodyDigest::Check() {
  for (const auto& one : digests_) {
    std::string is(EVP_MAX_MD_SIZE, '\0');
    unsigned int size = 0;
    EVP_DigestFinal_ex(one->context.get(), reinterpret_cast<unsigned char*>(is.data()), &size);
    is.resize(size);
    if (is != one->expected) {
      return gatehouse::Refuse(gateway::v1::DIGEST_MISMATCH,
                               "the body is not the one that its digest names");
    }
  }
  return absl::OkStatus();
}

}  // namespace gatehouse::gateway
