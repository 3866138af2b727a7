#pragma once

#include "gatehouse/documents/v1/documents.pb.h"
#include "services/common/rpc/server.h"
#include "services/documents/settings/store/postgres_rules.h"

namespace gatehouse::documents {

namespace pb = v1;

// The rules under which an organisation takes documents.
class SettingsHandler {
 public:
  explicit SettingsHandler(PostgresRules& rules) : rules_(rules) {}

  absl::StatusOr<pb::Settings> GetSettings(const Call& call, const pb::GetSettingsRequest& request);
  absl::StatusOr<pb::Settings> UpdateSettings(const Call& call,
                                              const pb::UpdateSettingsRequest& request);

 private:
  PostgresRules& rules_;
};

}  // namespace gatehouse::documents
