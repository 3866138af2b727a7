#pragma once

#include <google/protobuf/message.h>

#include <string>

#include "absl/status/status.h"

namespace gatehouse::gateway {

// Reads proto3 JSON into a message (the ProtoJSON mapping): fields by their JSON or proto names,
// enums by name, 64-bit integers as numbers or strings. Stricter than the mapping allows: an
// unknown field, a field that comes twice and a number that does not fit are refused, as is
// anything deeper than 32. Refuses INVALID_REQUEST, with the field's path where it is a field.
absl::Status ReadJson(const std::string& json, google::protobuf::Message& message);

// Sets one field from text, as it comes in a path, a query or a header; a repeated field gets one
// more value. `name` is the JSON or proto name of a scalar, enum, Timestamp, Duration or FieldMask.
absl::Status SetFromText(google::protobuf::Message& message, const std::string& name,
                         const std::string& text);

}  // namespace gatehouse::gateway
