#include "services/notification/watching/watch_handler.h"

#include "services/notification/event_proto.h"

namespace gatehouse::notification {

void WatchHandler::Register(Server& server) {
  server.Service("gatehouse.notification.v1.EventWatch")
      .Download("WatchEvents", *this, &WatchHandler::WatchEvents);
}

absl::StatusOr<std::unique_ptr<Source<v1::WatchEventsResponse>>> WatchHandler::WatchEvents(
    const Call& call, const v1::WatchEventsRequest& request) {
  v1::ListEventsRequest from;
  from.set_page_token(request.last_event_id().empty() ? request.page_token()
                                                      : request.last_event_id());
  ASSIGN_OR_RETURN(const Page page, CursorOf(from, 1));
  ASSIGN_OR_RETURN(const int64_t last, NumberAfter(page));
  return std::make_unique<EventSource>(call, last, store_, watch_);
}

}  // namespace gatehouse::notification
