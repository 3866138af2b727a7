#pragma once

#include "absl/status/statusor.h"
#include "gatehouse/notification/v1/notifications.pb.h"
#include "services/notification/domain/store.h"

namespace gatehouse::notification {

// An event as the contract shows it.
v1::Event ToProto(const Event& event);

// The number of the last event that a reader of the feed has, by its cursor; 0: it has none.
// Refuses PAGE_TOKEN_INVALID.
absl::StatusOr<int64_t> NumberAfter(const Page& page);

}  // namespace gatehouse::notification
