#include "services/common/redis.h"

#include <hiredis/hiredis.h>
#include <openssl/sha.h>

#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/common/caller.h"
#include "services/common/crypto.h"
#include "services/common/log.h"
#include "services/common/metrics.h"
#include "services/common/redis_connection.h"

namespace gatehouse {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(5);
constexpr absl::Duration kReconnectPause = absl::Milliseconds(200);
constexpr size_t kWaitingMax = 10000;
constexpr size_t kBatchMax = 256;

// One command on its way. Each caller is woken by itself: waking all for each reply would cost a
// busy process more than the commands do.
struct Pending {
  std::vector<std::string> words;
  absl::StatusOr<RedisReply> reply = absl::UnknownError("no reply");
  std::promise<void> done;
};

absl::StatusOr<RedisReply> FromReply(const redisReply& reply) {
  RedisReply result;
  switch (reply.type) {
    case REDIS_REPLY_INTEGER:
      result.kind = RedisReply::Kind::kInteger;
      result.integer = reply.integer;
      return result;
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
      result.kind = RedisReply::Kind::kString;
      result.string.assign(reply.str, reply.len);
      return result;
    case REDIS_REPLY_ARRAY:
      result.kind = RedisReply::Kind::kArray;
      for (size_t i = 0; i < reply.elements; ++i) {
        auto element = FromReply(*reply.element[i]);
        if (!element.ok()) return element.status();
        result.array.push_back(*std::move(element));
      }
      return result;
    case REDIS_REPLY_ERROR: {
      const absl::string_view text(reply.str, reply.len);
      if (absl::StartsWith(text, "NOSCRIPT")) return absl::NotFoundError(text);
      for (const char* passing : {"LOADING", "READONLY", "OOM", "MISCONF", "BUSY", "MASTERDOWN"}) {
        if (absl::StartsWith(text, passing)) return absl::UnavailableError(text);
      }
      return absl::InternalError(absl::StrCat("redis: ", text));
    }
    default:
      return result;
  }
}

}  // namespace

RedisScript::RedisScript(std::string source) : source_(std::move(source)) {
  std::string digest(SHA_DIGEST_LENGTH, '\0');
  SHA1(reinterpret_cast<const unsigned char*>(source_.data()), source_.size(),
       reinterpret_cast<unsigned char*>(digest.data()));
  sha1_ = Hex(digest);
}

// Callers leave commands in a queue; one thread takes all that wait, sends them in one write, and
// reads their replies in order. Under load batches form by themselves.
class Redis::Connection {
 public:
  explicit Connection(const Secret& url) : url_(url), thread_([this] { Run(); }) {}

  ~Connection() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    arrived_.notify_all();
    thread_.join();
  }

  absl::StatusOr<RedisReply> Do(std::vector<std::string> words) {
    Span span(Call::Current().trace, Span::Kind::kClient, "redis");
    span.Add("db.system", "redis");
    span.Add("db.operation", words[0]);
    const auto pending = std::make_shared<Pending>();
    pending->words = std::move(words);
    if (absl::Status status = Enqueue(pending); !status.ok()) return status;
    const absl::Time deadline = std::min(Call::Current().deadline, absl::Now() + kPatience);
    if (pending->done.get_future().wait_until(absl::ToChronoTime(deadline)) !=
        std::future_status::ready) {
      return absl::DeadlineExceededError("redis did not answer in time");
    }
    return std::move(pending->reply);
  }

  absl::Status Enqueue(std::shared_ptr<Pending> pending) {
    const std::lock_guard lock(mutex_);
    if (away_) return absl::UnavailableError("redis is away");
    if (waiting_.size() >= kWaitingMax) return absl::UnavailableError("redis is overloaded");
    waiting_.push_back(std::move(pending));
    arrived_.notify_one();
    return absl::OkStatus();
  }

 private:
  using Batch = std::vector<std::shared_ptr<Pending>>;

  void Run() {
    while (true) {
      std::unique_lock lock(mutex_);
      arrived_.wait(lock, [&] { return stopping_ || !waiting_.empty() || away_; });
      if (stopping_) return;
      if (redis_ == nullptr && !Reconnect(lock)) continue;
      const size_t size = std::min(waiting_.size(), kBatchMax);
      Batch batch(waiting_.begin(), waiting_.begin() + size);
      waiting_.erase(waiting_.begin(), waiting_.begin() + size);
      lock.unlock();
      const bool alive = Exchange(batch);
      lock.lock();
      if (!alive) redis_.reset();
      lock.unlock();
      for (const auto& pending : batch) pending->done.set_value();
    }
  }

  // With the lock held before and after. While the server is away everybody is told at once.
  bool Reconnect(std::unique_lock<std::mutex>& lock) {
    lock.unlock();
    RedisContext fresh = ConnectRedis(url_, absl::Seconds(2));
    lock.lock();
    const bool connected = fresh != nullptr;
    if (away_ == connected) LogWarning(connected ? "redis.back" : "redis.away");
    away_ = !connected;
    SetGauge("gatehouse_redis_connected", {}, connected ? 1 : 0);
    redis_ = std::move(fresh);
    if (connected) return true;
    for (const auto& pending : waiting_) {
      pending->reply = absl::UnavailableError("redis is away");
      pending->done.set_value();
    }
    waiting_.clear();
    arrived_.wait_for(lock, absl::ToChronoMilliseconds(kReconnectPause), [&] { return stopping_; });
    return false;
  }

  // False if the connection broke; then every command without a reply is UNAVAILABLE.
  bool Exchange(const Batch& batch) {
    for (const auto& pending : batch) {
      pending->reply = absl::UnavailableError("the connection to redis was lost");
    }
    for (const auto& pending : batch) Append(pending->words);
    for (const auto& pending : batch) {
      void* raw = nullptr;
      if (redisGetReply(redis_.get(), &raw) != REDIS_OK) return false;
      const RedisReplyPointer reply(static_cast<redisReply*>(raw));
      pending->reply = FromReply(*reply);
    }
    return true;
  }

  void Append(const std::vector<std::string>& words) {
    std::vector<const char*> data;
    std::vector<size_t> sizes;
    for (const std::string& word : words) {
      data.push_back(word.data());
      sizes.push_back(word.size());
    }
    redisAppendCommandArgv(redis_.get(), static_cast<int>(words.size()), data.data(), sizes.data());
  }

  const Secret url_;
  RedisContext redis_;  // The thread's own.
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<std::shared_ptr<Pending>> waiting_;
  bool away_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

Redis::Redis(const Secret& url) : connection_(std::make_unique<Connection>(url)) {}
Redis::~Redis() = default;

absl::StatusOr<RedisReply> Redis::Command(std::vector<std::string> words) {
  return connection_->Do(std::move(words));
}

absl::StatusOr<RedisReply> Redis::Eval(const RedisScript& script,
                                       const std::vector<std::string>& keys,
                                       const std::vector<std::string>& arguments) {
  std::vector<std::string> words = {"EVALSHA", script.sha1(), absl::StrCat(keys.size())};
  words.insert(words.end(), keys.begin(), keys.end());
  words.insert(words.end(), arguments.begin(), arguments.end());
  auto reply = connection_->Do(words);
  if (!absl::IsNotFound(reply.status())) return reply;
  // A restarted server has forgotten the script, and EVAL teaches it again.
  words[0] = "EVAL";
  words[1] = script.source();
  return connection_->Do(std::move(words));
}

void Redis::Tell(std::vector<std::string> words) {
  const auto pending = std::make_shared<Pending>();
  pending->words = std::move(words);
  (void)connection_->Enqueue(pending);
}

absl::Status Redis::Ready() { return Command({"PING"}).status(); }

}  // namespace gatehouse
