#pragma once

#include "absl/status/statusor.h"
#include "services/cases/portal/domain/portal.h"
#include "services/common/jobs/outbox.h"
#include "services/common/settings/settings.h"

namespace gatehouse::cases {

// Changes of portals' settings, which who must keep clients out hears of: identity, of whoever is
// signed in, and invitation, of whoever is not.
class PortalStore {
 public:
  PortalStore(Postgres& postgres, Outbox& outbox, const Settings<PortalSettings>& settings)
      : postgres_(postgres), outbox_(outbox), settings_(settings) {}

  // Refuses ETAG_MISMATCH and what CheckPortal does. Waits briefly until both have heard.
  absl::StatusOr<PortalSettings> Update(const Call& call,
                                        const v1::UpdatePortalSettingsRequest& request);

  // Tells of what was set, published and accepted by a process of before, which told nobody; each
  // organisation once. How many were told.
  absl::StatusOr<int> TellOld();

 private:
  absl::Status TellOld(const std::string& organisation_id);

  Postgres& postgres_;
  Outbox& outbox_;
  const Settings<PortalSettings>& settings_;
};

}  // namespace gatehouse::cases
