#pragma once

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "services/common/base/random.h"
#include "services/documents/signing/sealer_process.h"
#include "services/documents/tests/files.h"
#include "tests/support/places.h"

namespace gatehouse::documents {

inline const std::string kSealerProgram = InBuild("services/sealer/gatehouse-sealer");

// A key with a certificate by itself, and what checks its seals: Debian's pdfsig, which trusts it.
struct Authority : Files {
  Authority() {
    std::filesystem::create_directories(folder / "nss");
    Run("openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=Seal -keyout key.pem "
        "-out ca.pem");
    Run("certutil -N -d nss --empty-password");
    Run("certutil -A -d nss -n ca -t C,C,C -i ca.pem");
    key = ReadKey();
  }
  std::unique_ptr<SealKey> ReadKey() const {
    return SealKey::Read(Secret(Text("key.pem")), Text("ca.pem")).value();
  }
  // What pdfsig says of these bytes. Its exit code says nothing.
  std::string Say(const std::string& pdf, const std::string& command = "pdfsig -nssdir nss") const {
    std::ofstream(folder / "a.pdf", std::ios::binary) << pdf;
    (void)std::system(
        ("cd " + folder.string() + " && " + command + " a.pdf >out 2>&1; true").c_str());
    return Text("out");
  }
  bool IsValid(const std::string& pdf) const {
    const std::string said = Say(pdf);
    return absl::StrContains(said, "Signature is Valid.") &&
           absl::StrContains(said, "Total document signed") &&
           absl::StrContains(said, "Certificate is Trusted.");
  }
  std::unique_ptr<SealKey> key;
};

inline const Authority& TheAuthority() {
  static const Authority authority;
  return authority;
}

inline SealOrder OrderOf(const std::string& pdf) {
  return {.document = pdf,
          .filename = "offer.pdf",
          .certificate = {{"", "Certificate of signature"},
                          {"Name", "آدا لوفلايس"},
                          {"Name", "Nguyễn สมชาย"}},
          .time = absl::FromCivil(absl::CivilHour(2027, 6, 1, 12), absl::UTCTimeZone())};
}

inline absl::StatusOr<Sealed> SealWith(const std::string& pdf, SealerLimits limits = {}) {
  return SealerProcess(kSealerProgram, *TheAuthority().key, limits).Seal(OrderOf(pdf));
}

}  // namespace gatehouse::documents
