#pragma once

#include <string>

namespace gatehouse::gateway {

// The cookie that holds a page's session. Each page's origin has its own, so that the portals of
// two organisations, which share this host, are signed in beside each other in one browser: the
// pages of the gateway's own host `gatehouse`, others that with a hash of their origin behind it
// (`gatehouse-3f2a…`), by HTTPS with `__Host-` before it.
class SessionCookie {
 public:
  // Headers of a request; empty: none.
  struct Request {
    std::string cookies, origin, referer, fetch_site, host;
    bool secure = false;
  };
  explicit SessionCookie(const Request& request);

  // What the page's session is set as.
  const std::string& name() const { return name_; }
  // The session's token; empty: none. Where a page has no cookie of its own, that without a hash
  // serves. A request that names no page, such as a link to a file, takes the only one that there
  // is.
  const std::string& value() const { return value_; }
  // What it was found as: what ends with it.
  const std::string& found_as() const { return found_as_; }

 private:
  std::string name_, found_as_, value_;
};

}  // namespace gatehouse::gateway
