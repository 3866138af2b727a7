#include "services/notification/workers.h"

#include "services/common/base/caller.h"
#include "services/common/base/clock.h"
#include "services/common/observe/log.h"
#include "services/common/observe/metrics.h"
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
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  arrived_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

bool Workers::Reserve() {
  const std::lock_guard lock(mutex_);
  const size_t waiting = handed_.size() + reserved_;
  if (look_ || waiting >= idle_ + threads_.size()) return false;
  ++reserved_;
  return true;
}

absl::StatusOr<Message> Workers::Submit(const NewMessage& message) {
  if (!Reserve()) {
    auto kept = store_.Add(message);
    {
      const std::lock_guard lock(mutex_);
      look_ = true;
    }
    arrived_.notify_one();
    return kept;
  }
  auto added = store_.AddClaimed(message);
  {
    const std::lock_guard lock(mutex_);
    --reserved_;
    if (added.ok() && added->claim.has_value()) handed_.push_back(*std::move(added->claim));
  }
  arrived_.notify_one();
  if (!added.ok()) return added.status();
  return std::move(added->message);
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

// The next message to send; nothing at the end.
std::optional<Claim> Workers::Next() {
  std::unique_lock lock(mutex_);
  while (true) {
    if (!handed_.empty()) {
      Claim claim = std::move(handed_.front());
      handed_.pop_front();
      return claim;
    }
    if (stopping_) return std::nullopt;
    if (look_) {
      look_ = false;
      lock.unlock();
      ReportBacklog();
      auto claim = store_.ClaimOne(channel_);
      lock.lock();
      if (claim.ok() && claim->has_value()) {
        look_ = true;  // There may be more: another thread may look meanwhile.
        arrived_.notify_one();
        return *std::move(claim);
      }
      continue;
    }
    ++idle_;
    const bool called = arrived_.wait_for(lock, absl::ToChronoMilliseconds(kPoll),
                                          [&] { return stopping_ || look_ || !handed_.empty(); });
    --idle_;
    if (!called) look_ = true;
  }
}

void Workers::Send(Sender& sender, const Claim& claim) {
  Span span(claim.trace, Span::Kind::kClient, std::string("send ") + NameOf(channel_));
  Call call;
  call.trace = span.trace();
  const CallScope scope(call);
  const auto state = Deliver(store_, sender, Clock(), claim);
  span.End(state.status());
  Report(channel_, claim, state);
}

void Workers::Run() {
  const std::unique_ptr<Sender> sender = make_sender_();
  while (const auto claim = Next()) Send(*sender, *claim);
}

}  // namespace gatehouse::notification
