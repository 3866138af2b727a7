#pragma once

#include <memory>

#include "services/common/rpc/server.h"
#include "services/notification/watching/event_source.h"

namespace gatehouse::notification {

// The RPC of proto/gatehouse/notification/v1/watch.proto.
class WatchHandler {
 public:
  WatchHandler(Store& store, FeedWatch& watch) : store_(store), watch_(watch) {}
  void Register(Server& server);

  absl::StatusOr<std::unique_ptr<Source<v1::WatchEventsResponse>>> WatchEvents(
      const Call& call, const v1::WatchEventsRequest& request);

 private:
  Store& store_;
  FeedWatch& watch_;
};

}  // namespace gatehouse::notification
