#pragma once

#include <string>
#include <vector>

#include "services/common/postgres/postgres.h"
#include "services/identity/domain/organisation_store.h"

namespace gatehouse::identity {

class PostgresOrganisationStore : public OrganisationStore {
 public:
  explicit PostgresOrganisationStore(Postgres& postgres) : postgres_(postgres) {}

  absl::StatusOr<Organisation> Create(const Organisation& organisation, const NewKey& key,
                                      const Call& call) override;
  absl::StatusOr<Organisation> Get(const std::string& organisation_id) override;
  absl::StatusOr<Organisation> Update(const std::string& organisation_id, const Change& change,
                                      const Call& call) override;
  absl::StatusOr<bool> HasOrigin(const std::string& origin) override;
  absl::StatusOr<std::vector<Organisation>> FindPortal(const std::string& portal_url) override;
  absl::Status RecordAudit(const std::string& organisation_id,
                           const std::vector<AuditEvent>& events) override;
  absl::StatusOr<std::vector<AuditEvent>> ListAudit(const std::string& organisation_id,
                                                    const std::string& case_id,
                                                    const Page& page) override;

 private:
  Postgres& postgres_;
};

}  // namespace gatehouse::identity
