#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/documents/requests/domain/case_directory.h"
#include "services/documents/requests/domain/request_store.h"
#include "services/documents/settings/domain/document_rules.h"
#include "services/documents/uploads/domain/document_store.h"

namespace gatehouse::documents {

constexpr int kAnswersShown = 100;  // Of each request in a list; the others by a list of documents.

// A request, and the first of the documents that answer it.
struct AnsweredRequest {
  DocumentRequest request;
  std::vector<Document> documents;
};

// Asks for documents, and tells what came of it.
class Requests {
 public:
  Requests(RequestStore& requests, DocumentStore& documents, RulesStore& rules,
           CaseDirectory& cases)
      : requests_(requests), documents_(documents), rules_(rules), cases_(cases) {}

  // Refuses NOT_FOUND (the case or the contact) and DOCUMENT_REQUEST_LIMIT_REACHED.
  absl::StatusOr<DocumentRequest> Create(DocumentRequest request);
  // Oldest first, with what `access` (null: staff) may see.
  absl::StatusOr<std::vector<AnsweredRequest>> List(const std::string& organisation_id,
                                                    const std::string& case_id,
                                                    const CaseAccess* access, const Page& page);

 private:
  RequestStore& requests_;
  DocumentStore& documents_;
  RulesStore& rules_;
  CaseDirectory& cases_;
};

}  // namespace gatehouse::documents
