#include "services/common/rpc/worker_pool.h"

#include <atomic>
#include <catch2/catch.hpp>

#include "absl/synchronization/notification.h"

namespace gatehouse {
namespace {

TEST_CASE("work is done, all of it, before a pool is gone", "[unit]") {
  std::atomic<int> done = 0;
  {
    WorkerPool pool("test", 4, 1000);
    for (int i = 0; i < 1000; ++i) REQUIRE(pool.Run([&] { ++done; }));
  }
  CHECK(done == 1000);
}

TEST_CASE("so much waits before a pool, and one more is turned away", "[unit]") {
  WorkerPool pool("test", 1, 2);
  absl::Notification begun, go_on;
  std::atomic<int> done = 0;
  REQUIRE(pool.Run([&] {
    begun.Notify();
    go_on.WaitForNotification();
  }));
  begun.WaitForNotification();
  CHECK(pool.Run([&] { ++done; }));
  CHECK(pool.Run([&] { ++done; }));
  CHECK_FALSE(pool.Run([&] { ++done; }));
  go_on.Notify();
  pool.Stop();
  CHECK(done == 2);
}

TEST_CASE("as much is done at once as there are threads", "[unit]") {
  WorkerPool pool("test", 3, 100);
  absl::Notification all_here;
  std::atomic<int> here = 0;
  for (int i = 0; i < 3; ++i) {
    REQUIRE(pool.Run([&] {
      if (++here == 3) all_here.Notify();
      all_here.WaitForNotification();
    }));
  }
  CHECK(all_here.WaitForNotificationWithTimeout(absl::Seconds(10)));
}

TEST_CASE("a pool that has stopped takes nothing any more, and may be stopped again", "[unit]") {
  WorkerPool pool("test", 2, 10);
  pool.Stop();
  CHECK_FALSE(pool.Run([] {}));
  pool.Stop();
}

TEST_CASE("work may bring more work", "[unit]") {
  std::atomic<int> done = 0;
  absl::Notification last;
  std::function<void()> work;
  WorkerPool pool("test", 2, 10);
  work = [&] {
    if (++done == 100) return last.Notify();
    (void)pool.Run(work);
  };
  REQUIRE(pool.Run(work));
  CHECK(last.WaitForNotificationWithTimeout(absl::Seconds(10)));
}

TEST_CASE("many threads hand work in at once", "[unit]") {
  std::atomic<int> done = 0, taken = 0;
  {
    WorkerPool pool("test", 4, 50);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int n = 0; n < 1000; ++n) taken += pool.Run([&] { ++done; }) ? 1 : 0;
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  CHECK(done == taken);
}

TEST_CASE("a pool tells how many of its threads are busy", "[unit]") {
  WorkerPool pool("told", 2, 10);
  absl::Notification begun, go_on;
  REQUIRE(pool.Run([&] {
    begun.Notify();
    go_on.WaitForNotification();
  }));
  begun.WaitForNotification();
  const std::string text = MetricsText();
  go_on.Notify();
  CHECK(text.find("gatehouse_workers{pool=\"told\",state=\"busy\"} 1") != std::string::npos);
  CHECK(text.find("gatehouse_workers{pool=\"told\",state=\"waiting\"} 0") != std::string::npos);
}

}  // namespace
}  // namespace gatehouse
