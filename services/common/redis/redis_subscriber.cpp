#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "services/common/observe/log.h"
#include "services/common/redis/redis.h"
#include "services/common/redis/redis_connection.h"

namespace gatehouse {
namespace {

using Steady = std::chrono::steady_clock;
constexpr std::chrono::seconds kBeat{1}, kSilenceMax{3};
constexpr std::chrono::milliseconds kLook{250};

}  // namespace

class RedisSubscriber::Listener {
 public:
  Listener(const Secret& url, std::string channel, Events events)
      : address_(RedisAddress::Parse(url.Reveal())),
        channel_(std::move(channel)),
        events_(std::move(events)),
        stop_(eventfd(0, EFD_NONBLOCK)),
        thread_([this] { Run(); }) {}

  ~Listener() {
    const uint64_t one = 1;
    [[maybe_unused]] const auto written = write(stop_, &one, sizeof one);
    thread_.join();
    close(stop_);
  }

 private:
  void Run() {
    while (!Stopped(std::chrono::milliseconds(0))) {
      const auto redis = Open();
      if (redis.ok() && Subscribe(**redis)) {
        // What was published while nobody listened here is unknown.
        events_.on_gap();
        Listen(**redis);
        LogWarning("redis.subscription_lost");
        events_.on_gap();
      }
      Stopped(std::chrono::milliseconds(200));
    }
  }

  absl::StatusOr<std::unique_ptr<RedisConnection>> Open() const {
    if (!address_.ok()) return address_.status();
    return RedisConnection::Open(*address_, absl::Seconds(2));
  }

  bool Subscribe(RedisConnection& redis) {
    const RedisReplyPointer reply = redis.Ask({"SUBSCRIBE", channel_});
    return reply != nullptr && reply->type == REDIS_REPLY_ARRAY;
  }

  // Until the connection breaks, or does not answer, or the listener stops.
  void Listen(RedisConnection& redis) {
    Steady::time_point asked = Steady::now() - kBeat;
    bool waits = false;  // For the answer to what was asked then.
    while (true) {
      if (HandOn(redis)) {
        events_.on_alive(absl::FromChrono(Steady::now() - asked));
        waits = false;
      }
      const Steady::duration since = Steady::now() - asked;
      if (waits && since >= kSilenceMax) return;
      if (!waits && since >= kBeat) {
        asked = Steady::now();
        waits = true;
        redis.Append({"PING"});
        if (!redis.Flush()) return;
      }
      pollfd ready[] = {{redis.socket(), POLLIN, 0}, {stop_, POLLIN, 0}};
      poll(ready, 2, static_cast<int>(kLook.count()));
      if (ready[1].revents != 0) return;
      if (ready[0].revents != 0 && !redis.Receive()) return;
    }
  }

  // Everything that has arrived. Redis answers in order: true where it has answered what was asked,
  // and so has sent all that was published before.
  bool HandOn(RedisConnection& redis) {
    bool answered = false;
    while (const RedisReplyPointer reply = redis.Received()) {
      if (reply->type != REDIS_REPLY_ARRAY) continue;
      if (reply->elements == 3) {
        events_.on_message(std::string(reply->element[2]->str, reply->element[2]->len));
      } else {
        answered = true;
      }
    }
    return answered;
  }

  bool Stopped(std::chrono::milliseconds wait) {
    pollfd event{stop_, POLLIN, 0};
    return poll(&event, 1, static_cast<int>(wait.count())) > 0;
  }

  const absl::StatusOr<RedisAddress> address_;
  const std::string channel_;
  const Events events_;
  const int stop_;
  std::thread thread_;
};

RedisSubscriber::RedisSubscriber(const Secret& url, std::string channel, Events events)
    : listener_(std::make_unique<Listener>(url, std::move(channel), std::move(events))) {}
RedisSubscriber::~RedisSubscriber() = default;

}  // namespace gatehouse
