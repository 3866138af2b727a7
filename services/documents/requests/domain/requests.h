#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/common/base/clock.h"
#include "services/documents/requests/domain/case_directory.h"
#include "services/documents/requests/domain/organisation_directory.h"
#include "services/documents/requests/domain/request_store.h"
#include "services/documents/requests/domain/request_template.h"
#include "services/documents/settings/domain/document_rules.h"
#include "services/documents/uploads/domain/document_store.h"

namespace gatehouse::documents {

constexpr int kAnswersShown = 100;  // Of each request in a list; the others by a list of documents.

// A request, and the first of the documents that answer it.
struct AnsweredRequest {
  DocumentRequest request;
  std::vector<Document> documents;
};

// Which request, of which case.
struct RequestName {
  std::string organisation_id, case_id, document_request_id;
};

struct RequestPlaces {
  RequestStore& requests;
  TemplateStore& templates;
  DocumentStore& documents;
  RulesStore& rules;
  CaseDirectory& cases;
  OrganisationDirectory& organisations;
  const Clock& clock;
};

// Asks for documents, and tells what came of it.
class Requests {
 public:
  explicit Requests(RequestPlaces places) : places_(places) {}

  // Refuses NOT_FOUND (the case or the contact), INVALID_REQUEST (the due date) and
  // DOCUMENT_REQUEST_LIMIT_REACHED.
  absl::StatusOr<DocumentRequest> Create(DocumentRequest request);
  // All of a template, of `like`'s case and contact. Refuses as Create(), and NOT_FOUND.
  absl::StatusOr<std::vector<DocumentRequest>> Apply(const DocumentRequest& like,
                                                     const std::string& template_id);
  // Oldest first, with what `access` (null: staff) may see.
  absl::StatusOr<std::vector<AnsweredRequest>> List(const std::string& organisation_id,
                                                    const std::string& case_id,
                                                    const CaseAccess* access, const Page& page);

  // Each answers what it is now. Refusals are those of Accepted(), Returned() and Declined(), and
  // NOT_FOUND: of a client's also for a request that it may not see.
  absl::StatusOr<AnsweredRequest> Accept(const RequestName& name);
  absl::StatusOr<AnsweredRequest> Return(const RequestName& name, const std::string& reason);
  absl::StatusOr<AnsweredRequest> Decline(const RequestName& name, const CaseAccess& access,
                                          const std::string& reason);
  // Refuses NOT_FOUND.
  absl::Status Remove(const RequestName& name);

 private:
  absl::StatusOr<std::vector<AnsweredRequest>> WithAnswers(std::vector<DocumentRequest> requests,
                                                           const CaseAccess* access);
  absl::StatusOr<AnsweredRequest> Change(const RequestName& name, const CaseAccess* access,
                                         const RequestStore::Step& step, absl::Time look_time);

  const RequestPlaces places_;
};

}  // namespace gatehouse::documents
