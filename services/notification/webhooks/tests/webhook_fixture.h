#pragma once

#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/common/base/random.h"
#include "services/notification/store/postgres_store.h"
#include "services/notification/webhooks/domain/delivering.h"
#include "services/notification/webhooks/domain/signature.h"
#include "services/notification/webhooks/store/postgres_webhooks.h"
#include "tests/support/calls.h"
#include "tests/support/test_database.h"

namespace gatehouse::notification {
extern const std::vector<Migration> kMigrations;

// Receivers that do as they are told, by URL, and remember what they took.
class FakePoster : public WebhookPoster {
 public:
  WebhookResult Send(const WebhookPost& post) override {
    if (const auto meanwhile = std::exchange(meanwhile_, nullptr)) meanwhile();
    const std::lock_guard lock(mutex_);
    ++asked_[post.url];
    secrets_.clear();
    for (const Secret& secret : post.secrets) secrets_.push_back(secret.Reveal());
    if (const auto found = results_.find(post.url); found != results_.end()) return found->second;
    if (poison_.count(post.event->event_id) != 0) {
      return {.failure = WebhookFailure::kStatusNotOk, .http_status = 500};
    }
    taken_[post.url].push_back(post.event->event_id);
    return {};
  }
  void Answer(const std::string& url, const WebhookResult& result) {
    const std::lock_guard lock(mutex_);
    results_[url] = result;
  }
  void Recover(const std::string& url) {
    const std::lock_guard lock(mutex_);
    results_.erase(url);
  }
  void Poison(const std::string& event_id) {
    const std::lock_guard lock(mutex_);
    poison_.insert(event_id);
  }
  void Cure() {
    const std::lock_guard lock(mutex_);
    poison_.clear();
  }
  std::vector<std::string> Taken(const std::string& url) {
    const std::lock_guard lock(mutex_);
    return taken_[url];
  }
  int Asked(const std::string& url) {
    const std::lock_guard lock(mutex_);
    return asked_[url];
  }
  // Those that the last post was signed with.
  std::vector<std::string> secrets() {
    const std::lock_guard lock(mutex_);
    return secrets_;
  }
  // Happens while the next post is under way. For tests with one thread.
  void Meanwhile(std::function<void()> f) { meanwhile_ = std::move(f); }

 private:
  std::mutex mutex_;
  std::map<std::string, WebhookResult> results_;
  std::set<std::string> poison_;
  std::map<std::string, std::vector<std::string>> taken_;
  std::map<std::string, int> asked_;
  std::vector<std::string> secrets_;
  std::function<void()> meanwhile_;
};

struct WebhookFixture {
  TestDatabase database{"notification", WithCommon(kMigrations)};
  PostgresStore feed{database.postgres()};
  // It calls nobody: what is told waits.
  Outbox trail{database.postgres(), {.key = Secret(RandomBytes(32)), .services = {}}};
  PostgresWebhooks store{database.postgres(), Secret(RandomBytes(32)), trail};
  FakePoster poster;
  const Clock clock;

  WebhookKey Add(const std::string& url, std::vector<std::string> types = {},
                 const std::string& organisation_id = "acme") {
    const Call call = StaffCall(organisation_id);
    const CallScope scope(call);
    const WebhookEndpoint endpoint = {.organisation_id = organisation_id,
                                      .endpoint_id = NewId("whe"),
                                      .display_name = "CRM",
                                      .url = url,
                                      .event_types = std::move(types)};
    REQUIRE(store.Create(endpoint, NewWebhookSecret()).ok());
    return {organisation_id, endpoint.endpoint_id};
  }
  // The event's id.
  std::string Publish(const std::string& type = "case.updated",
                      const std::string& organisation_id = "acme") {
    const Event event = {.request_id = NewId("out"),
                         .type = type,
                         .case_id = "deal-1",
                         .time = absl::Now(),
                         .data = {{"contactId", "ada"}}};
    return feed.Publish(organisation_id, {event}).value().at(0).event_id;
  }
  bool Turn(const WebhookKey& key) { return DeliverTurn(store, poster, clock, key).value(); }
  // As if so much time had passed for what waits.
  void Pass(absl::Duration time) {
    const std::string by = absl::StrCat(" - interval '", absl::ToInt64Seconds(time), " s'");
    database.Exec("UPDATE webhook_delivery SET next_attempt_time = next_attempt_time" + by +
                  ", first_attempt_time = first_attempt_time" + by);
    database.Exec("UPDATE webhook_endpoint SET next_attempt_time = next_attempt_time" + by +
                  ", previous_secret_expire_time = previous_secret_expire_time" + by);
  }
  std::vector<WebhookDelivery> Deliveries(const WebhookKey& key,
                                          std::optional<DeliveryState> state = std::nullopt) {
    return store.ListDeliveries(key, state, {}).value();
  }
};

}  // namespace gatehouse::notification
