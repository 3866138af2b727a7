#pragma once

#include <string>
#include <vector>

#include "services/common/jobs/outbox.h"
#include "services/notification/domain/store.h"
#include "services/notification/preferences/domain/telling.h"

namespace gatehouse::notification {

// Adds events to the feed, each once; and with one that people are told of, in the same
// transaction, the job that tells them.
class Publisher {
 public:
  Publisher(Postgres& postgres, Store& store, Outbox& outbox, const Telling& telling)
      : postgres_(postgres), store_(store), outbox_(outbox), telling_(telling) {}

  // The event's id.
  absl::StatusOr<std::string> Publish(const std::string& organisation_id, const Event& event);
  absl::Status PublishAll(const std::string& organisation_id, const std::vector<Event>& events);

 private:
  // All of them, with a job for each that is new and `wanted`.
  absl::Status PublishAndTell(const std::string& organisation_id, const std::vector<Event>& events,
                              const std::vector<Event>& wanted);

  Postgres& postgres_;
  Store& store_;
  Outbox& outbox_;
  const Telling& telling_;
};

}  // namespace gatehouse::notification
