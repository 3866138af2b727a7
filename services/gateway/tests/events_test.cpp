#include <re2/re2.h>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <set>

#include "absl/strings/str_cat.h"
#include "gatehouse/common/v1/options.pb.h"
#include "services/common/rpc/declared_events.h"
#include "services/gateway/openapi/events.h"
#include "services/gateway/tests/protos.h"

// Every message that is declared an event is held against the documentation.
namespace gatehouse::gateway {
namespace {

using google::protobuf::Descriptor;
using nlohmann::json;

common::v1::EventRule RuleOf(const Descriptor& event) {
  return event.options().GetExtension(common::v1::event);
}

bool Concerns(const Descriptor& event, common::v1::Audience audience) {
  const auto rule = RuleOf(event);
  return std::find(rule.concerns().begin(), rule.concerns().end(), audience) !=
         rule.concerns().end();
}

bool IsAlways(const google::protobuf::FieldDescriptor& fact) {
  return fact.options().GetExtension(common::v1::field).required();
}

// Those of a stream with their comments, by service.
std::map<std::string, std::map<std::string, const Descriptor*>> Declared(
    const Protos& protos, common::v1::EventStream stream) {
  std::map<std::string, std::map<std::string, const Descriptor*>> events;
  const auto types = DeclaredEvents(stream);
  for (const auto* file : protos.files) {
    for (int i = 0; i < file->message_type_count(); ++i) {
      const std::string type = RuleOf(*file->message_type(i)).type();
      if (types.count(type) != 0) events[ServiceOf(*file)][type] = file->message_type(i);
    }
  }
  return events;
}

constexpr common::v1::EventStream kStreams[] = {common::v1::FEED, common::v1::TRAIL};

TEST_CASE("an event has a type of its own that names it, and a comment", "[unit]") {
  const Protos protos;
  std::set<std::string> types, names;
  for (const auto stream : kStreams) {
    for (const auto& [service, events] : Declared(protos, stream)) {
      for (const auto& [type, event] : events) {
        INFO(event->full_name());
        CHECK(RE2::FullMatch(type, "[a-z][A-Za-z]*\\.[a-z][A-Za-z]*"));
        CHECK(types.insert(type).second);
        CHECK(names.insert(event->name()).second);
        CHECK(CommentOf(*event).size() > 15);
      }
    }
  }
  CHECK(types.size() >= 21);
  CHECK(types.size() ==
        DeclaredEvents(common::v1::FEED).size() + DeclaredEvents(common::v1::TRAIL).size());
}

TEST_CASE("every message of an events.proto is an event", "[unit]") {
  int messages = 0;
  for (const auto* file : Protos().files) {
    if (!absl::EndsWith(file->name(), "/events.proto")) continue;
    for (int i = 0; i < file->message_type_count(); ++i) {
      INFO(file->message_type(i)->full_name());
      CHECK_FALSE(RuleOf(*file->message_type(i)).type().empty());
      ++messages;
    }
  }
  CHECK(messages >= 21);
}

TEST_CASE("the facts of an event are strings, each with a comment", "[unit]") {
  const Protos protos;
  for (const auto stream : kStreams) {
    for (const auto& [service, events] : Declared(protos, stream)) {
      for (const auto& [type, event] : events) {
        for (int i = 0; i < event->field_count(); ++i) {
          const auto& fact = *event->field(i);
          INFO(fact.full_name());
          CHECK(fact.type() == google::protobuf::FieldDescriptor::TYPE_STRING);
          CHECK_FALSE(fact.is_repeated());
          CHECK(CommentOf(fact).size() > 10);
        }
      }
    }
  }
}

TEST_CASE("no fact on the feed is what rests sealed", "[unit]") {
  for (const auto& [type, event] : DeclaredEvents(common::v1::FEED)) {
    for (int i = 0; i < event->field_count(); ++i) {
      INFO(event->field(i)->full_name());
      CHECK_FALSE(
          RE2::PartialMatch(event->field(i)->name(), "email|mobile|phone|code|link|token|name"));
    }
  }
}

TEST_CASE("an event says whom it concerns, and which client", "[unit]") {
  for (const auto stream : kStreams) {
    for (const auto& [type, event] : DeclaredEvents(stream)) {
      INFO(type);
      CHECK(Concerns(*event, common::v1::STAFF));
      if (Concerns(*event, common::v1::CLIENT)) {
        CHECK(event->FindFieldByName("contact_id") != nullptr);
      }
      CHECK(RuleOf(*event).concerns_size() <= 2);
    }
  }
}

// identity writes its own rows of the trail in the statements that they tell of.
TEST_CASE("what identity's statements note in the trail is declared", "[unit]") {
  std::set<std::string> noted, declared;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(kSource / "services/identity")) {
    const std::string text = Contents(entry.path());
    re2::StringPiece rest(text);
    std::string type;
    while (RE2::FindAndConsume(&rest, "\\bAudit\\(\\s*[^,]+,\\s*\"([a-z][A-Za-z]*\\.[A-Za-z]+)\"",
                               &type)) {
      noted.insert(type);
    }
  }
  for (const auto& [type, event] : DeclaredEvents(common::v1::TRAIL)) {
    if (ServiceOf(*event->file()) == "identity") declared.insert(type);
  }
  CHECK(noted == declared);
}

TEST_CASE("an event is told by its message, and by nothing else", "[unit]") {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kSource / "services")) {
    const std::string path = entry.path().string();
    if (entry.path().extension() != ".cpp" || absl::StrContains(path, "/tests/")) continue;
    INFO(path);
    const bool mechanism = absl::StrContains(path, "common/jobs/events.cpp");
    const std::string text = Contents(entry.path());
    CHECK((mechanism || !absl::StrContains(text, "PublishEventRequest request;")));
    CHECK((mechanism || !absl::StrContains(text, "RecordAuditEventRequest request;")));
  }
}

TEST_CASE("/openapi.json has the union of a stream's events, told apart by their type", "[unit]") {
  const json document =
      json::parse(OpenApi(*RouteTable::Of(AllServices()), ProtoImage()))["components"]["schemas"];
  for (const auto stream : kStreams) {
    const std::string name = stream == common::v1::FEED ? "Event" : "AuditEvent";
    const json& any = document[name];
    CHECK(any["discriminator"]["propertyName"] == "type");
    CHECK(any["oneOf"].size() == DeclaredEvents(stream).size());
    for (const auto& [type, message] : DeclaredEvents(stream)) {
      INFO(type);
      const std::string own = message->name() + name;
      CHECK(any["discriminator"]["mapping"][type] == "#/components/schemas/" + own);
      const json& schema = document[own];
      CHECK(schema["properties"]["type"]["enum"] == json::array({type}));
      const json required = schema["required"];
      for (const char* always : {"type", "caseId", "data"}) {
        CHECK(std::find(required.begin(), required.end(), always) != required.end());
      }
      CHECK(schema["properties"]["data"].value("properties", json::object()).size() ==
            static_cast<size_t>(message->field_count()));
    }
  }
  CHECK(document["DocumentUploadedEvent"]["properties"]["data"]["required"] ==
        json::array({"documentId", "folder"}));
  CHECK(document["SettingsUpdatedAuditEvent"]["properties"]["data"]["required"] ==
        json::array({"before", "after"}));
}

TEST_CASE("the example of an event has the facts of its type", "[unit]") {
  const json document = json::parse(OpenApi(*RouteTable::Of(AllServices()), ProtoImage()));
  const json example = document["paths"]["/v1/events"]["get"]["responses"]["200"]["content"]
                               ["application/json"]["example"]["events"][0];
  CHECK(example["type"] == "invitation.created");
  CHECK(example["data"] == json({{"contactId", "contact-1"}, {"invitationId", "invitation-1"}}));
}

std::string FactsOf(const Descriptor& event) {
  std::string facts;
  for (int i = 0; i < event.field_count(); ++i) {
    const auto& fact = *event.field(i);
    absl::StrAppend(&facts, facts.empty() ? "" : "<br>", "`", fact.json_name(),
                    IsAlways(fact) ? "`, always: " : "`: ", CommentOf(fact));
  }
  return facts.empty() ? "none" : facts;
}

std::string TablesOf(const Protos& protos, common::v1::EventStream stream) {
  std::string tables;
  for (const auto& [service, events] : Declared(protos, stream)) {
    absl::StrAppend(&tables, "\n### ", service, "\n\n| type | concerns | when | facts |\n",
                    "| --- | --- | --- | --- |\n");
    for (const auto& [type, event] : events) {
      const bool client = Concerns(*event, common::v1::CLIENT);
      absl::StrAppend(&tables, "| `", type, "` | ", client ? "staff, client" : "staff", " | ",
                      CommentOf(*event), " | ", FactsOf(*event), " |\n");
    }
  }
  return tables;
}

std::string EventsPage() {
  const Protos protos;
  return absl::StrCat(
      "# What happens, and how it is told\n\n"
      "An event has a `type`, the `caseId` and the `time`, and in `data` the facts below; one that "
      "is\n"
      "not set is left out. A type keeps its name and its facts; new types and new facts may come, "
      "so\n"
      "pass over what you do not know. `/openapi.json` has them as unions, told apart by `type`. "
      "An\n"
      "event that concerns the client too is about the contact whom its `contactId` names.\n\n"
      "This page is made from the messages in `proto/gatehouse/*/v1/events.proto`:\n"
      "`GATEHOUSE_WRITE_DOCS=1 gateway_tests \"the page of events*\"` writes it anew.\n\n"
      "## The feed\n\n"
      "`GET /v1/events`, or `gatehouse.notification.v1.Events/ListEvents`: oldest first, from a "
      "cursor\n"
      "that you keep. The page token of the last page waits for more.\n",
      TablesOf(protos, common::v1::FEED),
      "\n## The audit trail\n\n"
      "`GET /v1/auditEvents`, or `gatehouse.identity.v1.Organisations/ListAuditEvents`: newest "
      "first,\n"
      "with who did it (`actorId`, `actorName`, `clientAddress`), to what (`subjectId`), and in "
      "which\n"
      "request.\n",
      TablesOf(protos, common::v1::TRAIL));
}

TEST_CASE("the page of events says what the protos say", "[unit]") {
  INFO("GATEHOUSE_WRITE_DOCS=1 in front of this test writes docs/events.md anew");
  CHECK(PageAsKept("events.md", EventsPage()) == EventsPage());
}

}  // namespace
}  // namespace gatehouse::gateway
