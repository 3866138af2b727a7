#pragma once

#include <google/protobuf/descriptor.h>

#include <map>
#include <string>

#include "gatehouse/common/v1/options.pb.h"
#include "services/gateway/openapi/comments.h"
#include "services/gateway/openapi/schemas.h"

namespace gatehouse::gateway {

// The field of a message that holds an event's facts; null where it is no message of events.
const google::protobuf::FieldDescriptor* FactsField(const google::protobuf::Descriptor& message);

// Describes a message of events, whose schema is `any` as far as all types have it in common: adds
// one schema for each type, `InvitationCreatedEvent`, and the union of them under `name`, which its
// `type` tells apart.
void AddEventSchemas(const std::string& name, const google::protobuf::FieldDescriptor& facts,
                     const Json& any, const Comments& comments, std::map<std::string, Json>& to);

}  // namespace gatehouse::gateway
