#include "services/documents/signing/seal_key.h"

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <vector>

#include "services/common/base/status.h"
#include "services/documents/signing/openssl_pointers.h"

namespace gatehouse::documents {
namespace {

using Bio = Owned<BIO, BIO_free_all>;
using Key = Owned<EVP_PKEY, EVP_PKEY_free>;
using Certificate = Owned<X509, X509_free>;
using Cms = Owned<CMS_ContentInfo, CMS_ContentInfo_free>;

constexpr unsigned kFlags = CMS_BINARY | CMS_DETACHED | CMS_PARTIAL | CMS_NOSMIMECAP | CMS_CADES;

Bio Reading(absl::string_view bytes) {
  return Bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

// PAdES-T: the signature's own time stamp, among what is not signed (RFC 3161, appendix A).
absl::Status Stamp(CMS_SignerInfo& signer, const TimeStampAuthority& authority) {
  const ASN1_OCTET_STRING* const signature = CMS_SignerInfo_get0_signature(&signer);
  const absl::string_view bytes(reinterpret_cast<const char*>(ASN1_STRING_get0_data(signature)),
                                static_cast<size_t>(ASN1_STRING_length(signature)));
  ASSIGN_OR_RETURN(const std::string token, authority.Stamp(bytes));
  const bool added =
      CMS_unsigned_add1_attr_by_NID(&signer, NID_id_smime_aa_timeStampToken, V_ASN1_SEQUENCE,
                                    token.data(), static_cast<int>(token.size())) == 1;
  return added ? absl::OkStatus() : absl::InternalError("OpenSSL takes no time stamp");
}

}  // namespace

struct SealKey::State {
  Key key;
  std::vector<Certificate> certificates;
};

SealKey::SealKey(std::unique_ptr<State> state) : state_(std::move(state)) {}
SealKey::~SealKey() = default;

absl::StatusOr<std::unique_ptr<SealKey>> SealKey::Read(const Secret& key,
                                                       const std::string& certificates) {
  auto state = std::make_unique<State>();
  const Bio key_text = Reading(key.Reveal()), texts = Reading(certificates);
  state->key.reset(PEM_read_bio_PrivateKey(key_text.get(), nullptr, nullptr, nullptr));
  while (X509* const one = PEM_read_bio_X509(texts.get(), nullptr, nullptr, nullptr)) {
    state->certificates.emplace_back(one);
  }
  ERR_clear_error();  // The end of the file is one.
  if (state->key == nullptr) return absl::InvalidArgumentError("must be a private key in PEM");
  if (state->certificates.empty()) {
    return absl::InvalidArgumentError("must be of a certificate in PEM");
  }
  if (X509_check_private_key(state->certificates[0].get(), state->key.get()) != 1) {
    ERR_clear_error();
    return absl::InvalidArgumentError("must be the key of the certificate");
  }
  return std::unique_ptr<SealKey>(new SealKey(std::move(state)));
}

void SealKey::StampBy(std::unique_ptr<TimeStampAuthority> authority) {
  authority_ = std::move(authority);
}

absl::StatusOr<std::string> SealKey::Sign(absl::string_view first, absl::string_view second) const {
  const absl::Status failed = absl::InternalError("OpenSSL did not sign");
  const Bio content(BIO_new(BIO_s_mem()));
  for (const absl::string_view part : {first, second}) {
    if (BIO_write(content.get(), part.data(), static_cast<int>(part.size())) !=
        static_cast<int>(part.size())) {
      return failed;
    }
  }
  const Cms cms(CMS_sign(nullptr, nullptr, nullptr, nullptr, kFlags));
  if (cms == nullptr) return failed;
  CMS_SignerInfo* const signer = CMS_add1_signer(cms.get(), state_->certificates[0].get(),
                                                 state_->key.get(), EVP_sha256(), kFlags);
  if (signer == nullptr) return failed;
  // PAdES says its time in the signature dictionary alone.
  const int time = CMS_signed_get_attr_by_NID(signer, NID_pkcs9_signingTime, -1);
  if (time >= 0) X509_ATTRIBUTE_free(CMS_signed_delete_attr(signer, time));
  for (size_t i = 1; i < state_->certificates.size(); ++i) {
    if (CMS_add1_cert(cms.get(), state_->certificates[i].get()) != 1) return failed;
  }
  if (CMS_final(cms.get(), content.get(), nullptr, kFlags) != 1) return failed;
  if (authority_ != nullptr) RETURN_IF_ERROR(Stamp(*signer, *authority_));
  unsigned char* der = nullptr;
  const int size = i2d_CMS_ContentInfo(cms.get(), &der);
  if (size <= 0) return failed;
  std::string bytes(reinterpret_cast<const char*>(der), static_cast<size_t>(size));
  OPENSSL_free(der);
  return bytes;
}

}  // namespace gatehouse::documents
