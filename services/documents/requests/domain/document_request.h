#pragma once

#include <string>

#include "absl/time/time.h"
#include "services/common/base/caller.h"

namespace gatehouse::documents {

// What is asked of the contacts of a case.
struct DocumentRequest {
  std::string organisation_id, document_request_id, case_id, title, label;
  std::string contact_id;  // Empty: every contact of the case.
  int64_t answers = 0;     // How many documents answer it, whoever may see them.
  absl::Time create_time;
};

// What is asked of it, of everybody, or of anybody where it sees everything; of those only the
// chosen ones where the invitation chose. The store's lists say the same in SQL.
bool MaySee(const CaseAccess& access, const DocumentRequest& request);

}  // namespace gatehouse::documents
