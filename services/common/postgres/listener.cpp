#include "services/common/postgres/listener.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "services/common/observe/log.h"
#include "services/common/observe/metrics.h"

namespace gatehouse {
namespace {

constexpr absl::Duration kRetryFirst = absl::Milliseconds(100), kRetryMost = absl::Seconds(5);

class Receiver : public pqxx::notification_receiver {
 public:
  using Tell = std::function<void(const std::string&)>;
  Receiver(pqxx::connection& connection, const std::string& channel, Tell tell)
      : notification_receiver(connection, channel), tell_(std::move(tell)) {}
  void operator()(const std::string& payload, int) override { tell_(payload); }

 private:
  const Tell tell_;
};

}  // namespace

PostgresListener::~PostgresListener() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    // Whatever it waits for there.
    if (session_ != nullptr) shutdown(session_->connection.sock(), SHUT_RDWR);
  }
  wakeup_.Signal();
  if (thread_.joinable()) thread_.join();
}

std::shared_ptr<void> PostgresListener::Listen(Postgres::Heard heard) {
  const std::lock_guard lock(mutex_);
  const int number = ++last_;
  listeners_[number] = std::move(heard);
  if (!thread_.joinable()) thread_ = std::thread([this] { Run(); });
  // Within the lock, so that nobody is told any more once it is gone.
  return std::shared_ptr<void>(nullptr, [this, number](void*) {
    const std::lock_guard removing(mutex_);
    listeners_.erase(number);
  });
}

void PostgresListener::Tell(const std::string& payload) {
  const std::lock_guard lock(mutex_);
  for (const auto& [number, heard] : listeners_) heard(payload);
}

bool PostgresListener::Attach(PostgresSession* session) {
  const std::lock_guard lock(mutex_);
  session_ = session;
  return !stopping_;
}

void PostgresListener::Run() {
  absl::BitGen random;
  absl::Duration wait = kRetryFirst;
  bool lost = false;
  while (!stopping_) {
    try {
      PostgresSession session(options_);
      const std::shared_ptr<void> attached(nullptr, [this](void*) { Attach(nullptr); });
      if (!Attach(&session)) return;
      session.Introduce(options_.pooler);
      if (lost) LogInfo("postgres.listens");
      lost = false;
      wait = kRetryFirst;
      if (!ListenOn(session)) return;
    } catch (const std::exception&) {
      if (!lost && !stopping_) LogWarning("postgres.does_not_listen", {{"reason", "connection"}});
      lost = true;
    }
    SetGauge("gatehouse_postgres_listening", {}, 0);
    if (!stopping_) wakeup_.Wait(wait * absl::Uniform(random, 0.5, 1.0));
    wait = std::min(2 * wait, kRetryMost);
  }
}

bool PostgresListener::ListenOn(PostgresSession& session) {
  if (session.pooled) {
    LogInfo("postgres.does_not_listen", {{"reason", "pooler"}});
    return false;
  }
  const Receiver receiver(session.connection, absl::StrCat("gatehouse_", options_.schema),
                          [this](const std::string& payload) { Tell(payload); });
  SetGauge("gatehouse_postgres_listening", {}, 1);
  // What was said before is not heard any more.
  Tell("");
  while (!stopping_) {
    session.connection.get_notifs();
    if (!session.connection.is_open()) throw pqxx::broken_connection();
    pollfd socket = {session.connection.sock(), POLLIN, 0};
    poll(&socket, 1, -1);
  }
  return true;
}

}  // namespace gatehouse
