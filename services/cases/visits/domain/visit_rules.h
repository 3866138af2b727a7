#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gatehouse/cases/v1/visits.pb.h"

namespace gatehouse::cases {

// The rules by which a visit changes: each refuses, or makes of the visit what it is then. Its
// sequence grows with every change.

// Another plan, of a visit that was read as `sequence`; with one time only that is agreed on.
// Refuse VISIT_CANCELLED, VISIT_CHANGED.
absl::Status Reschedule(v1::Visit& visit, const v1::VisitPlan& plan, int sequence);
// One that staff arrange.
v1::Visit Arrange(const std::string& contact_id, const v1::VisitPlan& plan);
void Cancel(v1::Visit& visit, const std::string& reason);

// What the client does, as a contact, about a visit that its page shows as `sequence`. What it did
// last, said again, changes nothing.
struct VisitAct {
  std::string contact_id;
  int sequence = 0;
};
// Refuses VISIT_CANCELLED, VISIT_CHANGED, VISIT_TIME_PAST, and INVALID_REQUEST for a time that the
// plan does not have.
absl::Status ChooseTime(v1::Visit& visit, const VisitAct& act, int time_index, absl::Time now);
// Refuses VISIT_CANCELLED, VISIT_CHANGED.
absl::Status DeclineTimes(v1::Visit& visit, const VisitAct& act, const std::string& text);

// What a client reads of a visit: of what others said nothing where it sees only its own. `seen_by`
// is its contact, or kEverybody.
v1::Visit ForClient(v1::Visit visit, const std::string& seen_by);

}  // namespace gatehouse::cases
