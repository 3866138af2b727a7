#pragma once

#include "services/common/jobs/outbox.h"
#include "services/common/postgres/postgres.h"
#include "services/notification/preferences/domain/summaries.h"

namespace gatehouse::notification {

class PostgresSummaries : public SummaryStore {
 public:
  PostgresSummaries(Postgres& postgres, Outbox& outbox) : postgres_(postgres), outbox_(outbox) {}

  absl::StatusOr<bool> Note(const std::string& organisation_id,
                            const std::vector<Event>& events) override;
  absl::Status Plan(const std::string& organisation_id, absl::Time due) override;
  absl::StatusOr<std::optional<std::vector<Event>>> Waiting(const std::string& organisation_id,
                                                            absl::Time due, int limit) override;
  absl::Status Send(const std::string& organisation_id, absl::Time due,
                    const std::vector<Event>& events, absl::Time next,
                    const std::function<absl::Status()>& send) override;

 private:
  void AddJob(Transaction& tx, const std::string& organisation_id, absl::Time due);

  Postgres& postgres_;
  Outbox& outbox_;
};

}  // namespace gatehouse::notification
