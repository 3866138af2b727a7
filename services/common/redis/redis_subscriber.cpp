#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "services/common/observe/log.h"
#include "services/common/redis/redis.h"
#include "services/common/redis/redis_connection.h"

namespace gatehouse {

class RedisSubscriber::Listener {
 public:
  Listener(const Secret& url, std::string channel,
           std::function<void(const std::string&)> on_message, std::function<void()> on_gap)
      : url_(url),
        channel_(std::move(channel)),
        on_message_(std::move(on_message)),
        on_gap_(std::move(on_gap)),
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
      const RedisContext redis = ConnectRedis(url_, absl::Seconds(2));
      if (redis != nullptr && Subscribe(redis.get())) {
        // What was published while nobody listened here is unknown.
        on_gap_();
        Listen(redis.get());
        LogWarning("redis.subscription_lost");
        on_gap_();
      }
      Stopped(std::chrono::milliseconds(200));
    }
  }

  bool Subscribe(redisContext* redis) {
    const RedisReplyPointer reply(static_cast<redisReply*>(
        redisCommand(redis, "SUBSCRIBE %b", channel_.data(), channel_.size())));
    return reply != nullptr && reply->type == REDIS_REPLY_ARRAY;
  }

  // Until the connection breaks or the listener stops.
  void Listen(redisContext* redis) {
    while (true) {
      void* raw = nullptr;
      while (redisGetReplyFromReader(redis, &raw) == REDIS_OK && raw != nullptr) {
        const RedisReplyPointer reply(static_cast<redisReply*>(raw));
        if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 3) {
          on_message_(std::string(reply->element[2]->str, reply->element[2]->len));
        }
      }
      pollfd events[] = {{redis->fd, POLLIN, 0}, {stop_, POLLIN, 0}};
      poll(events, 2, -1);
      if (events[1].revents != 0 || redisBufferRead(redis) != REDIS_OK) return;
    }
  }

  bool Stopped(std::chrono::milliseconds wait) {
    pollfd event{stop_, POLLIN, 0};
    return poll(&event, 1, static_cast<int>(wait.count())) > 0;
  }

  const Secret url_;
  const std::string channel_;
  const std::function<void(const std::string&)> on_message_;
  const std::function<void()> on_gap_;
  const int stop_;
  std::thread thread_;
};

RedisSubscriber::RedisSubscriber(const Secret& url, std::string channel,
                                 std::function<void(const std::string&)> on_message,
                                 std::function<void()> on_gap)
    : listener_(std::make_unique<Listener>(url, std::move(channel), std::move(on_message),
                                           std::move(on_gap))) {}
RedisSubscriber::~RedisSubscriber() = default;

}  // namespace gatehouse
