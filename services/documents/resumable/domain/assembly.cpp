#include "services/documents/resumable/domain/assembly.h"

#include "services/common/base/status.h"
#include "services/documents/resumable/domain/tus_headers.h"

namespace gatehouse::documents {
namespace {

constexpr size_t kCopyBytes = 256 << 10;

absl::Status Copy(BlobReader& from, Upload& to) {
  ASSIGN_OR_RETURN(const int64_t size, from.Size());
  std::string bytes;
  for (int64_t at = 0; at < size; at += static_cast<int64_t>(bytes.size())) {
    RETURN_IF_ERROR(from.Read(at, kCopyBytes, bytes));
    if (bytes.empty()) return absl::DataLossError("blobs: a part is shorter than known");
    RETURN_IF_ERROR(to.Append(bytes));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Described> Describe(const UploadOwner& owner, const ResumableUpload& upload) {
  ASSIGN_OR_RETURN(auto metadata, ParseMetadata(upload.metadata));
  // By the first of these names that is there: clients have their own.
  const auto said = [&](const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      if (!metadata[name].empty()) return metadata[name];
    }
    return std::string();
  };
  Described described;
  Document& document = described.document;
  document.organisation_id = owner.organisation_id;
  document.case_id = owner.case_id;
  document.uploader_id = owner.uploader_id;
  document.uploader_name = owner.uploader_name;
  document.from_client = owner.from_client();
  document.filename = said({"filename", "name"});
  if (document.filename.empty()) document.filename = upload.filename;
  // A partial one has no name of its own.
  if (upload.partial) document.filename = "part";
  document.replaces_document_id = said({"replacesDocumentId"});
  if (owner.from_client()) {
    document.document_request_id = said({"documentRequestId"});
  } else {
    document.label = said({"label"}).substr(0, 100);
    document.folder = said({"folder"}).substr(0, 100);
  }
  described.said = {.type = said({"filetype", "type"}).substr(0, 200), .size = upload.length};
  return described;
}

absl::StatusOr<std::unique_ptr<Upload>> BeginOf(Uploads& uploads, const UploadOwner& owner,
                                                const ResumableUpload& upload) {
  ASSIGN_OR_RETURN(const Described described, Describe(owner, upload));
  if (owner.from_client()) {
    return uploads.BeginByClient(described.document, *owner.access, described.said);
  }
  return uploads.BeginByStaff(described.document, described.said);
}

absl::StatusOr<std::string> Assemble(const ResumablePlaces& places, const UploadOwner& owner,
                                     const ResumableUpload& upload, const std::string& holder,
                                     const std::vector<UploadPart>& parts, BlobReader* last) {
  ASSIGN_OR_RETURN(const auto whole, BeginOf(places.uploads, owner, upload));
  for (const UploadPart& part : parts) {
    ASSIGN_OR_RETURN(const auto blob, places.blobs.Read(owner.organisation_id, part.part_id));
    RETURN_IF_ERROR(Copy(*blob, *whole));
  }
  if (last != nullptr) RETURN_IF_ERROR(Copy(*last, *whole));
  std::string document_id;
  RETURN_IF_ERROR(
      whole->Finish([&](const std::string&, const auto& keep) -> absl::StatusOr<std::string> {
        ASSIGN_OR_RETURN(document_id, places.store.Complete(owner, upload, holder, keep));
        return document_id;
      }));
  return document_id;
}

void RemoveParts(const ResumablePlaces& places, const UploadOwner& owner,
                 const std::vector<UploadPart>& parts) {
  for (const UploadPart& part : parts) {
    if (!places.blobs.Remove(owner.organisation_id, part.part_id).ok()) return;
    (void)places.documents.Forget({owner.organisation_id, part.part_id});
  }
}

}  // namespace gatehouse::documents
