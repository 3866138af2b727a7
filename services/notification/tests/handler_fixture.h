#pragma once

#include <atomic>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "services/common/base/random.h"
#include "services/notification/credits/credits_handler.h"
#include "services/notification/handler.h"
#include "services/notification/preferences/notice_outlet.h"
#include "services/notification/preferences/preferences_handler.h"
#include "services/notification/preferences/store/postgres_summaries.h"
#include "services/notification/preferences/stored_preferences.h"
#include "services/notification/preferences/tests/known_directories.h"
#include "services/notification/relays/store/postgres_relays.h"
#include "services/notification/sending.h"
#include "services/notification/sms/sms_gate.h"
#include "services/notification/sms/sms_handler.h"
#include "services/notification/sms/store/postgres_stops.h"
#include "services/notification/store/postgres_store.h"
#include "services/notification/templates/html.h"
#include "services/notification/templates/store/postgres_templates.h"
#include "tests/support/calls.h"
#include "tests/support/test_database.h"

namespace gatehouse::notification {

extern const std::vector<Migration> kMigrations;

// What the workers handed over, for a test to wait for.
class Tray {
 public:
  void Put(const Outgoing& message) {
    const std::lock_guard lock(mutex_);
    messages_.push_back(message);
    arrived_.notify_all();
  }
  // The first `count`, or those that came within ten seconds.
  std::vector<Outgoing> Wait(size_t count) {
    std::unique_lock lock(mutex_);
    arrived_.wait_for(lock, std::chrono::seconds(10), [&] { return messages_.size() >= count; });
    return messages_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<Outgoing> messages_;

 public:
  std::atomic<bool> away = false;  // The provider.
};

class TraySender : public Sender {
 public:
  explicit TraySender(Tray& tray) : tray_(tray) {}
  SendResult Send(const Outgoing& message) override {
    if (tray_.away) return {.outcome = Outcome::kTryAgain, .away = true};
    tray_.Put(message);
    return {Outcome::kSent, "SM" + message.message_id, ""};
  }
  std::optional<absl::StatusOr<std::vector<std::string>>> Find(const Outgoing&) override {
    return absl::StatusOr<std::vector<std::string>>(std::vector<std::string>());
  }

 private:
  Tray& tray_;
};

// The handlers, with lanes that hand over to a tray.
struct Fixture {
  TestDatabase database{"notification", WithCommon(kMigrations)};
  PostgresStore store{database.postgres()};
  Tray tray;
  Jobs jobs{database.postgres(),
            {.key = Secret(RandomBytes(32)),
             .lanes = {{"email", Lane(Channel::kEmail)}, {"sms", Lane(Channel::kSms)}},
             .report = ReportBacklog}};
  // Nobody is there to be told: what is to be told stays in the outbox.
  const Secret outbox_key{RandomBytes(32)};
  Outbox outbox{database.postgres(), {.key = outbox_key, .services = {}}};
  Settings<v1::CreditSettings> credit_settings{database.postgres(), outbox};
  const CreditWatch watch{store, credit_settings};
  MessageQueue queue{database.postgres(), jobs, watch};
  TemplatesHandler::Rules rules{database.postgres(), outbox};
  PostgresTemplates stored_templates{database.postgres(), outbox};
  Templates templates{stored_templates, CheckHtml};
  Once once{database.postgres(), Secret(RandomBytes(32))};
  TemplatesHandler templates_handler{templates, stored_templates, rules, once};
  const Actions actions = DeclaredActions();
  Settings<v1::NotificationSettings> settings{database.postgres(), outbox};
  StoredPreferences preferences{settings};
  PostgresStops stops{database.postgres(), Secret(RandomBytes(32)), outbox};
  const SmsHandler::Rules sms_rules{database.postgres(), outbox};
  PostgresRelays relays{database.postgres(), Secret(RandomBytes(32)), outbox};
  const SmsGate gate{stops, sms_rules, relays};
  Submitter submitter{queue, templates, actions, preferences, &gate};
  NoticeOutlet outlet{submitter};
  PostgresSummaries summaries{database.postgres(), outbox};
  KnownCases cases;
  KnownCalendars calendars;
  KnownOrganisations organisations;
  FixedClock clock;
  const Telling telling{
      {actions, preferences, cases, calendars, organisations, outlet, summaries, clock}};
  Publisher publisher{database.postgres(), store, outbox, summaries, telling};
  PreferencesHandler preferences_handler{
      {database.postgres(), outbox, settings, actions, templates, once}};
  CreditsHandler credits_handler{database.postgres(), store, credit_settings, once};
  Handler handler{store, publisher, submitter, templates, rules, "+61400000000"};

  LaneOptions Lane(Channel channel) {
    return SendingLane(store, channel, 2, [this] { return std::make_unique<TraySender>(tray); });
  }

  static pb::SubmitMessageRequest Code(const std::string& request_id) {
    pb::SubmitMessageRequest request;
    request.set_request_id(request_id);
    request.set_channel(pb::SMS);
    request.set_template_("sign-in-code");
    request.set_recipient("+61412345678");
    request.set_case_id("deal-1");
    auto& parameters = *request.mutable_parameters();
    parameters["code"] = "012345";
    parameters["organisation_name"] = "Acme";
    parameters["host"] = "p.acme.example";
    return request;
  }
  static pb::SubmitMessageRequest Invitation(const std::string& request_id) {
    pb::SubmitMessageRequest request;
    request.set_request_id(request_id);
    request.set_channel(pb::EMAIL);
    request.set_template_("invitation");
    request.set_recipient("ada@example.com");
    request.set_subject("Hello {{contact_name}}");
    request.set_body("Here: {{link}}\n");
    (*request.mutable_parameters())["contact_name"] = "Ada";
    (*request.mutable_parameters())["link"] = "https://p.acme.example/i#secret-token";
    return request;
  }
  int64_t Buy(int64_t credits, const std::string& reference = "invoice-1") {
    pb::PurchaseCreditsRequest request;
    request.set_credits(credits);
    request.set_reference(reference);
    return handler.PurchaseCredits(StaffCall(), request).value().balance();
  }
  void WaitUntilSent(const std::string& request_id) {
    pb::LookUpMessagesRequest request;
    request.add_request_ids(request_id);
    for (int i = 0; i < 1000; ++i) {
      const auto found = handler.LookUpMessages(ServiceCall(), request);
      REQUIRE(found.ok());
      if (found->states().at(request_id) == pb::SENT) return;
      absl::SleepFor(absl::Milliseconds(10));
    }
    FAIL("it was not sent");
  }
};

}  // namespace gatehouse::notification
