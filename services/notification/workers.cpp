#include "services/notification/workers.h"

#include "services/common/clock.h"
#include "services/common/log.h"
#include "services/common/metrics.h"
#include "services/notification/domain/delivery.h"

namespace gatehouse::notification {
namespace {

constexpr absl::Duration kPoll = absl::Seconds(1);

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

void Workers::Run() {
  const Clock clock;
  const std::unique_ptr<Sender> sender = make_sender_();
  while (!stopping_) {
    const auto claim = store_.ClaimOne(channel_);
    if (claim.ok() && claim->has_value()) {
      wakeup_.Signal();  // There may be more: another thread may look meanwhile.
      Report(channel_, **claim, Deliver(store_, *sender, clock, **claim));
    } else {
      wakeup_.Wait(kPoll);
    }
  }
  wakeup_.Signal();  // The next one ends at once, too.
}

}  // namespace gatehouse::notification
