#include "services/common/redis/redis_connection.h"

#include <re2/re2.h>

#include <string>

#include "absl/strings/numbers.h"

namespace gatehouse {
namespace {

struct Address {
  std::string password, host, path;
  int port = 6379;
  std::string database;
};

Address Parse(const std::string& url) {
  Address address;
  std::string port;
  // redis://[user][:password]@host[:port][/db], or unix://[:password@]/path
  static const RE2 kTcp(R"(redis://(?:[^:@/]*(?::([^@/]*))?@)?([^:/]+)(?::(\d+))?(?:/(\d+))?)");
  static const RE2 kUnix(R"(unix://(?::([^@]*)@)?(/.+))");
  if (RE2::FullMatch(url, kTcp, &address.password, &address.host, &port, &address.database)) {
    if (!port.empty()) (void)absl::SimpleAtoi(port, &address.port);
  } else {
    RE2::FullMatch(url, kUnix, &address.password, &address.path);
  }
  return address;
}

bool Succeeds(redisContext* redis, const char* command, const std::string& argument) {
  const RedisReplyPointer reply(
      static_cast<redisReply*>(redisCommand(redis, command, argument.data(), argument.size())));
  return reply != nullptr && reply->type != REDIS_REPLY_ERROR;
}

}  // namespace

RedisContext ConnectRedis(const Secret& url, absl::Duration timeout) {
  const Address address = Parse(url.Reveal());
  const timeval limit = absl::ToTimeval(timeout);
  RedisContext redis(address.path.empty()
                         ? redisConnectWithTimeout(address.host.c_str(), address.port, limit)
                         : redisConnectUnixWithTimeout(address.path.c_str(), limit));
  if (redis == nullptr || redis->err != 0) return nullptr;
  redisSetTimeout(redis.get(), limit);
  // Of a Unix socket it would make hiredis think that the connection is broken.
  if (address.path.empty()) redisEnableKeepAlive(redis.get());
  if (!address.password.empty() && !Succeeds(redis.get(), "AUTH %b", address.password)) {
    return nullptr;
  }
  if (!address.database.empty() && !Succeeds(redis.get(), "SELECT %b", address.database)) {
    return nullptr;
  }
  return redis;
}

}  // namespace gatehouse
