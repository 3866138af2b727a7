#include "services/cases/portal/store/upload_limits_store.h"

namespace gatehouse::cases {
namespace {

constexpr char kSet[] = R"sql(
  INSERT INTO upload_limits AS old (organisation_id, limits, settings_version)
  VALUES ($1, $2, $3) ON CONFLICT (organisation_id) DO UPDATE
    SET limits = $2, settings_version = $3 WHERE old.settings_version < $3)sql";

constexpr char kGet[] = "SELECT limits FROM upload_limits WHERE organisation_id = $1";

}  // namespace

absl::Status UploadLimitsStore::Set(const std::string& organisation_id,
                                    const v1::FollowUploadLimitsRequest& now) {
  return postgres_.WriteOne(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::Status {
    tx.Exec(kSet, organisation_id, Bytes(now.limits().SerializeAsString()), now.settings_version());
    return absl::OkStatus();
  });
}

absl::StatusOr<v1::UploadLimits> UploadLimitsStore::Get(const std::string& organisation_id) {
  using Result = absl::StatusOr<v1::UploadLimits>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    v1::UploadLimits limits;
    const auto found = tx.Exec(kGet, organisation_id);
    if (!found.empty()) {
      limits.ParseFromString(BytesFromSql(found[0]["limits"]));
      return limits;
    }
    const documents::v1::Settings defaults = documents_.Of(StoredSettings(), "");
    limits.set_max_document_bytes(defaults.max_document_bytes());
    *limits.mutable_content_types() = defaults.allowed_content_types();
    return limits;
  });
}

}  // namespace gatehouse::cases
