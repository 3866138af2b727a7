#pragma once

#include <map>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/notification/domain/store.h"
#include "services/notification/templates/domain/render.h"
#include "services/notification/templates/domain/template_store.h"

namespace gatehouse::notification {

// A message as another service asks for it.
struct Draft {
  std::string organisation_id, request_id, recipient, case_id, topic;
  Text own;                                       // In place of the template's, where not empty.
  std::map<std::string, std::string> parameters;  // What the tags stand for.
  std::optional<absl::Time> expire_time;
  Attachment attachment;  // Left out of an SMS.
};

// The message of this kind that the draft asks for: its text made by the chosen template, its price
// known. It is kept three days where the draft does not say when it loses its point, and seven at
// most. What was acknowledged is sent: a template that cannot be filled with these values gives way
// to the built-in one. Refuses INVALID_REQUEST, UNKNOWN_TAG and TEMPLATE_MALFORMED.
absl::StatusOr<NewMessage> Compose(const Draft& draft, const Kind& kind,
                                   const StoredTemplate& chosen, absl::Time now);

}  // namespace gatehouse::notification
