#include "services/notification/publisher.h"

#include <set>

#include "services/common/base/status.h"
#include "services/notification/preferences/telling_lanes.h"

namespace gatehouse::notification {
namespace {

// Those of `added` that are also among `wanted`, which have no ids yet.
std::vector<Event> Both(const std::vector<Event>& added, const std::vector<Event>& wanted) {
  std::set<std::string> ids;
  for (const Event& event : wanted) ids.insert(event.request_id);
  std::vector<Event> both;
  for (const Event& event : added) {
    if (ids.count(event.request_id) != 0) both.push_back(event);
  }
  return both;
}

}  // namespace

absl::StatusOr<std::string> Publisher::Publish(const std::string& organisation_id,
                                               const Event& event) {
  ASSIGN_OR_RETURN(const auto added, Add(organisation_id, {event}));
  if (!added.empty()) return added[0].event_id;
  return store_.FindEvent(organisation_id, event.request_id);
}

absl::Status Publisher::PublishAll(const std::string& organisation_id,
                                   const std::vector<Event>& events) {
  return Add(organisation_id, events).status();
}

absl::StatusOr<std::vector<Event>> Publisher::Add(const std::string& organisation_id,
                                                  const std::vector<Event>& events) {
  ASSIGN_OR_RETURN(const Wanted wanted, telling_.Judge(organisation_id, events));
  if (wanted.at_once.empty() && wanted.daily.empty()) {
    return store_.Publish(organisation_id, events);
  }
  using Result = absl::StatusOr<std::vector<Event>>;
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    ASSIGN_OR_RETURN(auto added, store_.Publish(organisation_id, events));
    OutboxCalls calls(organisation_id);
    for (const Event& event : Both(added, wanted.at_once)) AddTellingOf(event, calls);
    if (const auto daily = Both(added, wanted.daily); !daily.empty()) {
      ASSIGN_OR_RETURN(const bool planned, summaries_.Note(organisation_id, daily));
      if (!planned) AddPlanning(calls);
    }
    outbox_.Add(tx, std::move(calls));
    return added;
  });
}

}  // namespace gatehouse::notification
