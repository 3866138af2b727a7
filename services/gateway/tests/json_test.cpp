#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>
#include <google/protobuf/wrappers.pb.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gatehouse/cases/v1/cases.pb.h"
#include "gatehouse/cases/v1/flows.pb.h"
#include "gatehouse/identity/v1/organisations.pb.h"
#include "gatehouse/invitation/v1/invitations.pb.h"
#include "gatehouse/notification/v1/notifications.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "services/common/base/status.h"
#include "services/gateway/json/json_reader.h"
#include "services/gateway/json/json_values.h"
#include "services/gateway/json/json_writer.h"

namespace gatehouse::gateway {
namespace {

using google::protobuf::Message;
using Texts = std::vector<std::string>;

// The path of the one field that was refused, and why.
google::rpc::BadRequest::FieldViolation Violation(const absl::Status& status) {
  const google::rpc::Status wire = ToRpcStatus(status);
  for (const auto& detail : wire.details()) {
    google::rpc::BadRequest fields;
    if (detail.UnpackTo(&fields) && fields.field_violations_size() == 1) {
      return fields.field_violations(0);
    }
  }
  return {};
}

TEST_CASE("JSON of whatever shape is written as it is, its members in order", "[unit][no-tsan]") {
  const std::string shape = R"({"a":null,"b":[true,"x\"y",[],{"c":{}}],"d":20,"é":"عربي"})";
  cases::v1::FlowSchema message;
  message.set_version(3);
  REQUIRE(google::protobuf::util::JsonStringToMessage(shape, message.mutable_schema()).ok());
  std::string json;
  WriteJson(message, json);
  CHECK(json == R"({"version":3,"schema":)" + shape + "}");
}

TEST_CASE("null is a field that is not there, but no item of a list or map", "[unit]") {
  cases::v1::PutCaseRequest request;
  REQUIRE(ReadJson(R"({"displayName":null,"owner":null,"contacts":null})", request).ok());
  CHECK(request.ByteSizeLong() == 0);
  CHECK_FALSE(ReadJson(R"({"contacts":[null]})", request).ok());
  notification::v1::Event event;
  REQUIRE(ReadJson(R"({"data":null})", event).ok());
  CHECK_FALSE(ReadJson(R"({"data":{"a":null}})", event).ok());
}

TEST_CASE("a field has its JSON name or its proto name, and comes once", "[unit]") {
  cases::v1::PutCaseRequest request;
  CHECK(ReadJson(R"({"display_name":"a"})", request).ok());
  CHECK(ReadJson(R"({"displayName":"a"})", request).ok());
  for (const char* json :
       {R"({"DisplayName":"a"})", R"({"displayname":"a"})", R"({"display-name":"a"})",
        R"({"":"a"})", R"({"displayName ":"a"})", R"({"displayName":"a","display_name":"a"})",
        R"({"displayName":null,"displayName":"a"})", R"({"__proto__":{}})", R"({"@type":"x"})"}) {
    INFO(json);
    CHECK_FALSE(ReadJson(json, request).ok());
  }
}

TEST_CASE("what is wrong is named by its path, in proto names", "[unit]") {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {R"({"displayName":1})", "displayName"},
      {R"({"contacts":[{},{"email":[]}]})", "contacts[1].email"},
      {R"({"owner":{"phone":{}}})", "owner.phone"},
      {R"({"contacts":[1]})", "contacts[0]"},
      {R"({"contacts":{}})", "contacts"}};
  for (const auto& [json, path] : wrong) {
    INFO(json);
    cases::v1::PutCaseRequest request;
    const absl::Status status = ReadJson(json, request);
    CHECK(ReasonOf(status) == "INVALID_REQUEST");
    CHECK(Violation(status).field() == path);
    CHECK_FALSE(Violation(status).description().empty());
  }
}

TEST_CASE("a list is cut at its field's limit while it is read", "[unit]") {
  std::string items = "{}";
  for (int i = 0; i < 339999; ++i) items += ",{}";
  cases::v1::PutCaseRequest request;
  const absl::Status status = ReadJson("{\"contacts\":[" + items + "]}", request);
  CHECK(Violation(status).field() == "contacts");
  CHECK(Violation(status).description() == "must have at most 200 items");
  CHECK(request.contacts_size() == 200);
  // A field without a limit of its own has the general one.
  invitation::v1::Invitation invitation;
  std::string ids = "\"a\"";
  for (int i = 0; i < 100; ++i) ids += ",\"a\"";
  CHECK_FALSE(ReadJson("{\"documentRequestIds\":[" + ids + "]}", invitation).ok());
  CHECK(invitation.document_request_ids_size() == 100);
}

TEST_CASE("a map is cut at its field's limit while it is read", "[unit][no-tsan]") {
  notification::v1::SubmitMessageRequest message;
  std::string entries = "\"k\":\"v\"";
  for (int i = 0; i < 30; ++i) absl::StrAppend(&entries, ",\"k", i, "\":\"v\"");
  CHECK_FALSE(ReadJson("{\"parameters\":{" + entries + "}}", message).ok());
  CHECK(message.parameters_size() == 30);
}

TEST_CASE("a document is one JSON object, and nothing around it", "[unit]") {
  cases::v1::PutCaseRequest request;
  for (const char* json : {"{}", " {} ", "\n\t{\r}\n", "{\"displayName\":\"x\"}\n"}) {
    INFO(json);
    CHECK(ReadJson(json, request).ok());
  }
  for (const std::string& json : Texts{"",
                                       " ",
                                       "null",
                                       "true",
                                       "1",
                                       "\"{}\"",
                                       "[]",
                                       "[{}]",
                                       "{",
                                       "}",
                                       "{}{}",
                                       "{},",
                                       "{}x",
                                       "{]",
                                       "{\"a\"}",
                                       "{\"a\":}",
                                       "{:1}",
                                       "{,}",
                                       "{\"displayName\":\"a\",}",
                                       "{'a':1}",
                                       "{a:1}",
                                       "{}//c",
                                       "/**/{}",
                                       "{\"displayName\":\"a\" \"b\"}",
                                       "\xef\xbb\xbf{}",
                                       std::string("{}\0", 3),
                                       std::string("\0{}", 3),
                                       "\xff{}",
                                       "{\"\xff\":1}"}) {
    INFO(json);
    CHECK(ReasonOf(ReadJson(json, request)) == "INVALID_REQUEST");
  }
}

TEST_CASE("what is deep or large is refused, quickly and by name", "[unit]") {
  cases::v1::PutCaseRequest request;
  const auto refused = [&](const std::string& json) {
    const absl::Time start = absl::Now();
    const absl::Status status = ReadJson(json, request);
    CHECK(absl::Now() - start < absl::Seconds(2));
    return std::string(status.message());
  };
  CHECK(refused(std::string(9999, '[') + std::string(9999, ']')) ==
        "the JSON is nested too deeply");
  CHECK(refused("{\"owner\":" + std::string(40, '[') + std::string(40, ']') + "}") ==
        "the JSON is nested too deeply");
  CHECK(refused(std::string((1 << 20) + 1, ' ')) == "the JSON is too large");
  CHECK(refused("{\"x\":" + std::string(1000, '9') + "}") != "");
  CHECK(refused("{\"" + std::string(900000, 'a') + "\":1}") != "");
}

TEST_CASE("a parameter is read as the JSON of its field", "[unit]") {
  notification::v1::ListMessagesRequest list;
  for (const char* number : {"7", "7.0", "7e0"}) {
    INFO(number);
    list.Clear();
    REQUIRE(SetFromText(list, "pageSize", number).ok());
    CHECK(list.page_size() == 7);
  }
  CHECK(SetFromText(list, "page_size", "8").ok());
  CHECK(SetFromText(list, "caseId", "\"quoted\" \\ <é>").ok());
  CHECK(list.case_id() == "\"quoted\" \\ <é>");
  for (const char* text : {"", " 7", "7 ", "+7", "07", "0x7", "7,", "seven", "\"7\"", "7\n8"}) {
    INFO(text);
    CHECK_FALSE(SetFromText(list, "pageSize", text).ok());
  }
  for (const char* name : {"", "pagesize", "PageSize", "page-size", "x"}) {
    INFO(name);
    CHECK(Violation(SetFromText(list, name, "7")).field() == name);
  }
  CHECK_FALSE(SetFromText(list, "caseId", "\xff").ok());
}

TEST_CASE("a parameter may be a bool, an enum, a time, a mask or one more item", "[unit]") {
  invitation::v1::CreateInvitationRequest create;
  REQUIRE(SetFromText(create, "validateOnly", "true").ok());
  CHECK(create.validate_only());
  for (const char* text : {"", "1", "yes", "True", " true"}) {
    CHECK_FALSE(SetFromText(create, "validateOnly", text).ok());
  }
  REQUIRE(SetFromText(create, "delivery", "LINK_ONLY").ok());
  CHECK(create.delivery() == invitation::v1::LINK_ONLY);
  CHECK_FALSE(SetFromText(create, "delivery", "link_only").ok());
  CHECK_FALSE(SetFromText(create, "delivery", "ünknown").ok());
  CHECK_FALSE(SetFromText(create, "email", "{}").ok());
  REQUIRE(SetFromText(create, "documentRequestIds", "a").ok());
  REQUIRE(SetFromText(create, "documentRequestIds", "b").ok());
  CHECK(create.document_request_ids_size() == 2);
  notification::v1::Event event;
  CHECK(SetFromText(event, "time", "2023-11-14T22:13:20Z").ok());
  CHECK_FALSE(SetFromText(event, "time", "yesterday").ok());
  CHECK_FALSE(SetFromText(event, "data", "x").ok());
}

std::string Written(const Message& message) {
  std::string json;
  WriteJson(message, json);
  return json;
}

TEST_CASE("a number that is none, or very large, is written so that JSON can be read", "[unit]") {
  google::protobuf::DoubleValue number;
  const std::vector<std::pair<double, std::string>> expected = {
      {0.0, "0"}, {1.5, "1.5"}, {HUGE_VAL, "\"Infinity\""}, {-HUGE_VAL, "\"-Infinity\""}};
  for (const auto& [value, json] : expected) {
    number.set_value(value);
    CHECK(Written(number) == "{\"value\":" + json + "}");
  }
  number.set_value(std::nan(""));
  CHECK(Written(number) == "{\"value\":\"NaN\"}");
  google::protobuf::Int64Value whole;
  whole.set_value(INT64_MIN);
  CHECK(Written(whole) == "{\"value\":\"-9223372036854775808\"}");
  google::protobuf::BytesValue bytes;
  bytes.set_value(std::string("\x00\xff\xfe", 3));
  CHECK(Written(bytes) == "{\"value\":\"AP/+\"}");
}

TEST_CASE("what is empty is written, what is not set is not", "[unit]") {
  invitation::v1::Policy policy;
  const auto json = nlohmann::json::parse(Written(policy));
  CHECK(json["eligibleRoles"] == nlohmann::json::array());
  CHECK(json["privacyDisclosureUrl"] == "");
  CHECK_FALSE(json.contains("linkTtl"));
  CHECK_FALSE(json.contains("singleUseLinks"));
  policy.set_single_use_links(false);
  policy.mutable_link_ttl();
  const auto set = nlohmann::json::parse(Written(policy));
  CHECK(set["singleUseLinks"] == false);
  CHECK(set["linkTtl"] == "0s");
}

TEST_CASE("an enum's value that is newer than this gateway is written as its number", "[unit]") {
  cases::v1::Contact contact;
  contact.set_type(static_cast<cases::v1::ContactType>(99));
  CHECK(nlohmann::json::parse(Written(contact))["type"] == 99);
}

TEST_CASE("text is written so that it can stand in a page and in a log line", "[unit]") {
  google::protobuf::StringValue text;
  text.set_value("</script>\n\t\r\x01\x7f\"\\é😀");
  const std::string json = Written(text);
  CHECK(json.find('<') == std::string::npos);
  CHECK(json.find('\n') == std::string::npos);
  CHECK(nlohmann::json::parse(json)["value"] == text.value());
}

// A message with something in every field, `depth` deep.
void FillAll(Message& message, int depth) {
  const auto* type = message.GetDescriptor();
  const auto& in = *message.GetReflection();
  using Field = google::protobuf::FieldDescriptor;
  for (int i = 0; i < type->field_count(); ++i) {
    const Field* field = type->field(i);
    if (field->is_map()) continue;
    const bool many = field->is_repeated();
    if (field->cpp_type() == Field::CPPTYPE_STRING) {
      many ? in.AddString(&message, field, "é<") : in.SetString(&message, field, "é<");
    } else if (field->cpp_type() == Field::CPPTYPE_INT64) {
      many ? in.AddInt64(&message, field, -5) : in.SetInt64(&message, field, -5);
    } else if (field->cpp_type() == Field::CPPTYPE_BOOL && !many) {
      in.SetBool(&message, field, true);
    } else if (field->cpp_type() == Field::CPPTYPE_ENUM) {
      const auto* last = field->enum_type()->value(field->enum_type()->value_count() - 1);
      many ? in.AddEnum(&message, field, last) : in.SetEnum(&message, field, last);
    } else if (field->cpp_type() == Field::CPPTYPE_MESSAGE && depth > 0) {
      Message* child = many ? in.AddMessage(&message, field) : in.MutableMessage(&message, field);
      if (!IsTextual(*field->message_type())) FillAll(*child, depth - 1);
    }
  }
}

TEST_CASE("what is written is read again, by us and by protobuf's own reader", "[unit][no-tsan]") {
  const Message* prototypes[] = {
      &cases::v1::Case::default_instance(),        &invitation::v1::Invitation::default_instance(),
      &invitation::v1::Policy::default_instance(), &identity::v1::Organisation::default_instance(),
      &identity::v1::ApiKey::default_instance(),   &notification::v1::Message::default_instance(),
      &notification::v1::Entry::default_instance()};
  for (const Message* prototype : prototypes) {
    INFO(prototype->GetTypeName());
    const std::unique_ptr<Message> message(prototype->New()), ours(prototype->New()),
        theirs(prototype->New());
    FillAll(*message, 3);
    const std::string json = Written(*message);
    REQUIRE(ReadJson(json, *ours).ok());
    REQUIRE(google::protobuf::util::JsonStringToMessage(json, theirs.get()).ok());
    CHECK(google::protobuf::util::MessageDifferencer::Equals(*message, *ours));
    CHECK(google::protobuf::util::MessageDifferencer::Equals(*message, *theirs));
  }
}

}  // namespace
}  // namespace gatehouse::gateway
