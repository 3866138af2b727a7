#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "services/common/postgres/postgres.h"
#include "services/documents/requests/domain/document_request.h"

namespace gatehouse::documents {

// The columns that RequestFrom() reads, of `document_request r`.
extern const std::string kRequestColumns;
DocumentRequest RequestFrom(const pqxx::row& row);

// Locks the case's row of `usage`: whoever changes what a case has holds it, which orders events.
void LockCase(Transaction& transaction, const std::string& organisation_id,
              const std::string& case_id);

// A request to be changed by who holds its case's row. Refuses NOT_FOUND.
absl::StatusOr<DocumentRequest> LoadRequest(Transaction& transaction,
                                            const std::string& organisation_id,
                                            const std::string& case_id,
                                            const std::string& document_request_id);
// Saves what can change of it.
void SaveRequest(Transaction& transaction, const DocumentRequest& request);

}  // namespace gatehouse::documents
