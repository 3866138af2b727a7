#include "receiver.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <cstdlib>
#include <ctime>
#include <sstream>

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using Request = http::request<http::string_body>;

constexpr std::time_t kToleranceSeconds = 300;

const unsigned char* Bytes(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string FromBase64(const std::string& text) {
  std::string bytes(text.size() / 4 * 3, '\0');
  EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()), Bytes(text),
                  static_cast<int>(text.size()));
  bytes.resize(bytes.size() - std::count(text.begin(), text.end(), '='));
  return bytes;
}

std::string ToBase64(const std::string& bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // It ends in a NUL.
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), Bytes(bytes),
                  static_cast<int>(bytes.size()));
  text.pop_back();
  return text;
}

std::string HmacSha256(const std::string& key, const std::string& text) {
  std::string code(EVP_MAX_MD_SIZE, '\0');
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), Bytes(text), text.size(),
       reinterpret_cast<unsigned char*>(code.data()), &size);
  code.resize(size);
  return code;
}

std::string Header(const Request& request, const char* name) {
  const auto value = request[name];
  return {value.data(), value.size()};
}

// Whether a post is signed as Standard Webhooks 1.0 has it, and not an old one.
bool Verify(const std::string& secret, const Request& request) {
  const std::string stamp = Header(request, "webhook-timestamp");
  const std::time_t age = std::time(nullptr) - std::atoll(stamp.c_str());
  if (age > kToleranceSeconds || age < -kToleranceSeconds) return false;
  const std::string key = FromBase64(secret.substr(sizeof("whsec_") - 1));
  const std::string text = Header(request, "webhook-id") + "." + stamp + "." + request.body();
  const std::string expected = "v1," + ToBase64(HmacSha256(key, text));
  // While a secret is replaced there are two signatures.
  std::istringstream given(Header(request, "webhook-signature"));
  for (std::string one; given >> one;) {
    if (one.size() == expected.size() &&
        CRYPTO_memcmp(one.data(), expected.data(), one.size()) == 0) {
      return true;
    }
  }
  return false;
}

}  // namespace

Receiver::Receiver() : acceptor_(context_, {asio::ip::address_v4::loopback(), 0}) {}

std::string Receiver::url() const {
  return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + "/gatehouse";
}

nlohmann::json Receiver::Next(const std::string& secret) {
  while (true) {
    tcp::socket socket = acceptor_.accept();
    boost::beast::flat_buffer buffer;
    Request request;
    http::read(socket, buffer, request);
    const bool good = Verify(secret, request);
    http::response<http::empty_body> answer(
        good ? http::status::no_content : http::status::bad_request, request.version());
    answer.keep_alive(false);
    http::write(socket, answer);
    if (good) return nlohmann::json::parse(request.body());
  }
}
