#include "services/documents/blobs/store/postgres_keys.h"

#include "absl/strings/str_cat.h"
#include "services/common/base/crypto.h"
#include "services/common/base/random.h"
#include "services/common/base/status.h"
#include "services/common/observe/log.h"
#include "services/documents/blobs/store/chunk_cipher.h"

namespace gatehouse::documents {
namespace {

std::string ContextOf(const std::string& organisation_id, int number) {
  return absl::StrCat("organisation key\n", organisation_id, "\n", number);
}

}  // namespace

Secret MasterKeyOf(const Secret& root_key) {
  return DeriveKey(root_key, "documents organisation keys");
}

absl::StatusOr<Secret> PostgresKeys::OpenKey(const std::string& organisation_id, int number,
                                             const std::string& sealed) const {
  ASSIGN_OR_RETURN(std::string key, Open(master_, ContextOf(organisation_id, number), sealed));
  return Secret(std::move(key));
}

// `number` becomes that of the newest one, whether it is of use or not.
absl::StatusOr<std::optional<OrganisationKey>> PostgresKeys::Newest(
    const std::string& organisation_id, int& number) {
  using Result = absl::StatusOr<std::optional<OrganisationKey>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    const auto rows = tx.Exec(
        "SELECT number, sealed, sealed <> '' AND create_time > now() - interval '90 days' AS young "
        "FROM organisation_key WHERE organisation_id = $1 ORDER BY number DESC LIMIT 1",
        organisation_id);
    number = rows.empty() ? 0 : rows[0]["number"].as<int>();
    if (rows.empty() || !rows[0]["young"].as<bool>()) return std::nullopt;
    ASSIGN_OR_RETURN(Secret key, OpenKey(organisation_id, number, BytesFromSql(rows[0]["sealed"])));
    return OrganisationKey{number, std::move(key)};
  });
}

absl::StatusOr<OrganisationKey> PostgresKeys::ForWriting(const std::string& organisation_id) {
  int number = 0;
  ASSIGN_OR_RETURN(std::optional<OrganisationKey> key, Newest(organisation_id, number));
  if (key.has_value()) return *std::move(key);
  const std::string sealed =
      Seal(master_, ContextOf(organisation_id, number + 1), RandomBytes(kDataKey));
  // Who makes one at the same time makes the same number: one of the two is taken.
  RETURN_IF_ERROR(
      postgres_.WriteOne(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::Status {
        tx.Exec(
            "INSERT INTO organisation_key (organisation_id, number, sealed) VALUES ($1, $2, $3) "
            "ON CONFLICT DO NOTHING",
            organisation_id, number + 1, Bytes(sealed));
        return absl::OkStatus();
      }));
  ASSIGN_OR_RETURN(key, Newest(organisation_id, number));
  if (key.has_value()) return *std::move(key);
  return absl::AbortedError("the organisation's keys are being erased");
}

absl::StatusOr<std::optional<Secret>> PostgresKeys::Find(const std::string& organisation_id,
                                                         int number) {
  using Result = absl::StatusOr<std::optional<Secret>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    const auto rows = tx.Exec(
        "SELECT sealed FROM organisation_key WHERE organisation_id = $1 AND number = $2 "
        "AND sealed <> ''",
        organisation_id, number);
    if (rows.empty()) return std::nullopt;
    return OpenKey(organisation_id, number, BytesFromSql(rows[0]["sealed"]));
  });
}

absl::Status PostgresKeys::Erase(const std::string& organisation_id) {
  return postgres_.WriteOne(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::Status {
    const auto rows = tx.Exec(
        "UPDATE organisation_key SET sealed = '' WHERE organisation_id = $1 AND sealed <> ''",
        organisation_id);
    LogInfo("blobs.keys_erased",
            {{"organisation_id", organisation_id}, {"keys", absl::StrCat(rows.affected_rows())}});
    return absl::OkStatus();
  });
}

}  // namespace gatehouse::documents
