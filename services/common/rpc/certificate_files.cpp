#include "services/common/rpc/certificate_files.h"

#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/common/base/status.h"
#include "services/common/observe/log.h"
#include "services/common/observe/metrics.h"

namespace gatehouse {
namespace {

template <auto kFree>
struct Free {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Bytes = std::unique_ptr<BIO, Free<BIO_free>>;

constexpr std::streamsize kFileMax = 1 << 20;

absl::Status Unusable(const std::string& file, const char* why) {
  return absl::FailedPreconditionError(absl::StrCat(file, " ", why));
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kFileMax, '\0');
  file.read(text.data(), kFileMax);
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.empty()) return Unusable(path, "cannot be read");
  return text;
}

Bytes BytesOf(const std::string& text) {
  return Bytes(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

Certificate FirstOf(const std::string& pem) {
  return Certificate(PEM_read_bio_X509(BytesOf(pem).get(), nullptr, nullptr, nullptr));
}

absl::Status CheckPair(const std::string& directory, const Certificates& read, absl::Time now) {
  // No question about a pass phrase.
  const auto none = [](char*, int, int, void*) { return 0; };
  const Key key(PEM_read_bio_PrivateKey(BytesOf(read.key).get(), nullptr, none, nullptr));
  if (key == nullptr) return Unusable(directory + "/tls.key", "holds no private key");
  const Certificate certificate = FirstOf(read.chain);
  if (certificate == nullptr) return Unusable(directory + "/tls.crt", "holds no certificate");
  if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    return Unusable(directory + "/tls.key", "is not the key of tls.crt");
  }
  time_t seconds = absl::ToTimeT(now);
  if (X509_cmp_time(X509_get0_notAfter(certificate.get()), &seconds) < 0) {
    return Unusable(directory + "/tls.crt", "is not valid any more");
  }
  if (X509_cmp_time(X509_get0_notBefore(certificate.get()), &seconds) > 0) {
    return Unusable(directory + "/tls.crt", "is not valid yet");
  }
  return absl::OkStatus();
}

// Another content behind the same path, at once. Its time is told to be another second than that of
// any before, since that is what gRPC compares while it reads.
void Replace(int file, const std::string& content, int64_t version) {
  const int fresh = memfd_create("certificates", MFD_CLOEXEC);
  size_t done = 0;
  while (done < content.size()) {
    const ssize_t n = write(fresh, content.data() + done, content.size() - done);
    if (n <= 0) break;
    done += static_cast<size_t>(n);
  }
  const timespec time = {.tv_sec = 1'000'000'000 + version, .tv_nsec = 0};
  const timespec times[] = {time, time};
  futimens(fresh, times);
  dup3(fresh, file, O_CLOEXEC);
  close(fresh);
}

}  // namespace

absl::StatusOr<Certificates> ReadCertificates(const std::string& directory, absl::Time now) {
  Certificates read;
  ASSIGN_OR_RETURN(read.key, ReadFile(directory + "/tls.key"));
  ASSIGN_OR_RETURN(read.chain, ReadFile(directory + "/tls.crt"));
  ASSIGN_OR_RETURN(read.authorities, ReadFile(directory + "/ca.crt"));
  RETURN_IF_ERROR(CheckPair(directory, read, now));
  if (FirstOf(read.authorities) == nullptr) {
    return Unusable(directory + "/ca.crt", "holds no certificate");
  }
  return read;
}

const CertificateFiles& CertificateFiles::Of(const Tls& tls) {
  static std::mutex mutex;
  static auto& known = *new std::map<std::string, std::unique_ptr<CertificateFiles>>;
  const std::lock_guard lock(mutex);
  auto& files = known[tls.directory];
  if (files == nullptr) files = std::make_unique<CertificateFiles>(tls);
  return *files;
}

CertificateFiles::CertificateFiles(Tls tls)
    : tls_(std::move(tls)),
      pair_(memfd_create("certificates", MFD_CLOEXEC)),
      authorities_(memfd_create("certificates", MFD_CLOEXEC)) {
  Look();
  thread_ = std::thread([this] { Run(); });
}

CertificateFiles::~CertificateFiles() {
  {
    const std::lock_guard lock(mutex_);
    end_ = true;
  }
  ended_.notify_all();
  thread_.join();
  close(pair_);
  close(authorities_);
}

std::string CertificateFiles::PathOf(int file) { return absl::StrCat("/proc/self/fd/", file); }

void CertificateFiles::Run() {
  std::unique_lock lock(mutex_);
  const auto refresh = absl::ToChronoMilliseconds(tls_.refresh);
  while (!ended_.wait_for(lock, refresh, [this] { return end_; })) Look();
}

void CertificateFiles::Look() {
  const auto read = ReadCertificates(tls_.directory, absl::Now());
  SetGauge("gatehouse_certificate_unusable", {}, read.ok() ? 0 : 1);
  if (!read.ok() && read.status() != last_) {
    LogWarning("tls.unusable", {{"error", std::string(read.status().message())}});
  }
  last_ = read.status();
  if (!read.ok() || *read == used_) return;
  used_ = *read;
  ++version_;
  Replace(pair_, absl::StrCat(used_.key, "\n", used_.chain), version_);
  Replace(authorities_, used_.authorities, version_);
}

}  // namespace gatehouse
