#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/notification/domain/store.h"

namespace gatehouse::notification {

// What waits for an organisation's next daily summary.
class SummaryStore {
 public:
  virtual ~SummaryStore() = default;

  // Notes events, each once. Whether a summary is planned that will tell of them: else Plan is
  // still to be called, after what notes them is committed.
  virtual absl::StatusOr<bool> Note(const std::string& organisation_id,
                                    const std::vector<Event>& events) = 0;
  // Plans a summary of what waits for `due`, where none is planned for then or before.
  virtual absl::Status Plan(const std::string& organisation_id, absl::Time due) = 0;
  // What the summary of `due` tells, oldest first; nothing where no summary is planned for then any
  // more: it was sent.
  virtual absl::StatusOr<std::optional<std::vector<Event>>> Waiting(
      const std::string& organisation_id, absl::Time due, int limit) = 0;
  // Does `send`, counts the events as sent and plans the summary of `next` where more waits: all of
  // it or nothing. Does nothing where no summary is planned for `due` any more.
  virtual absl::Status Send(const std::string& organisation_id, absl::Time due,
                            const std::vector<Event>& events, absl::Time next,
                            const std::function<absl::Status()>& send) = 0;
};

}  // namespace gatehouse::notification
