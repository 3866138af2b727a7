#pragma once

#include <functional>
#include <memory>

#include "services/common/jobs/jobs.h"
#include "services/notification/webhooks/domain/delivering.h"

namespace gatehouse::notification {

// The lane in which endpoints have their turns, by so many threads, each with a poster that it has
// for itself. `more` is called where something is still due after a turn.
LaneOptions WebhookLane(WebhookStore& store, int threads,
                        const std::function<std::unique_ptr<WebhookPoster>()>& make_poster,
                        std::function<void(const std::string& organisation_id)> more);

}  // namespace gatehouse::notification
