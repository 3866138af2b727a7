#include "services/documents/archives/handler.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "services/common/base/page.h"
#include "services/common/base/status.h"
#include "services/documents/archives/domain/archive.h"
#include "services/documents/archives/zip_source.h"

namespace gatehouse::documents {
namespace {

constexpr int kPage = 1000;

// All that the caller may see, oldest first.
absl::StatusOr<std::vector<Document>> ListAll(DocumentStore& documents,
                                              const std::string& organisation_id,
                                              const std::string& case_id,
                                              const CaseAccess* access) {
  std::vector<Document> all;
  Page page;
  page.size = kPage;
  while (true) {
    ASSIGN_OR_RETURN(auto found, documents.List(organisation_id, case_id, access, {}, page));
    const bool more = found.size() > kPage;
    if (more) found.resize(kPage);
    for (Document& document : found) all.push_back(std::move(document));
    if (all.size() > kArchiveDocumentsMax) {
      return WithFact(Refuse(pb::DOCUMENT_ARCHIVE_TOO_LARGE,
                             "there are more documents than an archive may have"),
                      "max", absl::StrCat(kArchiveDocumentsMax));
    }
    if (!more) break;
    page.after = all.back().document_id;
  }
  std::reverse(all.begin(), all.end());
  return all;
}

}  // namespace

DownloadsHandler::Sends ArchivesHandler::Send(const Call& call, const std::string& case_id,
                                              const CaseAccess* access) {
  const std::string& organisation_id = call.caller.organisation_id;
  ASSIGN_OR_RETURN(const DocumentRules rules, rules_.Get(organisation_id));
  ArchivePlan plan(rules.unscanned_downloads);
  ASSIGN_OR_RETURN(const auto documents, ListAll(documents_, organisation_id, case_id, access));
  for (const Document& document : documents) plan.Add(document);
  std::vector<ZipPiece> pieces;
  for (const ArchivePlan::Entry& entry : plan.entries()) {
    pieces.push_back({.file = {entry.name, entry.size_bytes},
                      .open = [this, organisation_id, id = entry.document_id] {
                        return blobs_.Read(organisation_id, id);
                      }});
  }
  if (std::string left_out = plan.LeftOut(); !left_out.empty()) {
    pieces.push_back(TextPiece(ArchivePlan::kLeftOut, std::move(left_out)));
  }
  return SendZip(std::move(pieces), absl::StrCat(case_id, ".zip"), plan.time());
}

DownloadsHandler::Sends ArchivesHandler::DownloadDocumentArchive(
    const Call& call, const pb::DownloadDocumentArchiveRequest& request) {
  // A case without documents has an empty one, no case has none.
  RETURN_IF_ERROR(cases_.Check(call.caller.organisation_id, request.case_id(), ""));
  return Send(call, request.case_id(), nullptr);
}

DownloadsHandler::Sends ArchivesHandler::DownloadPortalDocumentArchive(
    const Call& call, const pb::DownloadDocumentArchiveRequest& request) {
  return Send(call, request.case_id(), call.caller.AccessTo(request.case_id()));
}

}  // namespace gatehouse::documents
