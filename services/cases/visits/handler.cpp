#include "services/cases/visits/handler.h"

#include "absl/strings/str_cat.h"
#include "gatehouse/cases/v1/reasons.pb.h"
#include "services/cases/domain/seen_by.h"
#include "services/cases/visits/domain/calendar.h"
#include "services/cases/visits/domain/visit_rules.h"
#include "services/cases/visits/domain/visit_time.h"

namespace gatehouse::cases {
namespace {

// The visit that a client acts on, which is to its contact, and its act.
template <typename Request>
VisitStore::Target TargetOf(const Call& call, const Request& request) {
  return {.case_id = request.case_id(),
          .visit_id = request.visit_id(),
          .seen_by = call.caller.AccessTo(request.case_id())->contact_id};
}
template <typename Request>
VisitAct ActOf(const Call& call, const Request& request) {
  return {.contact_id = call.caller.AccessTo(request.case_id())->contact_id,
          .sequence = request.sequence()};
}

std::string CalendarType(const v1::Visit& visit) {
  return absl::StrCat("text/calendar; charset=utf-8; method=", MethodOf(visit));
}

std::string SeenByCaller(const Call& call, const std::string& case_id) {
  return SeenBy(*call.caller.AccessTo(case_id));
}

}  // namespace

void VisitsHandler::Register(Server& server) {
  using Self = VisitsHandler;
  server.Service("gatehouse.cases.v1.Visits")
      .Unary("ArrangeVisit", *this, &Self::ArrangeVisit)
      .Unary("ListVisits", *this, &Self::ListVisits)
      .Unary("GetVisit", *this, &Self::GetVisit)
      .Unary("RescheduleVisit", *this, &Self::RescheduleVisit)
      .Unary("CancelVisit", *this, &Self::CancelVisit);
  server.Service("gatehouse.cases.v1.PortalVisits")
      .Unary("ListPortalVisits", *this, &Self::ListPortalVisits)
      .Unary("GetPortalVisit", *this, &Self::GetPortalVisit)
      .Unary("ChooseVisitTime", *this, &Self::ChooseVisitTime)
      .Unary("DeclineVisitTimes", *this, &Self::DeclineVisitTimes)
      .Unary("DownloadVisit", *this, &Self::DownloadVisit);
  server.Service("gatehouse.cases.v1.VisitCalendars")
      .Unary("LookUpVisitCalendar", *this, &Self::LookUpVisitCalendar);
}

absl::StatusOr<v1::Visit> VisitsHandler::ArrangeVisit(const Call& call,
                                                      const v1::ArrangeVisitRequest& request) {
  return parts_.once.Run(call, request, [&]() -> absl::StatusOr<v1::Visit> {
    RETURN_IF_ERROR(CheckPlan(request.plan(), parts_.clock.Now()));
    const std::string& organisation_id = call.caller.organisation_id;
    ASSIGN_OR_RETURN(const Case mirrored, parts_.mirror.Get(organisation_id, request.case_id()));
    RETURN_IF_ERROR(CheckContact(mirrored, request.contact_id()));
    return parts_.visits.Create(organisation_id, request.case_id(),
                                Arrange(request.contact_id(), request.plan()));
  });
}

absl::StatusOr<v1::ListVisitsResponse> VisitsHandler::ListVisits(
    const Call& call, const v1::ListVisitsRequest& request) {
  ASSIGN_OR_RETURN(const auto visits,
                   parts_.visits.List(call.caller.organisation_id, request.case_id(), kEverybody));
  v1::ListVisitsResponse response;
  for (const v1::Visit& visit : visits) *response.add_visits() = visit;
  return response;
}

absl::StatusOr<v1::Visit> VisitsHandler::GetVisit(const Call& call,
                                                  const v1::GetVisitRequest& request) {
  return parts_.visits.Get(call.caller.organisation_id, request.case_id(), request.visit_id(),
                           kEverybody);
}

absl::StatusOr<v1::Visit> VisitsHandler::RescheduleVisit(
    const Call& call, const v1::RescheduleVisitRequest& request) {
  return parts_.once.Run(call, request, [&]() -> absl::StatusOr<v1::Visit> {
    RETURN_IF_ERROR(CheckPlan(request.plan(), parts_.clock.Now()));
    return parts_.visits.Update(
        call.caller.organisation_id,
        {.case_id = request.case_id(), .visit_id = request.visit_id(), .seen_by = kEverybody},
        [&](v1::Visit& visit) { return Reschedule(visit, request.plan(), request.sequence()); });
  });
}

absl::StatusOr<v1::Visit> VisitsHandler::CancelVisit(const Call& call,
                                                     const v1::CancelVisitRequest& request) {
  return parts_.visits.Update(
      call.caller.organisation_id,
      {.case_id = request.case_id(), .visit_id = request.visit_id(), .seen_by = kEverybody},
      [&](v1::Visit& visit) {
        if (visit.state() != v1::Visit::CANCELLED) Cancel(visit, request.reason());
        return absl::OkStatus();
      });
}

absl::StatusOr<v1::ListVisitsResponse> VisitsHandler::ListPortalVisits(
    const Call& call, const v1::ListVisitsRequest& request) {
  RETURN_IF_ERROR(parts_.gate.Enter(call).status());
  const std::string seen_by = SeenByCaller(call, request.case_id());
  ASSIGN_OR_RETURN(const auto visits,
                   parts_.visits.List(call.caller.organisation_id, request.case_id(), seen_by));
  v1::ListVisitsResponse response;
  for (const v1::Visit& visit : visits) *response.add_visits() = ForClient(visit, seen_by);
  return response;
}

absl::StatusOr<v1::Visit> VisitsHandler::GetPortalVisit(const Call& call,
                                                        const v1::GetVisitRequest& request) {
  RETURN_IF_ERROR(parts_.gate.Enter(call).status());
  const std::string seen_by = SeenByCaller(call, request.case_id());
  ASSIGN_OR_RETURN(const v1::Visit visit,
                   parts_.visits.Get(call.caller.organisation_id, request.case_id(),
                                     request.visit_id(), seen_by));
  return ForClient(visit, seen_by);
}

absl::StatusOr<v1::Visit> VisitsHandler::ChooseVisitTime(
    const Call& call, const v1::ChooseVisitTimeRequest& request) {
  RETURN_IF_ERROR(parts_.gate.Enter(call).status());
  ASSIGN_OR_RETURN(
      const v1::Visit visit,
      parts_.visits.Update(
          call.caller.organisation_id, TargetOf(call, request),
          [&](v1::Visit& visit) {
            return ChooseTime(visit, ActOf(call, request), request.time_index(),
                              parts_.clock.Now());
          },
          [&] { return parts_.places.Act(call.caller, request.case_id(), "visit-confirmed"); }));
  return ForClient(visit, SeenByCaller(call, request.case_id()));
}

absl::StatusOr<v1::Visit> VisitsHandler::DeclineVisitTimes(
    const Call& call, const v1::DeclineVisitTimesRequest& request) {
  RETURN_IF_ERROR(parts_.gate.Enter(call).status());
  ASSIGN_OR_RETURN(const v1::Visit visit,
                   parts_.visits.Update(
                       call.caller.organisation_id, TargetOf(call, request), [&](v1::Visit& visit) {
                         return DeclineTimes(visit, ActOf(call, request), request.text());
                       }));
  return ForClient(visit, SeenByCaller(call, request.case_id()));
}

absl::StatusOr<v1::DownloadVisitResponse> VisitsHandler::DownloadVisit(
    const Call& call, const v1::DownloadVisitRequest& request) {
  RETURN_IF_ERROR(parts_.gate.Enter(call).status());
  ASSIGN_OR_RETURN(const v1::Visit visit,
                   parts_.visits.Get(call.caller.organisation_id, request.case_id(),
                                     request.visit_id(), SeenByCaller(call, request.case_id())));
  if (!visit.has_agreed_time()) {
    return Refuse(v1::VISIT_TIME_OPEN, "no time was agreed on yet: choose one first");
  }
  v1::DownloadVisitResponse file;
  file.set_content_type(CalendarType(visit));
  file.set_content_disposition("attachment; filename=\"visit.ics\"");
  file.set_data(CalendarOf(visit));
  return file;
}

absl::StatusOr<v1::LookUpVisitCalendarResponse> VisitsHandler::LookUpVisitCalendar(
    const Call& call, const v1::LookUpVisitCalendarRequest& request) {
  ASSIGN_OR_RETURN(const v1::Visit visit,
                   parts_.visits.Get(call.caller.organisation_id, request.case_id(),
                                     request.visit_id(), kEverybody));
  v1::LookUpVisitCalendarResponse file;
  if (!visit.has_agreed_time()) return file;
  file.set_content_type(CalendarType(visit));
  file.set_data(CalendarOf(visit));
  return file;
}

}  // namespace gatehouse::cases
