#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/common/base/caller.h"
#include "services/common/base/page.h"
#include "services/identity/domain/credentials.h"
#include "services/identity/domain/organisation.h"

namespace gatehouse::identity {

// Organisations and the audit trail, in PostgreSQL. Each method is atomic, each change audited.
class OrganisationStore {
 public:
  virtual ~OrganisationStore() = default;
  // The organisation and its first API key, or neither. Refuses ORGANISATION_EXISTS.
  virtual absl::StatusOr<Organisation> Create(const Organisation& organisation, const NewKey& key,
                                              const Call& call) = 0;
  // Refuses NOT_FOUND.
  virtual absl::StatusOr<Organisation> Get(const std::string& organisation_id) = 0;
  using Change = std::function<absl::Status(Organisation&)>;
  // Loads, changes and saves in one transaction; saves nothing if `change` refuses.
  virtual absl::StatusOr<Organisation> Update(const std::string& organisation_id,
                                              const Change& change, const Call& call) = 0;
  // Whether it is that of a portal of any organisation.
  virtual absl::StatusOr<bool> HasOrigin(const std::string& origin) = 0;
  // Those whose portal this is, of a normalised URL; two at most.
  virtual absl::StatusOr<std::vector<Organisation>> FindPortal(const std::string& portal_url) = 0;
  // Adds rows that another service asks for, each once: all of them, or none.
  virtual absl::Status RecordAudit(const std::string& organisation_id,
                                   const std::vector<AuditEvent>& events) = 0;
  // Newest first. An empty case: all.
  virtual absl::StatusOr<std::vector<AuditEvent>> ListAudit(const std::string& organisation_id,
                                                            const std::string& case_id,
                                                            const Page& page) = 0;
};

}  // namespace gatehouse::identity
