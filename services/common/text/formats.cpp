#include "services/common/text/formats.h"

#include <re2/re2.h>

#include "absl/time/time.h"
#include "services/common/text/address.h"
#include "services/common/text/characters.h"
#include "services/common/text/origin.h"

namespace gatehouse {
namespace {

bool HasControl(const std::string& text) {
  for (const unsigned char c : text) {
    if (c < 0x20 || c == 0x7f) return true;
  }
  return false;
}

bool IsTimeZone(const std::string& text) {
  // Beside the zones lie files that are this machine's own: `localtime`, `posixrules`.
  static const RE2 kShape("[A-Z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*");
  absl::TimeZone zone;
  return text.size() <= 64 && RE2::FullMatch(text, kShape) && absl::LoadTimeZone(text, &zone);
}

}  // namespace

size_t CodePoints(const std::string& text) {
  size_t count = 0;
  for (const char c : text) count += (c & 0xc0) != 0x80;
  return count;
}

std::string MistakeInFormat(common::v1::Format format, const std::string& text) {
  static const RE2 kId("[A-Za-z0-9._-]{1,64}");
  switch (format) {
    case common::v1::ID:
      if (RE2::FullMatch(text, kId) && text != "." && text != "..") return "";
      return "must be 1 to 64 of A-Z a-z 0-9 . _ -";
    case common::v1::EMAIL:
      return IsEmail(text) ? "" : "must be an e-mail address";
    case common::v1::URL:
      return std::string(NormalisedUrl(text).status().message());
    case common::v1::TIME_ZONE:
      return IsTimeZone(text) ? "" : "must be an IANA time zone, such as Australia/Sydney";
    case common::v1::NAME:
      if (HasControl(text)) return "must not have control characters";
      return IsBlank(text) ? "must not be blank" : "";
    default:
      return "";
  }
}

}  // namespace gatehouse
