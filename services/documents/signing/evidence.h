#pragma once

#include "gatehouse/documents/v1/evidence.pb.h"
#include "services/documents/downloads/handler.h"
#include "services/documents/settings/domain/document_rules.h"
#include "services/documents/signing/domain/signature_store.h"
#include "services/documents/uploads/domain/document_store.h"

namespace gatehouse::documents {

// All there is about a signing, in one file.
class EvidenceHandler {
 public:
  EvidenceHandler(SignatureStore& signatures, DocumentStore& documents, BlobStore& blobs,
                  RulesStore& rules)
      : signatures_(signatures), documents_(documents), blobs_(blobs), rules_(rules) {}

  DownloadsHandler::Sends DownloadSignatureEvidence(
      const Call& call, const pb::DownloadSignatureEvidenceRequest& request);

 private:
  SignatureStore& signatures_;
  DocumentStore& documents_;
  BlobStore& blobs_;
  RulesStore& rules_;
};

}  // namespace gatehouse::documents
