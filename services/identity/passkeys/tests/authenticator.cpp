#include "services/identity/passkeys/tests/authenticator.h"

#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"
#include "services/common/base/crypto.h"
#include "services/common/base/random.h"

namespace gatehouse::identity {
namespace {

std::string BigEndian(uint32_t value, int bytes) {
  std::string text;
  while (bytes-- > 0) text += static_cast<char>(value >> (8 * bytes));
  return text;
}

std::string ClientDataOf(const char* type, const Passkeys::Begun& begun,
                         const FakeAuthenticator::Said& said) {
  return absl::StrCat(R"({"type":")", type, R"(","challenge":")", Base64Url(begun.challenge),
                      R"(","origin":")", said.origin, R"(","crossOrigin":)",
                      said.cross_origin ? "true" : "false", R"(,"more":"as browsers like"})");
}

}  // namespace

FakeAuthenticator::FakeAuthenticator()
    : credential_id(RandomBytes(32)), key_(EVP_EC_gen("P-256"), EVP_PKEY_free) {
  REQUIRE(key_ != nullptr);
}

std::string FakeAuthenticator::Data(const Said& said, int flags) const {
  return Sha256(said.host) + static_cast<char>(flags) + BigEndian(counter, 4);
}

FakeAuthenticator::Made FakeAuthenticator::Create(const Passkeys::Begun& begun, const Said& said) {
  unsigned char point[65];
  size_t size = 0;
  REQUIRE(EVP_PKEY_get_octet_string_param(key_.get(), "encoded-pub-key", point, sizeof point,
                                          &size) == 1);
  REQUIRE(size == 65);
  const std::string x(point + 1, point + 33), y(point + 33, point + 65);
  user_handle = begun.user_handle;
  // {1: 2, 3: -7, -1: 1, -2: x, -3: y}
  const std::string cose = "\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20" + x + "\x22\x58\x20" + y;
  const std::string data = Data(said, said.flags | 0x40) + std::string(16, '\0') +
                           BigEndian(credential_id.size(), 2) + credential_id + cose;
  // {"fmt": "none", "attStmt": {}, "authData": …}
  return {ClientDataOf("webauthn.create", begun, said),
          "\xa3\x63"
          "fmt\x64none\x67"
          "attStmt\xa0\x68"
          "authData\x59" +
              BigEndian(data.size(), 2) + data};
}

Passkeys::Answer FakeAuthenticator::Sign(const Passkeys::Begun& begun, const Said& said) {
  if (counter > 0) ++counter;
  Passkeys::Answer answer = {.challenge_id = begun.challenge_id,
                             .credential_id = credential_id,
                             .user_handle = user_handle};
  answer.assertion.client_data = ClientDataOf("webauthn.get", begun, said);
  answer.assertion.authenticator_data = Data(said, said.flags);
  const std::string text =
      answer.assertion.authenticator_data + Sha256(answer.assertion.client_data);
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(),
                                                                   EVP_MD_CTX_free);
  REQUIRE(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) == 1);
  std::string& signature = answer.assertion.signature;
  signature.resize(80);
  size_t size = signature.size();
  REQUIRE(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                         reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1);
  signature.resize(size);
  return answer;
}

}  // namespace gatehouse::identity
