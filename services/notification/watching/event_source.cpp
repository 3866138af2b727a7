#include "services/notification/watching/event_source.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "services/notification/event_proto.h"

namespace gatehouse::notification {
namespace {

constexpr absl::Duration kSignEvery = absl::Seconds(10);
constexpr int kEventsAtOnce = 100;  // What one reader holds.
// It ends by itself before the call's deadline makes that an error.
constexpr absl::Duration kMargin = absl::Seconds(3);

}  // namespace

EventSource::EventSource(const Call& call, int64_t last, Store& store, FeedWatch& watch)
    : call_(call),
      store_(store),
      watch_(watch),
      end_(std::min(call.deadline - kMargin, call.caller.expires_at)),
      last_(last) {}

// It waits first and reads then: whatever is published between wakes it.
bool EventSource::Waits(const std::function<void()>& ready) {
  const absl::Time now = absl::Now();
  if (!events_.empty() || now >= next_sign_ || now >= end_) return false;
  watch_.Wait(this, call_.caller.organisation_id, std::min(next_sign_, end_), ready);
  failure_ = Read();
  if (failure_.ok() && events_.empty()) return true;
  watch_.Forget(this);
  return false;
}

absl::Status EventSource::Read() {
  ASSIGN_OR_RETURN(const std::vector<Event> events,
                   store_.ListEvents(call_.caller.organisation_id, last_, kEventsAtOnce));
  events_.assign(events.begin(), events.end());
  if (!events.empty()) last_ = events.back().number;
  return absl::OkStatus();
}

absl::StatusOr<bool> EventSource::Next(v1::WatchEventsResponse& response) {
  RETURN_IF_ERROR(failure_);
  const absl::Time now = absl::Now();
  if (now >= end_) return false;
  next_sign_ = now + kSignEvery;
  int64_t number = last_;
  if (!events_.empty()) {
    *response.mutable_event() = ToProto(events_.front());
    number = events_.front().number;
    events_.pop_front();
  }
  response.set_page_token(Page().TokenAfter(std::to_string(number)));
  return true;
}

}  // namespace gatehouse::notification
