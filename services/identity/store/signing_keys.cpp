#include "services/identity/store/signing_keys.h"

#include "services/common/base/crypto.h"
#include "services/common/base/random.h"

namespace gatehouse::identity {
namespace {

constexpr absl::Duration kLookAgain = absl::Minutes(1);

}  // namespace

absl::StatusOr<SigningKeyPair> SigningKeys::Load() {
  // Two replicas may both make one: either serves.
  const SigningKeyPair fresh = NewSigningKey(NewId("sig"));
  return postgres_.WriteOne(Rows::OfAll(), [&](Transaction& tx) -> absl::StatusOr<SigningKeyPair> {
    tx.Exec(
        "INSERT INTO signing_key (key_id, public_key, sealed_private_key) SELECT $1, $2, $3 "
        "WHERE NOT EXISTS (SELECT FROM signing_key "
        "                  WHERE create_time > clock_timestamp() - interval '30 days')",
        fresh.key_id, Bytes(fresh.public_key),
        Bytes(Seal(key_, fresh.key_id, fresh.private_key.Reveal())));
    const auto row = tx.Exec(
        "SELECT key_id, public_key, sealed_private_key FROM signing_key "
        "ORDER BY create_time DESC LIMIT 1")[0];
    const std::string key_id = row["key_id"].c_str();
    ASSIGN_OR_RETURN(const std::string opened,
                     Open(key_, key_id, BytesFromSql(row["sealed_private_key"])));
    return SigningKeyPair{key_id, Secret(opened), BytesFromSql(row["public_key"])};
  });
}

absl::Status SigningKeys::Rotate(bool distrust_old) {
  const SigningKeyPair fresh = NewSigningKey(NewId("sig"));
  return postgres_.Write(Rows::OfAll(), [&](Transaction& tx) -> absl::Status {
    if (distrust_old) tx.Exec("DELETE FROM signing_key");
    tx.Exec("INSERT INTO signing_key (key_id, public_key, sealed_private_key) VALUES ($1, $2, $3)",
            fresh.key_id, Bytes(fresh.public_key),
            Bytes(Seal(key_, fresh.key_id, fresh.private_key.Reveal())));
    return absl::OkStatus();
  });
}

absl::StatusOr<SigningKeyPair> SigningKeys::Current() {
  const std::lock_guard lock(mutex_);
  if (clock_.Now() >= look_again_) {
    auto loaded = Load();
    // The key that is known goes on serving while the database is away.
    if (!loaded.ok() && current_.key_id.empty()) return loaded.status();
    if (loaded.ok()) {
      current_ = *std::move(loaded);
      look_again_ = clock_.Now() + kLookAgain;
    }
  }
  return current_;
}

absl::StatusOr<std::vector<SigningKeyPair>> SigningKeys::Published() {
  RETURN_IF_ERROR(Current().status());
  using Result = absl::StatusOr<std::vector<SigningKeyPair>>;
  return postgres_.Read(Rows::OfAll(), [&](Transaction& tx) -> Result {
    std::vector<SigningKeyPair> keys;
    for (const auto& row : tx.Exec("SELECT key_id, public_key FROM signing_key "
                                   "WHERE create_time > clock_timestamp() - interval '31 days' "
                                   "ORDER BY create_time DESC LIMIT 20")) {
      keys.push_back({row["key_id"].c_str(), Secret(), BytesFromSql(row["public_key"])});
    }
    return keys;
  });
}

}  // namespace gatehouse::identity
