#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/documents/signing/sealer_process.h"
#include "services/documents/signing/tests/pdfs.h"
#include "services/documents/signing/tests/seal_authority.h"
#include "services/documents/signing/time_stamp_authority.h"
#include "tests/support/fake_server.h"

namespace gatehouse::documents {
namespace {

// Debian's openssl as an authority that says when something was there.
class Clocks {
 public:
  Clocks() {
    std::ofstream(files_.folder / "tsa.cnf") << "[tsa]\ndefault_tsa = main\n[main]\n"
                                                "serial = serial\nsigner_cert = tsa.pem\n"
                                                "certs = tsa.pem\nsigner_key = tsa.key\n"
                                                "signer_digest = sha256\ndigests = sha256\n"
                                                "default_policy = 1.2.3.4\n";
    std::ofstream(files_.folder / "serial") << "01\n";
    files_.Run(
        "openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=Clock -keyout tsa.key "
        "-out tsa.pem -addext keyUsage=digitalSignature "
        "-addext extendedKeyUsage=critical,timeStamping");
  }
  std::string certificate() const { return files_.Text("tsa.pem"); }
  // The answer to a request, over HTTP.
  void Serve(Peer& peer) const {
    const std::string head = peer.ReadTo("\r\n\r\n");
    const size_t at = head.find("Content-Length: ");
    if (at == std::string::npos) return;
    const auto size = static_cast<size_t>(std::atoi(head.c_str() + at + 16));
    std::ofstream(files_.folder / "query", std::ios::binary) << peer.ReadBytes(size);
    const std::string make = absl::StrCat("cd ", files_.folder.string(),
                                          " && openssl ts -reply -config tsa.cnf -section main "
                                          "-queryfile query -out reply 2>said");
    if (std::system(make.c_str()) == 0) Say(peer, files_.Text("reply"));
  }
  static void Say(Peer& peer, const std::string& answer) {
    peer.Write(absl::StrCat("HTTP/1.0 200 OK\r\nContent-Type: application/timestamp-reply\r\n",
                            "Content-Length: ", answer.size(), "\r\n\r\n", answer));
  }
  // What openssl says of a token over these bytes.
  std::string Verify(const std::string& token, const std::string& bytes) const {
    std::ofstream(files_.folder / "token", std::ios::binary) << token;
    std::ofstream(files_.folder / "data", std::ios::binary) << bytes;
    const std::string verify = absl::StrCat("cd ", files_.folder.string(),
                                            " && openssl ts -verify -token_in -in token -data data "
                                            "-CAfile tsa.pem >said 2>&1");
    (void)std::system(verify.c_str());
    return files_.Text("said");
  }
  std::string LastReply() const { return files_.Text("reply"); }

 private:
  const Files files_;
};

std::unique_ptr<TimeStampAuthority> At(const FakeServer& server, const Clocks& clocks) {
  return TimeStampAuthority::Of(server.At("http") + "/tsa", clocks.certificate()).value();
}

TEST_CASE("an authority says when something was there", "[unit]") {
  const Clocks clocks;
  const FakeServer server([&](Peer& peer) { clocks.Serve(peer); });
  const auto authority = At(server, clocks);
  const auto token = authority->Stamp("a signature");
  INFO(token.status().ToString());
  REQUIRE(token.ok());
  CHECK(absl::StrContains(clocks.Verify(*token, "a signature"), "Verification: OK"));
  CHECK_FALSE(absl::StrContains(clocks.Verify(*token, "another"), "Verification: OK"));
}

TEST_CASE("an answer that is none of this authority's to this request is as none", "[unit]") {
  const Clocks clocks, others;
  {
    const FakeServer server([&](Peer& peer) { others.Serve(peer); });
    CHECK(absl::IsUnavailable(At(server, clocks)->Stamp("a signature").status()));
    CHECK(At(server, others)->Stamp("a signature").ok());
  }
  // What it has answered to another request, and what is no answer.
  for (const std::string& answer :
       {others.LastReply(), std::string("no"), std::string(100 << 10, 'x')}) {
    const FakeServer server([answer](Peer& peer) {
      (void)peer.ReadTo("\r\n\r\n");
      Clocks::Say(peer, answer);
    });
    CHECK(absl::IsUnavailable(At(server, others)->Stamp("a signature").status()));
  }
}

TEST_CASE("an authority is named by http alone, and by who certified it", "[unit]") {
  const std::string& certificate = TheAuthority().Text("ca.pem");
  CHECK(TimeStampAuthority::Of("http://tsa.example/path", certificate).ok());
  for (const char* url : {"https://tsa.example/", "ftp://tsa.example/", "tsa", ""}) {
    CHECK(absl::IsInvalidArgument(TimeStampAuthority::Of(url, certificate).status()));
  }
  CHECK(absl::IsInvalidArgument(TimeStampAuthority::Of("http://tsa.example/", "none").status()));
}

TEST_CASE("a seal has the authority's time stamp, and waits for one that is away", "[unit]") {
  const Clocks clocks;
  auto key = TheAuthority().ReadKey();
  auto server = std::make_unique<FakeServer>([&](Peer& peer) { clocks.Serve(peer); });
  key->StampBy(At(*server, clocks));
  SealerProcess sealer(kSealerProgram, *key);
  const auto sealed = sealer.Seal(OrderOf(Pdf(1)));
  INFO(sealed.status().ToString());
  REQUIRE(sealed.ok());
  CHECK(TheAuthority().IsValid(sealed->document));
  // The object identifier of a time-stamp token among what is not signed (RFC 3161, appendix A).
  const std::string identifier = "060b2a864886f70d010910020e";
  CHECK(absl::StrContains(sealed->document, identifier));
  CHECK_FALSE(absl::StrContains(SealWith(Pdf(1))->document, identifier));
  server.reset();
  CHECK(absl::IsUnavailable(sealer.Seal(OrderOf(Pdf(1))).status()));
}

}  // namespace
}  // namespace gatehouse::documents
