#pragma once

#include "gatehouse/documents/v1/documents.pb.h"
#include "services/common/jobs/outbox.h"
#include "services/common/postgres/once.h"
#include "services/common/rpc/server.h"
#include "services/common/settings/settings.h"

namespace gatehouse::documents {

namespace pb = v1;

// The rules under which an organisation takes documents. What a client may hand in by them, cases
// hears, which shows it on the portal's first page.
class SettingsHandler {
 public:
  struct Parts {
    Postgres& postgres;
    Outbox& outbox;
    const gatehouse::Settings<pb::Settings>& settings;
    Once& once;
  };
  explicit SettingsHandler(const Parts& parts) : parts_(parts) {}

  absl::StatusOr<pb::Settings> GetSettings(const Call& call, const pb::GetSettingsRequest& request);
  absl::StatusOr<pb::Settings> UpdateSettings(const Call& call,
                                              const pb::UpdateSettingsRequest& request);

 private:
  absl::StatusOr<pb::Settings> Update(const Call& call, const pb::UpdateSettingsRequest& request);

  const Parts parts_;
};

}  // namespace gatehouse::documents
