#include "services/notification/publisher.h"

#include <set>

#include "services/common/base/status.h"
#include "services/notification/preferences/telling_lanes.h"

namespace gatehouse::notification {

absl::StatusOr<std::string> Publisher::Publish(const std::string& organisation_id,
                                               const Event& event) {
  ASSIGN_OR_RETURN(const auto wanted, telling_.Wanted(organisation_id, {event}));
  if (!wanted.empty()) RETURN_IF_ERROR(PublishAndTell(organisation_id, {event}, wanted));
  // What is there already keeps its id.
  return store_.Publish(organisation_id, event);
}

absl::Status Publisher::PublishAll(const std::string& organisation_id,
                                   const std::vector<Event>& events) {
  ASSIGN_OR_RETURN(const auto wanted, telling_.Wanted(organisation_id, events));
  if (wanted.empty()) return store_.PublishAll(organisation_id, events).status();
  return PublishAndTell(organisation_id, events, wanted);
}

absl::Status Publisher::PublishAndTell(const std::string& organisation_id,
                                       const std::vector<Event>& events,
                                       const std::vector<Event>& wanted) {
  std::set<std::string> told;
  for (const Event& event : wanted) told.insert(event.request_id);
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::Status {
    ASSIGN_OR_RETURN(const auto added, store_.PublishAll(organisation_id, events));
    OutboxCalls calls(organisation_id);
    for (const Event& event : added) {
      if (told.count(event.request_id) != 0) AddTellingOf(event, calls);
    }
    outbox_.Add(tx, std::move(calls));
    return absl::OkStatus();
  });
}

}  // namespace gatehouse::notification
