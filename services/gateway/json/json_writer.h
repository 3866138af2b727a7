#pragma once

#include <google/protobuf/message.h>

#include <string>

namespace gatehouse::gateway {

// Writes a message as proto3 JSON (the ProtoJSON mapping): lowerCamelCase names, enums by name,
// 64-bit integers as strings, RFC 3339 times. Scalars, lists and maps are written also where they
// are empty; messages and `optional` fields only where they are set. A field that travels as a
// cookie or a header is left out.
void WriteJson(const google::protobuf::Message& message, std::string& json);

}  // namespace gatehouse::gateway
