#pragma once

#include <optional>
#include <string>

#include "services/common/base/clock.h"
#include "services/documents/requests/domain/case_directory.h"
#include "services/documents/requests/domain/organisation_directory.h"
#include "services/documents/uploads/domain/document_store.h"

namespace gatehouse::documents {

// Which document, of which case.
struct DocumentName {
  std::string organisation_id, case_id, document_id;
};

// What becomes of documents that are there. Each refuses NOT_FOUND.
class Changes {
 public:
  Changes(DocumentStore& documents, CaseDirectory& cases, OrganisationDirectory& organisations,
          const Clock& clock)
      : documents_(documents), cases_(cases), organisations_(organisations), clock_(clock) {}

  absl::StatusOr<Document> Update(const DocumentName& name, const std::optional<std::string>& label,
                                  const std::optional<std::string>& folder);
  // With a contact of the case, or with all. Refuses NOT_FOUND for the contact, too.
  absl::StatusOr<Document> Share(const DocumentName& name, const std::string& contact_id);
  absl::StatusOr<Document> Unshare(const DocumentName& name);
  // `access` is a client's, null of staff. Refuses DOCUMENT_FINAL.
  absl::Status Remove(const DocumentName& name, const CaseAccess* access, const Alterer& by);

 private:
  DocumentStore& documents_;
  CaseDirectory& cases_;
  OrganisationDirectory& organisations_;
  const Clock& clock_;
};

}  // namespace gatehouse::documents
