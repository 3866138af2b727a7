#pragma once

#include <cstdint>

#include "absl/status/status.h"

namespace google::protobuf {
class FieldDescriptor;
class Message;
}  // namespace google::protobuf

namespace gatehouse {

// Checks a request against its fields' rules (gatehouse/common/v1/options.proto), messages within
// it included. OK, or INVALID_REQUEST with every violation at once; a value is never quoted.
// Thread-safe; a message type's rules are read once. What is judged one by one
// (gatehouse/common/v1/batch.proto) is counted only: its handler calls this for each.
absl::Status Validate(const google::protobuf::Message& message);

// How many items a repeated field may have, also where a reader may stop at the next one.
uint32_t MaxItemsOf(const google::protobuf::FieldDescriptor& field);

}  // namespace gatehouse
