#include "services/common/text/origin.h"

#include <re2/re2.h>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/common/text/domain_name.h"

namespace gatehouse {
namespace {

absl::Status Mistake(const char* text) { return absl::InvalidArgumentError(text); }

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
  host = DomainInAscii(host);
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
