#include "services/gateway/http/event_loop.h"

#include <boost/asio.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <catch2/catch.hpp>
#include <thread>

#include "absl/time/clock.h"
#include "gatehouse/cases/v1/cases.pb.h"
#include "services/gateway/backend.h"
#include "services/gateway/tests/fake_service.h"

namespace gatehouse::gateway {
namespace {

namespace asio = boost::asio;
using asio::awaitable;

const char kList[] = "gatehouse.cases.v1.Cases/ListCases";

struct LoopFixture {
  FakeService service;
  Backend backend{{{"cases", service.address()}}, nullptr};
  std::optional<EventLoop> loop{std::in_place};
  std::thread thread;
  std::atomic<int> done = 0, failed = 0, left = 0;

  // Counts coroutines that are left, in whatever way.
  struct Left {
    std::atomic<int>& count;
    ~Left() { ++count; }
  };

  void Run() {
    thread = std::thread([this] { loop->Run(); });
  }
  void End() {
    loop->Stop();
    thread.join();
    loop.reset();
  }
  template <typename Condition>
  static bool Eventually(Condition condition) {
    for (int i = 0; i < 500; ++i) {
      if (condition()) return true;
      absl::SleepFor(absl::Milliseconds(10));
    }
    return false;
  }

  static Onward To(const std::string& method) {
    return {.method = method, .deadline = absl::Now() + absl::Seconds(20)};
  }
  awaitable<void> Ask() {
    const Left leaving{left};
    cases::v1::ListCasesRequest request;
    cases::v1::ListCasesResponse response;
    const Onward onward = To(kList);
    const absl::Status status = co_await backend.Unary("cases", onward, request, response);
    ++(status.ok() ? done : failed);
  }
  awaitable<void> Pause(std::chrono::milliseconds time) {
    const Left leaving{left};
    asio::steady_timer timer(co_await asio::this_coro::executor, time);
    co_await timer.async_wait(asio::use_awaitable);
    ++done;
  }
  awaitable<void> Upload() {
    const Left leaving{left};
    cases::v1::ListCasesRequest request;
    cases::v1::ListCasesResponse response;
    const auto stream = backend.Open("cases", To(kList));
    co_await stream->Start();
    stream->ReadAnswer(response, [this] { ++failed; });
    co_await stream->Write(request);
    co_await stream->WriteBytes(1, std::string(1 << 20, 'x'));
    (void)co_await stream->Answered(false);
    ++done;
  }
  void Spawn(awaitable<void> coroutine) {
    asio::co_spawn(loop->context(), std::move(coroutine), asio::detached);
  }
};

TEST_CASE_METHOD(LoopFixture, "a thread runs calls and timers side by side", "[service][no-tsan]") {
  Run();
  for (int i = 0; i < 300; ++i) {
    Spawn(Ask());
    Spawn(Pause(std::chrono::milliseconds(i % 50)));
  }
  CHECK(Eventually([&] { return done == 600; }));
  CHECK(failed == 0);
  End();
}

TEST_CASE_METHOD(LoopFixture, "a loop that slept wakes for a call and for a timer alone",
                 "[service][no-tsan]") {
  Run();
  for (int i = 0; i < 5; ++i) {
    absl::SleepFor(absl::Milliseconds(50));
    Spawn(Ask());
    CHECK(Eventually([&] { return done == 2 * i + 1; }));
    Spawn(Pause(std::chrono::milliseconds(1)));
    CHECK(Eventually([&] { return done == 2 * i + 2; }));
  }
  End();
}

TEST_CASE_METHOD(LoopFixture, "at its end a loop cancels what is under way, and leaves nothing",
                 "[service][no-tsan]") {
  service.Set(kList, {.answers_at_all = false});
  Run();
  for (int i = 0; i < 20; ++i) {
    Spawn(Ask());
    Spawn(Upload());
    Spawn(Pause(std::chrono::hours(1)));
  }
  CHECK(Eventually([&] { return service.seen().size() == 40; }));
  End();
  CHECK(left == 60);
  CHECK(done == 0);
  CHECK(failed == 0);
  CHECK(Eventually([&] {
    int cancelled = 0;
    for (const auto& call : service.seen()) cancelled += call.cancelled ? 1 : 0;
    return cancelled == 40;
  }));
}

TEST_CASE_METHOD(LoopFixture, "a loop that never ran ends too", "[service][no-tsan]") {
  Spawn(Pause(std::chrono::milliseconds(1)));
  loop.reset();
  CHECK(done == 0);
}

TEST_CASE_METHOD(LoopFixture, "a service that is not there is UNAVAILABLE", "[service][no-tsan]") {
  service.Stop();
  Run();
  for (int i = 0; i < 10; ++i) Spawn(Ask());
  CHECK(Eventually([&] { return failed == 10; }));
  End();
}

}  // namespace
}  // namespace gatehouse::gateway
