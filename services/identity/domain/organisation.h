#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"

namespace gatehouse::identity {

struct Organisation {
  std::string organisation_id, display_name, region, time_zone, portal_url, etag;
  absl::Duration idle_timeout = absl::Minutes(30), absolute_timeout = absl::Hours(24);
  absl::Time create_time, update_time;
};

// scheme://host[:port] of a URL, as a browser's Origin header has it (RFC 6454).
inline std::string OriginOf(const std::string& url) {
  const size_t authority = url.find("://");
  if (authority == std::string::npos) return "";
  return url.substr(0, url.find('/', authority + 3));
}

struct ApiKey {
  std::string api_key_id, display_name;
  std::vector<std::string> scopes;
  absl::Time create_time, expire_time = absl::InfiniteFuture();
  absl::Time last_use_time = absl::InfinitePast(), revoke_time = absl::InfiniteFuture();
};

struct StaffToken {
  std::string staff_token_id, api_key_id, actor_id, actor_name;
  std::vector<std::string> scopes;
  absl::Time expire_time;
};

struct AuditEvent {
  std::string audit_event_id, type, actor_id, actor_name, subject_id, case_id, client_address,
      request_id;
  absl::Time time;
};

}  // namespace gatehouse::identity
