#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/notification/conversations/store/postgres_conversations.h"
#include "services/notification/exports/handler.h"
#include "services/notification/tests/handler_fixture.h"

namespace gatehouse::notification {
namespace {

struct Exporting : Fixture {
  PostgresConversations conversations{database.postgres()};
  ExportHandler export_handler{database.postgres()};
  common::v1::ExportContactRequest asked;

  Exporting() {
    common::v1::Subject& ada = *asked.mutable_subject();
    ada.set_contact_id("ada");
    ada.add_case_ids("deal-1");
    ada.add_name_parts("Ada");
    ada.add_emails("ada@example.com");
    ada.add_mobiles("+61412345678");
    asked.mutable_others()->add_name_parts("Bob");
  }
  std::string Known(common::v1::PersonalData kind, const std::string& organisation_id = "acme") {
    const auto found = export_handler.ExportContact(ServiceCall(organisation_id), asked);
    INFO(found.status().ToString());
    REQUIRE(found.ok());
    std::string all;
    for (const auto& record : found->records()) {
      if (record.kind() == kind) absl::StrAppend(&all, record.json(), "\n");
    }
    return all;
  }
  void Say(const std::string& id, const std::string& by, const std::vector<MessageRecipient>& to,
           const std::string& text) {
    REQUIRE(conversations
                .Add("acme", {.message_id = id,
                              .case_id = "deal-1",
                              .contact_id = by,
                              .author_id = "x",
                              .author_name = "Sam",
                              .text = text,
                              .recipients = to})
                .ok());
  }
};

TEST_CASE_METHOD(Exporting, "a contact is given what it wrote and read, and what staff said of it",
                 "[service][no-tsan]") {
  Say("cvm_1", "ada", {}, "I am Ada, of Bob");
  Say("cvm_2", "",
      {{.contact_id = "ada", .text = "Dear Ada and Bob"},
       {.contact_id = "bob", .text = "Tell Ada, Bob"}},
      "");
  Say("cvm_3", "bob", {}, "Ada is away");
  const std::string messages = Known(common::v1::CONVERSATION_MESSAGE);
  CHECK(absl::StrContains(messages, "I am Ada, of Bob"));
  CHECK(absl::StrContains(messages, "Dear Ada and Bob"));
  const std::string named = Known(common::v1::QUOTATION);
  CHECK(absl::StrContains(named, "Tell Ada, [withheld]"));
  CHECK_FALSE(absl::StrContains(messages + named, "Ada is away"));
  CHECK_FALSE(absl::StrContains(messages + named, "Sam"));
  CHECK(Known(common::v1::CONVERSATION_MESSAGE, "other").empty());
}

TEST_CASE_METHOD(Exporting, "a contact is given that it was written to, if nobody looks like it",
                 "[service][no-tsan]") {
  Buy(10);
  REQUIRE(handler.SubmitMessage(ServiceCall(), Code("r1")).ok());
  WaitUntilSent("r1");
  CHECK(absl::StrContains(Known(common::v1::OUTGOING_MESSAGE), "maskedRecipient"));
  asked.mutable_others()->add_mobiles("+61400005678");
  asked.mutable_others()->add_mobiles("+61412345678");
  CHECK(Known(common::v1::OUTGOING_MESSAGE).empty());
}

}  // namespace
}  // namespace gatehouse::notification
