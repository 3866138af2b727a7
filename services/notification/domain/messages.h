#pragma once

#include <map>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/notification/domain/store.h"

namespace gatehouse::notification {

// The most segments that one SMS may cost.
inline constexpr int kSegmentsMax = 10;

// A message as another service asks for it.
struct Draft {
  std::string organisation_id, request_id, template_name, recipient, case_id, topic;
  Channel channel = Channel::kEmail;
  Text own;                                       // In place of the template's, where not empty.
  std::map<std::string, std::string> parameters;  // What the tags stand for.
  std::optional<absl::Time> expire_time;
};

// The message that this asks for: its text made, its price known. It is kept three days where the
// draft does not say when it loses its point, and seven at most. Refuses INVALID_REQUEST,
// UNKNOWN_TEMPLATE and UNKNOWN_TAG.
absl::StatusOr<NewMessage> Compose(const Draft& draft, absl::Time now);

}  // namespace gatehouse::notification
