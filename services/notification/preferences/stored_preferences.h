#pragma once

#include "gatehouse/notification/v1/preferences.pb.h"
#include "services/common/settings/settings.h"
#include "services/notification/preferences/domain/preferences.h"

namespace gatehouse::notification {

// Preferences as the settings have them. Refuses INVALID_REQUEST for an action that is named twice.
absl::StatusOr<Preferences> PreferencesFrom(const v1::NotificationSettings& settings);

class StoredPreferences : public PreferenceStore {
 public:
  explicit StoredPreferences(const Settings<v1::NotificationSettings>& settings)
      : settings_(settings) {}
  absl::StatusOr<Preferences> Get(const std::string& organisation_id) override;

 private:
  const Settings<v1::NotificationSettings>& settings_;
};

}  // namespace gatehouse::notification
