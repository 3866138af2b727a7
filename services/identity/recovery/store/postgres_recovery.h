#pragma once

#include "services/common/jobs/jobs.h"
#include "services/common/postgres/postgres.h"
#include "services/identity/recovery/domain/recovery_store.h"

namespace gatehouse::identity {

class PostgresRecoveryStore : public RecoveryStore {
 public:
  // `jobs` has the lane of notices.
  PostgresRecoveryStore(Postgres& postgres, Jobs& jobs) : postgres_(postgres), jobs_(jobs) {}

  absl::Status Replace(const std::vector<std::string>& code_hashes, const Call& call) override;
  absl::StatusOr<Left> Count(const std::string& organisation_id,
                             const std::string& account_id) override;
  absl::StatusOr<bool> Use(const Subject& subject, const std::string& account_id,
                           const std::string& code_hash, const std::string& challenge_id,
                           const Call& call) override;
  absl::StatusOr<std::vector<std::string>> ResetFactors(const Subject& subject,
                                                        const std::string& account_id,
                                                        const Actor& actor,
                                                        const Call& call) override;

 private:
  Postgres& postgres_;
  Jobs& jobs_;
};

}  // namespace gatehouse::identity
