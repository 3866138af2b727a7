// The Redis floor: EVALSHA of a script that counts an attempt and compares, in batches on one
// connection. Usage: bench_redis HOST PORT PASSWORD CALLS BATCH
#include <hiredis/hiredis.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

constexpr char kScript[] =
    "local n = redis.call('HINCRBY', KEYS[1], 'attempts', 1) "
    "if redis.call('HGET', KEYS[1], 'mac') == ARGV[1] then return -n end return n";

redisReply* Check(void* reply) {
  auto* typed = static_cast<redisReply*>(reply);
  if (typed == nullptr || typed->type == REDIS_REPLY_ERROR) {
    std::fprintf(stderr, "redis: %s\n", typed ? typed->str : "gone");
    std::exit(1);
  }
  return typed;
}

}  // namespace

int main(int, char** argv) {
  redisContext* redis = redisConnect(argv[1], std::atoi(argv[2]));
  const int calls = std::atoi(argv[4]);
  const int batch = std::atoi(argv[5]);
  freeReplyObject(Check(redisCommand(redis, "AUTH %s", argv[3])));
  freeReplyObject(Check(redisCommand(redis, "HSET bench:floor mac x attempts 0")));
  redisReply* loaded = Check(redisCommand(redis, "SCRIPT LOAD %s", kScript));
  const std::string sha(loaded->str, loaded->len);
  freeReplyObject(loaded);
  const auto began = std::chrono::steady_clock::now();
  for (int done = 0; done < calls; done += batch) {
    for (int i = 0; i < batch; ++i) {
      redisAppendCommand(redis, "EVALSHA %s 1 bench:floor wrong", sha.c_str());
    }
    for (int i = 0; i < batch; ++i) {
      void* reply = nullptr;
      redisGetReply(redis, &reply);
      freeReplyObject(Check(reply));
    }
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  freeReplyObject(Check(redisCommand(redis, "DEL bench:floor")));
  std::printf("{\"rps\": %.0f}\n", calls / took.count());
}
