#include "services/documents/settings/handler.h"

#include "services/documents/settings/stored_rules.h"

namespace gatehouse::documents {

absl::StatusOr<pb::Settings> SettingsHandler::GetSettings(const Call& call,
                                                          const pb::GetSettingsRequest&) {
  return settings_.Get(call.caller.organisation_id, "");
}

absl::StatusOr<pb::Settings> SettingsHandler::UpdateSettings(
    const Call& call, const pb::UpdateSettingsRequest& request) {
  return once_.Run(call, request, [&] {
    return settings_.Update(request.settings(), request.update_mask(), call, CheckSettings);
  });
}

}  // namespace gatehouse::documents
