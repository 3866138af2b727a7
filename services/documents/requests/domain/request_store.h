#pragma once

#include <functional>
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
  // Adds all of them, which are of one case, or none; whether to remind of them is looked at by
  // `look_time`. Refuses DOCUMENT_REQUEST_LIMIT_REACHED where the case would have more than `max`.
  virtual absl::StatusOr<std::vector<DocumentRequest>> Add(std::vector<DocumentRequest> requests,
                                                           int max, absl::Time look_time) = 0;
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
  // Those of a case that are open, oldest first, `max` of them at most.
  virtual absl::StatusOr<std::vector<DocumentRequest>> ListOpen(const std::string& organisation_id,
                                                                const std::string& case_id,
                                                                int max) = 0;

  using Step = std::function<absl::StatusOr<DocumentRequest>(DocumentRequest)>;
  // Loads, changes, saves and tells of it in one transaction; nothing of that where `step` refuses
  // or changes nothing. Uploads and other changes of the case wait meanwhile. Refuses NOT_FOUND.
  // `step` may run again: keep it pure.
  virtual absl::StatusOr<DocumentRequest> Change(const std::string& organisation_id,
                                                 const std::string& case_id,
                                                 const std::string& document_request_id,
                                                 const Step& step, absl::Time look_time) = 0;
  // What answers it answers nothing then. Refuses NOT_FOUND.
  virtual absl::Status Remove(const std::string& organisation_id, const std::string& case_id,
                              const std::string& document_request_id) = 0;
};

}  // namespace gatehouse::documents
