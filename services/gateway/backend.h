#pragma once

#include <atomic>
#include <utility>
// Boost 1.74's awaitable.hpp needs <utility> before it.
#include <grpcpp/generic/generic_stub.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "services/common/base/trace.h"
#include "services/common/rpc/channel.h"
#include "services/common/rpc/service_channel.h"
#include "services/gateway/http/event_loop.h"

namespace gatehouse::gateway {

// What the gateway tells a service of a request besides its message.
struct Onward {
  std::string method;  // gatehouse.cases.v1.Cases/GetCase
  std::string token;   // The caller's principal token; empty: nobody.
  std::string request_id, client_request_id, client_address, user_agent;
  Trace trace;
  absl::Time deadline;
  bool may_repeat = false;  // Harmless to call again, where the service was not there.
};

// The services, by name, as coroutines call them. What a call returns comes back on the coroutine's
// own executor.
class Backend {
 public:
  // `addresses` by service name: "cases" → host:port.
  Backend(const std::map<std::string, std::string>& addresses, const std::unique_ptr<Tls>& tls);

  boost::asio::awaitable<absl::Status> Unary(const std::string& service, const Onward& onward,
                                             const google::protobuf::Message& request,
                                             google::protobuf::Message& response);

  // A connection for streams. A service takes a hundred streams of one connection, and makes the
  // next wait until one ends: slow ones must not keep others waiting, so more streams have more of
  // these.
  struct Lane {
    explicit Lane(const std::shared_ptr<grpc::Channel>& channel) : stub(channel) {}
    grpc::GenericStub stub;
  };

  // A call with a stream. It must be started, and its end must be awaited before it goes: either by
  // Read() until it is false and Finish(), or by ReadAnswer() and Answered().
  class Stream : public std::enable_shared_from_this<Stream> {
   public:
    // `service` is left by others too, where the stream waits for long over what leads beside
    // `channel`.
    Stream(std::shared_ptr<Lane> lane, const Onward& onward, ServiceChannel& service,
           std::shared_ptr<grpc::Channel> channel);
    boost::asio::awaitable<bool> Start();
    // False: the service has ended the call; Finish() tells why.
    boost::asio::awaitable<bool> Write(const google::protobuf::Message& message);
    // A message that has this one field and nothing else, without a copy of its bytes.
    boost::asio::awaitable<bool> WriteBytes(int field_number, std::string bytes);
    boost::asio::awaitable<bool> WritesDone();
    boost::asio::awaitable<bool> Read(google::protobuf::Message& message);
    // The same for the first message. With `give_up` it is waited for as long as kPatience says,
    // and then the call is cancelled.
    boost::asio::awaitable<bool> ReadFirst(google::protobuf::Message& message, bool give_up);
    // How the call ended; CANCELLED where the server cancelled it, and we did not.
    boost::asio::awaitable<absl::Status> Finish();

    // For a call that has one answer: reads it and the call's end from now on, while messages are
    // still written, since a service may answer before it has read them all. Once it has, a write
    // that waits ends (false), and `on_end` is called, on the loop's thread.
    void ReadAnswer(google::protobuf::Message& response, std::function<void()> on_end);
    bool ended() const { return ended_; }
    // How the call ended, as Finish() says it. With `give_up` the call is cancelled once this has
    // waited for twice kPatience.
    boost::asio::awaitable<absl::Status> Answered(bool give_up);

    void Cancel() {
      cancelled_ = true;
      context_.TryCancel();
    }

   private:
    absl::Status Ending() const;
    void LeaveOut() { service_.LeaveOut({.channel = channel_}); }
    void OnEnd(const std::function<void()>& on_end);

    const std::shared_ptr<Lane> lane_;
    ServiceChannel& service_;
    const std::shared_ptr<grpc::Channel> channel_;
    const Span span_;
    grpc::ClientContext context_;
    const EventLoop::CallScope scope_{context_};
    std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call_;
    grpc::ByteBuffer buffer_;
    grpc::Status status_;
    bool cancelled_ = false;  // By us.
    bool ended_ = false;
    bool begun_ = false;                            // The first message is here.
    boost::asio::steady_timer* waiting_ = nullptr;  // Of who waits for the end.
  };
  // Shared with gRPC, until it has told of everything that was begun.
  std::shared_ptr<Stream> Open(const std::string& service, const Onward& onward);

  // Whether to make a call again that has ended so, after a pause: one replica may be going while
  // another is there. `attempt` counts from 1.
  static boost::asio::awaitable<bool> CallAgain(const absl::Status& status, bool may_repeat,
                                                int attempt);

  // OK while any service can be reached: what needs that one can be served, and what needs another
  // is nowhere served better. Which ones cannot is logged when that changes (services.away). In the
  // beginning, until all were reached or `settling` has passed, only while all can be.
  absl::Status Ready(absl::Duration patience, absl::Duration settling = absl::ZeroDuration());

 private:
  static boost::asio::awaitable<absl::Status> Once(ServiceChannel& channel,
                                                   const ServiceChannel::Attempt& attempt,
                                                   const Onward& onward, const Trace& trace,
                                                   const google::protobuf::Message& request,
                                                   google::protobuf::Message& response);
  struct Service {
    Service(const std::string& address, const std::unique_ptr<Tls>& tls) : channel(address, tls) {}
    ServiceChannel channel;
    std::mutex mutex;
    std::vector<std::shared_ptr<Lane>> lanes;
    std::shared_ptr<grpc::Channel> beside;  // Beside which channel the lanes were made.
  };
  std::map<std::string, Service> services_;
  std::mutex mutex_;
  const absl::Time start_ = absl::Now();
  std::atomic<bool> settled_ = false;  // Whether it has reached all, or was given time to.
  std::string away_;  // Which ones could not be reached when that was last looked at.
};

}  // namespace gatehouse::gateway
