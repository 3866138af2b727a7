// What operators see of the process itself, and of the certificates that it lives by.
#include "services/common/observe/process_metrics.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "services/common/observe/metrics.h"

namespace gatehouse {
namespace {

// The value of this series at /metrics; -1 where there is none.
double Value(const std::string& series) {
  for (const absl::string_view line : absl::StrSplit(MetricsText(), '\n')) {
    double value = 0;
    if (absl::StartsWith(line, series + " ") &&
        absl::SimpleAtod(line.substr(series.size() + 1), &value)) {
      return value;
    }
  }
  return -1;
}

std::string ExpiryOf(const std::string& file) {
  return absl::StrCat("gatehouse_certificate_expiry_time_seconds{file=\"", file, "\"}");
}

// A folder with a certificate that ends in so many days, made by the openssl of the build.
class Certificates {
 public:
  Certificates() {
    char path[] = "/tmp/gatehouse-certificates-XXXXXX";
    path_ = mkdtemp(path);
  }
  ~Certificates() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }
  void Make(const std::string& file, int days) const {
    const std::string command = absl::StrCat(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ", path_,
        "/key -out ", path_, "/", file, " -days ", days, " -subj /CN=cases 2>/dev/null");
    REQUIRE(std::system(command.c_str()) == 0);
  }
  void Write(const std::string& file, const std::string& text) const {
    std::ofstream(path_ + "/" + file) << text;
  }

 private:
  std::string path_;
};

TEST_CASE("a process says how much memory, how many files and how much CPU it uses", "[unit]") {
  ExportProcessMetrics();
  const double resident = Value("process_resident_memory_bytes");
  CHECK(resident > 1 << 20);
  CHECK(resident < 4e9);
  CHECK(Value("process_max_fds") >= Value("process_open_fds"));
  CHECK(Value("process_start_time_seconds") <= static_cast<double>(std::time(nullptr)) + 1);
  CHECK(Value("process_start_time_seconds") > 1.7e9);
  CHECK(absl::StrContains(MetricsText(), "# TYPE process_cpu_seconds_total counter"));
}

TEST_CASE("each open file counts once, and no longer than it is open", "[unit]") {
  ExportProcessMetrics();
  const double before = Value("process_open_fds");
  CHECK(before > 0);
  std::vector<int> files;
  for (int i = 0; i < 10; ++i) files.push_back(open("/dev/null", O_RDONLY));
  CHECK(Value("process_open_fds") == before + 10);
  for (const int file : files) close(file);
  CHECK(Value("process_open_fds") == before);
}

TEST_CASE("memory that is written to counts", "[unit]") {
  ExportProcessMetrics();
  const double before = Value("process_resident_memory_bytes");
  std::vector<char> much(64 << 20, 'x');
  CHECK(Value("process_resident_memory_bytes") > before + (48 << 20));
  CHECK(much.back() == 'x');
}

TEST_CASE("CPU is a counter that grows with what is done", "[unit]") {
  ExportProcessMetrics();
  const double before = Value("process_cpu_seconds_total");
  const std::clock_t begin = std::clock();
  while (std::clock() - begin < CLOCKS_PER_SEC / 20) {
  }
  const double after = Value("process_cpu_seconds_total");
  CHECK(after >= before + 0.05);
  CHECK(after < before + 5);
}

TEST_CASE("a certificate's end is seen, and that of the one that replaced it", "[unit]") {
  const Certificates certificates;
  certificates.Make("tls.crt", 30);
  certificates.Make("ca.crt", 3650);
  ExportCertificateMetrics(certificates.path());
  const auto now = static_cast<double>(std::time(nullptr));
  CHECK(Value(ExpiryOf("tls.crt")) == Approx(now + 30 * 86400).margin(60));
  CHECK(Value(ExpiryOf("ca.crt")) == Approx(now + 3650.0 * 86400).margin(60));
  certificates.Make("tls.crt", 90);
  CHECK(Value(ExpiryOf("tls.crt")) == Approx(now + 90 * 86400).margin(60));
}

TEST_CASE("a certificate that is gone, or is none, ended long ago", "[unit]") {
  const Certificates certificates;
  certificates.Make("tls.crt", 30);
  certificates.Write("ca.crt", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  ExportCertificateMetrics(certificates.path());
  CHECK(Value(ExpiryOf("ca.crt")) == 0);
  std::filesystem::remove(certificates.path() + "/tls.crt");
  CHECK(Value(ExpiryOf("tls.crt")) == 0);
  certificates.Write("tls.crt", "");
  CHECK(Value(ExpiryOf("tls.crt")) == 0);
}

}  // namespace
}  // namespace gatehouse
