#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <thread>

#include "absl/time/clock.h"
#include "services/common/base/random.h"
#include "services/notification/store/postgres_store.h"
#include "services/notification/watching/watch_handler.h"
#include "tests/support/calls.h"
#include "tests/support/test_database.h"

namespace gatehouse::notification {
extern const std::vector<Migration> kMigrations;
namespace {

using Ids = std::vector<std::string>;

// What a server does with a source: asks it when it may have something, and waits otherwise.
class Reader {
 public:
  explicit Reader(absl::StatusOr<std::unique_ptr<Source<v1::WatchEventsResponse>>> source)
      : source_(std::move(source).value()) {}

  // The next message, if one comes in time.
  std::optional<v1::WatchEventsResponse> Next(absl::Duration patience = absl::Seconds(5)) {
    const absl::Time end = absl::Now() + patience;
    while (true) {
      auto ready = std::make_shared<std::promise<void>>();
      MessageSource& source = *source_;
      if (!source.Waits([ready] { ready->set_value(); })) break;
      if (ready->get_future().wait_for(absl::ToChronoMilliseconds(end - absl::Now())) !=
          std::future_status::ready) {
        return std::nullopt;
      }
    }
    v1::WatchEventsResponse response;
    if (!source_->Next(response).value_or(false)) return std::nullopt;
    token_ = response.page_token();
    return response;
  }
  // The ids of the next events, past signs of life.
  Ids NextEvents(size_t count) {
    Ids ids;
    while (ids.size() < count) {
      const auto response = Next();
      if (!response.has_value()) break;
      if (response->has_event()) ids.push_back(response->event().event_id());
    }
    return ids;
  }
  const std::string& token() const { return token_; }

 private:
  std::unique_ptr<Source<v1::WatchEventsResponse>> source_;
  std::string token_;
};

struct WatchFixture {
  TestDatabase database{"notification", WithCommon(kMigrations)};
  PostgresStore store{database.postgres()};
  FeedWatch watch{[this](const auto& ids) { return store.NewestEvents(ids); }};
  WatchHandler handler{store, watch};
  Call call = Staff("acme");

  static Call Staff(const std::string& organisation_id) {
    Call call = StaffCall(organisation_id);
    call.deadline = absl::Now() + absl::Hours(1);
    return call;
  }
  // By another process; where it is ours, the watch is told.
  std::string Publish(const std::string& organisation_id = "acme") {
    const Event event = {.request_id = NewId("out"),
                         .type = "case.updated",
                         .case_id = "deal-1",
                         .time = absl::Now(),
                         .data = {{"contactId", "ada"}}};
    return store.Publish(organisation_id, {event}).value().at(0).event_id;
  }
  Reader Watch(const std::string& token = "") { return Watch(call, token); }
  Reader Watch(const Call& by, const std::string& token = "") {
    v1::WatchEventsRequest request;
    request.set_page_token(token);
    return Reader(handler.WatchEvents(by, request));
  }
};

TEST_CASE_METHOD(WatchFixture, "a stream says at once that it stands", "[service]") {
  Reader reader = Watch();
  const auto sign = reader.Next();
  REQUIRE(sign.has_value());
  CHECK_FALSE(sign->has_event());
  CHECK_FALSE(sign->page_token().empty());
  CHECK_FALSE(reader.Next(absl::Milliseconds(300)).has_value());
}

TEST_CASE_METHOD(WatchFixture, "a feed that grew is told of once that is committed", "[service]") {
  Ids told;
  PostgresStore telling(database.postgres(), [&](const std::string& organisation_id) {
    told.push_back(organisation_id);
  });
  const Event one = {.request_id = "one", .type = "case.updated", .time = absl::Now()};
  const Event two = {.request_id = "two", .type = "case.updated", .time = absl::Now()};
  const auto publish = [&](const absl::Status& outcome) {
    return database.postgres().Write(Rows::Of("acme"), [&](Transaction&) -> absl::Status {
      REQUIRE(telling.Publish("acme", {one, two}).ok());
      CHECK(told.empty());
      return outcome;
    });
  };
  CHECK_FALSE(publish(absl::AbortedError("undone")).ok());
  CHECK(told.empty());
  REQUIRE(publish(absl::OkStatus()).ok());
  CHECK(told == Ids{"acme"});
  // What was known already lets nothing grow.
  REQUIRE(telling.Publish("acme", {one}).ok());
  REQUIRE(telling.Publish("acme", {one, two}).ok());
  CHECK(told == Ids{"acme"});
  REQUIRE(telling.Publish("other", {one}).ok());
  CHECK(told == Ids{"acme", "other"});
}

TEST_CASE_METHOD(WatchFixture, "it gives what is there, and then what happens, at once",
                 "[service]") {
  const Ids before = {Publish(), Publish()};
  Reader reader = Watch();
  CHECK(reader.NextEvents(2) == before);
  std::string id;
  std::thread later([&] {
    absl::SleepFor(absl::Milliseconds(100));
    id = Publish();
    watch.Published("acme");
  });
  const absl::Time begin = absl::Now();
  const Ids after = reader.NextEvents(1);
  CHECK(absl::Now() - begin < absl::Milliseconds(700));  // Not by the look of every second.
  later.join();
  CHECK(after == Ids{id});
}

TEST_CASE_METHOD(WatchFixture, "what another replica publishes comes within two seconds",
                 "[service]") {
  Reader reader = Watch();
  REQUIRE(reader.Next().has_value());
  std::string id;
  std::thread elsewhere([&] {
    absl::SleepFor(absl::Milliseconds(300));
    id = Publish();
  });
  const absl::Time begin = absl::Now();
  const Ids after = reader.NextEvents(1);
  CHECK(absl::Now() - begin < absl::Milliseconds(2300));
  elsewhere.join();
  CHECK(after == Ids{id});
}

TEST_CASE_METHOD(WatchFixture, "a stream that breaks off is gone on with: nothing missed or double",
                 "[service]") {
  Ids published, seen;
  std::thread writer([&] {
    for (int i = 0; i < 300; ++i) {
      published.push_back(Publish());
      watch.Published("acme");
    }
  });
  std::string token;
  while (seen.size() < 300) {
    Reader reader = Watch(token);
    const Ids ids = reader.NextEvents(std::min<size_t>(7, 300 - seen.size()));
    if (ids.empty()) break;
    seen.insert(seen.end(), ids.begin(), ids.end());
    token = reader.token();
  }
  writer.join();
  CHECK(seen == published);
}

TEST_CASE_METHOD(WatchFixture, "a cursor of the list serves the stream, and a browser's before it",
                 "[service]") {
  Publish();
  const std::string second = Publish(), third = Publish();
  v1::WatchEventsRequest request;
  request.set_page_token(Page().TokenAfter("1"));
  CHECK(Reader(handler.WatchEvents(call, request)).NextEvents(2) == Ids{second, third});
  request.set_last_event_id(Page().TokenAfter("2"));
  CHECK(Reader(handler.WatchEvents(call, request)).NextEvents(1) == Ids{third});
  for (const char* token : {"nonsense", "LTE", "eA"}) {
    request.set_last_event_id(token);
    CHECK(ReasonOf(handler.WatchEvents(call, request).status()) == "PAGE_TOKEN_INVALID");
  }
}

TEST_CASE_METHOD(WatchFixture, "another organisation's events are not among them", "[service]") {
  Publish("other");
  Reader reader = Watch();
  REQUIRE(reader.Next().has_value());
  Publish("other");
  watch.Published("other");
  CHECK_FALSE(reader.Next(absl::Milliseconds(1300)).has_value());
  CHECK(Watch(Staff("other")).NextEvents(2).size() == 2);
}

TEST_CASE_METHOD(WatchFixture, "it ends before its deadline, and with its credential",
                 "[service]") {
  Call expiring = call;
  expiring.caller.expires_at = absl::Now() + absl::Seconds(1);
  Reader reader = Watch(expiring);
  REQUIRE(reader.Next().has_value());
  const absl::Time begin = absl::Now();
  CHECK_FALSE(reader.Next(absl::Seconds(8)).has_value());
  CHECK(absl::Now() - begin < absl::Seconds(4));
  Call short_call = call;
  short_call.deadline = absl::Now() + absl::Seconds(2);
  CHECK_FALSE(Watch(short_call).Next().has_value());
}

TEST_CASE_METHOD(WatchFixture,
                 "where nobody can look what this process publishes comes all the same",
                 "[service]") {
  FeedWatch away([](const auto&) { return absl::UnavailableError("away"); });
  WatchHandler alone(store, away);
  Reader reader(alone.WatchEvents(call, {}));
  REQUIRE(reader.Next().has_value());
  const std::string id = Publish();
  away.Published("acme");
  CHECK(reader.NextEvents(1) == Ids{id});
}

TEST_CASE("who waits for a feed is told once, of its own, and not after it has gone", "[unit]") {
  std::atomic<int> looks = 0;
  FeedWatch watch([&](const auto&) -> absl::StatusOr<FeedWatch::Numbers> {
    ++looks;
    return FeedWatch::Numbers{{"acme", 1}, {"other", 1}};
  });
  absl::SleepFor(absl::Milliseconds(50));
  std::atomic<int> told = 0, told_other = 0;
  const auto wait = [&](const void* who, const char* id, std::atomic<int>& count) {
    watch.Wait(who, id, absl::InfiniteFuture(), [&count] { ++count; });
  };
  const int a = 0, b = 0, c = 0;
  wait(&a, "acme", told);
  wait(&b, "acme", told);
  wait(&c, "other", told_other);
  watch.Forget(&b);
  watch.Forget(&b);
  watch.Published("acme");
  watch.Published("acme");
  watch.Published("nobody");
  CHECK(told == 1);
  CHECK(told_other == 0);
  watch.Forget(&c);
  watch.Published("other");
  CHECK(told_other == 0);
  CHECK(looks == 0);  // Where nobody waits, nobody looks.
}

TEST_CASE("who waits is told at its time though nothing happens", "[unit]") {
  FeedWatch watch([](const auto&) -> absl::StatusOr<FeedWatch::Numbers> {
    return absl::UnavailableError("away");
  });
  std::promise<void> told;
  const int who = 0;
  watch.Wait(&who, "acme", absl::Now() + absl::Milliseconds(100), [&] { told.set_value(); });
  CHECK(told.get_future().wait_for(std::chrono::seconds(3)) == std::future_status::ready);
}

}  // namespace
}  // namespace gatehouse::notification
