#include "services/identity/passkeys/domain/webauthn.h"

#include <fido.h>
#include <fido/eddsa.h>
#include <fido/es256.h>
#include <fido/rs256.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>

#include "gatehouse/identity/v1/reasons.pb.h"
#include "services/common/base/status.h"
#include "services/identity/passkeys/cbor.h"

namespace gatehouse::identity {
namespace {

// A hash, flags, a counter; then, of a new passkey, its maker, and the length of its id.
constexpr size_t kHeadSize = 37, kHashSize = 32, kMakerSize = 16,
                 kIdAt = kHeadSize + kMakerSize + 2;
constexpr int kPresent = 0x01, kVerified = 0x04, kBackedUp = 0x10, kCredential = 0x40,
              kExtensions = 0x80;
constexpr int kCoseAlgorithm = 3;

absl::Status Malformed(const char* what) { return Refuse(v1::PASSKEY_MALFORMED, what); }

uint32_t BigEndian(absl::string_view bytes) {
  uint32_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

const unsigned char* Data(absl::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

absl::StatusOr<ClientData> ReadClientData(const std::string& bytes) {
  if (bytes.size() > kClientDataMax) return Malformed("the client data is larger than 4 KiB");
  // Browsers add members as they like.
  const auto json = nlohmann::json::parse(bytes, nullptr, false);
  if (!json.is_object()) return Malformed("the client data is no JSON object");
  const auto text = [&](const char* name) {
    const auto member = json.find(name);
    return member != json.end() && member->is_string() ? member->get<std::string>() : std::string();
  };
  ClientData said = {text("type"), text("challenge"), text("origin")};
  const auto cross = json.find("crossOrigin");
  if (cross != json.end() && !cross->is_boolean()) {
    return Malformed("the client data says neither whether nor not it is of a frame");
  }
  said.cross_origin = (cross != json.end() && cross->get<bool>()) || json.contains("topOrigin");
  return said;
}

absl::StatusOr<AuthenticatorData> ReadAuthenticatorData(absl::string_view bytes) {
  if (bytes.size() < kHeadSize || bytes.size() > kAuthenticatorDataMax) {
    return Malformed("the authenticator's data has not its size");
  }
  const int flags = static_cast<unsigned char>(bytes[kHashSize]);
  return AuthenticatorData{.host_hash = std::string(bytes.substr(0, kHashSize)),
                           .is_present = (flags & kPresent) != 0,
                           .is_verified = (flags & kVerified) != 0,
                           .is_backed_up = (flags & kBackedUp) != 0,
                           .has_credential = (flags & kCredential) != 0,
                           .has_extensions = (flags & kExtensions) != 0,
                           .counter = BigEndian(bytes.substr(kHashSize + 1, 4))};
}

// What follows is exactly what the flags say. libfido2 reads it after that.
bool EndsAsItSays(CborReader reader, const AuthenticatorData& said) {
  if (said.has_extensions && !reader.Skip()) return false;
  return reader.rest().empty();
}

// The authenticator's data within an attestation object, a map of three. Its statement is of no
// interest: none was asked for.
absl::StatusOr<std::string> AuthenticatorDataIn(const std::string& attestation) {
  if (attestation.size() > kAttestationMax) {
    return Malformed("the attestation object is larger than 64 KiB");
  }
  const absl::Status malformed = Malformed("the attestation object is no such map");
  CborReader reader(attestation);
  const auto pairs = reader.Map();
  if (pairs != 3) return malformed;
  std::optional<absl::string_view> found;
  for (int i = 0; i < 3; ++i) {
    const auto name = reader.Text();
    if (!name.has_value()) return malformed;
    if (*name != "authData") {
      if (!reader.Skip()) return malformed;
    } else if (found.has_value() || !(found = reader.Bytes()).has_value()) {
      return malformed;
    }
  }
  if (!found.has_value() || !reader.rest().empty()) return malformed;
  return std::string(*found);
}

// The algorithm of a COSE key, which is the next item.
std::optional<int64_t> AlgorithmOf(CborReader reader) {
  const auto pairs = reader.Map();
  for (uint64_t i = 0; pairs.has_value() && i < *pairs; ++i) {
    const auto label = reader.Integer();
    if (label == kCoseAlgorithm) return reader.Integer();
    if (!label.has_value() || !reader.Skip()) return std::nullopt;
  }
  return std::nullopt;
}

absl::StatusOr<int> OfferedAlgorithmOf(const CborReader& key) {
  const auto algorithm = AlgorithmOf(key);
  if (!algorithm.has_value()) return Malformed("the passkey's key is broken");
  const auto* const offered = std::find(std::begin(kAlgorithms), std::end(kAlgorithms), *algorithm);
  if (offered != std::end(kAlgorithms)) return *offered;
  return Refuse(v1::PASSKEY_ALGORITHM_NOT_OFFERED,
                "the passkey's key is neither of ES256 nor of EdDSA nor of RS256");
}

void InitialiseOnce() {
  static const bool initialised = [] {
    fido_init(0);
    return true;
  }();
  (void)initialised;
}

template <typename T>
using Freed = std::unique_ptr<T, void (*)(T*)>;

Freed<fido_cred_t> NewCredential() {
  return {fido_cred_new(), [](fido_cred_t* one) { fido_cred_free(&one); }};
}
Freed<fido_assert_t> NewAssertion() {
  return {fido_assert_new(), [](fido_assert_t* one) { fido_assert_free(&one); }};
}

// Gives `use` the key as libfido2 has it, unless it is broken.
template <typename Key>
int WithKey(Key* key, void (*release)(Key**), int (*read)(Key*, const void*, size_t),
            const std::string& bytes, const std::function<int(const void*)>& use) {
  int result = key == nullptr ? FIDO_ERR_INTERNAL : read(key, bytes.data(), bytes.size());
  if (result == FIDO_OK) result = use(key);
  release(&key);
  return result;
}

int WithKeyOf(const PasskeyPublic& passkey, const std::function<int(const void*)>& use) {
  switch (passkey.algorithm) {
    case kEs256:
      return WithKey(es256_pk_new(), es256_pk_free, es256_pk_from_ptr, passkey.key, use);
    case kEdDsa:
      return WithKey(eddsa_pk_new(), eddsa_pk_free, eddsa_pk_from_ptr, passkey.key, use);
    case kRs256:
      return WithKey(rs256_pk_new(), rs256_pk_free, rs256_pk_from_ptr, passkey.key, use);
    default:
      return FIDO_ERR_UNSUPPORTED_ALGORITHM;
  }
}

int Verify(fido_assert_t* signed_by, const Ceremony& ceremony, const PasskeyPublic& passkey,
           const Assertion& assertion) {
  const auto& [client_data, data, signature] = assertion;
  for (const int result :
       {fido_assert_set_count(signed_by, 1), fido_assert_set_rp(signed_by, ceremony.host.c_str()),
        fido_assert_set_clientdata(signed_by, Data(client_data), client_data.size()),
        fido_assert_set_up(signed_by, FIDO_OPT_TRUE), fido_assert_set_uv(signed_by, FIDO_OPT_TRUE),
        fido_assert_set_authdata_raw(signed_by, 0, Data(data), data.size()),
        fido_assert_set_sig(signed_by, 0, Data(signature), signature.size())}) {
    if (result != FIDO_OK) return result;
  }
  return WithKeyOf(passkey, [&](const void* key) {
    return fido_assert_verify(signed_by, 0, passkey.algorithm, key);
  });
}

}  // namespace

absl::StatusOr<PasskeyPublic> ReadRegistration(const Ceremony& ceremony,
                                               const std::string& client_data,
                                               const std::string& attestation) {
  ASSIGN_OR_RETURN(const ClientData browser, ReadClientData(client_data));
  RETURN_IF_ERROR(CheckClientData(browser, ceremony));
  ASSIGN_OR_RETURN(const std::string data, AuthenticatorDataIn(attestation));
  ASSIGN_OR_RETURN(const AuthenticatorData said, ReadAuthenticatorData(data));
  RETURN_IF_ERROR(CheckAuthenticatorData(said, ceremony));
  const absl::Status malformed = Malformed("the authenticator's data has no passkey");
  if (!said.has_credential || data.size() < kIdAt) return malformed;
  const size_t id_size = BigEndian(absl::string_view(data).substr(kIdAt - 2, 2));
  if (id_size == 0 || id_size > kCredentialIdMax || id_size > data.size() - kIdAt) return malformed;
  CborReader reader(absl::string_view(data).substr(kIdAt + id_size));
  ASSIGN_OR_RETURN(const int algorithm, OfferedAlgorithmOf(reader));
  if (!reader.Skip() || !EndsAsItSays(reader, said)) return malformed;

  InitialiseOnce();
  const auto credential = NewCredential();
  if (credential == nullptr || fido_cred_set_type(credential.get(), algorithm) != FIDO_OK ||
      fido_cred_set_authdata_raw(credential.get(), Data(data), data.size()) != FIDO_OK ||
      fido_cred_pubkey_len(credential.get()) == 0) {
    return malformed;
  }
  PasskeyPublic passkey;
  passkey.credential_id.assign(reinterpret_cast<const char*>(fido_cred_id_ptr(credential.get())),
                               fido_cred_id_len(credential.get()));
  passkey.algorithm = algorithm;
  passkey.key.assign(reinterpret_cast<const char*>(fido_cred_pubkey_ptr(credential.get())),
                     fido_cred_pubkey_len(credential.get()));
  passkey.counter = said.counter;
  passkey.is_backed_up = said.is_backed_up;
  return passkey;
}

absl::StatusOr<uint32_t> VerifyAssertion(const Ceremony& ceremony, const PasskeyPublic& passkey,
                                         const Assertion& assertion) {
  ASSIGN_OR_RETURN(const ClientData browser, ReadClientData(assertion.client_data));
  RETURN_IF_ERROR(CheckClientData(browser, ceremony));
  ASSIGN_OR_RETURN(const AuthenticatorData said,
                   ReadAuthenticatorData(assertion.authenticator_data));
  RETURN_IF_ERROR(CheckAuthenticatorData(said, ceremony));
  const CborReader tail(absl::string_view(assertion.authenticator_data).substr(kHeadSize));
  if (said.has_credential || !EndsAsItSays(tail, said)) {
    return Malformed("the authenticator's data does not end as it says");
  }
  if (assertion.signature.empty() || assertion.signature.size() > kSignatureMax) {
    return Malformed("the signature has not its size");
  }
  InitialiseOnce();
  const auto signed_by = NewAssertion();
  if (signed_by == nullptr || Verify(signed_by.get(), ceremony, passkey, assertion) != FIDO_OK) {
    return Refuse(v1::PASSKEY_WRONG, "the signature is not the passkey's");
  }
  return said.counter;
}

}  // namespace gatehouse::identity
