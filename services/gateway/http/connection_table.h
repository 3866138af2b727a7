#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

namespace gatehouse::gateway {

// The open connections of all threads: how many there may be, of all and of one address (an IPv6
// network of 64 bits counts as one), and which one goes where one more comes: the one that has
// waited longest for a request, of those that nobody signed in on first, and a proxy's last, who
// counts on it for whoever comes next. One with a request under way never goes. Thread-safe.
class ConnectionTable {
 public:
  struct Limits {
    int all = 4096;
    int per_address = 1024;
    // Addresses of proxies, which stand for many clients: for them the first limit alone holds.
    std::function<bool(const std::string&)> is_proxy = [](const std::string&) { return false; };
  };

  // A connection's own account of itself, for its thread to keep.
  class Entry {
   public:
    void Wait() { waiting_since_ = Now(); }
    void Work() { waiting_since_ = 0; }
    void SignIn() { signed_in_ = true; }

   private:
    friend class ConnectionTable;
    static int64_t Now() { return std::chrono::steady_clock::now().time_since_epoch().count(); }
    std::string network_;
    std::atomic<int64_t> waiting_since_ = Now();  // 0: a request is under way.
    std::atomic<bool> signed_in_ = false;
    std::function<void()> close_;
  };

  explicit ConnectionTable(Limits limits) : limits_(std::move(limits)) {}

  // A place for a connection from this address; null where there is none. `close` may be called
  // once, on any thread, to make it go: from then on it has no place any more.
  std::shared_ptr<Entry> Enter(const std::string& address, std::function<void()> close);
  void Leave(const std::shared_ptr<Entry>& entry);

  int open() const;

 private:
  bool MakeRoom(const std::string* network);
  void Remove(const std::shared_ptr<Entry>& entry);

  const Limits limits_;
  mutable std::mutex mutex_;
  std::set<std::shared_ptr<Entry>> entries_;
  std::map<std::string, int> per_network_;
};

}  // namespace gatehouse::gateway
