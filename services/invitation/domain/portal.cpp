#include "services/invitation/domain/portal.h"

#include "services/common/base/status.h"
#include "services/common/text/language.h"
#include "services/common/text/origin.h"

namespace gatehouse::invitation {

absl::StatusOr<std::string> PortalOf(const std::string& asked,
                                     const OrganisationProfile& organisation) {
  if (asked.empty()) return asked;
  const auto portal = NormalisedUrl(asked);
  if (portal.ok() && organisation.PortalFor(*portal) == *portal) return *portal;
  return RefuseField("portal_url", "must be one of the organisation's portals");
}

v1::PortalOrganisation ToProto(const Face& face, const std::string& accept_language) {
  v1::PortalOrganisation shown;
  shown.set_display_name(face.organisation.display_name);
  shown.set_portal_url(face.portal_url);
  shown.set_organisation_id(face.organisation_id);
  *shown.mutable_look() = face.look;
  const auto& spoken = face.look.languages();
  if (!spoken.empty()) {
    shown.set_language(ChooseLanguage(accept_language, {spoken.begin(), spoken.end()}));
  }
  return shown;
}

}  // namespace gatehouse::invitation
