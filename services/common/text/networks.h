#pragma once

#include <string>
#include <utility>
#include <vector>
// Boost.Asio, after <utility>.
#include <boost/asio/ip/address.hpp>

namespace gatehouse {

// Addresses and CIDR blocks, such as those of proxies whose word is believed.
class Networks {
 public:
  // 10.0.0.1, 10.0.0.0/8, fd00::1, fd00::/8. False for anything else.
  bool Add(const std::string& text);
  // An IPv4 address that was mapped into IPv6 is what it was. False for what is no address.
  bool Contains(const std::string& address) const;
  bool empty() const { return blocks_.empty(); }
  static bool IsAddress(const std::string& text);

 private:
  struct Block {
    boost::asio::ip::address first;
    int bits;
  };
  std::vector<Block> blocks_;
};

}  // namespace gatehouse
