#include "services/common/auth/auth.h"

#include <catch2/catch.hpp>

#include "services/common/base/status.h"

namespace gatehouse {
namespace {

TEST_CASE("what can be no credential is invalid, and costs identity nothing", "[unit]") {
  int asked = 0;
  const Clock clock;
  CachingAuthenticator authenticator(
      {[&](const Secret&) -> absl::StatusOr<identity::v1::ExchangeCredentialResponse> {
         ++asked;
         return RefuseField("credential", "is too long");
       },
       [] { return identity::v1::ListSigningKeysResponse(); }},
      clock);
  for (const std::string& credential :
       {std::string(513, 'x'), std::string(100000, 'x'), std::string("caf\xc3\xa9"),
        std::string("a b"), std::string("a\tb"), std::string("a\0b", 3), std::string("\x80")}) {
    const absl::Status status = authenticator.Authenticate(Secret(credential)).status();
    CHECK(absl::IsUnauthenticated(status));
    CHECK(ReasonOf(status) == "CREDENTIAL_INVALID");
  }
  CHECK(asked == 0);
  (void)authenticator.Authenticate(Secret(std::string(512, 'x')));
  CHECK(asked == 1);
}

}  // namespace
}  // namespace gatehouse
