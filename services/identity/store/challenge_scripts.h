#pragma once

#include "services/common/redis/redis.h"

namespace gatehouse::identity {

// The steps of RedisChallengeStore, each one script: what they are given and answer stands beside
// them.
const RedisScript& SendScript();
const RedisScript& CancelScript();
const RedisScript& VerifyScript();

}  // namespace gatehouse::identity
