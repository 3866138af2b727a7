#pragma once

#include "services/common/postgres.h"
#include "services/notification/domain/store.h"

namespace gatehouse::notification {

class PostgresStore : public Store {
 public:
  // `key` seals what is to be sent while it rests.
  PostgresStore(Postgres& postgres, Secret key) : postgres_(postgres), key_(std::move(key)) {}

  absl::StatusOr<Message> Add(const NewMessage& message) override;
  absl::StatusOr<std::optional<Claim>> ClaimOne(Channel channel) override;
  absl::Status RecordSent(const Outgoing& message, const std::string& provider_id) override;
  absl::Status RecordGivenUp(const Outgoing& message, MessageState state,
                             const std::string& failure) override;
  absl::Status RecordPostponed(const Outgoing& message, absl::Duration wait, bool unsure) override;
  absl::StatusOr<std::vector<std::string>> KnownProviderIds(
      const std::string& organisation_id, const std::vector<std::string>& ids) override;
  absl::StatusOr<std::vector<Message>> ListMessages(const std::string& organisation_id,
                                                    const std::string& case_id,
                                                    const Page& page) override;
  absl::StatusOr<std::map<std::string, MessageState>> LookUp(
      const std::string& organisation_id, const std::vector<std::string>& request_ids) override;
  absl::StatusOr<int64_t> Balance(const std::string& organisation_id) override;
  absl::StatusOr<int64_t> Purchase(const std::string& organisation_id, int64_t credits,
                                   const std::string& reference) override;
  absl::StatusOr<std::vector<Entry>> ListEntries(const std::string& organisation_id,
                                                 const Page& page) override;
  absl::StatusOr<std::string> Publish(const std::string& organisation_id,
                                      const Event& event) override;
  absl::StatusOr<std::vector<Event>> ListEvents(const std::string& organisation_id, int64_t after,
                                                int limit) override;

 private:
  Postgres& postgres_;
  const Secret key_;
};

}  // namespace gatehouse::notification
