#pragma once

#include "gatehouse/cases/v1/incidents.pb.h"
#include "services/cases/incidents/domain/incident_types.h"
#include "services/cases/incidents/store/incident_store.h"
#include "services/cases/portal/gate.h"
#include "services/common/postgres/once.h"
#include "services/common/rpc/server.h"

namespace gatehouse::cases {

// The RPCs of proto/gatehouse/cases/v1/incidents.proto, translated into calls of the store and the
// rules.
class IncidentsHandler {
 public:
  IncidentsHandler(Settings<IncidentSettings>& settings, IncidentStore& incidents,
                   const PortalGate& gate, Once& once)
      : settings_(settings), incidents_(incidents), gate_(gate), once_(once) {}
  void Register(Server& server);

  absl::StatusOr<IncidentSettings> GetIncidentSettings(
      const Call& call, const v1::GetIncidentSettingsRequest& request);
  absl::StatusOr<IncidentSettings> UpdateIncidentSettings(
      const Call& call, const v1::UpdateIncidentSettingsRequest& request);
  absl::StatusOr<v1::ListIncidentsResponse> ListIncidents(const Call& call,
                                                          const v1::ListIncidentsRequest& request);
  absl::StatusOr<v1::Incident> GetIncident(const Call& call, const v1::GetIncidentRequest& request);
  absl::StatusOr<v1::Incident> ReplyToIncident(const Call& call,
                                               const v1::ReplyToIncidentRequest& request);

  absl::StatusOr<v1::ListIncidentTypesResponse> ListIncidentTypes(
      const Call& call, const v1::ListIncidentTypesRequest& request);
  absl::StatusOr<v1::Incident> CreateIncident(const Call& call,
                                              const v1::CreateIncidentRequest& request);
  absl::StatusOr<v1::ListIncidentsResponse> ListPortalIncidents(
      const Call& call, const v1::ListIncidentsRequest& request);
  absl::StatusOr<v1::Incident> GetPortalIncident(const Call& call,
                                                 const v1::GetIncidentRequest& request);
  absl::StatusOr<v1::Incident> ReplyToPortalIncident(
      const Call& call, const v1::ReplyToPortalIncidentRequest& request);

 private:
  absl::StatusOr<v1::ListIncidentsResponse> List(const Call& call,
                                                 const v1::ListIncidentsRequest& request,
                                                 const std::string& seen_by);

  Settings<IncidentSettings>& settings_;
  IncidentStore& incidents_;
  const PortalGate& gate_;
  Once& once_;
};

}  // namespace gatehouse::cases
