#include "services/common/rpc/tls.h"

#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/common/observe/process_metrics.h"
#include "services/common/process/config.h"
#include "services/common/rpc/certificate_files.h"
#include "services/common/rpc/channel.h"

namespace gatehouse {
namespace {

bool IsIpv4Loopback(const std::string& host) {
  return absl::StartsWith(host, "127.") &&
         host.find_first_not_of("0123456789.") == std::string::npos;
}

// Seconds after which gRPC sees that the copies changed, which change seldom.
constexpr unsigned kCopiesRefresh = 1;
constexpr char kPlaintext[] = "loopback-only-trusts-everybody";

std::shared_ptr<grpc::experimental::CertificateProviderInterface> Watch(const Tls& tls) {
  const CertificateFiles& files = CertificateFiles::Of(tls);
  return std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
      files.pair_path(), files.pair_path(), files.authorities_path(), kCopiesRefresh);
}

}  // namespace

std::unique_ptr<Tls> ReadTls(Environment& environment) {
  const auto directory = environment.OptionalText("GATEHOUSE_TLS_DIR");
  const auto plaintext = environment.OptionalText("GATEHOUSE_PLAINTEXT");
  if (plaintext.has_value() && *plaintext != kPlaintext) {
    environment.Mistake("GATEHOUSE_PLAINTEXT", absl::StrCat("can only be ", kPlaintext));
  } else if (plaintext.has_value() && directory.has_value()) {
    environment.Mistake("GATEHOUSE_PLAINTEXT", "contradicts GATEHOUSE_TLS_DIR");
  } else if (!plaintext.has_value() && !directory.has_value()) {
    environment.Mistake("GATEHOUSE_TLS_DIR", "is not set");
  }
  if (!directory.has_value()) return nullptr;
  ExportCertificateMetrics(*directory);
  return std::make_unique<Tls>(Tls{*directory});
}

bool IsLoopback(const std::string& listen) {
  const std::string host = listen.substr(0, listen.rfind(':'));
  return host == "localhost" || host == "[::1]" || IsIpv4Loopback(host) ||
         absl::StartsWith(listen, "unix:");
}

std::shared_ptr<grpc::ServerCredentials> ServerCredentialsOf(const std::unique_ptr<Tls>& tls) {
  if (tls == nullptr) return grpc::InsecureServerCredentials();
  grpc::experimental::TlsServerCredentialsOptions options(Watch(*tls));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  // A stranger's connection ends here: what strangers may call they call through the front.
  options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  return grpc::experimental::TlsServerCredentials(options);
}

std::shared_ptr<grpc::ChannelCredentials> ChannelCredentialsOf(const std::unique_ptr<Tls>& tls) {
  if (tls == nullptr) return grpc::InsecureChannelCredentials();
  grpc::experimental::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(Watch(*tls));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  return grpc::experimental::TlsCredentials(options);
}

}  // namespace gatehouse
