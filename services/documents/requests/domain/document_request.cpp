#include "services/documents/requests/domain/document_request.h"

#include <algorithm>

namespace gatehouse::documents {

bool MaySee(const CaseAccess& access, const DocumentRequest& request) {
  if (request.case_id != access.case_id) return false;
  const auto& chosen = access.document_request_ids;
  if (access.chose_requests &&
      std::find(chosen.begin(), chosen.end(), request.document_request_id) == chosen.end()) {
    return false;
  }
  return request.contact_id.empty() || request.contact_id == access.contact_id ||
         access.visibility == Visibility::kAll;
}

}  // namespace gatehouse::documents
