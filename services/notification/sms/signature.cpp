#include "services/notification/sms/signature.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>

#include "absl/strings/escaping.h"

namespace gatehouse::notification {

std::string CallbackSignature(const Secret& token, const std::string& url, Form form) {
  std::sort(form.begin(), form.end());
  // Of what is there twice, with the same value, the provider signs one.
  form.erase(std::unique(form.begin(), form.end()), form.end());
  std::string text = url;
  for (const auto& [name, value] : form) text += name + value;
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  const std::string& key = token.Reveal();
  HMAC(EVP_sha1(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac, &size);
  return absl::Base64Escape(std::string(reinterpret_cast<const char*>(mac), size));
}

}  // namespace gatehouse::notification
