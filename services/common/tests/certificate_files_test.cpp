#include "services/common/rpc/certificate_files.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/common/base/random.h"
#include "tests/support/places.h"

namespace gatehouse {
namespace {

namespace fs = std::filesystem;

struct Folders {
  Folders() {
    const std::string make = absl::StrCat(InSource("tests/support/certificates.sh "), root.string(),
                                          " cases documents 2>/dev/null");
    REQUIRE(std::system(make.c_str()) == 0);
  }
  ~Folders() { fs::remove_all(root); }
  std::string Mistake(absl::Time now = absl::Now()) const {
    return std::string(ReadCertificates(own.string(), now).status().message());
  }
  static std::string All(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static void Copy(const fs::path& from, const fs::path& to) {
    fs::copy_file(from, to, fs::copy_options::overwrite_existing);
  }

  const fs::path root = fs::temp_directory_path() / NewId("gatehouse-tls");
  const fs::path own = root / "cases", other = root / "documents";
};

TEST_CASE_METHOD(Folders, "what cannot be used as a certificate is told by its file", "[unit]") {
  CHECK(Mistake().empty());
  const std::string key = All((own / "tls.key").string());
  const auto ends_with = [&](const std::string& text) {
    return absl::EndsWith(Mistake(), text) && absl::StartsWith(Mistake(), own.string());
  };
  Copy(other / "tls.key", own / "tls.key");
  CHECK(ends_with("/tls.key is not the key of tls.crt"));
  std::ofstream(own / "tls.key") << key.substr(0, key.size() / 2);
  CHECK(ends_with("/tls.key holds no private key"));
  fs::remove(own / "tls.key");
  CHECK(ends_with("/tls.key cannot be read"));
  std::ofstream(own / "tls.key") << key;
  CHECK(Mistake().empty());
  const std::string chain = All((own / "tls.crt").string());
  std::ofstream(own / "tls.crt") << "no certificate";
  CHECK(ends_with("/tls.crt holds no certificate"));
  std::ofstream(own / "tls.crt") << chain;
  std::ofstream(own / "ca.crt") << "";
  CHECK(ends_with("/ca.crt cannot be read"));
  std::ofstream(own / "ca.crt") << key;
  CHECK(ends_with("/ca.crt holds no certificate"));
}

TEST_CASE_METHOD(Folders, "a certificate has its time", "[unit]") {
  CHECK(absl::EndsWith(Mistake(absl::Now() + absl::Hours(24 * 900)), "is not valid any more"));
  CHECK(absl::EndsWith(Mistake(absl::Now() - absl::Hours(1)), "is not valid yet"));
}

TEST_CASE_METHOD(Folders, "the copies change when and only when the folder is good", "[unit]") {
  const CertificateFiles files(Tls{own.string(), absl::Milliseconds(20)});
  const auto pair = [&] { return All(files.pair_path()); };
  const std::string first = pair();
  CHECK(absl::StrContains(first, "PRIVATE KEY"));
  CHECK(absl::StrContains(first, "BEGIN CERTIFICATE"));
  CHECK(All(files.authorities_path()) == All((root / "ca.crt").string()));
  Copy(other / "tls.crt", own / "tls.crt");
  absl::SleepFor(absl::Milliseconds(200));
  CHECK(pair() == first);
  Copy(other / "tls.key", own / "tls.key");
  const absl::Time end = absl::Now() + absl::Seconds(5);
  while (pair() == first && absl::Now() < end) absl::SleepFor(absl::Milliseconds(10));
  CHECK(pair() == All((other / "tls.key").string()) + "\n" + All((other / "tls.crt").string()));
  // For gRPC, which compares times in whole seconds, each is another time.
  CHECK(fs::last_write_time(files.pair_path()).time_since_epoch().count() != 0);
}

TEST_CASE_METHOD(Folders, "a folder that becomes good later is used from then on", "[unit]") {
  const fs::path later = root / "later";
  const CertificateFiles files(Tls{later.string(), absl::Milliseconds(20)});
  CHECK(All(files.pair_path()).empty());
  fs::copy(own, later);
  const absl::Time end = absl::Now() + absl::Seconds(5);
  while (All(files.pair_path()).empty() && absl::Now() < end) {
    absl::SleepFor(absl::Milliseconds(10));
  }
  CHECK(absl::StrContains(All(files.pair_path()), "BEGIN CERTIFICATE"));
}

}  // namespace
}  // namespace gatehouse
