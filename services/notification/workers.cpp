#include "services/notification/workers.h"

#include "services/common/caller.h"
#include "services/common/clock.h"
#include "services/common/log.h"
#include "services/common/metrics.h"
#include "services/notification/domain/delivery.h"

namespace gatehouse::notification {
namespace {

constexpr absl::Duration kPoll = absl::Seconds(1), kReportEvery = absl::Seconds(15);

const char* NameOf(Channel channel) { return channel == Channel::kSms ? "sms" : "email"; }

std::string NameOf(const absl::StatusOr<MessageState>& state) {
  if (!state.ok()) return "unrecorded";
  switch (*state) {
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

void Report(Channel channel, const Claim& claim, const absl::StatusOr<MessageState>& state) {
  const std::string outcome = NameOf(state);
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
              {"error", readable ? std::string(state.status().message())
                                 : "sealed under a key that this process does not have"}});
}

}  // namespace

Workers::Workers(Store& store, Channel channel, int threads,
                 std::function<std::unique_ptr<Sender>()> make_sender)
    : store_(store), channel_(channel), make_sender_(std::move(make_sender)) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Run(); });
}

Workers::~Workers() {
  stopping_ = true;
  wakeup_.Signal();
  for (std::thread& thread : threads_) thread.join();
}

// By one of the threads, every 15 seconds.
void Workers::ReportBacklog() {
  const std::unique_lock lock(reporting_, std::try_to_lock);
  if (!lock.owns_lock() || absl::Now() < next_report_) return;
  next_report_ = absl::Now() + kReportEvery;
  const auto backlog = store_.LookAtBacklog(channel_);
  if (!backlog.ok()) return;
  SetGauge("gatehouse_messages_waiting", {{"channel", NameOf(channel_)}},
           static_cast<double>(backlog->messages));
  SetGauge("gatehouse_message_oldest_seconds", {{"channel", NameOf(channel_)}},
           absl::ToDoubleSeconds(backlog->age_of_oldest));
}

void Workers::Run() {
  const Clock clock;
  const std::unique_ptr<Sender> sender = make_sender_();
  while (!stopping_) {
    ReportBacklog();
    const auto claim = store_.ClaimOne(channel_);
    if (claim.ok() && claim->has_value()) {
      wakeup_.Signal();  // There may be more: another thread may look meanwhile.
      Span span((*claim)->trace, Span::Kind::kClient, std::string("send ") + NameOf(channel_));
      Call call;
      call.trace = span.trace();
      const CallScope scope(call);
      const auto state = Deliver(store_, *sender, clock, **claim);
      span.End(state.status());
      Report(channel_, **claim, state);
    } else {
      wakeup_.Wait(kPoll);
    }
  }
  wakeup_.Signal();  // The next one ends at once, too.
}

}  // namespace gatehouse::notification
