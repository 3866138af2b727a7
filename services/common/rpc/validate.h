#pragma once

#include "absl/status/status.h"

namespace google::protobuf {
class Message;
}

namespace gatehouse {

// Checks a request against its fields' rules (gatehouse/common/v1/options.proto), messages within
// it included. OK, or INVALID_REQUEST with every violation at once; a value is never quoted.
// Thread-safe; a message type's rules are read once.
absl::Status Validate(const google::protobuf::Message& message);

}  // namespace gatehouse
