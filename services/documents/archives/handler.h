#pragma once

#include "gatehouse/documents/v1/archives.pb.h"
#include "services/documents/downloads/handler.h"
#include "services/documents/requests/domain/case_directory.h"

namespace gatehouse::documents {

// A case's documents as one file.
class ArchivesHandler {
 public:
  ArchivesHandler(DocumentStore& documents, BlobStore& blobs, RulesStore& rules,
                  CaseDirectory& cases)
      : documents_(documents), blobs_(blobs), rules_(rules), cases_(cases) {}

  DownloadsHandler::Sends DownloadDocumentArchive(
      const Call& call, const pb::DownloadDocumentArchiveRequest& request);
  DownloadsHandler::Sends DownloadPortalDocumentArchive(
      const Call& call, const pb::DownloadDocumentArchiveRequest& request);

 private:
  DownloadsHandler::Sends Send(const Call& call, const std::string& case_id,
                               const CaseAccess* access);

  DocumentStore& documents_;
  BlobStore& blobs_;
  RulesStore& rules_;
  CaseDirectory& cases_;
};

}  // namespace gatehouse::documents
