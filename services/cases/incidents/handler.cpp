#include "services/cases/incidents/handler.h"

#include <algorithm>

#include "services/cases/domain/seen_by.h"
#include "services/cases/pipelines/domain/status.h"

namespace gatehouse::cases {
namespace {

v1::PortalIncidentType Shown(const v1::IncidentType& type, const std::string& language) {
  // A state's texts are chosen by the same rule.
  State named;
  named.set_display_name(type.display_name());
  *named.mutable_client_texts() = type.client_texts();
  const v1::ClientText text = TextOf(named, language);
  v1::PortalIncidentType shown;
  shown.set_incident_type_id(type.incident_type_id());
  shown.set_display_name(text.display_name());
  shown.set_description(text.description());
  return shown;
}

// Each once, in their order.
template <typename Request>
std::vector<std::string> IdsOf(const Request& request) {
  std::vector<std::string> ids;
  for (const std::string& id : request.document_ids()) {
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
  }
  return ids;
}

}  // namespace

void IncidentsHandler::Register(Server& server) {
  using Self = IncidentsHandler;
  server.Service("gatehouse.cases.v1.Incidents")
      .Unary("GetIncidentSettings", *this, &Self::GetIncidentSettings)
      .Unary("UpdateIncidentSettings", *this, &Self::UpdateIncidentSettings)
      .Unary("ListIncidents", *this, &Self::ListIncidents)
      .Unary("GetIncident", *this, &Self::GetIncident)
      .Unary("ReplyToIncident", *this, &Self::ReplyToIncident);
  server.Service("gatehouse.cases.v1.PortalIncidents")
      .Unary("ListIncidentTypes", *this, &Self::ListIncidentTypes)
      .Unary("CreateIncident", *this, &Self::CreateIncident)
      .Unary("ListPortalIncidents", *this, &Self::ListPortalIncidents)
      .Unary("GetPortalIncident", *this, &Self::GetPortalIncident)
      .Unary("ReplyToPortalIncident", *this, &Self::ReplyToPortalIncident);
}

absl::StatusOr<IncidentSettings> IncidentsHandler::GetIncidentSettings(
    const Call& call, const v1::GetIncidentSettingsRequest&) {
  return settings_.Get(call.caller.organisation_id, call.caller.region);
}

absl::StatusOr<IncidentSettings> IncidentsHandler::UpdateIncidentSettings(
    const Call& call, const v1::UpdateIncidentSettingsRequest& request) {
  return once_.Run(call, request, [&] {
    return settings_.Update(request.incident_settings(), request.update_mask(), call,
                            CheckIncidentSettings);
  });
}

absl::StatusOr<v1::ListIncidentsResponse> IncidentsHandler::List(
    const Call& call, const v1::ListIncidentsRequest& request, const std::string& seen_by) {
  ASSIGN_OR_RETURN(const Page page, PageOf(request));
  ASSIGN_OR_RETURN(auto incidents,
                   incidents_.List(call.caller.organisation_id, request.case_id(), seen_by, page));
  v1::ListIncidentsResponse response;
  response.set_next_page_token(CutPage(
      incidents, page, [](const v1::Incident& incident) { return incident.incident_id(); }));
  for (const v1::Incident& incident : incidents) *response.add_incidents() = incident;
  return response;
}

absl::StatusOr<v1::ListIncidentsResponse> IncidentsHandler::ListIncidents(
    const Call& call, const v1::ListIncidentsRequest& request) {
  return List(call, request, kEverybody);
}

absl::StatusOr<v1::Incident> IncidentsHandler::GetIncident(const Call& call,
                                                           const v1::GetIncidentRequest& request) {
  return incidents_.Get(call.caller.organisation_id, request.case_id(), request.incident_id(),
                        kEverybody);
}

absl::StatusOr<v1::Incident> IncidentsHandler::ReplyToIncident(
    const Call& call, const v1::ReplyToIncidentRequest& request) {
  return once_.Run(call, request, [&] {
    return incidents_.Add(call.caller.organisation_id,
                          {.case_id = request.case_id(),
                           .incident_id = request.incident_id(),
                           .seen_by = kEverybody,
                           .text = request.text(),
                           .document_ids = IdsOf(request),
                           .by_staff = true,
                           .contact_id = "",
                           .staff_name = call.caller.actor_name,
                           .state = request.resolve() ? v1::RESOLVED : v1::ANSWERED});
  });
}

absl::StatusOr<v1::ListIncidentTypesResponse> IncidentsHandler::ListIncidentTypes(
    const Call& call, const v1::ListIncidentTypesRequest& request) {
  RETURN_IF_ERROR(gate_.Enter(call).status());
  ASSIGN_OR_RETURN(const IncidentSettings settings,
                   settings_.Get(call.caller.organisation_id, call.caller.region));
  v1::ListIncidentTypesResponse response;
  for (const v1::IncidentType& type : settings.types()) {
    *response.add_types() = Shown(type, request.language());
  }
  return response;
}

absl::StatusOr<v1::Incident> IncidentsHandler::CreateIncident(
    const Call& call, const v1::CreateIncidentRequest& request) {
  RETURN_IF_ERROR(gate_.Enter(call).status());
  return once_.Run(call, request, [&]() -> absl::StatusOr<v1::Incident> {
    ASSIGN_OR_RETURN(const IncidentSettings settings,
                     settings_.Get(call.caller.organisation_id, call.caller.region));
    RETURN_IF_ERROR(CheckIncidentType(settings, request.incident_type_id()));
    return incidents_.Create(call.caller.organisation_id,
                             {.case_id = request.case_id(),
                              .type_id = request.incident_type_id(),
                              .contact_id = call.caller.AccessTo(request.case_id())->contact_id,
                              .text = request.text(),
                              .document_ids = IdsOf(request)});
  });
}

absl::StatusOr<v1::ListIncidentsResponse> IncidentsHandler::ListPortalIncidents(
    const Call& call, const v1::ListIncidentsRequest& request) {
  RETURN_IF_ERROR(gate_.Enter(call).status());
  return List(call, request, SeenBy(*call.caller.AccessTo(request.case_id())));
}

absl::StatusOr<v1::Incident> IncidentsHandler::GetPortalIncident(
    const Call& call, const v1::GetIncidentRequest& request) {
  RETURN_IF_ERROR(gate_.Enter(call).status());
  return incidents_.Get(call.caller.organisation_id, request.case_id(), request.incident_id(),
                        SeenBy(*call.caller.AccessTo(request.case_id())));
}

absl::StatusOr<v1::Incident> IncidentsHandler::ReplyToPortalIncident(
    const Call& call, const v1::ReplyToPortalIncidentRequest& request) {
  RETURN_IF_ERROR(gate_.Enter(call).status());
  const CaseAccess& access = *call.caller.AccessTo(request.case_id());
  return once_.Run(call, request, [&] {
    return incidents_.Add(call.caller.organisation_id, {.case_id = request.case_id(),
                                                        .incident_id = request.incident_id(),
                                                        .seen_by = SeenBy(access),
                                                        .text = request.text(),
                                                        .document_ids = IdsOf(request),
                                                        .contact_id = access.contact_id,
                                                        .staff_name = "",
                                                        .state = v1::OPEN});
  });
}

}  // namespace gatehouse::cases
