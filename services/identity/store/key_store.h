#pragma once

#include <optional>
#include <string>
#include <vector>

#include "services/common/postgres/postgres.h"
#include "services/identity/domain/keys.h"

namespace gatehouse::identity {

class PostgresKeyStore : public KeyStore {
 public:
  explicit PostgresKeyStore(Postgres& postgres) : postgres_(postgres) {}

  absl::Status AddApiKey(const ApiKey& key, const std::string& secret_hash,
                         const Call& call) override;
  absl::StatusOr<std::vector<ApiKey>> ListApiKeys(const std::string& organisation_id,
                                                  const Page& page) override;
  absl::StatusOr<ApiKey> RevokeApiKey(const std::string& api_key_id, const Call& call) override;
  absl::StatusOr<ApiKey> RotateApiKey(const std::string& api_key_id, const Decide& decide,
                                      const Call& call) override;
  absl::Status AddStaffToken(const StaffToken& token, const std::string& secret_hash,
                             const Call& call) override;
  absl::StatusOr<bool> RevokeStaffToken(const std::string& staff_token_id,
                                        const Call& call) override;
  absl::StatusOr<std::optional<Credential>> FindKey(const ParsedKey& key) override;

 private:
  Postgres& postgres_;
};

// Within the transaction that makes an organisation: its first key.
void InsertApiKey(Transaction& tx, const std::string& organisation_id, const ApiKey& key,
                  const std::string& secret_hash, const Call& call);

}  // namespace gatehouse::identity
