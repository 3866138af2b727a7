#pragma once

#include "services/common/postgres/postgres.h"
#include "services/documents/requests/domain/request_store.h"

namespace gatehouse::documents {

class PostgresRequests : public RequestStore {
 public:
  explicit PostgresRequests(Postgres& postgres) : postgres_(postgres) {}

  absl::StatusOr<DocumentRequest> Add(const DocumentRequest& request, int max) override;
  absl::StatusOr<DocumentRequest> Get(const std::string& organisation_id,
                                      const std::string& case_id, const CaseAccess* access,
                                      const std::string& document_request_id) override;
  absl::StatusOr<std::vector<DocumentRequest>> List(const std::string& organisation_id,
                                                    const std::string& case_id,
                                                    const CaseAccess* access,
                                                    const Page& page) override;
  absl::StatusOr<std::vector<std::string>> ListIds(const std::string& organisation_id,
                                                   const std::string& case_id) override;

 private:
  Postgres& postgres_;
};

}  // namespace gatehouse::documents
