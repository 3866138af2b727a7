#pragma once

#include "services/cases/portal/domain/portal.h"
#include "services/common/settings/settings.h"

namespace gatehouse::cases {

// The portal's door: what every RPC of a client passes.
class PortalGate {
 public:
  explicit PortalGate(Settings<PortalSettings>& settings) : settings_(settings) {}

  // The settings of the caller's portal. Refuses PORTAL_DISABLED.
  absl::StatusOr<PortalSettings> Enter(const Call& call) const {
    ASSIGN_OR_RETURN(PortalSettings settings,
                     settings_.Get(call.caller.organisation_id, call.caller.region));
    RETURN_IF_ERROR(CheckEnabled(settings));
    return settings;
  }

 private:
  Settings<PortalSettings>& settings_;
};

}  // namespace gatehouse::cases
