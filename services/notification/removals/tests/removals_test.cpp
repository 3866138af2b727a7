#include "services/notification/removals/handler.h"

#include "services/common/base/proto_time.h"
#include "services/notification/conversations/store/postgres_conversations.h"
#include "services/notification/tests/handler_fixture.h"

namespace gatehouse::notification {
namespace {

TEST_CASE_METHOD(Fixture, "of a deleted case's messages and conversation the next one has nothing",
                 "[service][no-tsan]") {
  RemovalsHandler removals(database.postgres());
  const auto remove = [&](absl::Time time, const std::string& organisation_id) {
    cases::v1::RemoveCaseRequest request;
    request.set_case_id("deal-1");
    request.mutable_removal()->set_aside_id("~1795983147000000~deal-1");
    *request.mutable_removal()->mutable_remove_time() = gatehouse::ToProto(time);
    REQUIRE(removals.RemoveCase(ServiceCall(organisation_id), request).ok());
  };
  const auto say = [&](const std::string& message_id) {
    database.Exec(
        "INSERT INTO conversation_message (organisation_id, message_id, case_id, contact_id, "
        "author_id, author_name, text) VALUES ('acme', '" +
        message_id + "', 'deal-1', 'ada', 'ada', 'Ada', 'Hello')");
  };
  const auto told = [&](const std::string& table) {
    return database.Exec("SELECT count(*) FROM " + table + " WHERE case_id = 'deal-1'")[0][0]
        .as<int>();
  };
  auto mail = Invitation("r1");
  mail.set_case_id("deal-1");
  REQUIRE(handler.SubmitMessage(ServiceCall(), mail).ok());
  say("cmsg_1");
  remove(absl::Now(), "other");
  CHECK(told("message") == 1);
  CHECK(told("conversation_message") == 1);
  const absl::Time removed = absl::Now();
  remove(removed, "acme");
  CHECK(told("message") == 0);
  CHECK(told("conversation_message") == 0);
  // What is said twice, or late, takes nothing of the next one's.
  say("cmsg_2");
  remove(removed, "acme");
  CHECK(told("conversation_message") == 1);
}

}  // namespace
}  // namespace gatehouse::notification
