#pragma once

#include <deque>
#include <memory>
#include <string>

#include "gatehouse/notification/v1/watch.pb.h"
#include "services/common/base/caller.h"
#include "services/common/rpc/stream.h"
#include "services/notification/domain/store.h"
#include "services/notification/watching/feed_watch.h"

namespace gatehouse::notification {

// One reader's way along its organisation's feed: the events after `last`, as they come.
class EventSource : public Source<v1::WatchEventsResponse> {
 public:
  // `call` outlives it, as do the others.
  EventSource(const Call& call, int64_t last, Store& store, FeedWatch& watch);
  ~EventSource() override { watch_.Forget(this); }

  bool Waits(const std::function<void()>& ready) override;
  // The next event; or a sign of life, at the beginning and after ten seconds in which nothing
  // happened. False: its time is over.
  absl::StatusOr<bool> Next(v1::WatchEventsResponse& response) override;

 private:
  absl::Status Read();

  const Call& call_;
  Store& store_;
  FeedWatch& watch_;
  const absl::Time end_;
  int64_t last_;  // That was read, if not given.
  std::deque<Event> events_;
  absl::Status failure_;
  absl::Time next_sign_ = absl::InfinitePast();
};

}  // namespace gatehouse::notification
