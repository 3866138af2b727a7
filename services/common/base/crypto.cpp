#include "services/common/base/crypto.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <sodium.h>

#include <vector>

#include "services/common/base/random.h"

namespace gatehouse {
namespace {

const unsigned char* Data(const std::string& bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

unsigned char* Data(std::string& bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

constexpr size_t kNonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr size_t kTag = crypto_aead_xchacha20poly1305_ietf_ABYTES;

}  // namespace

std::string Sha256(const std::string& data) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(Data(data), data.size(), Data(digest));
  return digest;
}

struct Sha256Stream::State {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(),
                                                                  EVP_MD_CTX_free};
};

Sha256Stream::Sha256Stream() : state_(std::make_unique<State>()) {
  EVP_DigestInit_ex(state_->context.get(), EVP_sha256(), nullptr);
}
Sha256Stream::~Sha256Stream() = default;

void Sha256Stream::Add(const std::string& bytes) {
  EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size());
}

std::string Sha256Stream::Finish() {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  EVP_DigestFinal_ex(state_->context.get(), Data(digest), nullptr);
  return digest;
}

std::string HmacSha256(const std::string& key, const std::string& data) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), Data(data), data.size(),
       Data(digest), &size);
  return digest;
}

std::string Hex(const std::string& bytes) {
  std::string text(bytes.size() * 2 + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), Data(bytes), bytes.size());
  text.pop_back();
  return text;
}

std::string Base64Url(const std::string& bytes) {
  constexpr int kVariant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
  std::string text(sodium_base64_ENCODED_LEN(bytes.size(), kVariant), '\0');
  sodium_bin2base64(text.data(), text.size(), Data(bytes), bytes.size(), kVariant);
  text.pop_back();
  return text;
}

absl::StatusOr<std::string> FromBase64Url(const std::string& text) {
  std::string bytes(text.size(), '\0');
  size_t size = 0;
  if (sodium_base642bin(Data(bytes), bytes.size(), text.data(), text.size(), nullptr, &size,
                        nullptr, sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0) {
    return absl::InvalidArgumentError("not base64url");
  }
  bytes.resize(size);
  return bytes;
}

bool EqualInConstantTime(const std::string& a, const std::string& b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

Secret DeriveKey(const Secret& root, const std::string& purpose) {
  return Secret(HmacSha256(root.Reveal(), purpose + '\x01'));
}

std::string Seal(const Secret& key, const std::string& context, const std::string& plaintext) {
  std::string sealed = RandomBytes(kNonce);
  sealed.resize(kNonce + plaintext.size() + kTag);
  crypto_aead_xchacha20poly1305_ietf_encrypt(Data(sealed) + kNonce, nullptr, Data(plaintext),
                                             plaintext.size(), Data(context), context.size(),
                                             nullptr, Data(sealed), Data(key.Reveal()));
  return sealed;
}

absl::StatusOr<std::string> Open(const Secret& key, const std::string& context,
                                 const std::string& sealed) {
  if (sealed.size() < kNonce + kTag) return absl::DataLossError("sealed text is too short");
  std::string plaintext(sealed.size() - kNonce - kTag, '\0');
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(
          Data(plaintext), nullptr, nullptr, Data(sealed) + kNonce, sealed.size() - kNonce,
          Data(context), context.size(), Data(sealed), Data(key.Reveal())) != 0) {
    return absl::DataLossError("sealed text does not open under this key and context");
  }
  return plaintext;
}

}  // namespace gatehouse
