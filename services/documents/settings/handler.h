#pragma once

#include "gatehouse/documents/v1/documents.pb.h"
#include "services/common/postgres/once.h"
#include "services/common/rpc/server.h"
#include "services/common/settings/settings.h"

namespace gatehouse::documents {

namespace pb = v1;

// The rules under which an organisation takes documents.
class SettingsHandler {
 public:
  SettingsHandler(const gatehouse::Settings<pb::Settings>& settings, Once& once)
      : settings_(settings), once_(once) {}

  absl::StatusOr<pb::Settings> GetSettings(const Call& call, const pb::GetSettingsRequest& request);
  absl::StatusOr<pb::Settings> UpdateSettings(const Call& call,
                                              const pb::UpdateSettingsRequest& request);

 private:
  const gatehouse::Settings<pb::Settings>& settings_;
  Once& once_;
};

}  // namespace gatehouse::documents
