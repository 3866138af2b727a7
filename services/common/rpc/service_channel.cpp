#include "services/common/rpc/service_channel.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/common/observe/log.h"
#include "services/common/observe/metrics.h"
#include "services/common/rpc/channel.h"

namespace gatehouse {
namespace {

// An attempt that had less time than this says nothing about who did not answer it.
constexpr absl::Duration kPatienceMin = absl::Milliseconds(500);

// All that there are, by their addresses.
struct Known {
  std::mutex mutex;
  std::multimap<std::string, ServiceChannel*> channels;
};
Known& AllKnown() {
  static Known& known = *new Known;
  return known;
}

// A peer that hangs is noticed by a ping after ten seconds of silence, which must be answered
// within three, streams and idle connections included. RunningServer allows that many pings.
void KeepAlive(grpc::ChannelArguments& arguments) {
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 10000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 3000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
}

std::shared_ptr<grpc::Channel> MakeChannel(
    const std::string& address, const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
  grpc::ChannelArguments arguments;
  arguments.SetLoadBalancingPolicyName("round_robin");
  arguments.SetInt(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, 1000);
  // The first is also how long a connection may take to be made.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 500);
  KeepAlive(arguments);
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  arguments.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 256 << 10);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_FRAME_SIZE, 256 << 10);
  // Channels to one address are not shared, so that a test's client dies with its server, and a
  // new one makes new connections.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  const size_t at = address.find('@');
  if (at == std::string::npos) return grpc::CreateCustomChannel(address, credentials, arguments);
  arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY, address.substr(0, at));
  return grpc::CreateCustomChannel(address.substr(at + 1), credentials, arguments);
}

}  // namespace

std::shared_ptr<grpc::Channel> MakeChannel(const std::string& address,
                                           const std::unique_ptr<Tls>& tls) {
  return MakeChannel(address, ChannelCredentialsOf(tls));
}

ServiceChannel::ServiceChannel(std::string address, const std::unique_ptr<Tls>& tls)
    : address_(std::move(address)),
      credentials_(ChannelCredentialsOf(tls)),
      channel_(MakeChannel(address_, credentials_)) {
  Known& known = AllKnown();
  const std::lock_guard lock(known.mutex);
  known.channels.emplace(address_, this);
}

ServiceChannel::~ServiceChannel() {
  Known& known = AllKnown();
  const std::lock_guard lock(known.mutex);
  const auto [first, last] = known.channels.equal_range(address_);
  known.channels.erase(
      std::find_if(first, last, [this](const auto& entry) { return entry.second == this; }));
}

std::shared_ptr<grpc::Channel> ServiceChannel::Get() {
  const std::lock_guard lock(mutex_);
  if (next_ != nullptr && next_->GetState(true) == GRPC_CHANNEL_READY) channel_ = std::move(next_);
  return channel_;
}

std::shared_ptr<grpc::Channel> ServiceChannel::Another() const {
  return MakeChannel(address_, credentials_);
}

ServiceChannel::Attempt ServiceChannel::Begin(absl::Time deadline, bool may_repeat, int number) {
  const absl::Time now = absl::Now();
  Attempt attempt = {.channel = Get(), .begin = now, .deadline = deadline, .end = deadline};
  const absl::Duration part = std::min(kPatience, (deadline - now) / 2);
  if (may_repeat && number < kAttempts && part >= kPatienceMin) attempt.end = now + part;
  return attempt;
}

absl::Status ServiceChannel::End(const Attempt& attempt, absl::Status status) {
  const absl::Time now = absl::Now();
  if (!absl::IsDeadlineExceeded(status) || now < attempt.end) return status;
  if (now - attempt.begin >= kPatienceMin) LeaveOut(attempt);
  if (now >= attempt.deadline) return status;
  return absl::UnavailableError(absl::StrCat(address_, " has not answered in time"));
}

void ServiceChannel::Renew() {
  const std::lock_guard lock(mutex_);
  if (next_ != nullptr) return;
  next_ = Another();
  next_->GetState(true);
}

void ServiceChannel::LeaveOut(const Attempt& attempt) {
  {
    const std::lock_guard lock(mutex_);
    // Whoever waited over an older channel tells nothing new.
    if (attempt.channel != channel_ || next_ != nullptr) return;
  }
  {
    Known& known = AllKnown();
    const std::lock_guard lock(known.mutex);
    const auto [first, last] = known.channels.equal_range(address_);
    std::for_each(first, last, [](const auto& entry) { entry.second->Renew(); });
  }
  LogWarning("peer.hangs", {{"target", address_}});
  Count("gatehouse_peers_ejected_total", {{"target", address_}});
}

}  // namespace gatehouse
