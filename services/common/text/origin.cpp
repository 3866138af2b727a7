#include "services/common/text/origin.h"

#include <re2/re2.h>
#include <unicode/uidna.h>

#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace gatehouse {
namespace {

absl::Status Mistake(const char* text) { return absl::InvalidArgumentError(text); }

// A host in ASCII and lower case; empty where it cannot be one.
std::string HostInAscii(const std::string& host) {
  UErrorCode error = U_ZERO_ERROR;
  const std::unique_ptr<UIDNA, decltype(&uidna_close)> idna(
      uidna_openUTS46(UIDNA_NONTRANSITIONAL_TO_ASCII | UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ |
                          UIDNA_USE_STD3_RULES,
                      &error),
      uidna_close);
  if (U_FAILURE(error)) return "";
  std::string ascii(254, '\0');
  UIDNAInfo info = UIDNA_INFO_INITIALIZER;
  const int32_t size =
      uidna_nameToASCII_UTF8(idna.get(), host.data(), static_cast<int32_t>(host.size()),
                             ascii.data(), static_cast<int32_t>(ascii.size()), &info, &error);
  if (U_FAILURE(error) || info.errors != 0 || size == 0) return "";
  ascii.resize(static_cast<size_t>(size));
  return ascii.back() == '.' ? "" : ascii;
}

absl::Status MistakeIn(const std::string& url) {
  static const RE2 kUser("(?i)https?://[^/?#]*@.*");
  if (url.find('#') != std::string::npos) return Mistake("must not have a fragment");
  if (url.find('?') != std::string::npos) return Mistake("must not have a query");
  if (RE2::FullMatch(url, kUser)) return Mistake("must not name a user");
  return Mistake("must be an http or https URL");
}

}  // namespace

absl::StatusOr<std::string> NormalisedUrl(const std::string& url) {
  static const RE2 kShape(R"((?i)(https?)://([^/?#@:\[\]\\\s]{1,253})(?::([0-9]{1,5}))?)"
                          R"((/[A-Z0-9._~!$&'()*+,;=:@%/-]*)?)");
  std::string scheme, host, port, path;
  if (!RE2::FullMatch(url, kShape, &scheme, &host, &port, &path)) return MistakeIn(url);
  scheme = absl::AsciiStrToLower(scheme);
  host = HostInAscii(host);
  if (host.empty()) return Mistake("must name a host");
  const int number = port.empty() ? 0 : std::stoi(port);
  if (!port.empty() && (number == 0 || number > 65535)) return Mistake("must name a port");
  const bool standard = number == 0 || number == (scheme == "https" ? 443 : 80);
  while (absl::EndsWith(path, "/")) path.pop_back();
  return absl::StrCat(scheme, "://", host, standard ? "" : absl::StrCat(":", number), path);
}

std::string OriginOf(const std::string& url) {
  const size_t authority = url.find("://");
  if (authority == std::string::npos) return "";
  return url.substr(0, url.find('/', authority + 3));
}

bool IsLocal(const std::string& url) {
  static const RE2 kLocal(R"(https?://(([a-z0-9-]+\.)*localhost|127\.0\.0\.1)(:[0-9]+)?)");
  return RE2::FullMatch(OriginOf(url), kLocal);
}

}  // namespace gatehouse
