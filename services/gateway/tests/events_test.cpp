#include <re2/re2.h>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <set>

#include "absl/strings/str_cat.h"
#include "gatehouse/common/v1/options.pb.h"
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

// With their comments, by service.
std::map<std::string, std::map<std::string, const Descriptor*>> Declared(const Protos& protos) {
  std::map<std::string, std::map<std::string, const Descriptor*>> events;
  for (const auto* file : protos.files) {
    for (int i = 0; i < file->message_type_count(); ++i) {
      const Descriptor& message = *file->message_type(i);
      const std::string type = RuleOf(message).type();
      if (!type.empty()) events[ServiceOf(*file)][type] = &message;
    }
  }
  return events;
}

TEST_CASE("an event has a type of its own that names it, and a comment", "[unit]") {
  const Protos protos;
  std::set<std::string> types, names;
  for (const auto& [service, events] : Declared(protos)) {
    for (const auto& [type, event] : events) {
      INFO(event->full_name());
      CHECK(RE2::FullMatch(type, "[a-z][A-Za-z]*\\.[a-z][A-Za-z]*"));
      CHECK(types.insert(type).second);
      CHECK(names.insert(event->name()).second);
      CHECK(CommentOf(*event).size() > 30);
    }
  }
  CHECK(types.size() >= 9);
  CHECK(types.size() == AllEvents().size());
}

TEST_CASE("the facts of an event are strings, each with a comment, and none is what rests sealed",
          "[unit]") {
  const Protos protos;
  for (const auto& [service, events] : Declared(protos)) {
    for (const auto& [type, event] : events) {
      for (int i = 0; i < event->field_count(); ++i) {
        const auto& fact = *event->field(i);
        INFO(fact.full_name());
        CHECK(fact.type() == google::protobuf::FieldDescriptor::TYPE_STRING);
        CHECK_FALSE(fact.is_repeated());
        CHECK(CommentOf(fact).size() > 10);
        CHECK_FALSE(RE2::PartialMatch(fact.name(), "email|mobile|phone|code|link|token|name"));
      }
    }
  }
}

TEST_CASE("an event says whom it concerns, and which client", "[unit]") {
  for (const auto& [type, event] : AllEvents()) {
    INFO(type);
    CHECK(Concerns(*event, common::v1::STAFF));
    if (Concerns(*event, common::v1::CLIENT)) {
      CHECK(event->FindFieldByName("contact_id") != nullptr);
    }
    CHECK(RuleOf(*event).concerns_size() <= 2);
  }
}

TEST_CASE("an event is told by its message, and by nothing else", "[unit]") {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kSource / "services")) {
    const std::string path = entry.path().string();
    if (entry.path().extension() != ".cpp" || absl::StrContains(path, "/tests/")) continue;
    INFO(path);
    const bool mechanism = absl::StrContains(path, "common/jobs/events.cpp");
    CHECK((mechanism || !absl::StrContains(Contents(path), "PublishEventRequest request")));
  }
}

TEST_CASE("/openapi.json has the union of all events, told apart by their type", "[unit]") {
  const json document =
      json::parse(OpenApi(*RouteTable::Of(AllServices()), ProtoImage()))["components"]["schemas"];
  const json& event = document["Event"];
  CHECK(event["discriminator"]["propertyName"] == "type");
  CHECK(event["oneOf"].size() == AllEvents().size());
  for (const auto& [type, message] : AllEvents()) {
    INFO(type);
    const std::string name = message->name() + "Event";
    CHECK(event["discriminator"]["mapping"][type] == "#/components/schemas/" + name);
    const json& schema = document[name];
    CHECK(schema["properties"]["type"]["enum"] == json::array({type}));
    const json required = schema["required"];
    for (const char* always : {"eventId", "type", "caseId", "time", "data"}) {
      CHECK(std::find(required.begin(), required.end(), always) != required.end());
    }
    const json& data = schema["properties"]["data"];
    CHECK(data.value("properties", json::object()).size() ==
          static_cast<size_t>(message->field_count()));
  }
  CHECK(document["DocumentUploadedEvent"]["properties"]["data"]["required"] ==
        json::array({"documentId", "folder"}));
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

std::string EventsPage() {
  const Protos protos;
  std::string page =
      "# What happens, and how it is told\n\n"
      "`GET /v1/events`, or `gatehouse.notification.v1.Events/ListEvents`, is an organisation's "
      "feed\n"
      "of events, oldest first, with a cursor: the page token of the last page waits for more. An\n"
      "event has an `eventId`, its `type`, its `caseId`, its `time`, and in `data` the facts "
      "below. A\n"
      "fact that is not set is left out. A type keeps its name and its facts; new types and new\n"
      "facts may come, so pass over what you do not know. `/openapi.json` has all of it as a "
      "union.\n\n"
      "An event that concerns the client too is about the contact whom its `contactId` names.\n\n"
      "This page is made from the messages in `proto/gatehouse/*/v1/events.proto`:\n"
      "`GATEHOUSE_WRITE_DOCS=1 gateway_tests \"the page of events*\"` writes it anew.\n";
  for (const auto& [service, events] : Declared(protos)) {
    absl::StrAppend(&page, "\n## ", service, "\n\n| type | concerns | when | facts |\n",
                    "| --- | --- | --- | --- |\n");
    for (const auto& [type, event] : events) {
      const bool client = Concerns(*event, common::v1::CLIENT);
      absl::StrAppend(&page, "| `", type, "` | ", client ? "staff, client" : "staff", " | ",
                      CommentOf(*event), " | ", FactsOf(*event), " |\n");
    }
  }
  return page;
}

TEST_CASE("the page of events says what the protos say", "[unit]") {
  INFO("GATEHOUSE_WRITE_DOCS=1 in front of this test writes docs/events.md anew");
  CHECK(PageAsKept("events.md", EventsPage()) == EventsPage());
}

}  // namespace
}  // namespace gatehouse::gateway
