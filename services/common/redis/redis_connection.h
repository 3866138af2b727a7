#pragma once

#include <hiredis/hiredis.h>
#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/common/redis/redis_address.h"

namespace gatehouse {

struct FreeRedisReply {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using RedisReplyPointer = std::unique_ptr<redisReply, FreeRedisReply>;

// A connection, for redis.cpp and redis_subscriber.cpp: hiredis connects and reads replies, and
// what lies between is ours, since Debian's hiredis knows no TLS. One thread at a time.
class RedisConnection {
 public:
  // Authenticated, at its database and, where there are Sentinels, at the primary that they name
  // and that says it is one. UNAVAILABLE, with the peer and the cause in words for a log, where the
  // server is away or refuses. `timeout` bounds the connecting and each wait for bytes.
  static absl::StatusOr<std::unique_ptr<RedisConnection>> Open(const RedisAddress& address,
                                                               absl::Duration timeout);

  // Leaves with the next Flush() or Reply().
  void Append(const std::vector<std::string>& words);
  // Sends what is appended; false: the connection broke.
  bool Flush();
  // The same, and waits for a reply; null: the connection broke.
  RedisReplyPointer Reply();
  RedisReplyPointer Ask(const std::vector<std::string>& words);

  // For who waits by itself for `socket` to be readable: takes in what has come, and says whether
  // the connection lives.
  bool Receive();
  // A reply that has been taken in whole; null: there is none.
  RedisReplyPointer Received();
  int socket() const { return context_->fd; }

 private:
  struct FreeContext {
    void operator()(redisContext* context) const { redisFree(context); }
  };
  struct FreeSsl {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  enum class Arrived { kBytes, kNothing, kEnd };

  RedisConnection() = default;
  using Opened = absl::StatusOr<std::unique_ptr<RedisConnection>>;
  static Opened Connect(const RedisAddress& address, const RedisAddress::Host& host,
                        absl::Duration timeout);
  static absl::StatusOr<RedisAddress::Host> AskSentinels(const RedisAddress& address,
                                                         absl::Duration timeout);
  absl::Status Failed(const char* why) const;
  bool StartTls(const RedisAddress& address, const std::string& host);
  bool Authenticate(const RedisAddress& address);
  bool IsPrimary();
  Arrived Read();

  std::string peer_;  // host:port, for the log.
  absl::Duration timeout_;
  std::unique_ptr<redisContext, FreeContext> context_;
  std::unique_ptr<SSL, FreeSsl> ssl_;  // Null: no TLS. Goes before the socket.
  std::string unsent_;
};

}  // namespace gatehouse
