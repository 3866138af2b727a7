#pragma once

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "services/notification/templates/domain/kinds.h"

namespace gatehouse::notification {

// The most segments that one SMS may cost.
inline constexpr int kSegmentsMax = 10;

// What is sent: each part by `own` where that has it, else by `chosen`, with its tags replaced.
// HTML goes with the text that it says the same as: not with another one. The subject is one line,
// an SMS has the kind's ending. Refuses UNKNOWN_TAG for a tag without a value, TEMPLATE_MALFORMED,
// and INVALID_REQUEST for an SMS of too many segments.
absl::StatusOr<Text> Render(const Kind& kind, const Text& own, const Text& chosen,
                            const std::map<std::string, std::string>& values);

}  // namespace gatehouse::notification
