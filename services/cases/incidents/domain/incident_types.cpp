#include "services/cases/incidents/domain/incident_types.h"

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "gatehouse/cases/v1/reasons.pb.h"
#include "services/common/base/status.h"

namespace gatehouse::cases {

absl::Status CheckIncidentSettings(const IncidentSettings& settings) {
  std::set<std::string> types;
  for (int i = 0; i < settings.types_size(); ++i) {
    const v1::IncidentType& type = settings.types(i);
    const std::string place = absl::StrCat("incident_settings.types[", i, "].");
    if (!types.insert(type.incident_type_id()).second) {
      return RefuseField(place + "incident_type_id", "stands there twice");
    }
    std::set<std::string> languages;
    for (int j = 0; j < type.client_texts_size(); ++j) {
      if (languages.insert(absl::AsciiStrToLower(type.client_texts(j).language())).second) continue;
      return RefuseField(absl::StrCat(place, "client_texts[", j, "].language"),
                         "stands there twice");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckIncidentType(const IncidentSettings& settings, const std::string& type_id) {
  const bool known =
      std::any_of(settings.types().begin(), settings.types().end(),
                  [&](const v1::IncidentType& type) { return type.incident_type_id() == type_id; });
  if (known) return absl::OkStatus();
  return Refuse(v1::INCIDENT_TYPE_UNKNOWN, "there is no such type of incident: see the list");
}

}  // namespace gatehouse::cases
