#include "services/gateway/session_cookie.h"

#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "services/common/base/crypto.h"

namespace gatehouse::gateway {
namespace {

constexpr size_t kHashSize = 12;  // Hexadecimal digits: of a handful of origins none are alike.

using Cookies = std::vector<std::pair<std::string, std::string>>;

// By their names, in their order: of two with one name the first counts (RFC 6265, section 5.4).
Cookies CookiesIn(const std::string& header) {
  Cookies cookies;
  for (const absl::string_view pair : absl::StrSplit(header, ';')) {
    const std::vector<std::string> parts =
        absl::StrSplit(absl::StripAsciiWhitespace(pair), absl::MaxSplits('=', 1));
    if (parts.size() == 2) cookies.emplace_back(parts[0], parts[1]);
  }
  return cookies;
}

std::string ValueOf(const Cookies& cookies, const std::string& name) {
  for (const auto& [cookie, value] : cookies) {
    if (cookie == name) return value;
  }
  return "";
}

// scheme://host of a URL.
std::string OriginIn(const std::string& url) {
  const size_t scheme = url.find("://");
  return scheme == std::string::npos ? "" : url.substr(0, url.find('/', scheme + 3));
}

// What stands behind the cookie's name; nothing for a page of our own host, and for none.
std::string SuffixFor(const SessionCookie::Request& request) {
  if (request.fetch_site == "same-origin") return "";
  const std::string page = request.origin.empty() ? OriginIn(request.referer) : request.origin;
  const std::string own = absl::StrCat(request.secure ? "https://" : "http://", request.host);
  if (page.empty() || page == "null" || absl::EqualsIgnoreCase(page, own)) return "";
  return absl::StrCat("-", Hex(Sha256(page)).substr(0, kHashSize));
}

}  // namespace

SessionCookie::SessionCookie(const Request& request) {
  const std::string plain = request.secure ? "__Host-gatehouse" : "gatehouse";
  name_ = plain + SuffixFor(request);
  const Cookies cookies = CookiesIn(request.cookies);
  for (const std::string& name : {name_, plain}) {
    found_as_ = name;
    value_ = ValueOf(cookies, name);
    if (!value_.empty()) return;
  }
  found_as_ = name_;
  if (name_ != plain) return;
  size_t others = 0;
  for (const auto& [name, value] : cookies) {
    if (!absl::StartsWith(name, plain + "-")) continue;
    ++others;
    found_as_ = name;
    value_ = value;
  }
  if (others == 1) return;
  found_as_ = name_;
  value_.clear();
}

}  // namespace gatehouse::gateway
