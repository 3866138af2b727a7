#include "services/notification/webhooks/tests/webhook_fixture.h"

namespace gatehouse::notification {
namespace {

constexpr char kUrl[] = "https://crm.example/hook";
const WebhookResult kDown = {.failure = WebhookFailure::kConnectionRefused};
using Ids = std::vector<std::string>;

TEST_CASE_METHOD(WebhookFixture, "an endpoint gets what happens from now on, in order, once",
                 "[service]") {
  Publish();
  const WebhookKey key = Add(kUrl);
  CHECK_FALSE(Turn(key));
  const std::string a = Publish(), b = Publish();
  Publish("case.updated", "other");
  CHECK_FALSE(Turn(key));
  CHECK_FALSE(Turn(key));
  CHECK(poster.Taken(kUrl) == Ids{a, b});
  CHECK(Deliveries(key).empty());
}

TEST_CASE_METHOD(WebhookFixture, "only the types that it asks for", "[service]") {
  const WebhookKey key = Add(kUrl, {"invitation.accepted"});
  for (int i = 0; i < 5; ++i) Publish();
  const std::string accepted = Publish("invitation.accepted");
  for (int i = 0; i < 5; ++i) Publish();
  CHECK_FALSE(Turn(key));
  CHECK(poster.Taken(kUrl) == Ids{accepted});
  // What it does not ask for is behind it: nothing is looked at twice.
  CHECK(database.Exec("SELECT FROM webhook_endpoint WHERE cursor = 11").size() == 1);
}

TEST_CASE_METHOD(WebhookFixture, "an event that a receiver cannot take holds up no other",
                 "[service]") {
  const WebhookKey key = Add(kUrl);
  const std::string bad = Publish(), good = Publish();
  poster.Poison(bad);
  CHECK_FALSE(Turn(key));
  CHECK(poster.Taken(kUrl) == Ids{good});
  const auto deliveries = Deliveries(key);
  REQUIRE(deliveries.size() == 1);
  CHECK(deliveries[0].event_id == bad);
  CHECK(deliveries[0].state == DeliveryState::kRetrying);
  CHECK(deliveries[0].attempts == 1);
  CHECK(deliveries[0].http_status == 500);
  CHECK_FALSE(Turn(key));
  CHECK(poster.Asked(kUrl) == 2);  // It is not due.
  poster.Cure();
  Pass(absl::Seconds(5));
  CHECK_FALSE(Turn(key));
  CHECK(poster.Taken(kUrl) == Ids{good, bad});
  CHECK(Deliveries(key).empty());
  CHECK_FALSE(store.Get(key).value().failing_since.has_value());
}

TEST_CASE_METHOD(WebhookFixture, "what fails for three days is dead, and can be replayed",
                 "[service]") {
  const WebhookKey key = Add(kUrl);
  const std::string bad = Publish();
  poster.Poison(bad);
  CHECK_FALSE(Turn(key));
  Pass(absl::Hours(71));
  CHECK_FALSE(Turn(key));
  CHECK(Deliveries(key, DeliveryState::kDead).empty());
  Pass(absl::Hours(2));
  CHECK_FALSE(Turn(key));
  REQUIRE(Deliveries(key, DeliveryState::kDead).size() == 1);
  CHECK(Deliveries(key, DeliveryState::kRetrying).empty());
  Pass(absl::Hours(100));
  CHECK_FALSE(Turn(key));
  CHECK(poster.Asked(kUrl) == 3);
  poster.Cure();
  CHECK(store.Replay(key, {"evt_unknown"}).value() == 0);
  CHECK(store.Replay(key, {bad}).value() == 1);
  CHECK(store.Replay(key, {}).value() == 0);
  CHECK_FALSE(Turn(key));
  CHECK(poster.Taken(kUrl) == Ids{bad});
}

TEST_CASE_METHOD(WebhookFixture, "an endpoint that is away is asked now and then, not for each",
                 "[service]") {
  const WebhookKey key = Add(kUrl);
  poster.Answer(kUrl, kDown);
  for (int i = 0; i < 50; ++i) Publish();
  CHECK_FALSE(Turn(key));
  CHECK(poster.Asked(kUrl) == kWebhookFailures);
  CHECK_FALSE(Turn(key));
  CHECK(poster.Asked(kUrl) == kWebhookFailures);
  CHECK(store.Get(key).value().failing_since.has_value());
  SECTION("each time one attempt, with more and more time between") {
    Pass(absl::Seconds(6));
    CHECK_FALSE(Turn(key));
    CHECK(poster.Asked(kUrl) == kWebhookFailures + 1);
    Pass(absl::Seconds(6));
    CHECK_FALSE(Turn(key));
    CHECK(poster.Asked(kUrl) == kWebhookFailures + 1);
  }
  SECTION("and gets all of it, each once, as soon as it is back") {
    poster.Recover(kUrl);
    Pass(absl::Seconds(6));
    CHECK_FALSE(Turn(key));
    const Ids taken = poster.Taken(kUrl);
    CHECK(taken.size() == 50);
    CHECK(std::set<std::string>(taken.begin(), taken.end()).size() == 50);
    CHECK(Deliveries(key).empty());
  }
  SECTION("or at once at its new address") {
    WebhookStore::Change change;
    change.url = "https://new.example";
    REQUIRE(store.Update(key, change).ok());
    Pass(absl::Seconds(20));  // For the three that were tried at the old one.
    CHECK_FALSE(Turn(key));
    CHECK(poster.Taken("https://new.example").size() == 50);
  }
}

TEST_CASE_METHOD(WebhookFixture, "a receiver that asks to be left alone is", "[service]") {
  const WebhookKey key = Add(kUrl);
  poster.Answer(
      kUrl,
      {.failure = WebhookFailure::kStatusNotOk, .http_status = 429, .wait = absl::Minutes(2)});
  Publish();
  Publish();
  CHECK_FALSE(Turn(key));
  CHECK(poster.Asked(kUrl) == 1);
  Pass(absl::Seconds(100));
  CHECK_FALSE(Turn(key));
  CHECK(poster.Asked(kUrl) == 1);
  poster.Recover(kUrl);
  Pass(absl::Seconds(21));
  CHECK_FALSE(Turn(key));
  CHECK(poster.Taken(kUrl).size() == 2);
}

TEST_CASE_METHOD(WebhookFixture, "one that is gone is disabled, and goes on when it is enabled",
                 "[service]") {
  const WebhookKey key = Add(kUrl);
  poster.Answer(kUrl, {.failure = WebhookFailure::kStatusNotOk, .http_status = 410, .gone = true});
  const std::string first = Publish();
  CHECK_FALSE(Turn(key));
  CHECK_FALSE(store.Get(key).value().enabled);
  CHECK(Deliveries(key, DeliveryState::kDead).size() == 1);
  poster.Recover(kUrl);
  Publish();
  CHECK_FALSE(Turn(key));
  WebhookStore::Change change;
  change.enabled = true;
  CHECK(store.Update(key, change).value().enabled);
  const std::string later = Publish();
  CHECK_FALSE(Turn(key));
  CHECK(poster.Taken(kUrl) == Ids{later});  // The one between is in the feed only.
  CHECK(store.Replay(key, {}).value() == 1);
  CHECK_FALSE(Turn(key));
  CHECK(poster.Taken(kUrl) == Ids{later, first});
}

TEST_CASE_METHOD(WebhookFixture, "a turn ends, so that others have theirs", "[service]") {
  const WebhookKey key = Add(kUrl);
  for (int i = 0; i < kWebhookTurnPosts + 1; ++i) Publish();
  CHECK(Turn(key));
  CHECK(poster.Taken(kUrl).size() == kWebhookTurnPosts);
  CHECK_FALSE(Turn(key));
  CHECK(poster.Taken(kUrl).size() == kWebhookTurnPosts + 1);
}

TEST_CASE_METHOD(WebhookFixture, "an event past its retention is no reason to stop", "[service]") {
  const WebhookKey key = Add(kUrl);
  poster.Poison(Publish());
  CHECK_FALSE(Turn(key));
  database.Exec("DELETE FROM event");
  Pass(absl::Seconds(5));
  const std::string next = Publish();
  CHECK_FALSE(Turn(key));
  CHECK(poster.Taken(kUrl) == Ids{next});
  CHECK(database.Exec("SELECT FROM webhook_delivery").empty());
}

TEST_CASE_METHOD(WebhookFixture, "two secrets sign while one takes the other's place",
                 "[service]") {
  const WebhookKey key = Add(kUrl);
  const Call call = StaffCall();
  const CallScope scope(call);
  REQUIRE(store.Rotate(key, NewWebhookSecret(), absl::Minutes(5)).ok());
  Publish();
  CHECK_FALSE(Turn(key));
  CHECK(poster.secrets().size() == 2);
  CHECK(store.Get(key).value().previous_secret_expire_time.has_value());
  Pass(absl::Minutes(6));
  Publish();
  CHECK_FALSE(Turn(key));
  CHECK(poster.secrets().size() == 1);
  CHECK_FALSE(store.Get(key).value().previous_secret_expire_time.has_value());
}

TEST_CASE_METHOD(WebhookFixture, "a retry is signed with the secrets of its own time",
                 "[service]") {
  const WebhookKey key = Add(kUrl);
  const Call call = StaffCall();
  const CallScope scope(call);
  poster.Poison(Publish());
  CHECK_FALSE(Turn(key));
  const std::string first = poster.secrets().at(0);
  const Secret second = NewWebhookSecret(), third = NewWebhookSecret();
  REQUIRE(store.Rotate(key, second, absl::Hours(1)).ok());
  Pass(absl::Seconds(5));
  CHECK_FALSE(Turn(key));
  CHECK(poster.secrets() == Ids{second.Reveal(), first});
  // The one before the last serves no more, whatever its overlap was.
  poster.Meanwhile([&] { CHECK(store.Rotate(key, third, absl::Hours(1)).ok()); });
  Pass(absl::Seconds(10));
  CHECK_FALSE(Turn(key));
  CHECK(poster.secrets() == Ids{second.Reveal(), first});
  Pass(absl::Seconds(20));
  CHECK_FALSE(Turn(key));
  CHECK(poster.secrets() == Ids{third.Reveal(), second.Reveal()});
}

TEST_CASE_METHOD(WebhookFixture, "an endpoint may be changed while it is posted to", "[service]") {
  const WebhookKey key = Add(kUrl);
  const Call call = StaffCall();
  const CallScope scope(call);
  const std::string first = Publish();
  Publish();
  WebhookStore::Change change;
  const auto meanwhile = [&] { CHECK(store.Update(key, change).ok()); };
  SECTION("the next event goes to the new address") {
    change.url = "https://new.example";
    poster.Meanwhile(meanwhile);
    CHECK_FALSE(Turn(key));
    CHECK(poster.Taken(kUrl) == Ids{first});
    CHECK(poster.Taken("https://new.example").size() == 1);
  }
  SECTION("disabled, it is told no more") {
    change.enabled = false;
    poster.Meanwhile(meanwhile);
    CHECK_FALSE(Turn(key));
    CHECK(poster.Asked(kUrl) == 1);
  }
  SECTION("deleted, it leaves nothing, whether it took the event or not") {
    if (GENERATE(true, false)) poster.Poison(first);
    poster.Meanwhile([&] { CHECK(store.Delete(key).ok()); });
    CHECK_FALSE(Turn(key));
    CHECK(poster.Asked(kUrl) == 1);
    CHECK(Deliveries(key).empty());
    CHECK(database.Exec("SELECT FROM webhook_endpoint").empty());
  }
}

TEST_CASE_METHOD(WebhookFixture, "what was taken and could not be noted is brought again",
                 "[service]") {
  const WebhookKey key = Add(kUrl);
  const std::string event = Publish();
  poster.Meanwhile([&] { database.Exec("ALTER TABLE webhook_delivery RENAME TO away"); });
  CHECK_FALSE(DeliverTurn(store, poster, clock, key).ok());
  database.Exec("ALTER TABLE away RENAME TO webhook_delivery");
  CHECK_FALSE(Turn(key));
  CHECK(poster.Taken(kUrl) == Ids{event, event});  // Under the same id: the receiver knows it.
}

TEST_CASE_METHOD(WebhookFixture, "an endpoint that is deleted takes what waits with it",
                 "[service]") {
  const WebhookKey key = Add(kUrl);
  poster.Poison(Publish());
  CHECK_FALSE(Turn(key));
  const Call call = StaffCall();
  const CallScope scope(call);
  CHECK(store.Delete(key).ok());
  CHECK(store.Delete(key).ok());
  CHECK(database.Exec("SELECT FROM webhook_delivery").empty());
  CHECK(absl::IsNotFound(store.Get(key).status()));
  Publish();
  CHECK_FALSE(Turn(key));
  CHECK(poster.Asked(kUrl) == 1);
}

TEST_CASE_METHOD(WebhookFixture,
                 "an organisation has twenty endpoints at most, and sees no other's", "[service]") {
  database.Exec(
      "INSERT INTO webhook_endpoint (organisation_id, endpoint_id, display_name, url, event_types, "
      "secret, cursor) SELECT 'acme', 'whe_' || n, '', 'https://crm.example', '{}', '', 0 "
      "FROM generate_series(2, " +
      std::to_string(kWebhookEndpointsMax) + ") AS n");
  Add(kUrl);
  const Call call = StaffCall();
  const CallScope scope(call);
  const WebhookEndpoint one_more = {
      .organisation_id = "acme", .endpoint_id = NewId("whe"), .url = kUrl};
  CHECK(ReasonOf(store.Create(one_more, NewWebhookSecret()).status()) == "WEBHOOK_LIMIT_REACHED");
  const WebhookKey other = Add(kUrl, {}, "other");
  CHECK(store.List("acme").value().size() == kWebhookEndpointsMax);
  CHECK(store.List("other").value().size() == 1);
  const WebhookKey theirs = {"acme", other.endpoint_id};
  CHECK(absl::IsNotFound(store.Get(theirs).status()));
  CHECK(absl::IsNotFound(store.Update(theirs, {}).status()));
  CHECK(absl::IsNotFound(store.Rotate(theirs, NewWebhookSecret(), {}).status()));
  CHECK(store.Delete(theirs).ok());
  CHECK(store.Get(other).ok());
}

}  // namespace
}  // namespace gatehouse::notification
