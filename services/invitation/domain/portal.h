#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "gatehouse/invitation/v1/portals.pb.h"
#include "gatehouse/invitation/v1/sign_in.pb.h"
#include "services/invitation/domain/directory.h"

namespace gatehouse::invitation {

// The portal that was asked for, as the organisation has it; empty: none was. Refuses one that is
// none of the organisation's.
absl::StatusOr<std::string> PortalOf(const std::string& asked,
                                     const OrganisationProfile& organisation);

// What a page shows of an organisation before anybody has signed in, to who reads these languages.
struct Face {
  std::string organisation_id, portal_url;
  OrganisationProfile organisation;
  cases::v1::PortalLook look;
};
v1::PortalOrganisation ToProto(const Face& face, const std::string& accept_language);

}  // namespace gatehouse::invitation
