#pragma once

#include <string>
#include <vector>

#include "services/common/postgres/postgres.h"
#include "services/documents/signing/domain/signature_request.h"

namespace gatehouse::documents {

// Adds to each of these requests, which are one organisation's, its fields.
void LoadSignatureFields(Transaction& transaction, std::vector<SignatureRequest>& requests);
void InsertSignatureFields(Transaction& transaction, const SignatureRequest& request);
// Saves what can change of them: what was filled in.
void SaveSignatureFields(Transaction& transaction, const SignatureRequest& request);

}  // namespace gatehouse::documents
