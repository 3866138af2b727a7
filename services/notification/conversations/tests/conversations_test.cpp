#include "services/notification/conversations/conversations_handler.h"

#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "services/notification/conversations/store/postgres_conversations.h"
#include "services/notification/tests/handler_fixture.h"

namespace gatehouse::notification {
namespace {

struct Talking : Fixture {
  PostgresConversations conversations{database.postgres()};
  ConversationsHandler talk{{database.postgres(), outbox, conversations, cases, organisations,
                             templates, publisher, once}};
  const Call ada = ClientCall({.case_id = "deal-1", .contact_id = "ada"});
  const Call bob = ClientCall({.case_id = "deal-1", .contact_id = "bob"});

  static v1::PostMessageRequest Written(const std::string& text,
                                        const std::vector<std::string>& contact_ids = {}) {
    v1::PostMessageRequest request;
    request.set_case_id("deal-1");
    request.set_text(text);
    for (const std::string& id : contact_ids) request.add_contact_ids(id);
    return request;
  }
  std::string Why(const v1::PostMessageRequest& request) {
    return ReasonOf(talk.PostMessage(StaffCall(), request).status());
  }
  absl::StatusOr<v1::PortalMessage> Reply(const Call& by, const std::string& text,
                                          const std::string& request_id = "") {
    v1::ReplyToStaffRequest request;
    request.set_case_id("deal-1");
    request.set_text(text);
    request.set_request_id(request_id);
    return talk.ReplyToStaff(by, request);
  }
  // What a client reads, newest first, joined by bars; its own behind a `>`.
  std::string SeenBy(const Call& client) {
    v1::ListPortalConversationRequest request;
    request.set_case_id("deal-1");
    std::string seen;
    const auto listed = talk.ListPortalConversation(client, request);
    for (const auto& message : listed.value().messages()) {
      seen += (message.own() ? ">" : "") + message.text() + "|";
    }
    return seen;
  }
  v1::ListConversationResponse Read(const std::string& organisation_id = "acme") {
    v1::ListConversationRequest request;
    request.set_case_id("deal-1");
    return talk.ListConversation(StaffCall(organisation_id), request).value();
  }
  absl::Status MarkRead(const Call& by, const std::string& message_id) {
    if (by.caller.kind == CallerKind::kClient) {
      v1::MarkPortalConversationReadRequest request;
      request.set_case_id("deal-1");
      request.set_message_id(message_id);
      return talk.MarkPortalConversationRead(by, request).status();
    }
    v1::MarkConversationReadRequest request;
    request.set_case_id("deal-1");
    request.set_message_id(message_id);
    return talk.MarkConversationRead(by, request).status();
  }
  int Count(const std::string& table, const std::string& where = "true") {
    return database.Exec("SELECT count(*) FROM " + table + " WHERE " + where)[0][0].as<int>();
  }
};

TEST_CASE_METHOD(Talking, "staff write to one contact, and to all who were invited [S1-1]",
                 "[service]") {
  const auto one = talk.PostMessage(StaffCall(), Written("Dear {{contact_name}}", {"ada"}));
  REQUIRE(one.ok());
  CHECK(one->text() == "Dear Ada Lovelace");
  const auto all = talk.PostMessage(StaffCall(), Written("{{case_name}}, {{contact_name}}"));
  REQUIRE(all.ok());
  CHECK(all->recipients_size() == 2);
  CHECK(SeenBy(ada) == "12 Harbour Street, Ada Lovelace|Dear Ada Lovelace|");
  CHECK(SeenBy(bob) == "12 Harbour Street, Bob Babbage|");
  CHECK(Count("event", "type = 'conversation.posted'") == 2);
  CHECK(Count("job", "lane = 'telling' AND kind = 'contact'") == 3);
}

TEST_CASE_METHOD(Talking, "a message is told as the organisation wants it", "[service]") {
  const ContactNotice notice = {.request_id = "cvm_1:ada",
                                .action = "staff-message",
                                .case_id = "deal-1",
                                .contact_id = "ada",
                                .values = {{"subject", "Your offer"},
                                           {"text", "See {{link}} & more"},
                                           {"sender_name", "Sam Staff"}}};
  REQUIRE(telling.TellContact("acme", notice).ok());
  const Outgoing mail = tray.Wait(1).at(0);
  CHECK(mail.text.subject == "Your offer");
  // What somebody wrote is text: no tag in it is filled.
  CHECK(mail.text.body.find("See {{link}} & more") != std::string::npos);
  CHECK(mail.text.body.find("https://p.acme.example") != std::string::npos);
}

TEST_CASE_METHOD(Talking, "a name is text, whatever it looks like", "[service]") {
  cases.cases["deal-1"].contacts[0].name = "{{portal_url}} |case_name|";
  const auto posted = talk.PostMessage(StaffCall(), Written("Dear {{contact_name}}", {"ada"}));
  REQUIRE(posted.ok());
  CHECK(posted->text() == "Dear {{portal_url}} |case_name|");
}

TEST_CASE_METHOD(Talking, "a template is sent as it is, or with another text", "[service]") {
  v1::CreateTemplateRequest make;
  make.set_kind("staff-message");
  make.set_title("Call us");
  make.set_subject("A call");
  make.set_body("{{contact_name}}, please call {{sender_name}}.");
  const auto made = templates_handler.CreateTemplate(StaffCall(), make);
  REQUIRE(made.ok());
  v1::PostMessageRequest request = Written("", {"ada"});
  request.set_template_id(made->template_id());
  CHECK(talk.PostMessage(StaffCall(), request)->text() == "Ada Lovelace, please call Sam Staff.");
  request.set_text("Never mind.");
  CHECK(talk.PostMessage(StaffCall(), request)->text() == "Never mind.");
  request.set_template_id("invitation");
  CHECK(Why(request) == "UNKNOWN_TEMPLATE");
}

TEST_CASE_METHOD(Talking, "what cannot be written is refused by name, and nothing is kept",
                 "[service]") {
  CHECK(Why(Written("{{code}}", {"ada"})) == "UNKNOWN_TAG");
  CHECK(Why(Written("{{#case_name}}", {"ada"})) == "TEMPLATE_MALFORMED");
  CHECK(Why(Written(" \n", {"ada"})) == "INVALID_REQUEST");
  CHECK(Why(Written("Hello", {"carol"})) == "CONTACT_NOT_INVITED");
  CHECK(Why(Written("Hello", {"nobody"})) == "NOT_FOUND");
  for (CaseContact& contact : cases.cases["deal-1"].contacts) contact.invited = false;
  CHECK(Why(Written("Hello")) == "CONTACT_NOT_INVITED");
  cases.cases.clear();
  CHECK(Why(Written("Hello")) == "NOT_FOUND");
  CHECK(Count("conversation_message") == 0);
  CHECK(Count("event") == 0);
}

TEST_CASE_METHOD(Talking, "a client answers, and the owner hears of it [X-8]", "[service]") {
  REQUIRE(Reply(ada, "When do you come?").ok());
  CHECK(SeenBy(ada) == ">When do you come?|");
  CHECK(SeenBy(bob).empty());
  REQUIRE(Read().messages_size() == 1);
  CHECK(Read().messages(0).contact_id() == "ada");
  CHECK(Count("event", "type = 'conversation.replied'") == 1);
  CHECK(Count("job", "lane = 'telling' AND kind = 'event'") == 1);
  CHECK(ReasonOf(Reply(ada, " \n ").status()) == "INVALID_REQUEST");
}

TEST_CASE_METHOD(Talking, "what is written again under one id is written once", "[service]") {
  v1::PostMessageRequest request = Written("Hello", {"ada"});
  request.set_request_id("r1");
  const auto first = talk.PostMessage(StaffCall(), request);
  REQUIRE(first.ok());
  CHECK(talk.PostMessage(StaffCall(), request)->message_id() == first->message_id());
  const auto reply = Reply(ada, "Yes", "r2");
  REQUIRE(reply.ok());
  CHECK(Reply(ada, "Yes", "r2")->message_id() == reply->message_id());
  CHECK(Count("conversation_message") == 2);
  CHECK(Count("event") == 2);
}

TEST_CASE_METHOD(Talking, "staff see who read what when, and a client when it was read",
                 "[service]") {
  const std::string first = talk.PostMessage(StaffCall(), Written("One"))->message_id();
  const std::string second = talk.PostMessage(StaffCall(), Written("Two", {"bob"}))->message_id();
  REQUIRE(MarkRead(ada, first).ok());
  REQUIRE(MarkRead(bob, second).ok());
  REQUIRE(MarkRead(bob, second).ok());
  const auto listed = Read();
  REQUIRE(listed.messages(0).reads_size() == 1);
  CHECK(listed.messages(0).reads(0).contact_id() == "bob");
  CHECK(listed.messages(1).reads_size() == 2);
  // Neither another's message, nor one that is not there.
  CHECK(ReasonOf(MarkRead(ada, second)) == "NOT_FOUND");
  CHECK(ReasonOf(MarkRead(ada, "cvm_none")) == "NOT_FOUND");

  const std::string reply = Reply(ada, "Three")->message_id();
  REQUIRE(MarkRead(ada, reply).ok());
  v1::ListPortalConversationRequest request;
  request.set_case_id("deal-1");
  CHECK_FALSE(talk.ListPortalConversation(ada, request)->messages(0).has_read_time());
  REQUIRE(MarkRead(StaffCall(), reply).ok());
  CHECK(talk.ListPortalConversation(ada, request)->messages(0).has_read_time());
  CHECK(Read().messages(0).reads(0).reader_name() == "Sam Staff");
}

TEST_CASE_METHOD(Talking, "a conversation is its organisation's and its case's", "[service]") {
  const std::string id = talk.PostMessage(StaffCall(), Written("Hello"))->message_id();
  CHECK(Read("other").messages_size() == 0);
  CHECK(ReasonOf(MarkRead(StaffCall("other"), id)) == "NOT_FOUND");
  const Call stranger = ClientCall({.case_id = "deal-1", .contact_id = "ada"}, "other");
  CHECK(SeenBy(stranger).empty());
  CHECK(ReasonOf(MarkRead(stranger, id)) == "NOT_FOUND");
}

TEST_CASE_METHOD(Talking, "a conversation is read in pages, newest first", "[service]") {
  for (int i = 0; i < 5; ++i) {
    REQUIRE(talk.PostMessage(StaffCall(), Written(absl::StrCat("m", i))).ok());
    absl::SleepFor(absl::Milliseconds(2));  // Ids sort by the millisecond.
  }
  v1::ListConversationRequest request;
  request.set_case_id("deal-1");
  request.set_page_size(2);
  std::string all;
  do {
    const auto page = talk.ListConversation(StaffCall(), request);
    REQUIRE(page.ok());
    for (const auto& message : page->messages()) all += message.text();
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  CHECK(all == "m4m3m2m1m0");
}

TEST_CASE_METHOD(Talking, "a client writes so much within an hour, and a case holds so much",
                 "[service]") {
  database.Exec(absl::StrCat(
      "INSERT INTO conversation_message SELECT 'acme', 'cvm_' || n, 'deal-1', 'ada', '', '', '' "
      "FROM generate_series(1, ",
      kRepliesMax, ") AS n"));
  CHECK(ReasonOf(Reply(ada, "more").status()) == "TOO_MANY_MESSAGES");
  CHECK(Reply(bob, "another's").ok());
  // Told when the first of them is an hour old, and not before.
  database.Exec(
      "UPDATE conversation_message SET create_time = create_time - interval '40 minutes' "
      "WHERE message_id = 'cvm_1'");
  google::rpc::RetryInfo wait;
  const google::rpc::Status told = ToRpcStatus(Reply(ada, "more").status());
  for (const auto& detail : told.details()) detail.UnpackTo(&wait);
  CHECK(wait.retry_delay().seconds() > 19 * 60);
  CHECK(wait.retry_delay().seconds() <= 20 * 60);
  CHECK(talk.PostMessage(StaffCall(), Written("staff's")).ok());
  database.Exec("UPDATE conversation_message SET create_time = create_time - interval '2 hours'");
  CHECK(Reply(ada, "later").ok());
  database.Exec(absl::StrCat(
      "INSERT INTO conversation_message SELECT 'acme', 'cvm_x' || n, 'deal-1', '', '', '', '' "
      "FROM generate_series(1, ",
      kConversationMax, ") AS n"));
  CHECK(Why(Written("one more")) == "CONVERSATION_FULL");
  CHECK(ReasonOf(Reply(bob, "one more").status()) == "CONVERSATION_FULL");
}

}  // namespace
}  // namespace gatehouse::notification
