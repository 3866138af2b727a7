#include "services/documents/requests/reminder_job.h"

namespace gatehouse::documents {

Jobs::Work ReminderWork(Reminding& reminding) {
  return [&reminding](const Job& job, Jobs::Done done) {
    done(reminding.Look(job.organisation_id, job.payload));
  };
}

}  // namespace gatehouse::documents
