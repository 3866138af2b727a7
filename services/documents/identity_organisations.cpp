#include "services/documents/identity_organisations.h"

#include "gatehouse/identity/v1/organisations.pb.h"
#include "services/common/base/status.h"

namespace gatehouse::documents {

absl::StatusOr<OrganisationProfile> IdentityOrganisations::LookUp(
    const std::string& organisation_id) {
  ASSIGN_OR_RETURN(const auto found,
                   identity_.Call(&identity::v1::OrganisationDirectory_Stub::LookUpOrganisation,
                                  organisation_id, identity::v1::LookUpOrganisationRequest()));
  OrganisationProfile profile = {
      .display_name = found.display_name(),
      .portal_url = found.portal_url(),
      .time_zone = absl::UTCTimeZone(),
      .portal_urls = {found.portal_urls().begin(), found.portal_urls().end()}};
  // What this machine's database of time zones does not know goes by UTC.
  absl::LoadTimeZone(found.time_zone(), &profile.time_zone);
  return profile;
}

}  // namespace gatehouse::documents
