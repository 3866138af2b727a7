#include <cstdlib>
#include <string>

#include "services/cases/phone/e164.h"

// Whatever is written as a phone, the result is empty or plain E.164: + and 7 to 15 digits.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const std::string region = data[0] % 2 == 0 ? "AU" : "NZ";
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string number = gatehouse::cases::ToE164(text, region);
  if (number.empty()) return 0;
  if (number[0] != '+' || number.size() < 8 || number.size() > 16 ||
      number.find_first_not_of("0123456789", 1) != std::string::npos) {
    std::abort();
  }
  return 0;
}
