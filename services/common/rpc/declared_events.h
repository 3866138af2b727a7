#pragma once

#include <google/protobuf/descriptor.h>

#include <map>
#include <string>

#include "gatehouse/common/v1/options.pb.h"

namespace gatehouse {

// The messages that are declared events of this stream, by their types, such as
// `invitation.created`: of all services, where a program is linked with all of their protos.
std::map<std::string, const google::protobuf::Descriptor*> DeclaredEvents(
    common::v1::EventStream stream);

}  // namespace gatehouse
