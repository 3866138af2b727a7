#include "services/notification/sending.h"

#include <algorithm>
#include <mutex>
#include <vector>

#include "absl/time/clock.h"
#include "services/common/base/caller.h"
#include "services/common/base/clock.h"
#include "services/common/observe/log.h"
#include "services/common/observe/metrics.h"
#include "services/common/rpc/worker_pool.h"
#include "services/notification/domain/delivery.h"
#include "services/notification/store/message_queue.h"

namespace gatehouse::notification {
namespace {

constexpr absl::Duration kLease = absl::Seconds(30);
constexpr int kReservedMax = 4;

const char* NameOf(Channel channel) { return channel == Channel::kSms ? "sms" : "email"; }

std::string OutcomeOf(const absl::StatusOr<Delivery>& delivery) {
  if (!delivery.ok()) return "unrecorded";
  switch (delivery->state) {
    case MessageState::kSent:
      return "sent";
    case MessageState::kFailed:
      return "failed";
    case MessageState::kExpired:
      return "expired";
    default:
      return "postponed";
  }
}

void Report(Channel channel, const Claim& claim, const absl::StatusOr<Delivery>& delivery) {
  const std::string outcome = OutcomeOf(delivery);
  Count("gatehouse_message_attempts_total", {{"channel", NameOf(channel)}, {"outcome", outcome}});
  if (outcome == "sent") {
    Observe("gatehouse_message_delay_seconds", {{"channel", NameOf(channel)}},
            absl::ToDoubleSeconds(absl::Now() - claim.create_time));
    return;
  }
  const bool readable = claim.outgoing.has_value();
  LogWarning("message.not_sent",
             {{"message", claim.message_id},
              {"outcome", outcome},
              {"error", readable ? std::string(delivery.status().message())
                                 : "sealed under a key that this process does not have"}});
}

// What the lane is to do.
absl::Status StatusOf(const absl::StatusOr<Delivery>& delivery) {
  if (!delivery.ok()) return absl::AbortedError("not recorded");
  if (delivery->state != MessageState::kQueued) return absl::OkStatus();
  const bool asked = delivery->wait > absl::ZeroDuration();
  if (delivery->away) return asked ? LeaveAlone(delivery->wait) : absl::UnavailableError("away");
  return asked ? NotBefore(delivery->wait) : absl::UnknownError("not taken");
}

// A channel's threads, and their senders.
class Threads {
 public:
  Threads(Store& store, Channel channel, int threads, MakeSender make_sender)
      : store_(store),
        channel_(channel),
        make_sender_(std::move(make_sender)),
        pool_(NameOf(channel), threads, threads) {}

  void Send(const Job& job, JobDone done) {
    const Call call = Call::Current();
    const bool taken = pool_.Run([this, call, done, claim = ClaimFrom(job, channel_)] {
      done(StatusOf(Send(call, claim)));
    });
    if (!taken) done(absl::AbortedError("no thread is free"));
  }

 private:
  absl::StatusOr<Delivery> Send(Call call, const Claim& claim) {
    Span span(call.trace, Span::Kind::kClient, std::string("send ") + NameOf(channel_));
    call.trace = span.trace();
    const CallScope scope(call);
    std::unique_ptr<Sender> sender = Borrow();
    const auto delivery = Deliver(store_, *sender, Clock(), claim);
    GiveBack(std::move(sender));
    span.End(delivery.status());
    Report(channel_, claim, delivery);
    return delivery;
  }
  // The one that was used last, whose connection is open; another one where all are in use.
  std::unique_ptr<Sender> Borrow() {
    {
      const std::lock_guard lock(mutex_);
      if (!free_.empty()) {
        std::unique_ptr<Sender> sender = std::move(free_.back());
        free_.pop_back();
        return sender;
      }
    }
    return make_sender_();
  }
  void GiveBack(std::unique_ptr<Sender> sender) {
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(sender));
  }

  Store& store_;
  const Channel channel_;
  const MakeSender make_sender_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Sender>> free_;
  WorkerPool pool_;  // Last: its threads use the others.
};

}  // namespace

LaneOptions SendingLane(Store& store, Channel channel, int threads, MakeSender make_sender) {
  const auto senders = std::make_shared<Threads>(store, channel, threads, std::move(make_sender));
  LaneOptions lane;
  lane.work = [senders](const Job& job, JobDone done) { senders->Send(job, std::move(done)); };
  lane.expire = lane.work;  // Deliver() knows what has lost its point.
  lane.at_once = threads;
  lane.reserved = std::clamp(threads / 4, 1, kReservedMax);
  lane.handed = 2 * threads;
  lane.timeout = kAttempt;
  lane.lease = kLease;
  lane.retry_first = absl::Seconds(1);
  lane.retry_most = absl::Minutes(15);
  lane.probe_first = absl::Seconds(1);
  lane.probe_most = absl::Seconds(15);
  lane.durable = true;
  lane.unreadable = true;
  return lane;
}

void ReportBacklog(const std::string& lane, const JobStore::Backlog& backlog) {
  SetGauge("gatehouse_messages_waiting", {{"channel", lane}}, static_cast<double>(backlog.waiting));
  SetGauge("gatehouse_message_oldest_seconds", {{"channel", lane}},
           absl::ToDoubleSeconds(backlog.oldest));
}

}  // namespace gatehouse::notification
