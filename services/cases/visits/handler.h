#pragma once

#include "gatehouse/cases/v1/visit_calendars.pb.h"
#include "gatehouse/cases/v1/visits.pb.h"
#include "services/cases/domain/store.h"
#include "services/cases/pipelines/store/place_store.h"
#include "services/cases/portal/gate.h"
#include "services/cases/visits/store/visit_store.h"
#include "services/common/base/clock.h"
#include "services/common/postgres/once.h"
#include "services/common/rpc/server.h"

namespace gatehouse::cases {

// The RPCs of proto/gatehouse/cases/v1/visits.proto and visit_calendars.proto, translated into
// calls of the store and the rules.
class VisitsHandler {
 public:
  struct Parts {
    VisitStore& visits;
    Store& mirror;
    PlaceStore& places;
    const PortalGate& gate;
    Once& once;
    const Clock& clock;
  };
  explicit VisitsHandler(const Parts& parts) : parts_(parts) {}
  void Register(Server& server);

  absl::StatusOr<v1::Visit> ArrangeVisit(const Call& call, const v1::ArrangeVisitRequest& request);
  absl::StatusOr<v1::ListVisitsResponse> ListVisits(const Call& call,
                                                    const v1::ListVisitsRequest& request);
  absl::StatusOr<v1::Visit> GetVisit(const Call& call, const v1::GetVisitRequest& request);
  absl::StatusOr<v1::Visit> RescheduleVisit(const Call& call,
                                            const v1::RescheduleVisitRequest& request);
  absl::StatusOr<v1::Visit> CancelVisit(const Call& call, const v1::CancelVisitRequest& request);

  absl::StatusOr<v1::ListVisitsResponse> ListPortalVisits(const Call& call,
                                                          const v1::ListVisitsRequest& request);
  absl::StatusOr<v1::Visit> GetPortalVisit(const Call& call, const v1::GetVisitRequest& request);
  absl::StatusOr<v1::Visit> ChooseVisitTime(const Call& call,
                                            const v1::ChooseVisitTimeRequest& request);
  absl::StatusOr<v1::Visit> DeclineVisitTimes(const Call& call,
                                              const v1::DeclineVisitTimesRequest& request);
  absl::StatusOr<v1::DownloadVisitResponse> DownloadVisit(const Call& call,
                                                          const v1::DownloadVisitRequest& request);

  absl::StatusOr<v1::LookUpVisitCalendarResponse> LookUpVisitCalendar(
      const Call& call, const v1::LookUpVisitCalendarRequest& request);

 private:
  const Parts parts_;
};

}  // namespace gatehouse::cases
