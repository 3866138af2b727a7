#include "services/common/observe/process_metrics.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/resource.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>

#include "absl/time/clock.h"
#include "services/common/observe/metrics.h"

namespace gatehouse {
namespace {

double CpuSeconds() {
  timespec used{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

void SetResidentMemory() {
  std::ifstream file("/proc/self/statm");
  double pages = 0, resident_pages = 0;
  if (!(file >> pages >> resident_pages)) return;
  SetGauge("process_resident_memory_bytes", {},
           resident_pages * static_cast<double>(sysconf(_SC_PAGESIZE)));
}

void SetFiles() {
  std::error_code error;
  // One of them is the folder's own, which is open while it is being read.
  double open = -1;
  for (std::filesystem::directory_iterator file("/proc/self/fd", error), end; !error && file != end;
       file.increment(error)) {
    ++open;
  }
  if (!error) SetGauge("process_open_fds", {}, open);
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    SetGauge("process_max_fds", {}, static_cast<double>(limit.rlim_cur));
  }
}

// A counter only grows, so it is given what has come since the last time.
void CountCpu() {
  static std::mutex mutex;
  static double counted = 0;
  const std::lock_guard lock(mutex);
  const double used = CpuSeconds();
  Count("process_cpu_seconds_total", {}, used - counted);
  counted = used;
}

// Seconds since 1970; 0 where there is no certificate.
double ExpiryTime(const std::string& path) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> file(BIO_new_file(path.c_str(), "r"), BIO_free);
  if (file == nullptr) return 0;
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr), X509_free);
  if (certificate == nullptr) return 0;
  std::tm time{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &time) != 1) return 0;
  return static_cast<double>(timegm(&time));
}

std::mutex directory_mutex;

std::string& Directory() {
  static std::string directory;
  return directory;
}

void SetCertificates() {
  std::string directory;
  {
    const std::lock_guard lock(directory_mutex);
    directory = Directory();
  }
  for (const char* file : {"tls.crt", "ca.crt"}) {
    SetGauge("gatehouse_certificate_expiry_time_seconds", {{"file", file}},
             ExpiryTime(directory + "/" + file));
  }
}

}  // namespace

void ExportProcessMetrics() {
  SetGauge("process_start_time_seconds", {},
           static_cast<double>(absl::ToUnixMillis(absl::Now())) / 1000);
  static const GaugeSource source([] {
    SetResidentMemory();
    SetFiles();
    CountCpu();
  });
}

void ExportCertificateMetrics(const std::string& directory) {
  {
    const std::lock_guard lock(directory_mutex);
    Directory() = directory;
  }
  static const GaugeSource source(SetCertificates);
}

}  // namespace gatehouse
