#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "services/common/postgres/postgres.h"
#include "services/identity/domain/access_store.h"

namespace gatehouse::identity {

class PostgresAccessStore : public AccessStore {
 public:
  explicit PostgresAccessStore(Postgres& postgres) : postgres_(postgres) {}

  absl::StatusOr<FactorState> FindFactor(const FactorKey& key,
                                         const std::string& invitation_id) override;
  absl::Status CountFailure(const FactorKey& key) override;
  absl::Status CountTry(const FactorKey& key) override;
  absl::StatusOr<Session> Enter(const NewSession& session, const Call& call) override;
  absl::Status Unlock(const FactorKey& key, const std::string& case_id, const Actor& actor,
                      const Call& call) override;
  absl::StatusOr<std::vector<std::string>> RebindGrant(const std::string& organisation_id,
                                                       const CaseAccess& access,
                                                       const std::string& factor_id,
                                                       const std::string& actor_name,
                                                       const Call& call) override;
  absl::StatusOr<std::vector<std::string>> RevokeGrant(const std::string& organisation_id,
                                                       const std::string& invitation_id,
                                                       const std::string& case_id,
                                                       const Actor& actor,
                                                       const Call& call) override;
  absl::StatusOr<std::optional<Credential>> UseSession(const std::string& token_hash) override;
  absl::StatusOr<std::vector<CaseGrant>> ListCaseGrants(const std::string& organisation_id,
                                                        const std::string& case_id) override;
  absl::StatusOr<std::vector<std::string>> ListChosenRequests(
      const std::string& organisation_id, const std::string& invitation_id) override;
  absl::StatusOr<Session> FindSession(const std::string& organisation_id,
                                      const std::string& session_id) override;
  absl::StatusOr<std::vector<Session>> ListSessions(const std::string& organisation_id,
                                                    const std::string& account_id) override;
  absl::Status EndSession(const std::string& session_id, const Call& call) override;

 private:
  absl::StatusOr<Session> EnterAfterPassword(
      const NewSession& session, const std::function<absl::StatusOr<Session>(Transaction&)>& make);

  Postgres& postgres_;
};

}  // namespace gatehouse::identity
