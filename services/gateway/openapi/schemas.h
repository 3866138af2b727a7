#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "services/gateway/openapi/comments.h"
#include "services/gateway/routes/route_table.h"

namespace gatehouse::gateway {

using Json = nlohmann::ordered_json;

// {"$ref": "#/components/schemas/NAME"}
Json SchemaRef(const std::string& name);

// The schemas of the messages and enums that the routes need, as JSON has them. Those that are
// referred to are collected on the way.
class Schemas {
 public:
  // Two messages of one name in two packages are told apart: `NotificationMessage`.
  Schemas(const RouteTable& routes, const Comments& comments);

  // A message by reference. Those of requests and of answers differ in what is always there.
  Json Message(const google::protobuf::Descriptor& type, bool in_request);
  // A route's JSON body: its message without what its path says.
  Json Body(const Route& route);
  // One field, with its comment.
  Json Field(const google::protobuf::FieldDescriptor& field, bool in_request);
  // An enum by reference.
  Json Enum(const google::protobuf::EnumDescriptor& type);

  // Everything that was referred to, by name.
  Json All();

  // Whether JSON may have this value: a first one that is "never sent" is none.
  bool IsSent(const google::protobuf::EnumValueDescriptor& value) const;

 private:
  template <typename Type>
  std::string NameOf(const Type& type) const;
  void Visit(const google::protobuf::Descriptor& type,
             std::map<std::string, std::set<std::string>>& names);
  Json Object(const google::protobuf::Descriptor& type, bool in_request, const std::string& path);
  Json Value(const google::protobuf::FieldDescriptor& field, bool in_request);
  Json EnumSchema(const google::protobuf::EnumDescriptor& type) const;

  const Comments& comments_;
  std::set<std::string> visited_, ambiguous_;                         // By full and by short name.
  std::map<const google::protobuf::Descriptor*, bool> needed_;        // Whether a request has it.
  std::map<const google::protobuf::Descriptor*, std::string> paths_;  // Of the route whose body.
  std::set<const google::protobuf::EnumDescriptor*> enums_;
};

}  // namespace gatehouse::gateway
