#include <cstdlib>
#include <string>

#include "services/common/base/status.h"
#include "services/identity/passkeys/domain/webauthn.h"

// Whatever a page sends: it is read, or refused by name. The client data is what it must be, so
// that what comes behind it is looked at.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace gatehouse;
  using namespace gatehouse::identity;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  Ceremony ceremony = {.creates = true, .origin = "https://a.example", .host = "a.example"};
  const std::string rest = R"(","challenge":"","origin":"https://a.example"})";
  const auto read = ReadRegistration(ceremony, R"({"type":"webauthn.create)" + rest, bytes);
  if (!read.ok() && ReasonOf(read.status()).empty()) std::abort();
  ceremony.creates = false;
  const PasskeyPublic passkey = {.algorithm = kEdDsa, .key = std::string(32, 'k')};
  const auto verified = VerifyAssertion(
      ceremony, passkey, {R"({"type":"webauthn.get)" + rest, bytes, std::string(64, 's')});
  if (!verified.ok() && ReasonOf(verified.status()).empty()) std::abort();
  return 0;
}
