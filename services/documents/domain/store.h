#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/common/base/page.h"
#include "services/documents/domain/document.h"

namespace gatehouse::documents {

// What is known of documents. Every method is about one organisation's rows.
class Store {
 public:
  virtual ~Store() = default;
  virtual absl::StatusOr<int64_t> MaxBytes(const std::string& organisation_id) = 0;
  virtual absl::Status SetMaxBytes(const std::string& organisation_id, int64_t bytes) = 0;

  // Keeps the document and tells of it, or neither. With a `request_id` seen before, the first one.
  virtual absl::StatusOr<Document> Add(const Document& document) = 0;
  // By a request_id. Refuses NOT_FOUND.
  virtual absl::StatusOr<Document> FindByRequest(const std::string& organisation_id,
                                                 const std::string& request_id) = 0;
  // Refuses NOT_FOUND.
  virtual absl::StatusOr<Document> Get(const std::string& organisation_id,
                                       const std::string& case_id,
                                       const std::string& document_id) = 0;
  // Newest first; with an access, only what it may see.
  virtual absl::StatusOr<std::vector<Document>> List(const std::string& organisation_id,
                                                     const std::string& case_id,
                                                     const CaseAccess* access,
                                                     const Page& page) = 0;

  // With a `request_id` seen before, the first one. Refuses DOCUMENT_REQUEST_LIMIT_REACHED.
  virtual absl::StatusOr<DocumentRequest> AddRequest(const std::string& organisation_id,
                                                     const DocumentRequest& request) = 0;
  // Oldest first.
  virtual absl::StatusOr<std::vector<DocumentRequest>> ListRequests(
      const std::string& organisation_id, const std::string& case_id) = 0;
  // Those that answer a request, oldest first.
  virtual absl::StatusOr<std::vector<Document>> ListAnswers(const std::string& organisation_id,
                                                            const std::string& case_id) = 0;
  virtual absl::StatusOr<std::vector<std::string>> ListLabels(const std::string& organisation_id,
                                                              const std::string& case_id) = 0;
};

}  // namespace gatehouse::documents
