#include "services/notification/preferences/domain/telling.h"

#include <future>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "services/common/base/proto_time.h"
#include "services/notification/preferences/telling_lanes.h"
#include "services/notification/tests/handler_fixture.h"

namespace gatehouse::notification {
namespace {

struct TellingFixture : Fixture {
  TellingFixture() { Buy(20); }

  static v1::PublishEventRequest Uploaded(const std::string& request_id) {
    v1::PublishEventRequest request;
    request.set_request_id(request_id);
    request.set_type("document.uploaded");
    request.set_case_id("deal-1");
    *request.mutable_time() = ToProto(absl::Now());
    (*request.mutable_data())["contactId"] = "ada";
    return request;
  }
  static v1::PublishEventRequest Replied(const std::string& request_id) {
    v1::PublishEventRequest request = Uploaded(request_id);
    request.set_type("incident.replied");
    return request;
  }
  absl::StatusOr<v1::NotificationSettings> Set(const v1::NotificationSettings& settings) {
    v1::UpdateNotificationSettingsRequest request;
    *request.mutable_settings() = settings;
    request.mutable_update_mask()->add_paths("*");
    return preferences_handler.UpdateNotificationSettings(StaffCall(), request);
  }
  void Staff(const std::string& event, v1::StaffDelivery delivery) {
    v1::NotificationSettings settings;
    settings.add_staff_actions()->set_event(event);
    settings.mutable_staff_actions(0)->set_delivery(delivery);
    REQUIRE(Set(settings).ok());
  }
  void Clients(const std::string& action, v1::ClientDelivery delivery) {
    v1::NotificationSettings settings;
    settings.add_client_actions()->set_action(action);
    settings.mutable_client_actions(0)->set_delivery(delivery);
    REQUIRE(Set(settings).ok());
  }
  int Count(const std::string& table, const std::string& where = "true") {
    return database.Exec("SELECT count(*) FROM " + table + " WHERE " + where)[0][0].as<int>();
  }
  // Does the jobs that tell.
  absl::Status DoJobs() {
    WorkerPool workers("telling", 1, 8);
    const LaneOptions lane = TellingLane(telling, workers);
    std::string organisation;
    const JobClaim claim = {.lane = kTellingLane, .lease = absl::Seconds(60)};
    const auto jobs = job_store.Take(claim, organisation);
    RETURN_IF_ERROR(jobs.status());
    for (const Job& job : *jobs) {
      std::promise<absl::Status> ended;
      lane.work(job, [&](absl::Status status) { ended.set_value(std::move(status)); });
      const absl::Status told = ended.get_future().get();
      RETURN_IF_ERROR(told.ok() ? job_store.Remove({job.number}).status()
                                : job_store.GiveBack({job}));
      RETURN_IF_ERROR(told);
    }
    return absl::OkStatus();
  }
  // Adds the event to the feed, and does the jobs that tell of it.
  absl::Status Tell(const v1::PublishEventRequest& request) {
    REQUIRE(handler.PublishEvent(ServiceCall(), request).ok());
    return DoJobs();
  }
  const JobStore job_store{database.postgres(), outbox_key};
  // When the summary is planned for.
  absl::Time Due() {
    const auto rows = database.Exec("SELECT due_time FROM summary");
    REQUIRE(rows.size() == 1);
    return TimeFromSql(rows[0]["due_time"]);
  }
};

TEST_CASE_METHOD(TellingFixture, "an event has a job or a line of the summary, where it is told",
                 "[service]") {
  const auto jobs = [&](const std::string& kind) {
    return Count("job", "lane = 'telling' AND kind = '" + kind + "'");
  };
  REQUIRE(handler.PublishEvent(ServiceCall(), Uploaded("e1")).ok());
  CHECK(Count("summary_entry") == 1);
  CHECK(jobs("plan") == 1);
  SECTION("once, however often it is said") {
    REQUIRE(handler.PublishEvent(ServiceCall(), Uploaded("e1")).ok());
    v1::PublishEventsRequest many;
    *many.add_requests() = Uploaded("e1");
    *many.add_requests() = Uploaded("e2");
    REQUIRE(handler.PublishEvents(ServiceCall(), many).ok());
    CHECK(Count("summary_entry") == 2);
    CHECK(Count("event") == 2);
    CHECK(jobs("event") == 0);
  }
  SECTION("no job, where a summary is planned") {
    REQUIRE(DoJobs().ok());
    REQUIRE(handler.PublishEvent(ServiceCall(), Uploaded("e2")).ok());
    CHECK(Count("summary_entry") == 2);
    CHECK(Count("job", "lane = 'telling'") == 0);
  }
  SECTION("a job where it is told at once") {
    Staff("document.uploaded", v1::AT_ONCE);
    for (int i = 0; i < 2; ++i) {
      REQUIRE(handler.PublishEvent(ServiceCall(), Uploaded("e2")).ok());
    }
    CHECK(jobs("event") == 1);
    CHECK(Count("summary_entry") == 1);
  }
  SECTION("neither where nobody is told") {
    Staff("document.uploaded", v1::NOT_AT_ALL);
    REQUIRE(handler.PublishEvent(ServiceCall(), Uploaded("e2")).ok());
    // Nor of what staff did, nor of what concerns no case.
    REQUIRE(Set({}).ok());
    v1::PublishEventRequest other = Uploaded("e3");
    other.mutable_data()->clear();
    REQUIRE(handler.PublishEvent(ServiceCall(), other).ok());
    other = Uploaded("e4");
    other.clear_case_id();
    REQUIRE(handler.PublishEvent(ServiceCall(), other).ok());
    CHECK(jobs("event") == 0);
    CHECK(Count("summary_entry") == 1);
    CHECK(Count("event") == 4);
  }
}

TEST_CASE_METHOD(TellingFixture, "a client is told by the chosen channel, once [S2-11] [S2-12]",
                 "[service]") {
  Clients("incident.replied", v1::BY_EMAIL_AND_SMS);
  REQUIRE(Tell(Replied("e1")).ok());
  REQUIRE(Tell(Replied("e1")).ok());
  const auto sent = tray.Wait(2);
  CHECK(sent.size() == 2);
  CHECK(Count("message", "template = 'event-for-client'") == 1);
  CHECK(Count("message", "template = 'event-for-client-by-sms'") == 1);
  CHECK(handler.GetBalance(StaffCall(), {})->balance() == 19);
  for (const Outgoing& message : sent) {
    CHECK(absl::StrContains(message.text.body, "There is an answer to what you reported"));
  }
}

TEST_CASE_METHOD(TellingFixture, "what cannot go by SMS goes by e-mail: nobody is left untold",
                 "[service]") {
  Clients("incident.replied", v1::BY_SMS);
  SECTION("for want of credits") { database.Exec("UPDATE credit_account SET balance = 0"); }
  SECTION("for want of a number") { cases.cases["deal-1"].contacts[0].mobile = ""; }
  REQUIRE(Tell(Replied("e1")).ok());
  CHECK(tray.Wait(1).at(0).recipient.text() == "ada@example.com");
  CHECK(Count("message") == 1);
  // Done again when there are credits, it is told already.
  database.Exec("UPDATE credit_account SET balance = 9");
  REQUIRE(Tell(Replied("e1")).ok());
  CHECK(Count("message") == 1);
}

TEST_CASE_METHOD(TellingFixture, "who can be told by nothing holds nobody up", "[service]") {
  Clients("incident.replied", v1::BY_EMAIL_AND_SMS);
  cases.cases["deal-1"].contacts[0].mobile = "";
  cases.cases["deal-1"].contacts[0].email = "";
  CHECK(Tell(Replied("e1")).ok());
  cases.cases.clear();
  CHECK(Tell(Replied("e2")).ok());
  CHECK(Count("message") == 0);
}

TEST_CASE_METHOD(TellingFixture, "while cases is away nothing is lost", "[service]") {
  cases.away = absl::UnavailableError("away");
  CHECK(absl::IsUnavailable(Tell(Replied("e1"))));
  cases.away = absl::OkStatus();
  CHECK(Tell(Replied("e1")).ok());
  CHECK(Count("message") == 1);
}

TEST_CASE_METHOD(TellingFixture, "a template that was chosen makes the message, while it is there",
                 "[service]") {
  v1::CreateTemplateRequest make;
  make.set_kind("event-for-client");
  make.set_title("Ours");
  make.set_subject("News");
  make.set_body("Ours: {{event}}");
  const auto made = templates_handler.CreateTemplate(StaffCall(), make);
  REQUIRE(made.ok());
  v1::NotificationSettings settings;
  v1::ClientAction& action = *settings.add_client_actions();
  action.set_action("incident.replied");
  action.set_email_template_id("tpl_nobody");
  CHECK(ReasonOf(Set(settings).status()) == "UNKNOWN_TEMPLATE");
  action.set_email_template_id("invitation");
  CHECK(ReasonOf(Set(settings).status()) == "UNKNOWN_TEMPLATE");
  action.set_email_template_id(made->template_id());
  REQUIRE(Set(settings).ok());
  REQUIRE(Tell(Replied("e1")).ok());
  CHECK(absl::StartsWith(tray.Wait(1).at(0).text.body, "Ours: There is"));
  v1::DeleteTemplateRequest end;
  end.set_template_id(made->template_id());
  REQUIRE(templates_handler.DeleteTemplate(StaffCall(), end).ok());
  REQUIRE(Tell(Replied("e2")).ok());
  CHECK(absl::StartsWith(tray.Wait(2).at(1).text.body, "Dear Ada Lovelace"));
}

TEST_CASE_METHOD(TellingFixture, "the action login-code makes the code's mail [EZ-34] [EZ-33]",
                 "[service]") {
  v1::CreateTemplateRequest make;
  make.set_kind("sign-in-code-by-email");
  make.set_title("Our code");
  make.set_subject("Code");
  make.set_body("Enter |client_code_verification|");
  const auto made = templates_handler.CreateTemplate(StaffCall(), make);
  REQUIRE(made.ok());
  v1::NotificationSettings settings;
  v1::ClientAction& action = *settings.add_client_actions();
  action.set_action("login-code");
  action.set_email_template_id(made->template_id());
  REQUIRE(Set(settings).ok());
  pb::SubmitMessageRequest code = Code("r1");
  code.set_channel(pb::EMAIL);
  code.set_template_("sign-in-code-by-email");
  code.set_recipient("ada@example.com");
  (*code.mutable_parameters())["contact_name"] = "Ada";
  REQUIRE(handler.SubmitMessage(ServiceCall(), code).ok());
  CHECK(tray.Wait(1).at(0).text.body == "Enter 012345");
  action.set_delivery(v1::BY_NOTHING);
  CHECK(ReasonOf(Set(settings).status()) == "ACTION_REQUIRED");
}

TEST_CASE_METHOD(TellingFixture, "the owner is told at once, or by SMS, or not at all [X-8]",
                 "[service]") {
  Staff("document.uploaded", v1::AT_ONCE);
  REQUIRE(Tell(Uploaded("e1")).ok());
  CHECK(tray.Wait(1).at(0).recipient.text() == "olive@example.com");
  CHECK(tray.Wait(1).at(0).text.subject == "12 Harbour Street: Ada Lovelace handed in a document");
  Staff("document.uploaded", v1::AT_ONCE_BY_SMS);
  REQUIRE(Tell(Uploaded("e2")).ok());
  CHECK(tray.Wait(2).at(1).recipient.text() == "+61290000000");
  Staff("document.uploaded", v1::NOT_AT_ALL);
  REQUIRE(Tell(Uploaded("e3")).ok());
  CHECK(Count("message") == 2);
  CHECK(Count("summary_entry") == 0);
}

TEST_CASE_METHOD(TellingFixture, "a day's events are one summary, sent once [X-8]", "[service]") {
  for (const char* id : {"e1", "e2", "e3", "e1"}) REQUIRE(Tell(Uploaded(id)).ok());
  CHECK(Count("message") == 0);
  const absl::Time due = Due();
  CHECK(due > clock.now);
  CHECK(Count("job", "lane = 'summaries'") == 1);
  REQUIRE(telling.SendSummary("acme", due).ok());
  const Outgoing mail = tray.Wait(1).at(0);
  CHECK(mail.recipient.text() == "olive@example.com");
  CHECK(absl::StrContains(mail.text.body, "12 Harbour Street\n- "));
  CHECK(absl::StrContains(mail.text.body, "Ada Lovelace handed in a document\n"));
  // The job that is done again, and the event that is told again, tell nothing again.
  REQUIRE(telling.SendSummary("acme", due).ok());
  REQUIRE(Tell(Uploaded("e1")).ok());
  CHECK(Count("summary") == 0);
  CHECK(Count("message") == 1);
  CHECK(Count("summary_entry", "sent_time IS NOT NULL") == 3);
  // What comes later is the next day's.
  clock.now = due;
  REQUIRE(Tell(Uploaded("e4")).ok());
  CHECK(Due() - due > absl::Hours(22));
}

TEST_CASE_METHOD(TellingFixture, "two replicas send one summary, and lose nothing meanwhile",
                 "[service]") {
  constexpr int kEvents = 20;
  std::vector<absl::Time> dues;
  for (int round = 0; round < 5; ++round) {
    REQUIRE(Tell(Uploaded(absl::StrCat("first", round))).ok());
    const absl::Time due = Due();
    std::vector<std::thread> all;
    for (int i = 0; i < 2; ++i) {
      all.emplace_back([&] { (void)telling.SendSummary("acme", due); });
    }
    all.emplace_back([&] {
      for (int i = 0; i < kEvents; ++i) {
        const Event event = {.event_id = absl::StrCat("evt_", round, "_", i),
                             .type = "document.uploaded",
                             .case_id = "deal-1",
                             .time = absl::Now(),
                             .data = {{"contactId", "ada"}}};
        if (summaries.Note("acme", {event}).value_or(false)) continue;
        (void)summaries.Plan("acme", due + absl::Hours(24));
      }
    });
    for (std::thread& one : all) one.join();
    CHECK(Count("message") == round * 2 + 1);
    // Whatever came after the first was sent has a summary of its own, planned once.
    if (Count("summary") == 0) {
      CHECK(Count("summary_entry", "sent_time IS NULL") == 0);
      clock.now = due;
      REQUIRE(Tell(Uploaded(absl::StrCat("last", round))).ok());
    }
    clock.now = Due();
    REQUIRE(telling.SendSummary("acme", Due()).ok());
    CHECK(Count("summary_entry", "sent_time IS NULL") == 0);
    CHECK(Count("message") == round * 2 + 2);
  }
}

TEST_CASE_METHOD(TellingFixture, "a preference that was changed meanwhile holds", "[service]") {
  REQUIRE(Tell(Uploaded("e1")).ok());
  const absl::Time due = Due();
  SECTION("to nothing: the summary is without it, and an empty one is not sent") {
    Staff("document.uploaded", v1::NOT_AT_ALL);
    REQUIRE(telling.SendSummary("acme", due).ok());
    CHECK(Count("message") == 0);
    CHECK(Count("summary") == 0);
  }
  SECTION("to at once: what was noted is still told") {
    Staff("document.uploaded", v1::AT_ONCE);
    REQUIRE(telling.SendSummary("acme", due).ok());
    CHECK(Count("message", "template = 'daily-summary'") == 1);
  }
  SECTION("between the event and its job") {
    Staff("document.uploaded", v1::AT_ONCE);
    REQUIRE(handler.PublishEvent(ServiceCall(), Uploaded("e2")).ok());
    Staff("document.uploaded", v1::NOT_AT_ALL);
    REQUIRE(DoJobs().ok());
    CHECK(Count("message") == 0);
  }
  SECTION("after the message was made: it is sent as it was made") {
    tray.away = true;
    Staff("document.uploaded", v1::AT_ONCE);
    REQUIRE(Tell(Uploaded("e2")).ok());
    Staff("document.uploaded", v1::NOT_AT_ALL);
    tray.away = false;
    CHECK(tray.Wait(1).at(0).recipient.text() == "olive@example.com");
  }
}

TEST_CASE_METHOD(TellingFixture, "an earlier time of the summary holds as soon as it is set",
                 "[service]") {
  const auto at = [&](int hour) {
    return absl::FromCivil(absl::CivilHour(2030, 6, 1, hour), organisations.profile.time_zone);
  };
  clock.now = at(12);
  REQUIRE(Tell(Uploaded("e1")).ok());
  const absl::Time first = Due();
  CHECK(first == at(12) + absl::Hours(20));
  v1::NotificationSettings settings;
  settings.set_summary_time("13:00");
  REQUIRE(Set(settings).ok());
  REQUIRE(DoJobs().ok());
  CHECK(Due() == at(13));
  settings.set_summary_time("23:00");
  REQUIRE(Set(settings).ok());
  REQUIRE(Tell(Uploaded("e3")).ok());
  CHECK(Due() == at(13));
  // One summary of all, whichever job comes.
  REQUIRE(telling.SendSummary("acme", at(13)).ok());
  REQUIRE(telling.SendSummary("acme", first).ok());
  CHECK(Count("message") == 1);
  CHECK(Count("summary_entry", "sent_time IS NULL") == 0);
}

TEST_CASE_METHOD(TellingFixture, "a summary whose job was lost is planned anew", "[service]") {
  REQUIRE(Tell(Uploaded("e1")).ok());
  database.Exec("DELETE FROM job; UPDATE summary SET due_time = now() - interval '2 hours'");
  REQUIRE(Tell(Uploaded("e2")).ok());
  CHECK(Due() > absl::Now());
  CHECK(Count("job", "lane = 'summaries'") == 1);
  REQUIRE(Tell(Uploaded("e3")).ok());
  CHECK(Count("job", "lane = 'summaries'") == 1);
  REQUIRE(telling.SendSummary("acme", Due()).ok());
  CHECK(Count("summary_entry", "sent_time IS NULL") == 0);
}

TEST_CASE_METHOD(TellingFixture, "a summary is for each owner, of cases that are there",
                 "[service]") {
  cases.cases["deal-2"] = DealOf("deal-2");
  cases.cases["deal-2"].owner = {"oscar", "Oscar", "oscar@example.com", ""};
  cases.cases["deal-3"] = DealOf("deal-3");
  for (const char* id : {"deal-1", "deal-2", "deal-3"}) {
    v1::PublishEventRequest request = Uploaded(absl::StrCat("e-", id));
    request.set_case_id(id);
    REQUIRE(Tell(request).ok());
  }
  cases.cases.erase("deal-3");
  REQUIRE(telling.SendSummary("acme", Due()).ok());
  const auto sent = tray.Wait(2);
  CHECK(sent.size() == 2);
  CHECK(sent[0].recipient.text() != sent[1].recipient.text());
  CHECK(Count("summary") == 0);
}

TEST_CASE_METHOD(TellingFixture, "what another service tells a contact goes by the preferences",
                 "[service]") {
  WorkerPool workers("telling", 1, 8);
  const auto tell = [&] {
    const auto rows = database.Exec("SELECT count(*) FROM job WHERE kind = 'contact'");
    CHECK(rows[0][0].as<int>() == 1);
    return telling.TellContact("acme", {.request_id = "t1",
                                        .action = "documents-shared",
                                        .case_id = "deal-1",
                                        .contact_id = "ada",
                                        .values = {{"documents", "- Offer\n"}}});
  };
  v1::TellContactRequest request;
  request.set_request_id("t1");
  request.set_action("documents-shared");
  request.set_case_id("deal-1");
  request.set_contact_id("ada");
  REQUIRE(preferences_handler.TellContact(ServiceCall(), request).ok());
  SECTION("by e-mail, by default [X-4]") {
    REQUIRE(tell().ok());
    CHECK(absl::StrContains(tray.Wait(1).at(0).text.body, "- Offer\n"));
  }
  SECTION("by SMS") {
    Clients("documents-shared", v1::BY_SMS);
    REQUIRE(tell().ok());
    CHECK(tray.Wait(1).at(0).recipient.text() == "+61412345678");
  }
  SECTION("not at all") {
    Clients("documents-shared", v1::BY_NOTHING);
    REQUIRE(tell().ok());
    CHECK(Count("message") == 0);
  }
  // What is required is told by who has its secret, unless it has none.
  request.set_action("recovery-codes-made");
  CHECK(preferences_handler.TellContact(ServiceCall(), request).ok());
  request.set_action("login-code");
  CHECK(ReasonOf(preferences_handler.TellContact(ServiceCall(), request).status()) ==
        "UNKNOWN_ACTION");
}

TEST_CASE_METHOD(TellingFixture, "the lane does its jobs, of each kind", "[service]") {
  Clients("documents-shared", v1::BY_SMS);
  Clients("incident.replied", v1::BY_EMAIL);
  WorkerPool workers("telling", 1, 8);
  LaneOptions lane = TellingLane(telling, workers);
  OutboxCalls calls("acme");
  AddTellingOf(Event{.event_id = "evt_1",
                     .type = "incident.replied",
                     .case_id = "deal-1",
                     .time = absl::Now(),
                     .data = {{"contactId", "ada"}}},
               calls);
  v1::TellContactRequest request;
  request.set_request_id("t1");
  request.set_action("documents-wanted");
  request.set_case_id("deal-1");
  request.set_contact_id("ada");
  (*request.mutable_parameters())["documents"] = "- Payslip\n";
  AddTellingOf(request, calls);
  AddPlanning(calls);
  AddSummary(absl::Now(), calls);
  for (const Job& job : calls.jobs()) {
    std::promise<absl::Status> ended;
    lane.work(job, [&](absl::Status status) { ended.set_value(std::move(status)); });
    CHECK(ended.get_future().get().ok());
  }
  CHECK(tray.Wait(2).size() == 2);
  Job broken = calls.jobs()[0];
  broken.payload = "\xff";
  std::promise<absl::Status> ended;
  lane.work(broken, [&](absl::Status status) { ended.set_value(std::move(status)); });
  CHECK_FALSE(ended.get_future().get().ok());
}

TEST_CASE_METHOD(TellingFixture, "settings are patched, listed and refused by name", "[service]") {
  const auto listed = preferences_handler.ListNotificationActions(StaffCall(), {});
  REQUIRE(listed.ok());
  CHECK(listed->client_actions(0).action().action() == "invitation");
  CHECK(listed->client_actions(0).required());
  CHECK(listed->staff_actions_size() > 10);
  CHECK(preferences_handler.GetNotificationSettings(StaffCall(), {})->summary_time() == "08:00");
  v1::NotificationSettings settings;
  settings.set_summary_time("17:45");
  settings.add_client_actions()->set_action("documents-wanted");
  settings.mutable_client_actions(0)->set_delivery(v1::BY_SMS);
  REQUIRE(Set(settings).ok());
  const Preferences now = preferences.Get("acme").value();
  CHECK(now.summary_hour == 17);
  CHECK(now.summary_minute == 45);
  CHECK(now.for_clients.at("documents-wanted").delivery == ClientDelivery::kSms);
  CHECK(preferences.Get("other")->for_clients.empty());
  *settings.add_client_actions() = settings.client_actions(0);
  CHECK(ReasonOf(Set(settings).status()) == "INVALID_REQUEST");
  settings.mutable_client_actions(1)->set_action("no.such");
  CHECK(ReasonOf(Set(settings).status()) == "UNKNOWN_ACTION");
}

}  // namespace
}  // namespace gatehouse::notification
