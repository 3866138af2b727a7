#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/common/base/caller.h"
#include "services/common/base/page.h"
#include "services/common/postgres/postgres.h"
#include "services/identity/domain/credentials.h"
#include "services/identity/domain/organisation.h"

namespace gatehouse::identity {

// Organisations, the keys and tokens of their staff, and the audit trail.
class OrganisationStore {
 public:
  explicit OrganisationStore(Postgres& postgres) : postgres_(postgres) {}

  struct Created {
    Organisation organisation;
    std::string first_api_key_id;
  };
  // The organisation and its first API key, or neither. The same non-empty `request_id` within 24
  // hours: the first result. Refuses ORGANISATION_EXISTS.
  absl::StatusOr<Created> Create(const Organisation& organisation, const std::string& request_id,
                                 const NewKey& key, const Call& call);
  // Refuses NOT_FOUND.
  absl::StatusOr<Organisation> Get(const std::string& organisation_id);
  // Loads, changes and saves in one transaction; saves nothing if `change` refuses.
  absl::StatusOr<Organisation> Update(const std::string& organisation_id,
                                      const std::function<absl::Status(Organisation&)>& change,
                                      const Call& call);
  absl::StatusOr<bool> HasOrigin(const std::string& origin);

  absl::Status AddApiKey(const ApiKey& key, const std::string& secret_hash, const Call& call);
  absl::StatusOr<std::vector<ApiKey>> ListApiKeys(const std::string& organisation_id,
                                                  const Page& page);
  // Harmless to repeat. Refuses NOT_FOUND.
  absl::StatusOr<ApiKey> RevokeApiKey(const std::string& api_key_id, const Call& call);
  absl::Status AddStaffToken(const StaffToken& token, const std::string& secret_hash,
                             const Call& call);
  absl::Status RevokeStaffToken(const std::string& staff_token_id, const Call& call);

  // Whom a live API key or staff token stands for; nothing if it is unknown or has ended.
  absl::StatusOr<std::optional<Credential>> FindKey(const ParsedKey& key);

  absl::StatusOr<std::vector<AuditEvent>> ListAudit(const std::string& organisation_id,
                                                    const std::string& case_id, const Page& page);

 private:
  Postgres& postgres_;
};

}  // namespace gatehouse::identity
