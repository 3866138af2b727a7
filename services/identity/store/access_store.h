#pragma once

#include <optional>
#include <string>
#include <vector>

#include "services/common/postgres/postgres.h"
#include "services/identity/domain/challenges.h"
#include "services/identity/domain/credentials.h"

namespace gatehouse::identity {

// Accounts, factors, grants and sessions in PostgreSQL, which is the truth about them.
class PostgresAccessStore : public AccessStore {
 public:
  explicit PostgresAccessStore(Postgres& postgres) : postgres_(postgres) {}

  absl::StatusOr<Factor> FindFactor(const FactorKey& key,
                                    const std::string& invitation_id) override;
  absl::Status CountFailure(const FactorKey& key) override;
  absl::StatusOr<Session> Enter(const NewSession& session, const Call& call) override;
  absl::Status Unlock(const FactorKey& key, const std::string& actor_id, const Call& call) override;

  // Ends the grant for good, with its sessions, whose ids it returns. Harmless to repeat.
  absl::StatusOr<std::vector<std::string>> RevokeGrant(const std::string& organisation_id,
                                                       const std::string& invitation_id,
                                                       const std::string& case_id,
                                                       const std::string& actor_id,
                                                       const std::string& actor_name,
                                                       const Call& call);
  // Whom a live session stands for; its use keeps it from idling out.
  absl::StatusOr<std::optional<Credential>> UseSession(const std::string& token_hash);
  // The account's live sessions, latest used first, 100 at most.
  absl::StatusOr<std::vector<Session>> ListSessions(const std::string& organisation_id,
                                                    const std::string& account_id);
  // Ends one of the caller's account's sessions. Refuses NOT_FOUND.
  absl::Status EndSession(const std::string& session_id, const Call& call);

 private:
  Postgres& postgres_;
};

}  // namespace gatehouse::identity
