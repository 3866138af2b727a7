#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/common/base/secret.h"
#include "services/common/observe/clock_offset.h"

namespace gatehouse {

// A reply: nil, an integer, a string, or an array of replies.
struct RedisReply {
  enum class Kind { kNil, kInteger, kString, kArray } kind = Kind::kNil;
  int64_t integer = 0;
  std::string string;
  std::vector<RedisReply> array;
};

// A Lua script with its SHA-1, which Redis knows it by.
class RedisScript {
 public:
  explicit RedisScript(std::string source);
  const std::string& source() const { return source_; }
  const std::string& sha1() const { return sha1_; }

 private:
  std::string source_;
  std::string sha1_;
};

// One connection that many threads share: who finds it free uses it, and commands that are waiting
// leave in one batch. A server that is away is UNAVAILABLE, at once while it is known to be away,
// or once it has not answered for 2 s; a reply later than the current call's deadline (or 5 s) is
// DEADLINE_EXCEEDED to who waited in a batch. Either way the command may have run. A server that
// takes no writes is UNAVAILABLE too. Reconnects by itself, after READONLY too: the primary is
// elsewhere by now. Thread-safe.
class Redis {
 public:
  explicit Redis(const Secret& url);  // redis_address.h says what it may be.
  ~Redis();

  absl::StatusOr<RedisReply> Command(std::vector<std::string> words);
  // Sends the command and waits for nothing: for what may be lost.
  void Tell(std::vector<std::string> words);
  // EVALSHA; loads the script and tries once more where the server does not know it.
  absl::StatusOr<RedisReply> Eval(const RedisScript& script, const std::vector<std::string>& keys,
                                  const std::vector<std::string>& arguments);
  // Whether it can be written to, which one that is out of memory or a replica answers no to, and
  // how far its clock is from ours: for the gauges gatehouse_redis_writable and
  // gatehouse_clock_offset_seconds. Why it cannot is logged when that begins.
  void Probe();

 private:
  class Connection;
  std::unique_ptr<Connection> connection_;
  std::atomic<bool> writable_ = true;
  ClockOffset offset_{"redis"};
};

// Listens on a channel with a connection and a thread of its own, and comes back after a loss. Each
// second it asks Redis whether the connection lives; one that has not answered for three is given
// up.
class RedisSubscriber {
 public:
  // Run on that thread.
  struct Events {
    std::function<void(const std::string&)> on_message;
    // When a connection was lost, and when there is one again: messages may have been missed.
    std::function<void()> on_gap;
    // Everything that was published until so long ago has been heard.
    std::function<void(absl::Duration ago)> on_alive;
  };
  RedisSubscriber(const Secret& url, std::string channel, Events events);
  ~RedisSubscriber();

 private:
  class Listener;
  std::unique_ptr<Listener> listener_;
};

}  // namespace gatehouse
