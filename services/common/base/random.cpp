#include "services/common/base/random.h"

#include <sodium.h>

#include "absl/time/clock.h"
#include "services/common/base/crypto.h"

namespace gatehouse {
namespace {

constexpr char kCrockford[] = "0123456789abcdefghjkmnpqrstvwxyz";

}  // namespace

std::string RandomBytes(size_t size) {
  std::string bytes(size, '\0');
  randombytes_buf(bytes.data(), size);
  return bytes;
}

std::string RandomToken() { return Base64Url(RandomBytes(32)); }

std::string NewId(const std::string& prefix) {
  unsigned __int128 value = static_cast<uint64_t>(absl::ToUnixMillis(absl::Now()));
  for (const unsigned char byte : RandomBytes(10)) value = value << 8 | byte;
  std::string id = prefix + "_";
  // 26 characters of 5 bits are 130: the first holds the top 3.
  for (int shift = 125; shift >= 0; shift -= 5) {
    id += kCrockford[static_cast<unsigned>(value >> shift) & 31];
  }
  return id;
}

}  // namespace gatehouse
