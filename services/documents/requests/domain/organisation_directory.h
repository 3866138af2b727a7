#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace gatehouse::documents {

// What documents must know of an organisation.
struct OrganisationProfile {
  std::string display_name, portal_url;
  absl::TimeZone time_zone;
  std::vector<std::string> portal_urls;  // All, normalised.
};

// What documents asks of identity.
class OrganisationDirectory {
 public:
  virtual ~OrganisationDirectory() = default;
  virtual absl::StatusOr<OrganisationProfile> LookUp(const std::string& organisation_id) = 0;
};

}  // namespace gatehouse::documents
