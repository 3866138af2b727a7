#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "services/common/base/wakeup.h"
#include "services/common/postgres/pool.h"
#include "services/common/postgres/postgres.h"

namespace gatehouse {

// Hears what is said on the schema's channel, on one connection of the process beside the pool's,
// from the first Listen() on. A connection that is lost is made anew, after 0.1 to 5 seconds.
// Behind a pooler in transaction mode nobody can listen: that is said once, and nothing is heard.
class PostgresListener {
 public:
  explicit PostgresListener(Postgres::Options options) : options_(std::move(options)) {}
  ~PostgresListener();

  std::shared_ptr<void> Listen(Postgres::Heard heard);

 private:
  void Run();
  // Until the connection is lost (which it throws) or all ends; false: it cannot be listened on.
  bool ListenOn(PostgresSession& session);
  void Tell(const std::string& payload);
  // Which session is to be shut down at the end; whether that is not now.
  bool Attach(PostgresSession* session);

  const Postgres::Options options_;
  std::mutex mutex_;
  std::map<int, Postgres::Heard> listeners_;
  int last_ = 0;
  PostgresSession* session_ = nullptr;
  std::atomic<bool> stopping_ = false;
  Wakeup wakeup_;
  std::thread thread_;
};

}  // namespace gatehouse
