#pragma once

#include "services/common/jobs/jobs.h"
#include "services/documents/requests/domain/reminding.h"

namespace gatehouse::documents {

// The lane of jobs that look at a case's requests when a client may have to be reminded.
constexpr char kReminderLane[] = "reminders";

// What works on the lane; a job's payload is the case's id.
Jobs::Work ReminderWork(Reminding& reminding);

}  // namespace gatehouse::documents
