#include "services/invitation/domain/entrances.h"

#include "gatehouse/common/v1/reasons.pb.h"
#include "services/common/base/status.h"
#include "services/common/text/origin.h"
#include "services/invitation/domain/policy.h"

namespace gatehouse::invitation {
namespace {

absl::Status NoPortal() {
  return Refuse(common::v1::NOT_FOUND, "nothing is known of such a portal");
}

}  // namespace

absl::StatusOr<std::string> Entrances::WhoseIs(const std::string& portal_url,
                                               const std::string& organisation_id) {
  if (organisation_id.empty()) {
    ASSIGN_OR_RETURN(const auto found, directory_.FindPortal(portal_url));
    if (found.size() != 1) return NoPortal();
    return found.front();
  }
  const auto named = directory_.RecallOrganisation(organisation_id);
  if (ReasonOf(named.status()) == "NOT_FOUND") return NoPortal();
  RETURN_IF_ERROR(named.status());
  if (named->PortalFor(portal_url) != portal_url) return NoPortal();
  return organisation_id;
}

absl::StatusOr<PortalEntrance> Entrances::Find(const std::string& portal_url,
                                               const std::string& organisation_id) {
  const auto normalised = NormalisedUrl(portal_url);
  if (!normalised.ok()) {
    return RefuseField("portal_url", std::string(normalised.status().message()));
  }
  PortalEntrance entrance;
  entrance.face.portal_url = *normalised;
  ASSIGN_OR_RETURN(const std::string id, WhoseIs(*normalised, organisation_id));
  entrance.face.organisation_id = id;
  ASSIGN_OR_RETURN(entrance.face.organisation, directory_.RecallOrganisation(id));
  ASSIGN_OR_RETURN(entrance.face.look, store_.LookOfPortal(id));
  ASSIGN_OR_RETURN(const Policy policy, store_.GetPolicy(id, entrance.face.organisation.region));
  entrance.takes_passwords = HasPasswords(policy);
  entrance.takes_passkeys = TakesPasskeysAlone(policy);
  return entrance;
}

}  // namespace gatehouse::invitation
