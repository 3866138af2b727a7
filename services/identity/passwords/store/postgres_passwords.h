#pragma once

#include <string>
#include <vector>

#include "services/common/base/secret.h"
#include "services/common/jobs/jobs.h"
#include "services/common/postgres/postgres.h"
#include "services/identity/passwords/domain/password_store.h"

namespace gatehouse::identity {

class PostgresPasswordStore : public PasswordStore {
 public:
  // `key` seals the subjects; `jobs` has the lane of notices.
  PostgresPasswordStore(Postgres& postgres, Jobs& jobs, Secret key)
      : postgres_(postgres), jobs_(jobs), key_(std::move(key)) {}

  absl::StatusOr<std::vector<StoredPassword>> Find(const std::string& organisation_id,
                                                   const std::string& email_key) override;
  absl::StatusOr<StoredPassword> FindOf(const std::string& organisation_id,
                                        const std::string& account_id) override;
  absl::StatusOr<std::vector<StoredPassword>> FindAnywhere(const std::string& email_key) override;
  absl::StatusOr<StoredPassword> Add(const StoredPassword& password, const Call& call) override;
  absl::StatusOr<std::vector<std::string>> Replace(const StoredPassword& password,
                                                   const std::string& kept_session,
                                                   const std::string& organisation_name,
                                                   const Call& call) override;
  absl::StatusOr<std::vector<CaseAccess>> ListGrants(const PasswordKey& key,
                                                     const std::string& phone_id) override;
  absl::StatusOr<std::vector<std::string>> RebindAddress(const PasswordKey& key,
                                                         const Subject& subject,
                                                         const std::string& actor_name,
                                                         const Call& call) override;
  absl::Status Forgive(const FactorKey& key) override;

 private:
  Postgres& postgres_;
  Jobs& jobs_;
  const Secret key_;
};

}  // namespace gatehouse::identity
