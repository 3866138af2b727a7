#include "services/common/postgres/root_key.h"

#include <optional>

#include "services/common/base/crypto.h"
#include "services/common/base/random.h"
#include "services/common/base/status.h"
#include "services/common/observe/metrics.h"

namespace gatehouse {
namespace {

constexpr char kContext[] = "root key";
constexpr size_t kSize = 32;

// Tells nothing of the key.
std::string CheckValueOf(const Secret& root_key) {
  return DeriveKey(root_key, "check value").Reveal().substr(0, 16);
}

void Keep(Transaction& tx, const Secret& secret_key, const Secret& root_key) {
  tx.Exec("UPDATE root_key SET sealed = $1, check_value = $2, seal_time = clock_timestamp()",
          Bytes(Seal(secret_key, kContext, root_key.Reveal())), Bytes(CheckValueOf(root_key)));
}

absl::Status Mistaken() {
  return absl::FailedPreconditionError(
      "GATEHOUSE_SECRET_KEY is not the one that this database's data were made under: set that "
      "one, "
      "or both with a comma between them");
}

absl::StatusOr<Secret> FirstRootKey(Transaction& tx, const std::vector<Secret>& secret_keys,
                                    bool adopts) {
  if (adopts && secret_keys.size() > 1) {
    return absl::FailedPreconditionError(
        "GATEHOUSE_SECRET_KEY must be the one key of before until this version has started once");
  }
  const Secret root_key = adopts ? secret_keys.front() : Secret(RandomBytes(kSize));
  Keep(tx, secret_keys.front(), root_key);
  return root_key;
}

}  // namespace

absl::StatusOr<Secret> LoadRootKey(Postgres& postgres, const std::vector<Secret>& secret_keys) {
  return postgres.Write(Rows::OfAll(), [&](Transaction& tx) -> absl::StatusOr<Secret> {
    const auto row = tx.Exec("SELECT sealed, adopts FROM root_key FOR UPDATE").at(0);
    const std::string sealed = BytesFromSql(row["sealed"]);
    if (sealed.empty()) return FirstRootKey(tx, secret_keys, row["adopts"].as<bool>());
    for (size_t i = 0; i < secret_keys.size(); ++i) {
      auto opened = Open(secret_keys[i], kContext, sealed);
      if (!opened.ok()) continue;
      const Secret root_key(*std::move(opened));
      if (i > 0) Keep(tx, secret_keys.front(), root_key);
      return root_key;
    }
    return Mistaken();
  });
}

absl::Status CheckRootKey(Postgres& postgres, const Secret& root_key) {
  return postgres.Read(Rows::OfAll(), [&](Transaction& tx) -> absl::Status {
    const auto row =
        tx.Exec("SELECT check_value, coalesce(seal_time, create_time) AS seal_time FROM root_key")
            .at(0);
    SetGauge("gatehouse_secret_key_time_seconds", {},
             absl::ToDoubleSeconds(TimeFromSql(row["seal_time"]) - absl::UnixEpoch()));
    const bool same = EqualInConstantTime(BytesFromSql(row["check_value"]), CheckValueOf(root_key));
    return same ? absl::OkStatus() : Mistaken();
  });
}

}  // namespace gatehouse
