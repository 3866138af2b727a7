#include "services/documents/settings/handler.h"

#include "absl/strings/numbers.h"
#include "gatehouse/cases/v1/upload_limits.pb.h"
#include "services/documents/settings/stored_rules.h"

namespace gatehouse::documents {

absl::StatusOr<pb::Settings> SettingsHandler::GetSettings(const Call& call,
                                                          const pb::GetSettingsRequest&) {
  return parts_.settings.Get(call.caller.organisation_id, "");
}

absl::StatusOr<pb::Settings> SettingsHandler::UpdateSettings(
    const Call& call, const pb::UpdateSettingsRequest& request) {
  return parts_.once.Run(call, request, [&] { return Update(call, request); });
}

absl::StatusOr<pb::Settings> SettingsHandler::Update(const Call& call,
                                                     const pb::UpdateSettingsRequest& request) {
  const std::string& organisation_id = call.caller.organisation_id;
  using Result = absl::StatusOr<pb::Settings>;
  return parts_.postgres.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    ASSIGN_OR_RETURN(
        const pb::Settings now,
        parts_.settings.Update(request.settings(), request.update_mask(), call, CheckSettings));
    int64_t version = 0;
    if (!absl::SimpleAtoi(now.etag(), &version) || version == 0) return now;
    cases::v1::FollowUploadLimitsRequest follow;
    follow.set_settings_version(version);
    follow.mutable_limits()->set_max_document_bytes(now.max_document_bytes());
    *follow.mutable_limits()->mutable_content_types() = now.allowed_content_types();
    OutboxCalls calls(organisation_id);
    calls.Add(&cases::v1::UploadLimitsFollower_Stub::FollowUploadLimits, follow);
    parts_.outbox.Add(tx, std::move(calls));
    return now;
  });
}

}  // namespace gatehouse::documents
