#pragma once

#include "gatehouse/notification/v1/preferences.pb.h"
#include "services/common/jobs/outbox.h"
#include "services/common/postgres/once.h"
#include "services/common/rpc/server.h"
#include "services/common/settings/settings.h"
#include "services/notification/preferences/domain/preferences.h"
#include "services/notification/templates/domain/templates.h"

namespace gatehouse::notification {

// The actions that there are for the events that any service declares.
Actions DeclaredActions();

// The RPCs of proto/gatehouse/notification/v1/preferences.proto.
class PreferencesHandler {
 public:
  struct Places {
    Postgres& postgres;
    Outbox& outbox;  // Of the jobs that tell.
    const Settings<v1::NotificationSettings>& settings;
    const Actions& actions;
    Templates& templates;
    Once& once;
  };
  explicit PreferencesHandler(Places places) : places_(places) {}
  void Register(Server& server);

  absl::StatusOr<v1::ListNotificationActionsResponse> ListNotificationActions(
      const Call& call, const v1::ListNotificationActionsRequest& request);
  absl::StatusOr<v1::NotificationSettings> GetNotificationSettings(
      const Call& call, const v1::GetNotificationSettingsRequest& request);
  absl::StatusOr<v1::NotificationSettings> UpdateNotificationSettings(
      const Call& call, const v1::UpdateNotificationSettingsRequest& request);
  absl::StatusOr<v1::TellContactResponse> TellContact(const Call& call,
                                                      const v1::TellContactRequest& request);

 private:
  absl::Status Check(const std::string& organisation_id,
                     const v1::NotificationSettings& settings) const;

  const Places places_;
};

}  // namespace gatehouse::notification
