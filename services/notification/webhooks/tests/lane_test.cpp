#include <atomic>

#include "services/notification/webhooks/tests/webhook_fixture.h"
#include "services/notification/webhooks/webhook_lane.h"
#include "services/notification/webhooks/webhook_scheduler.h"

namespace gatehouse::notification {
namespace {

constexpr char kLive[] = "https://live.example", kDead[] = "https://dead.example";

// Shares what a test looks at, as several threads and replicas do.
class SharedPoster : public WebhookPoster {
 public:
  explicit SharedPoster(FakePoster& poster) : poster_(poster) {}
  WebhookResult Send(const WebhookPost& post) override { return poster_.Send(post); }

 private:
  FakePoster& poster_;
};

// One process's share of the work.
struct Replica {
  Replica(Postgres& postgres, PostgresWebhooks& store, FakePoster& poster, const Secret& key)
      : scheduler(store),
        jobs(postgres,
             {.key = key,
              .lanes = {{kWebhookLane,
                         WebhookLane(
                             store, 4, [&] { return std::make_unique<SharedPoster>(poster); },
                             [this](const std::string& id) { scheduler.Wake(id); })}},
              .report = [](const std::string&, const JobStore::Backlog&) {}}) {
    scheduler.Start(jobs);
  }
  ~Replica() { scheduler.Stop(); }
  WebhookScheduler scheduler;
  Jobs jobs;
};

struct LaneFixture : WebhookFixture {
  const Secret key{RandomBytes(32)};

  template <typename Condition>
  static bool Soon(Condition condition) {
    const absl::Time end = absl::Now() + absl::Seconds(20);
    while (!condition()) {
      if (absl::Now() > end) return false;
      absl::SleepFor(absl::Milliseconds(20));
    }
    return true;
  }
};

TEST_CASE_METHOD(LaneFixture, "what happens is brought at once, and what was missed by the poll",
                 "[service]") {
  Add(kLive);
  Publish();  // While nobody runs.
  Replica replica(database.postgres(), store, poster, key);
  CHECK(Soon([&] { return poster.Taken(kLive).size() == 1; }));
  replica.scheduler.Expect("acme");
  Publish();
  const absl::Time begin = absl::Now();
  replica.scheduler.Wake("acme");
  CHECK(Soon([&] { return poster.Taken(kLive).size() == 2; }));
  CHECK(absl::Now() - begin < absl::Seconds(4));  // Not by the poll.
}

TEST_CASE_METHOD(LaneFixture, "a dead endpoint with thousands of events holds up no live one",
                 "[service]") {
  Add(kDead);
  Add(kLive, {"invitation.accepted"});
  poster.Answer(kDead, {.failure = WebhookFailure::kTimedOut});
  database.Exec(
      "INSERT INTO event_feed VALUES ('acme', 10000); INSERT INTO event (organisation_id, number, "
      "event_id, request_id, type, case_id, time, data) SELECT 'acme', n, 'evt_' || n, 'r' || n, "
      "'case.updated', 'deal-1', now(), '{}' FROM generate_series(1, 10000) AS n");
  Replica replica(database.postgres(), store, poster, key);
  CHECK(Soon([&] { return poster.Asked(kDead) >= kWebhookFailures; }));
  const std::string accepted = Publish("invitation.accepted");
  replica.scheduler.Expect("acme");
  replica.scheduler.Wake("acme");
  CHECK(Soon([&] { return poster.Taken(kLive) == std::vector<std::string>{accepted}; }));
  CHECK(poster.Asked(kDead) <= kWebhookFailures + 3);
}

TEST_CASE_METHOD(LaneFixture, "two replicas bring each event once", "[service]") {
  Add(kLive);
  Replica one(database.postgres(), store, poster, key),
      two(database.postgres(), store, poster, key);
  one.scheduler.Expect("acme");
  two.scheduler.Expect("acme");
  std::vector<std::string> published;
  for (int i = 0; i < 100; ++i) {
    published.push_back(Publish());
    one.scheduler.Wake("acme");
    two.scheduler.Wake("acme");
  }
  CHECK(Soon([&] { return poster.Taken(kLive).size() >= published.size(); }));
  absl::SleepFor(absl::Milliseconds(200));
  CHECK(poster.Taken(kLive) == published);
}

TEST_CASE_METHOD(LaneFixture, "a turn that a process died in is another one's", "[service]") {
  const WebhookKey endpoint = Add(kLive);
  Publish();
  {
    // It has the turn, and does nothing with it.
    Jobs dying(database.postgres(), {.key = key, .lanes = {}});
    CHECK(store.Schedule(dying, {"acme"}).value() == 1);
    CHECK(store.Schedule(dying, {"acme"}).value() == 0);
  }
  Replica replica(database.postgres(), store, poster, key);
  CHECK(Soon([&] { return poster.Taken(kLive).size() == 1; }));
  CHECK(Soon([&] {
    return database.Exec("SELECT FROM webhook_endpoint WHERE NOT scheduled").size() == 1;
  }));
}

TEST_CASE_METHOD(LaneFixture, "one organisation has so many turns at once, and others have theirs",
                 "[service]") {
  std::vector<std::string> urls;
  for (int i = 0; i < 10; ++i) {
    urls.push_back(absl::StrCat("https://slow-", i, ".example"));
    Add(urls.back());
  }
  Publish();
  {
    Jobs jobs(database.postgres(), {.key = key, .lanes = {}});
    CHECK(store.Schedule(jobs, {}).value() == kWebhookTurnsMax);
    CHECK(store.Schedule(jobs, {"acme"}).value() == 0);
    database.Exec(
        "INSERT INTO webhook_endpoint (organisation_id, endpoint_id, display_name, url, "
        "event_types, secret, cursor) VALUES ('other', 'whe_1', '', '', '{}', '', 0); "
        "INSERT INTO event_feed VALUES ('other', 1)");
    CHECK(store.Schedule(jobs, {}).value() == 1);
    const std::string busy = database
                                 .Exec(
                                     "SELECT endpoint_id FROM webhook_endpoint WHERE scheduled AND "
                                     "organisation_id = 'acme' "
                                     "LIMIT 1")[0][0]
                                 .c_str();
    REQUIRE(store.Rest({"acme", busy}).ok());
    CHECK(store.Schedule(jobs, {}).value() == 1);
    database.Exec(
        "DELETE FROM webhook_endpoint WHERE organisation_id = 'other'; DELETE FROM job; "
        "UPDATE webhook_endpoint SET scheduled = false");
  }
  // All have theirs, one after the other.
  Replica replica(database.postgres(), store, poster, key);
  replica.scheduler.Expect("acme");
  replica.scheduler.Wake("acme");
  CHECK(Soon([&] {
    return std::all_of(urls.begin(), urls.end(),
                       [&](const std::string& url) { return poster.Taken(url).size() == 1; });
  }));
}

}  // namespace
}  // namespace gatehouse::notification
