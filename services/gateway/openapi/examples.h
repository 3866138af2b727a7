#pragma once

#include <google/protobuf/descriptor.h>

#include "services/gateway/openapi/schemas.h"

namespace gatehouse::gateway {

// A value of a message as JSON has it, put together of its fields' examples: what a field's rule
// gives, or else what follows from its name, type and format. Each list has one item. Valid by the
// fields' rules.
Json ExampleOf(const google::protobuf::Descriptor& type);

}  // namespace gatehouse::gateway
