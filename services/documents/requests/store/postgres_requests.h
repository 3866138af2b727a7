#pragma once

#include "services/common/postgres/postgres.h"
#include "services/documents/requests/domain/request_store.h"
#include "services/documents/requests/effects.h"

namespace gatehouse::documents {

class PostgresRequests : public RequestStore {
 public:
  PostgresRequests(Postgres& postgres, RequestEffects& effects)
      : postgres_(postgres), effects_(effects) {}

  absl::StatusOr<std::vector<DocumentRequest>> Add(std::vector<DocumentRequest> requests, int max,
                                                   absl::Time look_time) override;
  absl::StatusOr<DocumentRequest> Get(const std::string& organisation_id,
                                      const std::string& case_id, const CaseAccess* access,
                                      const std::string& document_request_id) override;
  absl::StatusOr<std::vector<DocumentRequest>> List(const std::string& organisation_id,
                                                    const std::string& case_id,
                                                    const CaseAccess* access,
                                                    const Page& page) override;
  absl::StatusOr<std::vector<std::string>> ListIds(const std::string& organisation_id,
                                                   const std::string& case_id) override;
  absl::StatusOr<std::vector<DocumentRequest>> ListOpen(const std::string& organisation_id,
                                                        const std::string& case_id,
                                                        int max) override;
  absl::StatusOr<DocumentRequest> Change(const std::string& organisation_id,
                                         const std::string& case_id,
                                         const std::string& document_request_id, const Step& step,
                                         absl::Time look_time) override;
  absl::Status Remove(const std::string& organisation_id, const std::string& case_id,
                      const std::string& document_request_id) override;

 private:
  Postgres& postgres_;
  RequestEffects& effects_;
};

}  // namespace gatehouse::documents
