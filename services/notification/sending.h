#pragma once

#include <functional>
#include <memory>
#include <string>

#include "services/common/jobs/jobs.h"
#include "services/notification/domain/sender.h"
#include "services/notification/domain/store.h"

namespace gatehouse::notification {

// The lane in which a channel's messages are sent, by so many threads, each with a sender that it
// has for itself. A quarter of them is for urgent messages. While the provider is away the lane is
// paused, and probed every 15 seconds at most.
LaneOptions SendingLane(Store& store, Channel channel, int threads,
                        const std::function<std::unique_ptr<Sender>()>& make_sender);

// Sets the gauges of what waits in a channel's lane.
void ReportBacklog(const std::string& lane, const JobStore::Backlog& backlog);

}  // namespace gatehouse::notification
