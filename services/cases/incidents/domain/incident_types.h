#pragma once

#include <string>

#include "absl/status/status.h"
#include "gatehouse/cases/v1/incidents.pb.h"

namespace gatehouse::cases {

using IncidentSettings = v1::IncidentSettings;

// INVALID_REQUEST for a type or a language that stands twice.
absl::Status CheckIncidentSettings(const IncidentSettings& settings);

// OK, or INCIDENT_TYPE_UNKNOWN.
absl::Status CheckIncidentType(const IncidentSettings& settings, const std::string& type_id);

}  // namespace gatehouse::cases
