#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace gatehouse::identity {

struct Organisation {
  std::string organisation_id, display_name, region, time_zone, etag;
  std::vector<std::string> portal_urls;  // The first is the default.
  absl::Duration idle_timeout = absl::Minutes(30), absolute_timeout = absl::Hours(24);
  absl::Time create_time, update_time;
};

constexpr size_t kPortalsMax = 10;

// Normalises the URLs of an organisation's portals, drops those that come twice, and refuses what
// is no portal: without encryption, unless it is this machine, more than kPortalsMax, or none.
absl::StatusOr<std::vector<std::string>> PortalUrls(const std::vector<std::string>& urls);

struct AuditEvent {
  std::string audit_event_id, type, actor_id, actor_name, subject_id, case_id, client_address,
      request_id, client_request_id;
  absl::Time time;
};

}  // namespace gatehouse::identity
