#include "services/invitation/domain/portal.h"

#include "services/common/base/status.h"
#include "services/common/text/origin.h"

namespace gatehouse::invitation {

absl::StatusOr<std::string> PortalOf(const std::string& asked,
                                     const OrganisationProfile& organisation) {
  if (asked.empty()) return asked;
  const auto portal = NormalisedUrl(asked);
  if (portal.ok() && organisation.PortalFor(*portal) == *portal) return *portal;
  return RefuseField("portal_url", "must be one of the organisation's portals");
}

}  // namespace gatehouse::invitation
