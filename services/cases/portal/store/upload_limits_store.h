#pragma once

#include "absl/status/statusor.h"
#include "gatehouse/cases/v1/upload_limits.pb.h"
#include "gatehouse/documents/v1/documents.pb.h"
#include "services/common/jobs/outbox.h"
#include "services/common/postgres/postgres.h"
#include "services/common/settings/settings.h"

namespace gatehouse::cases {

// What clients of organisations may hand in, as documents tells it. Every method is about one
// organisation's row.
class UploadLimitsStore {
 public:
  UploadLimitsStore(Postgres& postgres, Outbox& outbox)
      : postgres_(postgres), documents_(postgres, outbox) {}

  // How they are now, unless a later version of documents' settings said so.
  absl::Status Set(const std::string& organisation_id, const v1::FollowUploadLimitsRequest& now);
  // As by default, where nothing else was said.
  absl::StatusOr<v1::UploadLimits> Get(const std::string& organisation_id);

 private:
  Postgres& postgres_;
  // For their defaults alone: what an organisation changed, documents tells.
  const Settings<documents::v1::Settings> documents_;
};

}  // namespace gatehouse::cases
