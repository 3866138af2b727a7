#include "services/documents/exports/handler.h"

#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "services/common/base/page.h"
#include "services/common/base/proto_time.h"
#include "services/common/base/status.h"
#include "services/documents/archives/domain/archive.h"
#include "services/documents/archives/zip_source.h"

namespace gatehouse::documents {
namespace {

constexpr char kReadMe[] =
    "What is known of you\r\n"
    "\r\n"
    "records/    what is kept, a file for each kind (JSON, UTF-8).\r\n"
    "documents/  what you handed in, and what was shared with you.\r\n"
    "signing/    what was sent to you to be signed.\r\n"
    "\r\n"
    "Left out is what is not yours to know: what other clients wrote, and the names of staff. "
    "In\r\n"
    "texts that you were not shown, [withheld] stands for another client's name, address or\r\n"
    "number. Passwords, codes, links and keys are kept as something that nobody can read, and\r\n"
    "are not here. Of e-mails and SMS only that they were sent is kept, not what they said.\r\n";

// What one download reads, piece by piece.
class Bundle {
 public:
  Bundle(ExportStore& exports, BlobStore& blobs, std::string organisation_id, pb::Export found)
      : exports_(exports),
        blobs_(blobs),
        organisation_id_(std::move(organisation_id)),
        export_(std::move(found)) {
    pieces_.push_back(TextPiece("README.txt", kReadMe));
  }

  void AddRecords(const std::vector<ExportPiece>& all) {
    std::map<int, std::vector<ExportPiece>> kinds;
    for (const ExportPiece& piece : all) kinds[piece.kind].push_back(piece);
    for (auto& [kind, list] : kinds) {
      const auto name = common::v1::PersonalData_Name(static_cast<common::v1::PersonalData>(kind));
      const int64_t size = RecordFile::SizeOf(list);
      auto load = [&exports = exports_, organisation_id = organisation_id_,
                   export_id = export_.export_id()](const ExportPiece& piece) {
        return exports.Read(organisation_id, export_id, piece);
      };
      pieces_.push_back(
          {.file = {absl::StrCat("records/", absl::AsciiStrToLower(name), ".json"), size},
           .open = [list = std::move(list),
                    load = std::move(load)]() -> absl::StatusOr<std::unique_ptr<BlobReader>> {
             return std::make_unique<RecordFile>(list, load);
           }});
    }
  }
  void AddBlob(std::string name, int64_t size, const std::string& blob_id) {
    pieces_.push_back({.file = {std::move(name), size},
                       .open = [&blobs = blobs_, organisation_id = organisation_id_, blob_id] {
                         return blobs.Read(organisation_id, blob_id);
                       }});
  }
  void AddText(std::string name, std::string text) {
    pieces_.push_back(TextPiece(std::move(name), std::move(text)));
  }
  DownloadsHandler::Sends Send() {
    return SendZip(std::move(pieces_), absl::StrCat(export_.export_id(), ".zip"),
                   FromProto(export_.ready_time()));
  }

 private:
  ExportStore& exports_;
  BlobStore& blobs_;
  const std::string organisation_id_;
  const pb::Export export_;
  std::vector<ZipPiece> pieces_;
};

}  // namespace

absl::StatusOr<pb::Export> ExportsHandler::CreateExport(const Call& call,
                                                        const pb::CreateExportRequest& request) {
  return parts_.once.Run(call, request, [&]() -> absl::StatusOr<pb::Export> {
    // Whoever is being erased is not gathered anew. An erasure that begins later takes the export.
    RETURN_IF_ERROR(
        parts_.services.Identify(call.caller.organisation_id, request.contact_id()).status());
    return parts_.exports.Begin(call, request.contact_id());
  });
}

absl::StatusOr<pb::Export> ExportsHandler::GetExport(const Call& call,
                                                     const pb::GetExportRequest& request) {
  return parts_.exports.Get(call.caller.organisation_id, request.export_id());
}

absl::StatusOr<pb::ListExportsResponse> ExportsHandler::ListExports(
    const Call& call, const pb::ListExportsRequest& request) {
  ASSIGN_OR_RETURN(const Page page, PageOf(request));
  ASSIGN_OR_RETURN(auto found, parts_.exports.List(call.caller.organisation_id, page));
  pb::ListExportsResponse response;
  response.set_next_page_token(
      CutPage(found, page, [](const pb::Export& one) { return one.export_id(); }));
  for (pb::Export& one : found) *response.add_exports() = std::move(one);
  return response;
}

DownloadsHandler::Sends ExportsHandler::DownloadExport(const Call& call,
                                                       const pb::DownloadExportRequest& request) {
  const std::string& id = call.caller.organisation_id;
  ASSIGN_OR_RETURN(const pb::Export found, parts_.exports.Get(id, request.export_id()));
  if (found.state() != pb::Export::READY) {
    return Refuse(pb::EXPORT_NOT_READY, "the export is not there to be downloaded");
  }
  ASSIGN_OR_RETURN(const DocumentRules rules, parts_.rules.Get(id));
  Bundle bundle(parts_.exports, parts_.blobs, id, found);
  ASSIGN_OR_RETURN(const auto pieces, parts_.exports.Pieces(id, found.export_id()));
  bundle.AddRecords(pieces);
  ASSIGN_OR_RETURN(const auto documents, parts_.exports.Documents(id, found.export_id()));
  ArchivePlan plan(rules.unscanned_downloads);
  for (const Document& document : documents) plan.Add(document);
  for (const ArchivePlan::Entry& entry : plan.entries()) {
    bundle.AddBlob(absl::StrCat("documents/", entry.name), entry.size_bytes, entry.document_id);
  }
  ASSIGN_OR_RETURN(const auto sent, parts_.exports.Sent(id, found.export_id()));
  for (const SentFile& file : sent) {
    bundle.AddBlob(absl::StrCat("signing/", file.signature_request_id, "/", file.filename),
                   file.size_bytes, file.signature_request_id);
  }
  if (std::string left_out = plan.LeftOut(); !left_out.empty()) {
    bundle.AddText(ArchivePlan::kLeftOut, std::move(left_out));
  }
  RETURN_IF_ERROR(parts_.exports.NoteDownload(call, found));
  return bundle.Send();
}

}  // namespace gatehouse::documents
