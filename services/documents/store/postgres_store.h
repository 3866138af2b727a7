#pragma once

#include "services/common/jobs/outbox.h"
#include "services/common/postgres/postgres.h"
#include "services/documents/domain/store.h"

namespace gatehouse::documents {

class PostgresStore : public Store {
 public:
  PostgresStore(Postgres& postgres, Outbox& outbox) : postgres_(postgres), outbox_(outbox) {}

  absl::StatusOr<int64_t> MaxBytes(const std::string& organisation_id) override;
  absl::Status SetMaxBytes(const std::string& organisation_id, int64_t bytes) override;
  absl::StatusOr<Document> Add(const Document& document) override;
  absl::StatusOr<Document> FindByRequest(const std::string& organisation_id,
                                         const std::string& request_id) override;
  absl::StatusOr<Document> Get(const std::string& organisation_id, const std::string& case_id,
                               const std::string& document_id) override;
  absl::StatusOr<std::vector<Document>> List(const std::string& organisation_id,
                                             const std::string& case_id, const CaseAccess* access,
                                             const Page& page) override;
  absl::StatusOr<DocumentRequest> AddRequest(const std::string& organisation_id,
                                             const DocumentRequest& request) override;
  absl::StatusOr<std::vector<DocumentRequest>> ListRequests(const std::string& organisation_id,
                                                            const std::string& case_id) override;
  absl::StatusOr<std::vector<Document>> ListAnswers(const std::string& organisation_id,
                                                    const std::string& case_id) override;
  absl::StatusOr<std::vector<std::string>> ListLabels(const std::string& organisation_id,
                                                      const std::string& case_id) override;

 private:
  absl::StatusOr<std::vector<Document>> Query(const std::string& organisation_id,
                                              const std::function<pqxx::result(Transaction&)>& f);

  Postgres& postgres_;
  Outbox& outbox_;
};

}  // namespace gatehouse::documents
