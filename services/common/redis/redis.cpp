#include "services/common/redis/redis.h"

#include <openssl/sha.h>

#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/common/base/caller.h"
#include "services/common/base/crypto.h"
#include "services/common/observe/log.h"
#include "services/common/observe/metrics.h"
#include "services/common/redis/redis_connection.h"

namespace gatehouse {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(5);
constexpr absl::Duration kConnectPatience = absl::Seconds(2);
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

// Of a primary that has become a replica.
bool IsReadOnly(const redisReply& reply) {
  return reply.type == REDIS_REPLY_ERROR &&
         absl::StartsWith(absl::string_view(reply.str, reply.len), "READONLY");
}

}  // namespace

RedisScript::RedisScript(std::string source) : source_(std::move(source)) {
  std::string digest(SHA_DIGEST_LENGTH, '\0');
  SHA1(reinterpret_cast<const unsigned char*>(source_.data()), source_.size(),
       reinterpret_cast<unsigned char*>(digest.data()));
  sha1_ = Hex(digest);
}

// A caller who finds the connection free talks to the server itself, since waking a thread and
// being woken by it costs a busy process more than the command does. Others leave theirs in a
// queue: one thread takes all that wait, sends them in one write, and reads their replies in order,
// so that under load batches form by themselves. It connects, too, as soon as there is no
// connection: who has lost it says so then, and not when somebody next asks.
class Redis::Connection {
 public:
  explicit Connection(const Secret& url)
      : address_(RedisAddress::Parse(url.Reveal())), thread_([this] { Run(); }) {}

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
    if (Take()) {
      Exchange({pending});
      return std::move(pending->reply);
    }
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
    if (!taken_) arrived_.notify_one();
    return absl::OkStatus();
  }

 private:
  using Batch = std::vector<std::shared_ptr<Pending>>;

  // True if the connection is the caller's until Exchange() is over.
  bool Take() {
    const std::lock_guard lock(mutex_);
    if (taken_ || redis_ == nullptr || !waiting_.empty()) return false;
    return taken_ = true;
  }

  void Run() {
    std::unique_lock lock(mutex_);
    while (true) {
      arrived_.wait(
          lock, [&] { return stopping_ || (!taken_ && (redis_ == nullptr || !waiting_.empty())); });
      if (stopping_) return;
      if (redis_ == nullptr && !Reconnect(lock)) continue;
      const size_t size = std::min(waiting_.size(), kBatchMax);
      const Batch batch(waiting_.begin(), waiting_.begin() + size);
      waiting_.erase(waiting_.begin(), waiting_.begin() + size);
      taken_ = true;
      lock.unlock();
      Exchange(batch);
      for (const auto& pending : batch) pending->done.set_value();
      lock.lock();
    }
  }

  absl::StatusOr<std::unique_ptr<RedisConnection>> Open() const {
    if (!address_.ok()) return address_.status();
    return RedisConnection::Open(*address_, kConnectPatience);
  }

  // With the lock held before and after. While the server is away everybody is told at once.
  bool Reconnect(std::unique_lock<std::mutex>& lock) {
    lock.unlock();
    auto fresh = Open();
    lock.lock();
    const bool connected = fresh.ok();
    if (away_ && connected) LogWarning("redis.back");
    if (!away_ && !connected) {
      LogWarning("redis.away", {{"error", std::string(fresh.status().message())}});
    }
    away_ = !connected;
    SetGauge("gatehouse_redis_connected", {}, connected ? 1 : 0);
    if (connected) {
      redis_ = *std::move(fresh);
      return true;
    }
    for (const auto& pending : waiting_) {
      pending->reply = absl::UnavailableError("redis is away");
      pending->done.set_value();
    }
    waiting_.clear();
    arrived_.wait_for(lock, absl::ToChronoMilliseconds(kReconnectPause), [&] { return stopping_; });
    return false;
  }

  // By whoever has taken the connection, and frees it. If it breaks, every command without a reply
  // is UNAVAILABLE.
  void Exchange(const Batch& batch) {
    for (const auto& pending : batch) {
      pending->reply = absl::UnavailableError("the connection to redis was lost");
      redis_->Append(pending->words);
    }
    bool alive = true, demoted = false;
    for (size_t i = 0; alive && i < batch.size(); ++i) {
      const RedisReplyPointer reply = redis_->Reply();
      alive = reply != nullptr;
      if (!alive) break;
      batch[i]->reply = FromReply(*reply);
      demoted = demoted || IsReadOnly(*reply);
    }
    const std::lock_guard lock(mutex_);
    taken_ = false;
    if (!alive || demoted) redis_.reset();
    if (redis_ == nullptr || !waiting_.empty()) arrived_.notify_one();
  }

  const absl::StatusOr<RedisAddress> address_;
  std::mutex mutex_;
  std::unique_ptr<RedisConnection> redis_;  // Whoever set taken_ may use it without the lock.
  bool taken_ = false;
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

void Redis::Probe() {
  const absl::Status written = Command({"SET", "gatehouse:probe", "1", "PX", "60000"}).status();
  if (writable_.exchange(written.ok()) && !written.ok()) {
    LogWarning("redis.not_writable", {{"error", std::string(written.message())}});
  }
  SetGauge("gatehouse_redis_writable", {}, written.ok() ? 1 : 0);
  const absl::Time begin = absl::Now();
  const auto time = Command({"TIME"});
  int64_t seconds = 0, microseconds = 0;
  if (time.ok() && time->array.size() == 2 && absl::SimpleAtoi(time->array[0].string, &seconds) &&
      absl::SimpleAtoi(time->array[1].string, &microseconds)) {
    offset_.Measured(begin, absl::FromUnixSeconds(seconds) + absl::Microseconds(microseconds),
                     absl::Now());
  }
}

}  // namespace gatehouse
