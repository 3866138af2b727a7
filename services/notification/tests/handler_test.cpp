#include "services/notification/handler.h"

#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/common/base/proto_time.h"
#include "services/common/rpc/validate.h"
#include "services/notification/tests/handler_fixture.h"

namespace gatehouse::notification {
namespace {

TEST_CASE_METHOD(Fixture, "a code is taken, paid for, sent at once and shown to staff, masked",
                 "[service]") {
  CHECK(ReasonOf(handler.SubmitMessage(ServiceCall(), Code("r1")).status()) ==
        "SMS_CREDITS_EXHAUSTED");
  CHECK(Buy(5) == 5);
  const auto taken = handler.SubmitMessage(ServiceCall(), Code("r1"));
  REQUIRE(taken.ok());
  CHECK(taken->segments() == 1);
  const auto again = handler.SubmitMessage(ServiceCall(), Code("r1"));
  CHECK(again->message_id() == taken->message_id());
  WaitUntilSent("r1");
  const auto messages = tray.Wait(1);
  REQUIRE(messages.size() == 1);
  CHECK(messages[0].recipient.text() == "+61412345678");
  CHECK(absl::EndsWith(messages[0].text.body, "\n@p.acme.example #012345"));
  CHECK(handler.GetBalance(StaffCall(), {})->balance() == 4);

  const auto listed = handler.ListMessages(StaffCall(), {});
  REQUIRE(listed->messages_size() == 1);
  const pb::Message& message = listed->messages(0);
  CHECK(message.message_id() == taken->message_id());
  CHECK(message.to() == "•••• ••5 678");
  CHECK(message.state() == pb::SENT);
  CHECK(message.attempts() == 1);
  CHECK(message.case_id() == "deal-1");
  CHECK(message.has_send_time());
  CHECK(handler.ListMessages(StaffCall("other"), {})->messages_size() == 0);
}

TEST_CASE_METHOD(Fixture, "more codes than threads are each sent once, at the first attempt",
                 "[service]") {
  constexpr int kEach = 15;
  Buy(100);
  std::vector<std::thread> callers;
  for (const std::string caller : {"a", "b", "c", "d"}) {
    callers.emplace_back([this, caller] {
      for (int i = 0; i < kEach; ++i) {
        (void)handler.SubmitMessage(ServiceCall(), Code(caller + std::to_string(i)));
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  std::set<std::string> sent;
  for (const Outgoing& message : tray.Wait(4 * kEach)) sent.insert(message.message_id);
  CHECK(sent.size() == 4 * kEach);
  for (const std::string caller : {"a", "b", "c", "d"}) {
    for (int i = 0; i < kEach; ++i) WaitUntilSent(caller + std::to_string(i));
  }
  CHECK(tray.Wait(0).size() == 4 * kEach);
  CHECK(database.Exec("SELECT FROM message WHERE attempts <> 1").empty());
  CHECK(handler.GetBalance(StaffCall(), {})->balance() == 100 - 4 * kEach);
}

TEST_CASE_METHOD(Fixture, "after an outage everybody gets one code, at once, and it is paid once",
                 "[service]") {
  constexpr int kPeople = 8;
  Buy(kPeople);  // A second one each could not be paid.
  tray.away = true;
  const auto ask = [&](int person, int time) {
    pb::SubmitMessageRequest code = Code(absl::StrCat("chl_", person, ":", time));
    code.set_topic(absl::StrCat("code:deal-1:", person));
    CHECK(handler.SubmitMessage(ServiceCall(), code).ok());
  };
  for (int i = 0; i < kPeople; ++i) ask(i, 1);
  absl::SleepFor(absl::Seconds(2));
  for (int i = 0; i < kPeople; ++i) ask(i, 2);
  CHECK(handler.GetBalance(StaffCall(), {})->balance() == 0);
  const absl::Time back = absl::Now();
  tray.away = false;
  CHECK(tray.Wait(kPeople).size() == kPeople);
  // Within the longest wait between two probes of so short an outage.
  CHECK(absl::Now() - back < absl::Seconds(5));
  for (int i = 0; i < kPeople; ++i) WaitUntilSent(absl::StrCat("chl_", i, ":2"));
  CHECK(tray.Wait(0).size() == kPeople);
  CHECK(database.Exec("SELECT FROM credit_entry WHERE kind = 3").size() == kPeople);
  CHECK(handler.GetBalance(StaffCall(), {})->balance() == 0);
}

TEST_CASE_METHOD(Fixture, "a mail costs nothing, and its text never rests in the open",
                 "[service]") {
  database.Exec(
      "CREATE TABLE seen (sealed bytea); CREATE FUNCTION see() RETURNS trigger AS "
      "'BEGIN INSERT INTO seen VALUES (NEW.payload); RETURN NEW; END' LANGUAGE plpgsql SECURITY "
      "DEFINER; "
      "CREATE TRIGGER see BEFORE INSERT ON job FOR EACH ROW EXECUTE FUNCTION see()");
  REQUIRE(handler.SubmitMessage(ServiceCall(), Invitation("r1")).value().segments() == 0);
  const auto messages = tray.Wait(1);
  REQUIRE(messages.size() == 1);
  CHECK(messages[0].text.subject == "Hello Ada");
  CHECK(messages[0].text.body == "Here: https://p.acme.example/i#secret-token\n");
  WaitUntilSent("r1");
  const auto seen = database.Exec(
      "SELECT position('ada@example.com'::bytea IN sealed), "
      "position('secret-token'::bytea IN sealed), length(sealed) FROM seen");
  CHECK(seen[0][0].as<int>() == 0);
  CHECK(seen[0][1].as<int>() == 0);
  CHECK(seen[0][2].as<int>() > 0);
  for (int i = 0; i < 500 && !database.Exec("SELECT FROM job").empty(); ++i) {
    absl::SleepFor(absl::Milliseconds(10));
  }
  CHECK(database.Exec("SELECT FROM job").empty());
}

TEST_CASE_METHOD(Fixture, "what cannot be sent is refused by name and leaves nothing behind",
                 "[service]") {
  REQUIRE(Buy(5) == 5);
  pb::SubmitMessageRequest request = Invitation("r1");
  request.set_recipient("ada@example.com\r\nRCPT TO:<eve@example.com>");
  CHECK(ReasonOf(handler.SubmitMessage(ServiceCall(), request).status()) == "INVALID_REQUEST");
  request = Code("r1");
  request.mutable_parameters()->erase("code");
  CHECK(ReasonOf(handler.SubmitMessage(ServiceCall(), request).status()) == "UNKNOWN_TAG");
  request = Code("r1");
  request.set_template_("invitation");
  CHECK(ReasonOf(handler.SubmitMessage(ServiceCall(), request).status()) == "UNKNOWN_TEMPLATE");
  Submitter unprovided{queue, templates, actions, preferences, nullptr};
  Handler without_sms(store, publisher, unprovided, templates, rules, std::nullopt);
  CHECK(ReasonOf(without_sms.SubmitMessage(ServiceCall(), Code("r1")).status()) ==
        "SMS_NOT_CONFIGURED");
  CHECK_FALSE(without_sms.CheckSms(ServiceCall(), {})->configured());
  CHECK(handler.CheckSms(ServiceCall(), {})->configured());
  CHECK(handler.CheckSms(ServiceCall(), {})->balance() == 5);
  CHECK(handler.ListMessages(StaffCall(), {})->messages_size() == 0);
}

TEST_CASE_METHOD(Fixture, "what a code would cost depends on the name that is in it", "[service]") {
  pb::CheckSmsRequest request;
  CHECK(handler.CheckSms(ServiceCall(), request)->segments() == 0);
  request.set_template_("sign-in-code");
  auto& parameters = *request.mutable_parameters();
  parameters["code"] = "000000";
  parameters["organisation_name"] = "Acme";
  parameters["host"] = "p.acme.example";
  CHECK(handler.CheckSms(ServiceCall(), request)->segments() == 1);
  // Its dash is sent as a plain one; a letter beyond GSM-7 more than doubles the price.
  parameters["organisation_name"] = "Acme – Brokers";
  CHECK(handler.CheckSms(ServiceCall(), request)->segments() == 1);
  parameters["organisation_name"] = "Łódź Kredyty";
  CHECK(handler.CheckSms(ServiceCall(), request)->segments() == 2);
  // As much as it does cost.
  Buy(10);
  pb::SubmitMessageRequest code = Code("r1");
  (*code.mutable_parameters())["organisation_name"] = "Łódź Kredyty";
  CHECK(handler.SubmitMessage(ServiceCall(), code)->segments() == 2);
  request.set_template_("invitation");
  CHECK(ReasonOf(handler.CheckSms(ServiceCall(), request).status()) == "UNKNOWN_TEMPLATE");
}

TEST_CASE_METHOD(Fixture, "lists go on where their token says, newest first", "[service]") {
  for (int i = 0; i < 5; ++i) {
    pb::SubmitMessageRequest request = Invitation("r" + std::to_string(i));
    request.set_case_id(i < 3 ? "deal-1" : "deal-2");
    REQUIRE(handler.SubmitMessage(ServiceCall(), request).ok());
    CHECK(Buy(1, "invoice-" + std::to_string(i)) == i + 1);
    absl::SleepFor(absl::Milliseconds(2));  // Ids are ordered by the millisecond.
  }
  pb::ListMessagesRequest messages;
  messages.set_page_size(2);
  messages.set_case_id("deal-1");
  const auto first = handler.ListMessages(StaffCall(), messages);
  REQUIRE(first->messages_size() == 2);
  messages.set_page_token(first->next_page_token());
  const auto second = handler.ListMessages(StaffCall(), messages);
  REQUIRE(second->messages_size() == 1);
  CHECK(second->next_page_token().empty());
  CHECK(first->messages(1).message_id() > second->messages(0).message_id());
  pb::ListEntriesRequest entries;
  entries.set_page_size(3);
  const auto newest = handler.ListEntries(StaffCall(), entries);
  REQUIRE(newest->entries_size() == 3);
  CHECK(newest->entries(0).entry_number() == 5);
  CHECK(newest->entries(0).balance() == 5);
  CHECK(newest->entries(0).reference() == "invoice-4");
  entries.set_page_token(newest->next_page_token());
  CHECK(handler.ListEntries(StaffCall(), entries)->entries_size() == 2);
  for (const char* token : {"LTE", "YQ", "!"}) {  // "-1", "a", and no base64url at all.
    entries.set_page_token(token);
    CHECK(ReasonOf(handler.ListEntries(StaffCall(), entries).status()) == "PAGE_TOKEN_INVALID");
  }
}

TEST_CASE_METHOD(Fixture, "the feed's last token waits for more", "[service]") {
  pb::ListEventsRequest list;
  auto page = handler.ListEvents(StaffCall(), list);
  CHECK(page->events_size() == 0);
  pb::PublishEventRequest event;
  event.set_type("invitation.created");
  event.set_case_id("deal-1");
  const absl::Time time = absl::FromUnixMicros(1'800'000'000'123'456);
  *event.mutable_time() = ToProto(time);
  (*event.mutable_data())["invitationId"] = "inv_1 \"é\"";
  for (const char* id : {"a", "b", "a", "c"}) {
    event.set_request_id(id);
    REQUIRE(handler.PublishEvent(ServiceCall(), event).ok());
  }
  list.set_page_token(page->next_page_token());
  list.set_page_size(2);
  page = handler.ListEvents(StaffCall(), list);
  REQUIRE(page->events_size() == 2);
  CHECK(page->events(0).type() == "invitation.created");
  CHECK(page->events(0).case_id() == "deal-1");
  CHECK(FromProto(page->events(0).time()) == time);
  CHECK(page->events(0).data().at("invitationId") == "inv_1 \"é\"");
  list.set_page_token(page->next_page_token());
  page = handler.ListEvents(StaffCall(), list);
  CHECK(page->events_size() == 1);
  list.set_page_token(page->next_page_token());
  page = handler.ListEvents(StaffCall(), list);
  CHECK(page->events_size() == 0);
  CHECK(page->next_page_token() == list.page_token());
  CHECK(handler.ListEvents(StaffCall("other"), {})->events_size() == 0);
  list.set_page_token("YQ");
  CHECK(ReasonOf(handler.ListEvents(StaffCall(), list).status()) == "PAGE_TOKEN_INVALID");
}

TEST_CASE_METHOD(Fixture, "events are taken one by one or together, and show the same",
                 "[service][no-tsan]") {
  pb::PublishEventsRequest together;
  for (const char* id : {"1", "2", "3"}) {
    pb::PublishEventRequest& event = *together.add_requests();
    event.set_request_id(id);
    event.set_type("document.uploaded");
    event.set_case_id("deal-1");
    *event.mutable_time() = gatehouse::ToProto(absl::FromUnixSeconds(1'700'000'000));
    (*event.mutable_data())["documentId"] = id;
  }
  CHECK(Validate(together).ok());
  const pb::PublishEventRequest first = together.requests(0);
  REQUIRE(handler.PublishEvent(ServiceCall(), first).ok());
  REQUIRE(handler.PublishEvents(ServiceCall(), together).ok());
  const auto events = handler.ListEvents(StaffCall(), {});
  REQUIRE(events.ok());
  REQUIRE(events->events_size() == 3);
  for (int i = 0; i < 3; ++i) {
    CHECK(events->events(i).data().at("documentId") == absl::StrCat(i + 1));
    CHECK(events->events(i).type() == "document.uploaded");
    CHECK(events->events(i).case_id() == "deal-1");
  }
  SECTION("and the contract bounds how many") {
    for (int i = 0; i < 62; ++i) *together.add_requests() = first;
    CHECK_FALSE(Validate(together).ok());
    CHECK_FALSE(Validate(pb::PublishEventsRequest()).ok());
  }
}

TEST_CASE_METHOD(Fixture, "messages are looked up by the very ids that they were taken under",
                 "[service]") {
  REQUIRE(handler.SubmitMessage(ServiceCall(), Invitation("a b")).ok());
  REQUIRE(handler.SubmitMessage(ServiceCall(), Invitation("a")).ok());
  pb::LookUpMessagesRequest request;
  request.add_request_ids("a b");
  request.add_request_ids("unknown");
  const auto found = handler.LookUpMessages(ServiceCall(), request);
  REQUIRE(found->states_size() == 1);
  CHECK(found->states().count("a b") == 1);
  CHECK(handler.LookUpMessages(ServiceCall("other"), request)->states_size() == 0);
}

TEST_CASE_METHOD(Fixture, "every RPC of the contract is there, and says who may call it",
                 "[service]") {
  Server server("notification");
  handler.Register(server);
  templates_handler.Register(server);
  CHECK(server.Check().ToString() == "OK");
}

}  // namespace
}  // namespace gatehouse::notification
