#include "services/common/text/network.h"

#include <arpa/inet.h>

#include <algorithm>

namespace gatehouse {

std::string NetworkOf(const std::string& address) {
  in6_addr ip = {};
  if (inet_pton(AF_INET6, address.c_str(), &ip) != 1) return address;
  char text[INET6_ADDRSTRLEN] = {};
  if (IN6_IS_ADDR_V4MAPPED(&ip)) {
    return inet_ntop(AF_INET, &ip.s6_addr[12], text, sizeof(text)) == nullptr ? address : text;
  }
  std::fill(ip.s6_addr + 8, ip.s6_addr + 16, 0);
  if (inet_ntop(AF_INET6, &ip, text, sizeof(text)) == nullptr) return address;
  return std::string(text) + "/64";
}

}  // namespace gatehouse
