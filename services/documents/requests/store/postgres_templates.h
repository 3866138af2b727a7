#pragma once

#include "services/common/postgres/postgres.h"
#include "services/documents/requests/domain/request_template.h"

namespace gatehouse::documents {

class PostgresTemplates : public TemplateStore {
 public:
  explicit PostgresTemplates(Postgres& postgres) : postgres_(postgres) {}

  absl::Status Put(const RequestTemplate& put) override;
  absl::StatusOr<RequestTemplate> Get(const std::string& organisation_id,
                                      const std::string& template_id) override;
  absl::StatusOr<std::vector<RequestTemplate>> List(const std::string& organisation_id,
                                                    const std::string& case_kind,
                                                    const Page& page) override;
  absl::Status Remove(const std::string& organisation_id, const std::string& template_id) override;

 private:
  Postgres& postgres_;
};

}  // namespace gatehouse::documents
