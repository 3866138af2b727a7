#pragma once

#include <hiredis/hiredis.h>

#include <memory>

#include "absl/time/time.h"
#include "services/common/base/secret.h"

namespace gatehouse {

// hiredis's own types, owned; for redis.cpp and redis_subscriber.cpp.
struct FreeRedisContext {
  void operator()(redisContext* context) const { redisFree(context); }
};
using RedisContext = std::unique_ptr<redisContext, FreeRedisContext>;

struct FreeRedisReply {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using RedisReplyPointer = std::unique_ptr<redisReply, FreeRedisReply>;

// A connection, authenticated and at its database; null if the server is away or refuses. `timeout`
// bounds the connecting and each read.
RedisContext ConnectRedis(const Secret& url, absl::Duration timeout);

}  // namespace gatehouse
