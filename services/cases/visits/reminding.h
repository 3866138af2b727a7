#pragma once

#include "absl/status/status.h"
#include "services/cases/domain/store.h"
#include "services/cases/portal/domain/portal.h"
#include "services/cases/visits/store/visit_store.h"
#include "services/common/base/clock.h"
#include "services/common/jobs/jobs.h"
#include "services/common/jobs/outbox.h"
#include "services/common/postgres/postgres.h"
#include "services/common/settings/settings.h"

namespace gatehouse::cases {

// Reminds clients of visits by e-mail: those to whom a visit is, who have entered the portal and
// have an address.
class VisitReminding {
 public:
  struct Parts {
    Postgres& postgres;
    Outbox& outbox;  // Must know notification.
    VisitStore& visits;
    Store& mirror;
    Settings<PortalSettings>& settings;
    const Clock& clock;
  };
  explicit VisitReminding(const Parts& parts) : parts_(parts) {}

  // What a job of the lane kVisitLane does. Each client gets one mail of a reminder, however often
  // its job is done. A visit that was changed since, or is past, is not reminded of; where the
  // rules of its zone have changed, the reminder comes by the new ones.
  absl::Status Remind(const std::string& organisation_id, const std::string& payload);
  Jobs::Work Work();

 private:
  absl::Status Send(const std::string& organisation_id, const VisitReminder& reminder,
                    const v1::Visit& visit);

  const Parts parts_;
};

}  // namespace gatehouse::cases
