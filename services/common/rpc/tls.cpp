#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>

#include "services/common/rpc/channel.h"

namespace gatehouse {
namespace {

std::shared_ptr<grpc::experimental::CertificateProviderInterface> Watch(const Tls& tls) {
  return std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
      tls.directory + "/tls.key", tls.directory + "/tls.crt", tls.directory + "/ca.crt",
      static_cast<unsigned>(absl::ToInt64Seconds(tls.refresh)));
}

}  // namespace

std::shared_ptr<grpc::ServerCredentials> ServerCredentialsOf(const std::unique_ptr<Tls>& tls) {
  if (tls == nullptr) return grpc::InsecureServerCredentials();
  grpc::experimental::TlsServerCredentialsOptions options(Watch(*tls));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  // A CRM comes with an API key and without a certificate; one that is shown must be ours.
  options.set_cert_request_type(GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY);
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
