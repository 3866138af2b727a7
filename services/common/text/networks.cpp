#include "services/common/text/networks.h"

#include <algorithm>

#include "absl/strings/numbers.h"

namespace gatehouse {
namespace {

namespace ip = boost::asio::ip;

std::vector<unsigned char> BytesOf(const ip::address& address) {
  if (address.is_v4()) {
    const auto bytes = address.to_v4().to_bytes();
    return {bytes.begin(), bytes.end()};
  }
  const auto bytes = address.to_v6().to_bytes();
  return {bytes.begin(), bytes.end()};
}

ip::address Unmapped(const ip::address& address) {
  if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
  return ip::make_address_v4(ip::v4_mapped, address.to_v6());
}

bool Alike(const ip::address& a, const ip::address& b, int bits) {
  if (a.is_v4() != b.is_v4()) return false;
  const std::vector<unsigned char> left = BytesOf(a), right = BytesOf(b);
  for (size_t i = 0; bits > 0; ++i, bits -= 8) {
    const int mask = bits >= 8 ? 0xff : 0xff << (8 - bits) & 0xff;
    if (((left[i] ^ right[i]) & mask) != 0) return false;
  }
  return true;
}

}  // namespace

bool Networks::Add(const std::string& text) {
  const size_t slash = text.find('/');
  boost::system::error_code error;
  const ip::address first = ip::make_address(text.substr(0, slash), error);
  if (error) return false;
  const int most = first.is_v4() ? 32 : 128;
  int bits = most;
  if (slash != std::string::npos &&
      (!absl::SimpleAtoi(text.substr(slash + 1), &bits) || bits < 0 || bits > most)) {
    return false;
  }
  blocks_.push_back({first, bits});
  return true;
}

bool Networks::Contains(const std::string& text) const {
  boost::system::error_code error;
  const ip::address address = Unmapped(ip::make_address(text, error));
  return !error && std::any_of(blocks_.begin(), blocks_.end(), [&](const Block& block) {
    return Alike(block.first, address, block.bits);
  });
}

bool Networks::IsAddress(const std::string& text) {
  boost::system::error_code error;
  ip::make_address(text, error);
  return !error;
}

}  // namespace gatehouse
