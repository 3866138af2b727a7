#pragma once

#include <string>
#include <vector>

#include "services/common/jobs/outbox.h"
#include "services/notification/domain/store.h"
#include "services/notification/preferences/domain/telling.h"

namespace gatehouse::notification {

// Adds events to the feed, each once; and with one that people are told of, in the same
// transaction, the job that tells them at once, the line of the daily summary, or both.
class Publisher {
 public:
  Publisher(Postgres& postgres, Store& store, Outbox& outbox, SummaryStore& summaries,
            const Telling& telling)
      : postgres_(postgres),
        store_(store),
        outbox_(outbox),
        summaries_(summaries),
        telling_(telling) {}

  // The event's id.
  absl::StatusOr<std::string> Publish(const std::string& organisation_id, const Event& event);
  absl::Status PublishAll(const std::string& organisation_id, const std::vector<Event>& events);

 private:
  // Adds to the feed those that are new, and returns them.
  absl::StatusOr<std::vector<Event>> Add(const std::string& organisation_id,
                                         const std::vector<Event>& events);

  Postgres& postgres_;
  Store& store_;
  Outbox& outbox_;
  SummaryStore& summaries_;
  const Telling& telling_;
};

}  // namespace gatehouse::notification
