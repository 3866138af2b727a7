#include "services/documents/signing/time_stamp_authority.h"

#include <openssl/err.h>
#include <openssl/http.h>
#include <openssl/pem.h>
#include <openssl/ts.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/common/base/crypto.h"
#include "services/common/base/random.h"
#include "services/documents/signing/openssl_pointers.h"

namespace gatehouse::documents {
namespace {

constexpr int kSeconds = 20;
constexpr size_t kAnswerMax = 64 << 10;
constexpr size_t kNonceBytes = 8;

using Bio = Owned<BIO, BIO_free_all>;
using Request = Owned<TS_REQ, TS_REQ_free>;
using Response = Owned<TS_RESP, TS_RESP_free>;

// What OpenSSL says went wrong, which is then forgotten.
std::string Mistake() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  const char* const reason = ERR_reason_error_string(code);
  return reason == nullptr ? "it does not answer" : reason;
}

absl::Status Away(const std::string& what) {
  return absl::UnavailableError(absl::StrCat("the time-stamp authority: ", what));
}

// RFC 3161, section 2.4.1: a hash, a number that no answer to another request has, and that the
// certificates are wanted.
Request RequestOf(absl::string_view bytes) {
  const std::string digest = Sha256(std::string(bytes)), nonce = RandomBytes(kNonceBytes);
  const auto* const digits = reinterpret_cast<const unsigned char*>(nonce.data());
  const Owned<BIGNUM, BN_free> number(BN_bin2bn(digits, kNonceBytes, nullptr));
  const Owned<ASN1_INTEGER, ASN1_INTEGER_free> integer(BN_to_ASN1_INTEGER(number.get(), nullptr));
  const Owned<X509_ALGOR, X509_ALGOR_free> algorithm(X509_ALGOR_new());
  X509_ALGOR_set_md(algorithm.get(), EVP_sha256());
  const Owned<TS_MSG_IMPRINT, TS_MSG_IMPRINT_free> imprint(TS_MSG_IMPRINT_new());
  std::string copy = digest;  // Its bytes are only read.
  TS_MSG_IMPRINT_set_algo(imprint.get(), algorithm.get());
  TS_MSG_IMPRINT_set_msg(imprint.get(), reinterpret_cast<unsigned char*>(copy.data()),
                         static_cast<int>(copy.size()));
  Request request(TS_REQ_new());
  TS_REQ_set_version(request.get(), 1);
  TS_REQ_set_msg_imprint(request.get(), imprint.get());
  TS_REQ_set_nonce(request.get(), integer.get());
  TS_REQ_set_cert_req(request.get(), 1);
  return request;
}

}  // namespace

struct TimeStampAuthority::State {
  std::string host, port, path;
  Owned<X509_STORE, X509_STORE_free> trusted;
};

TimeStampAuthority::TimeStampAuthority(std::unique_ptr<State> state) : state_(std::move(state)) {}
TimeStampAuthority::~TimeStampAuthority() = default;

absl::StatusOr<std::unique_ptr<TimeStampAuthority>> TimeStampAuthority::Of(
    const std::string& url, const std::string& certificates) {
  auto state = std::make_unique<State>();
  char *host = nullptr, *port = nullptr, *path = nullptr;
  const bool known = absl::StartsWith(url, "http://") &&
                     OSSL_HTTP_parse_url(url.c_str(), nullptr, nullptr, &host, &port, nullptr,
                                         &path, nullptr, nullptr) == 1;
  if (known) {
    state->host = host;
    state->port = port;
    state->path = path;
  }
  OPENSSL_free(host);
  OPENSSL_free(port);
  OPENSSL_free(path);
  ERR_clear_error();
  if (!known) return absl::InvalidArgumentError("must be http://host[:port]/path");
  state->trusted.reset(X509_STORE_new());
  const Bio text(BIO_new_mem_buf(certificates.data(), static_cast<int>(certificates.size())));
  int read = 0;
  while (X509* const one = PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr)) {
    X509_STORE_add_cert(state->trusted.get(), one);
    X509_free(one);
    ++read;
  }
  ERR_clear_error();  // The end of the file is one.
  if (read == 0) return absl::InvalidArgumentError("must be certificates in PEM");
  return std::unique_ptr<TimeStampAuthority>(new TimeStampAuthority(std::move(state)));
}

absl::StatusOr<std::string> TimeStampAuthority::Stamp(absl::string_view bytes) const {
  const Request request = RequestOf(bytes);
  const Bio asked(BIO_new(BIO_s_mem()));
  if (i2d_TS_REQ_bio(asked.get(), request.get()) != 1) {
    return absl::InternalError(absl::StrCat("OpenSSL makes no request: ", Mistake()));
  }
  const Bio answered(OSSL_HTTP_transfer(
      nullptr, state_->host.c_str(), state_->port.c_str(), state_->path.c_str(), 0, "", nullptr,
      nullptr, nullptr, nullptr, nullptr, 0, nullptr, "application/timestamp-query", asked.get(),
      "application/timestamp-reply", 1, kAnswerMax, kSeconds, 0));
  if (answered == nullptr) return Away(Mistake());
  const Response response(d2i_TS_RESP_bio(answered.get(), nullptr));
  if (response == nullptr) return Away(Mistake());
  const Owned<TS_VERIFY_CTX, TS_VERIFY_CTX_free> verify(
      TS_REQ_to_TS_VERIFY_CTX(request.get(), nullptr));
  TS_VERIFY_CTX_add_flags(verify.get(), TS_VFY_SIGNATURE);
  X509_STORE_up_ref(state_->trusted.get());
  TS_VERIFY_CTX_set_store(verify.get(), state_->trusted.get());
  if (TS_RESP_verify_response(verify.get(), response.get()) != 1) return Away(Mistake());
  unsigned char* der = nullptr;
  const int size = i2d_PKCS7(TS_RESP_get_token(response.get()), &der);
  if (size <= 0) return Away(Mistake());
  std::string token(reinterpret_cast<const char*>(der), static_cast<size_t>(size));
  OPENSSL_free(der);
  return token;
}

}  // namespace gatehouse::documents
