#pragma once

#include <functional>
#include <memory>
#include <string>

#include "services/common/jobs/jobs.h"
#include "services/notification/domain/sender.h"
#include "services/notification/domain/store.h"

namespace gatehouse::notification {

using MakeSender = std::function<std::unique_ptr<Sender>()>;

// The lane in which a channel's messages are sent, by so many threads, two at least, each with a
// sender of its own while it sends; a sender is made, by any of them, when it is needed first. A
// quarter of them, four at most, is for urgent messages: those are
// the next to be sent anyway, so it is enough that they find a thread that does not wait for a slow
// answer. While the provider is away the lane is paused, and probed every 15 seconds at most.
LaneOptions SendingLane(Store& store, Channel channel, int threads, MakeSender make_sender);

// Sets the gauges of what waits in a channel's lane.
void ReportBacklog(const std::string& lane, const JobStore::Backlog& backlog);

}  // namespace gatehouse::notification
