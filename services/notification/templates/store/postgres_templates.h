#pragma once

#include "services/common/jobs/outbox.h"
#include "services/common/postgres/postgres.h"
#include "services/notification/templates/domain/template_store.h"

namespace gatehouse::notification {

class PostgresTemplates : public TemplateStore {
 public:
  // Changes are told to the audit trail through `outbox`, which must know identity.
  PostgresTemplates(Postgres& postgres, Outbox& outbox) : postgres_(postgres), outbox_(outbox) {}

  absl::StatusOr<std::vector<StoredTemplate>> Find(const std::string& organisation_id,
                                                   const std::vector<std::string>& ids) override;
  absl::StatusOr<std::vector<StoredTemplate>> List(const std::string& organisation_id,
                                                   const std::string& kind,
                                                   const Page& page) override;
  absl::StatusOr<std::vector<StoredTemplate>> ListVersions(const std::string& organisation_id,
                                                           const std::string& template_id,
                                                           const Page& page) override;
  absl::StatusOr<StoredTemplate> FindVersion(const std::string& organisation_id,
                                             const std::string& template_id,
                                             int64_t version) override;
  absl::StatusOr<StoredTemplate> Change(const std::string& template_id, const Call& call,
                                        const Decide& decide) override;

 private:
  absl::StatusOr<StoredTemplate> ChangeIn(Transaction& tx, const std::string& template_id,
                                          const Call& call, const Decide& decide);
  absl::Status Keep(Transaction& tx, StoredTemplate& made, const Call& call);

  Postgres& postgres_;
  Outbox& outbox_;
};

}  // namespace gatehouse::notification
