#pragma once

#include <functional>

#include "services/common/postgres/postgres.h"
#include "services/notification/domain/store.h"

namespace gatehouse::notification {

// Messages are in postgres_store.cpp, credits in postgres_credits.cpp, events in
// postgres_events.cpp.
class PostgresStore : public Store {
 public:
  // Hears, after the commit, of each organisation whose feed has grown. Thread-safe, and quick.
  using Published = std::function<void(const std::string& organisation_id)>;
  explicit PostgresStore(
      Postgres& postgres, Published published = [](const std::string&) {})
      : postgres_(postgres), published_(std::move(published)) {}

  absl::StatusOr<Standing> Look(const std::string& organisation_id,
                                const std::string& message_id) override;
  absl::Status Record(const Claim& claim, const Verdict& verdict) override;
  absl::StatusOr<bool> RecordFound(const Claim& claim,
                                   const std::vector<std::string>& provider_ids) override;
  absl::StatusOr<std::vector<Message>> ListMessages(const std::string& organisation_id,
                                                    const std::string& case_id,
                                                    const Page& page) override;
  absl::StatusOr<std::map<std::string, MessageState>> LookUp(
      const std::string& organisation_id, const std::vector<std::string>& request_ids) override;

  absl::StatusOr<int64_t> Balance(const std::string& organisation_id) override;
  absl::StatusOr<int64_t> Purchase(const std::string& organisation_id, int64_t credits,
                                   const std::string& reference) override;
  absl::Status SetLowBalance(const std::string& organisation_id, int64_t low_balance) override;
  absl::StatusOr<std::vector<Entry>> ListEntries(const std::string& organisation_id,
                                                 const Page& page) override;

  absl::StatusOr<std::vector<Event>> Publish(const std::string& organisation_id,
                                             const std::vector<Event>& events) override;
  absl::StatusOr<std::string> FindEvent(const std::string& organisation_id,
                                        const std::string& request_id) override;
  absl::StatusOr<std::map<std::string, int64_t>> NewestEvents(
      const std::vector<std::string>& organisation_ids) override;
  absl::StatusOr<std::vector<Event>> ListEvents(const std::string& organisation_id, int64_t after,
                                                int limit) override;

 private:
  Postgres& postgres_;
  const Published published_;
};

}  // namespace gatehouse::notification
