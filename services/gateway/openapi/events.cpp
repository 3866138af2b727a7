#include "services/gateway/openapi/events.h"

#include "absl/strings/str_cat.h"
#include "gatehouse/common/v1/options.pb.h"
#include "services/common/rpc/declared_events.h"

namespace gatehouse::gateway {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

const common::v1::FieldRule& RuleOf(const FieldDescriptor& field) {
  return field.options().GetExtension(common::v1::field);
}

Json FactsSchema(const Descriptor& event, const Comments& comments) {
  Json schema = {{"type", "object"}};
  for (int i = 0; i < event.field_count(); ++i) {
    const FieldDescriptor& field = *event.field(i);
    schema["properties"][field.json_name()] = {{"type", "string"},
                                               {"description", comments.Of(field)}};
    if (RuleOf(field).required()) {
      schema["required"].push_back(field.json_name());
    }
  }
  return schema;
}

}  // namespace

const FieldDescriptor* FactsField(const Descriptor& message) {
  for (int i = 0; i < message.field_count(); ++i) {
    if (RuleOf(*message.field(i)).facts() != common::v1::EVENT_STREAM_UNSPECIFIED) {
      return message.field(i);
    }
  }
  return nullptr;
}

void AddEventSchemas(const std::string& name, const FieldDescriptor& facts, const Json& any,
                     const Comments& comments, std::map<std::string, Json>& to) {
  Json all = {{"description", any.at("description")}};
  for (const auto& [type, event] : DeclaredEvents(RuleOf(facts).facts())) {
    const std::string own = event->name() + name;
    Json schema = any;
    schema["description"] = comments.Of(*event);
    schema["properties"]["type"] = {{"type", "string"}, {"enum", {type}}};
    schema["properties"][facts.json_name()] = FactsSchema(*event, comments);
    to[own] = std::move(schema);
    all["oneOf"].push_back(SchemaRef(own));
    all["discriminator"]["mapping"][type] = SchemaRef(own)["$ref"];
  }
  all["discriminator"]["propertyName"] = "type";
  to[name] = std::move(all);
}

}  // namespace gatehouse::gateway
