#pragma once

#include <vector>

#include "absl/time/time.h"
#include "services/common/jobs/sweeper.h"

namespace gatehouse::cases {

// What is still known of a deleted case: that it was there, so that deleting it again is no
// mistake and who keeps up hears of it, and how far its contacts' access had come, in case it is
// put anew. Both for so long after it was deleted; the second goes first, since it is found by the
// first.
inline std::vector<Retention> DeletedCases(absl::Duration age) {
  return {{"contact_portal",
           "(organisation_id, case_id) IN (SELECT organisation_id, case_id FROM deleted_case "
           "WHERE delete_time < $1) AND NOT EXISTS (SELECT FROM case_file AS f "
           "WHERE f.organisation_id = contact_portal.organisation_id "
           "AND f.case_id = contact_portal.case_id)",
           age},
          {"case_change", "deleted AND change_time < $1", age},
          {"deleted_case", "delete_time < $1", age}};
}

}  // namespace gatehouse::cases
