#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <mutex>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/common/rpc/tls.h"

namespace gatehouse {

// How long one attempt may go without an answer before its replica is held for one that hangs.
constexpr absl::Duration kPatience = absl::Milliseconds(1500);
// How often a call is made, where that may help.
constexpr int kAttempts = 3;

// The replicas of a service, without those that hang. A process that stands still keeps its
// connections, and gRPC goes on giving it calls until a ping is missed, for 13 s. But it completes
// no new connection. So when an attempt waited too long, a new channel is made beside the old one
// and takes its place as soon as any replica has answered there: who hangs is met no more, and
// joins again by itself when it goes on. What one has found out, all of the process to the same
// address take to heart. Thread-safe.
class ServiceChannel {
 public:
  // See MakeChannel().
  ServiceChannel(std::string address, const std::unique_ptr<Tls>& tls);
  ~ServiceChannel();
  ServiceChannel(const ServiceChannel&) = delete;
  ServiceChannel& operator=(const ServiceChannel&) = delete;

  // For a single call or stream.
  std::shared_ptr<grpc::Channel> Get();
  // Another channel to the same replicas, with connections of its own.
  std::shared_ptr<grpc::Channel> Another() const;

  // One attempt of a call.
  struct Attempt {
    std::shared_ptr<grpc::Channel> channel;
    absl::Time begin, deadline;  // `deadline` is the call's.
    absl::Time end;              // When the attempt is given up.
  };
  // `number` counts from 1. An attempt of a call that may be made again is given up early enough
  // for another replica to be asked; the last one, and that of any other call, at the deadline.
  Attempt Begin(absl::Time deadline, bool may_repeat, int number);
  // How the attempt ended. Where nobody answered it in time, that replica is left out from now on;
  // and if there is time left, the status is UNAVAILABLE, which may be called again.
  absl::Status End(const Attempt& attempt, absl::Status status);
  // The attempt has waited for kPatience: others had better not meet the same replica.
  void LeaveOut(const Attempt& attempt);

 private:
  // Makes the next channel, unless one waits to take its place already.
  void Renew();

  const std::string address_;
  const std::shared_ptr<grpc::ChannelCredentials> credentials_;
  std::mutex mutex_;
  std::shared_ptr<grpc::Channel> channel_;
  std::shared_ptr<grpc::Channel> next_;  // Takes the place of `channel_` once it is connected.
};

}  // namespace gatehouse
