#pragma once

#include <cstdint>
#include <string>

namespace gatehouse::documents {

// Numbers as ZIP and OLE files write them, least byte first. 0 beyond the end.
inline uint64_t Little(const std::string& bytes, size_t at, size_t width) {
  uint64_t number = 0;
  if (at > bytes.size() || bytes.size() - at < width) return 0;
  for (size_t i = width; i-- > 0;) number = number << 8 | static_cast<uint8_t>(bytes[at + i]);
  return number;
}
inline uint16_t Little16(const std::string& bytes, size_t at) { return Little(bytes, at, 2); }
inline uint32_t Little32(const std::string& bytes, size_t at) { return Little(bytes, at, 4); }
inline uint64_t Little64(const std::string& bytes, size_t at) { return Little(bytes, at, 8); }

}  // namespace gatehouse::documents
