#pragma once

#include <grpcpp/client_context.h>

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace google::rpc {
class Status;
}

namespace gatehouse {

// What comes from outside and travels on beside a message. gRPC 1.51 ends the process that hands it
// a metadata value with a byte outside 0x20–0x7e, and may strip spaces from a value's ends: so
// every value goes through here, and none but these functions calls gRPC's own AddMetadata().

// The value with `%XX` for each byte that gRPC could not carry as it is, and for `%` itself.
std::string EscapeMetadata(absl::string_view value);
// The value again. A `%` that begins no escape is itself.
std::string UnescapeMetadata(absl::string_view value);

// Adds the value, escaped: the callee reads it by UnescapeMetadata().
void AddMetadata(grpc::ClientContext& context, const char* name, absl::string_view value);

// The deadline, both as gRPC has it, which is a time to go from the callee's first look at the
// call, and as a point in time: a process that stood still looks late.
void AddDeadline(grpc::ClientContext& context, absl::Time deadline);
// The point in time again; the infinite future where it names none.
absl::Time ParseDeadline(absl::string_view value);
constexpr char kDeadlineMetadata[] = "gatehouse-deadline";

// Leaves out what of a refusal's violations does not fit into the trailers that every gRPC client
// takes (8 KiB by default): the last ones first. More, and the caller would get RESOURCE_EXHAUSTED
// from its own library in place of the refusal.
void FitIntoTrailers(google::rpc::Status& status);

}  // namespace gatehouse
