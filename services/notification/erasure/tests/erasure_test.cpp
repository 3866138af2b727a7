#include "services/notification/erasure/handler.h"

#include "services/notification/conversations/store/postgres_conversations.h"
#include "services/notification/tests/handler_fixture.h"
#include "tests/support/erased.h"

namespace gatehouse::notification {
namespace {

// Messages wait: nobody works on these lanes.
struct Erasing : Fixture {
  const Secret message_key{RandomBytes(32)};
  Jobs waiting{database.postgres(), {.key = message_key, .lanes = {}}};
  MessageQueue still{database.postgres(), waiting, watch};
  Submitter later{still, templates, actions, preferences, &gate};
  Handler later_handler{store, publisher, later, templates, rules, "+61400000000"};
  PostgresConversations conversations{database.postgres()};
  ErasureStore erasures{database.postgres(),
                        {.message_key = message_key,
                         .traces = SealedTraces({.job_keys = {outbox_key},
                                                 .once_key = Secret(RandomBytes(32)),
                                                 .spared_lanes = {"email", "sms"}})}};
  ErasureHandler erasure_handler{erasures, once};

  common::v1::EraseContactResponse Erase(const std::string& request_id,
                                         const std::string& organisation_id = "acme") {
    common::v1::EraseContactRequest request;
    common::v1::Subject& ada = *request.mutable_subject();
    ada.set_contact_id("ada");
    ada.add_case_ids("deal-1");
    ada.add_names("Ada Lovelace");
    ada.add_name_parts("Ada");
    ada.add_emails("ada@example.com");
    ada.add_mobiles("+61412345678");
    request.set_request_id(request_id);
    const auto erased = erasure_handler.EraseContact(ServiceCall(organisation_id), request);
    INFO(erased.status().ToString());
    REQUIRE(erased.ok());
    return *erased;
  }
  int Count(const std::string& rows) {
    return database.Exec("SELECT count(*) FROM " + rows)[0][0].as<int>();
  }
};

TEST_CASE_METHOD(Erasing, "what waits for the contact is not sent, and costs nothing",
                 "[service][no-tsan]") {
  Buy(10);
  REQUIRE(later_handler.SubmitMessage(ServiceCall(), Code("r1")).ok());
  REQUIRE(later_handler.SubmitMessage(ServiceCall(), Invitation("r2")).ok());
  auto others = Invitation("r3");
  others.set_recipient("amy@example.com");
  others.set_case_id("deal-1");
  REQUIRE(later_handler.SubmitMessage(ServiceCall(), others).ok());
  REQUIRE(store.Balance("acme").value() < 10);
  CHECK(Erase("x", "other").erased_size() == 0);
  const auto receipt = Erase("e1");
  CHECK(CountOf(receipt, common::v1::OUTGOING_MESSAGE) == 2);
  CHECK(store.Balance("acme").value() == 10);
  // Who looks alike in the log is somebody else.
  CHECK(Count("job WHERE kind = 'message'") == 1);
  CHECK(Count("message WHERE request_id = 'r3'") == 1);
  CHECK(Count("message") == 1);
  CHECK(Erase("e1").SerializeAsString() == receipt.SerializeAsString());
  CHECK(CountOf(Erase("e2"), common::v1::OUTGOING_MESSAGE) == 0);
}

TEST_CASE_METHOD(Erasing, "what was sent to the contact in its cases is not known any more",
                 "[service][no-tsan]") {
  Buy(10);
  REQUIRE(handler.SubmitMessage(ServiceCall(), Code("r1")).ok());
  WaitUntilSent("r1");
  CHECK(CountOf(Erase("e1"), common::v1::OUTGOING_MESSAGE) == 1);
  CHECK(Count("message") == 0);
  // The ledger is the organisation's.
  CHECK(Count("credit_entry") == 3);
}

TEST_CASE_METHOD(Erasing, "the conversation with the contact goes; others lose its name only",
                 "[service]") {
  const auto say = [&](const std::string& id, const std::string& by,
                       const std::vector<MessageRecipient>& to, const std::string& text) {
    REQUIRE(conversations
                .Add("acme", {.message_id = id,
                              .case_id = "deal-1",
                              .contact_id = by,
                              .author_id = "x",
                              .author_name = by,
                              .text = text,
                              .recipients = to})
                .ok());
  };
  say("cvm_1", "ada", {}, "I am Ada");
  say("cvm_2", "", {{.contact_id = "ada", .text = "Dear Ada"}}, "");
  say("cvm_3", "",
      {{.contact_id = "ada", .text = "Dear Ada"}, {.contact_id = "bob", .text = "Tell Ada, Bob"}},
      "");
  say("cvm_4", "bob", {}, "Ada is away");
  const auto receipt = Erase("e1");
  CHECK(CountOf(receipt, common::v1::CONVERSATION_MESSAGE) == 3);
  CHECK(CountOf(receipt, common::v1::QUOTATION) == 2);
  CHECK(Count("conversation_message") == 2);
  CHECK(Count("conversation_message WHERE text = '[erased] is away'") == 1);
  CHECK(Count("conversation_recipient WHERE text = 'Tell [erased], Bob'") == 1);
  CHECK(Count("conversation_recipient") == 1);
}

TEST_CASE_METHOD(Erasing, "a sandbox forgets what it would have sent", "[service]") {
  const auto arrived = [&](const std::string& id, const std::string& to, const std::string& body) {
    database.Exec("INSERT INTO sandbox_message VALUES ('acme', '" + id + "', 1, '" + to +
                  "', '', '" + body + "', '', now())");
  };
  arrived("m1", "ada@example.com", "x");
  arrived("m2", "owner@example.com", "Ada Lovelace came");
  arrived("m3", "bob@example.com", "Dear Bob");
  CHECK(CountOf(Erase("e1"), common::v1::OUTGOING_MESSAGE) == 2);
  CHECK(Count("sandbox_message") == 1);
}

}  // namespace
}  // namespace gatehouse::notification
