#pragma once

#include <map>
#include <optional>
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

// What an update is about; what is not there stays as it is.
struct OrganisationChange {
  std::string etag;  // That was read; empty: whatever it is now.
  std::optional<std::string> display_name, region, time_zone;
  // Takes the place of the default one; or stands before the list, where that is changed too.
  std::optional<std::string> portal_url;
  std::optional<std::vector<std::string>> portal_urls;
  std::optional<absl::Duration> idle_timeout, absolute_timeout;
};

// Refuses a region that is no country, such as UK: phone numbers would be read by no rules at all.
absl::Status CheckRegion(const std::string& region);

// Refuses ETAG_MISMATCH, and INVALID_REQUEST for what must not be empty, is no portal or no region.
absl::Status Apply(const OrganisationChange& change, Organisation& organisation);

// Normalises the URLs of an organisation's portals, drops those that come twice, and refuses what
// is no portal: without encryption, unless it is this machine, more than kPortalsMax, or none.
absl::StatusOr<std::vector<std::string>> PortalUrls(const std::vector<std::string>& urls);

struct AuditEvent {
  std::string audit_event_id, type, actor_id, actor_name, subject_id, case_id, client_address,
      request_id, client_request_id;
  absl::Time time;
  std::map<std::string, std::string> data;  // Its facts, by their names in JSON.
};

}  // namespace gatehouse::identity
