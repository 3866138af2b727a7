#pragma once

#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/message.h>

#include <set>
#include <string>

#include "absl/status/statusor.h"

namespace gatehouse {

// Field masks over a settings document (AIP-134, AIP-161), by their leaves: a leaf is a field that
// is set or not as a whole, which is any but a message of ours. `etag` is none.

using Paths = std::set<std::string>;

// The leaves that are set, within messages too.
Paths LeavesSet(const google::protobuf::Message& message);

// The leaves that a change is about: those within what the mask names; of `*` all; without a mask
// those that are set. Refuses INVALID_REQUEST for a path that the message does not have.
absl::StatusOr<Paths> LeavesNamed(const google::protobuf::Message& change,
                                  const google::protobuf::FieldMask& mask);

// Whether the change gives this leaf a value, rather than taking it back to its default.
bool GivesValue(const google::protobuf::Message& change, const std::string& path);

// Makes these leaves of `to` what they are in `from`, set or not.
void CopyLeaves(const google::protobuf::Message& from, const Paths& paths,
                google::protobuf::Message& to);

// Without the fields that are secret.
void RemoveSecrets(google::protobuf::Message& message);

}  // namespace gatehouse
