#include "services/gateway/openapi/events.h"

#include "absl/strings/str_cat.h"
#include "gatehouse/common/v1/options.pb.h"
#include "services/gateway/routes/route_table.h"

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

std::map<std::string, const Descriptor*> EventsOf(common::v1::EventStream stream) {
  std::map<std::string, const Descriptor*> events;
  for (const auto* file : AllFiles()) {
    for (int i = 0; i < file->message_type_count(); ++i) {
      const auto& rule = file->message_type(i)->options().GetExtension(common::v1::event);
      const bool on_trail = rule.stream() == common::v1::TRAIL;
      if (!rule.type().empty() && on_trail == (stream == common::v1::TRAIL)) {
        events[rule.type()] = file->message_type(i);
      }
    }
  }
  return events;
}

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
  for (const auto& [type, event] : EventsOf(RuleOf(facts).facts())) {
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
