#pragma once

#include <openssl/ec.h>
#include <openssl/evp.h>

#include <memory>
#include <string>

#include "services/identity/passkeys/domain/passkeys.h"

namespace gatehouse::identity {

// A device with one ES256 key, and the browser around it: it says what it is told to say.
class FakeAuthenticator {
 public:
  FakeAuthenticator();

  struct Said {
    std::string origin = "https://portal.acme.example", host = "portal.acme.example";
    int flags = 0x05;  // Present, verified.
    bool cross_origin = false;
  };
  struct Made {
    std::string client_data, attestation;
  };
  Made Create(const Passkeys::Begun& begun, const Said& said);
  // Counts one use more, unless it does not count at all.
  Passkeys::Answer Sign(const Passkeys::Begun& begun, const Said& said);

  std::string credential_id, user_handle;
  uint32_t counter = 1;

 private:
  std::string Data(const Said& said, int flags) const;

  std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key_;
};

}  // namespace gatehouse::identity
