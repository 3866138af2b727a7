#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/common/base/page.h"
#include "services/documents/requests/domain/document_request.h"

namespace gatehouse::documents {

// What was asked for. Every method is about one organisation's rows; `access` is a client's, which
// sees what MaySee() says, or null for staff.
class RequestStore {
 public:
  virtual ~RequestStore() = default;
  // Refuses DOCUMENT_REQUEST_LIMIT_REACHED where the case would have more than `max`.
  virtual absl::StatusOr<DocumentRequest> Add(const DocumentRequest& request, int max) = 0;
  // Refuses NOT_FOUND.
  virtual absl::StatusOr<DocumentRequest> Get(const std::string& organisation_id,
                                              const std::string& case_id, const CaseAccess* access,
                                              const std::string& document_request_id) = 0;
  // Oldest first.
  virtual absl::StatusOr<std::vector<DocumentRequest>> List(const std::string& organisation_id,
                                                            const std::string& case_id,
                                                            const CaseAccess* access,
                                                            const Page& page) = 0;
  // The ids of all of a case.
  virtual absl::StatusOr<std::vector<std::string>> ListIds(const std::string& organisation_id,
                                                           const std::string& case_id) = 0;
};

}  // namespace gatehouse::documents
