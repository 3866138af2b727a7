#pragma once

#include <vector>

#include "services/common/postgres/postgres.h"
#include "services/documents/signing/domain/signature_store.h"

namespace gatehouse::documents {

// Of a case, as those whom `contact_id` names see it (empty: staff): one by its id, or a page, the
// newest first. With their signers.
std::vector<SignatureRequest> LoadSignatureRequest(Transaction& transaction,
                                                   const SignatureName& name,
                                                   const std::string& contact_id);
std::vector<SignatureRequest> LoadSignatureRequests(Transaction& transaction,
                                                    const std::string& organisation_id,
                                                    const std::string& case_id,
                                                    const std::string& contact_id,
                                                    const Page& page);

void InsertSignatureRequest(Transaction& transaction, const SignatureRequest& request);
// Saves what can change of it, and of its signers.
void SaveSignatureRequest(Transaction& transaction, const SignatureRequest& request);
void InsertSignatureEvents(Transaction& transaction, const SignatureChange& change);
SignatureEvent SignatureEventFrom(const pqxx::row& row);

}  // namespace gatehouse::documents
