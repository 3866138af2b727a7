#include "services/documents/settings/handler.h"

namespace gatehouse::documents {

absl::StatusOr<pb::Settings> SettingsHandler::GetSettings(const Call& call,
                                                          const pb::GetSettingsRequest&) {
  ASSIGN_OR_RETURN(const DocumentRules rules, rules_.Get(call.caller.organisation_id));
  pb::Settings settings;
  settings.set_max_document_bytes(rules.max_document_bytes);
  return settings;
}

absl::StatusOr<pb::Settings> SettingsHandler::UpdateSettings(
    const Call& call, const pb::UpdateSettingsRequest& request) {
  const int64_t bytes = request.settings().max_document_bytes();
  if (bytes > 0) RETURN_IF_ERROR(rules_.SetMaxBytes(call.caller.organisation_id, bytes));
  return GetSettings(call, {});
}

}  // namespace gatehouse::documents
