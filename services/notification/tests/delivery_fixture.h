#pragma once

#include <atomic>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "services/common/base/random.h"
#include "services/notification/credits/credit_watch.h"
#include "services/notification/domain/delivery.h"
#include "services/notification/store/message_queue.h"
#include "services/notification/store/postgres_store.h"
#include "tests/support/calls.h"
#include "tests/support/test_database.h"

namespace gatehouse::notification {
extern const std::vector<Migration> kMigrations;

constexpr absl::Duration kHeld = absl::Seconds(30);

// A provider that does as it is told and remembers what it took.
class FakeSender : public Sender {
 public:
  SendResult Send(const Outgoing& message) override {
    ++asked;
    const bool taken = outcome == Outcome::kSent || lose_answer;
    if (taken) ids.push_back("SM" + std::to_string(++count) + message.message_id);
    return {outcome, outcome == Outcome::kSent ? ids.back() : "", "PROVIDER_REFUSED", wait, down};
  }
  std::optional<absl::StatusOr<std::vector<std::string>>> Find(const Outgoing&) override {
    if (away) return absl::StatusOr<std::vector<std::string>>(absl::UnavailableError("away"));
    return absl::StatusOr<std::vector<std::string>>(ids);
  }
  Outcome outcome = Outcome::kSent;
  absl::Duration wait;
  bool lose_answer = false, away = false, down = false;
  int asked = 0, count = 0;
  std::vector<std::string> ids;
};

// A store that cannot be written to at first.
class ForgetfulStore : public PostgresStore {
 public:
  using PostgresStore::PostgresStore;
  absl::Status Record(const Claim& claim, const Verdict& verdict) override {
    if (failures-- > 0) return absl::UnavailableError("the database connection was lost");
    return PostgresStore::Record(claim, verdict);
  }
  std::atomic<int> failures = 0;  // Some tests settle from many threads.
};

struct DeliveryFixture {
  TestDatabase database{"notification", WithCommon(kMigrations)};
  const Secret key{RandomBytes(32)};
  ForgetfulStore store{database.postgres()};
  // It has no lane: what is submitted stays for the test to take.
  Jobs jobs{database.postgres(), {.key = key, .lanes = {}}};
  Outbox outbox{database.postgres(), {.key = Secret(RandomBytes(32)), .services = {}}};
  Settings<v1::CreditSettings> credit_settings{database.postgres(), outbox};
  const CreditWatch watch{store, credit_settings};
  MessageQueue queue{database.postgres(), jobs, watch};
  JobStore table{database.postgres(), key};
  FakeSender sender;
  const Clock clock;

  static NewMessage Sms(const std::string& request_id, int segments = 1) {
    const std::string id = NewId("msg");
    return {.organisation_id = "acme",
            .request_id = request_id,
            .shown = {.message_id = id,
                      .template_name = "sign-in-code",
                      .masked_recipient = "•••",
                      .channel = Channel::kSms,
                      .segments = segments},
            .outgoing = {"acme",
                         id,
                         Recipient::Parse(Channel::kSms, "+61412345678").value(),
                         {"", "123456 is your code"}},
            .expire_time = absl::Now() + absl::Minutes(5)};
  }
  // Of the message that comes next, as its lane takes it.
  std::vector<Claim> Take(const JobStore& from) {
    std::string organisation;
    const auto taken =
        from.Take({.lane = "sms", .limit = 1, .organisations = 1, .lease = kHeld, .durable = true},
                  organisation);
    REQUIRE(taken.ok());
    std::vector<Claim> claims;
    for (const Job& job : *taken) claims.push_back(ClaimFrom(job, Channel::kSms));
    return claims;
  }
  std::vector<Claim> Take() { return Take(table); }
  Claim Claimed() {
    const auto claims = Take();
    REQUIRE(claims.size() == 1);
    return claims[0];
  }
  Delivery DeliverOne() {
    const Claim claim = Claimed();
    const auto delivery = Deliver(store, sender, clock, claim);
    REQUIRE(delivery.ok());
    if (delivery->state != MessageState::kQueued) {
      REQUIRE(table.Remove({claim.job_number}).ok());
    } else {
      Job job;
      job.number = claim.job_number;
      job.attempts = claim.attempts;
      REQUIRE(table.Postpone(job, absl::Hours(1), delivery->away).ok());
    }
    return *delivery;
  }
  Message Only() { return store.ListMessages("acme", "", {}).value().at(0); }
  // Whatever waits is due, and was last tried long ago.
  void Due() {
    database.Exec("UPDATE job SET due_time = now()");
    database.Exec("UPDATE message SET unsure_time = unsure_time - interval '1 hour'");
  }
  void Expire() { database.Exec("UPDATE job SET due_time = now(), expire_time = now()"); }
  int64_t SumOfLedger() {
    return database.Exec("SELECT coalesce(sum(credits), 0) FROM credit_entry")[0][0].as<int64_t>();
  }
};

}  // namespace gatehouse::notification
