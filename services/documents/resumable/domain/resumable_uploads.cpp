#include "services/documents/resumable/domain/resumable_uploads.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gatehouse/documents/v1/reasons.pb.h"
#include "services/common/base/random.h"
#include "services/common/base/status.h"
#include "services/documents/resumable/domain/assembly.h"
#include "services/documents/resumable/domain/tus_headers.h"

namespace gatehouse::documents {
namespace {

constexpr int kOpenMax = 64;  // Of one uploader, in a case.
// A part is kept once it is so large, or has waited so long: what a broken call loses.
constexpr int64_t kPartBytes = 8 << 20;
constexpr absl::Duration kPartAge = absl::Seconds(5);
constexpr int kPartsMax = 10000;  // Of an upload: each is a file.

// Whether there is room for so much beside what is there and under way: what would be refused at
// its end, after all of its bytes have come. The end decides.
absl::Status CheckRoom(const ResumablePlaces& places, const UploadOwner& owner, const Usage& more) {
  const std::string contact_id = owner.from_client() ? owner.uploader_id : "";
  ASSIGN_OR_RETURN(const Usages used,
                   places.documents.Used(owner.organisation_id, owner.case_id, contact_id));
  ASSIGN_OR_RETURN(const Usages open, places.store.Open(owner));
  ASSIGN_OR_RETURN(const DocumentRules rules, places.rules.Get(owner.organisation_id));
  return CheckQuotas(With(Sum(used, open), more, owner.from_client()), rules.quotas);
}

class PartAppending : public Appending {
 public:
  PartAppending(const ResumablePlaces& places, UploadOwner owner, ResumableUpload upload,
                std::string holder, int64_t max_bytes, bool at_once)
      : places_(places),
        owner_(std::move(owner)),
        upload_(std::move(upload)),
        holder_(std::move(holder)),
        max_bytes_(max_bytes),
        at_once_(at_once) {}

  absl::Status Take(const std::string& bytes) override {
    if (bytes.empty()) return absl::OkStatus();
    const int64_t end = upload_.offset + pending_ + static_cast<int64_t>(bytes.size());
    if (upload_.length.has_value() && end > *upload_.length) {
      return Refuse(v1::UPLOAD_LENGTH_EXCEEDED, "the upload is not as long as that");
    }
    if (end > max_bytes_) {
      return Refuse(v1::DOCUMENT_TOO_LARGE, "the document is larger than the organisation allows");
    }
    if (writer_ == nullptr) {
      part_id_ = NewId("part");
      ASSIGN_OR_RETURN(writer_, places_.blobs.Write(owner_.organisation_id, part_id_));
      begin_ = places_.clock.Now();
    }
    RETURN_IF_ERROR(writer_->Append(bytes));
    pending_ += static_cast<int64_t>(bytes.size());
    // The last bytes are kept with the document, so that none of them is there without it.
    const bool is_end = upload_.length.has_value() && end == *upload_.length;
    const bool due = pending_ >= kPartBytes || places_.clock.Now() - begin_ >= kPartAge;
    return due && !is_end && !at_once_ ? KeepPart() : absl::OkStatus();
  }

  absl::StatusOr<ResumableUpload> Finish() override {
    const bool has_all = upload_.length.has_value() && upload_.offset + pending_ == *upload_.length;
    if (!has_all || upload_.partial || !upload_.document_id.empty()) {
      if (pending_ > 0) RETURN_IF_ERROR(KeepPart());
      return upload_;
    }
    ASSIGN_OR_RETURN(const auto parts, places_.store.ListParts(owner_, upload_.upload_id));
    auto document_id = Assemble(places_, owner_, upload_, holder_, parts, writer_.get());
    writer_ = nullptr;
    ASSIGN_OR_RETURN(upload_.document_id, std::move(document_id));
    RemoveParts(places_, owner_, parts);
    upload_.offset = *upload_.length;
    return upload_;
  }

 private:
  absl::Status KeepPart() {
    if (upload_.parts >= kPartsMax) {
      return WithFact(Refuse(v1::UPLOAD_TOO_MANY_PARTS, "the upload came in too many pieces"),
                      "max", absl::StrCat(kPartsMax));
    }
    // Of one that does not say how long it is, only what has come is counted.
    if (!upload_.length.has_value()) RETURN_IF_ERROR(CheckRoom(places_, owner_, {0, pending_}));
    const UploadPart part = {part_id_, pending_};
    const LooseBlob loose = {owner_.organisation_id, part.part_id};
    RETURN_IF_ERROR(places_.documents.NoteLoose(loose));
    RETURN_IF_ERROR(writer_->Commit());
    const absl::Status added = places_.store.AddPart(owner_, upload_.upload_id, holder_, part);
    if (!ReasonOf(added).empty()) RemoveParts(places_, owner_, {part});
    RETURN_IF_ERROR(added);
    upload_.offset += pending_;
    ++upload_.parts;
    pending_ = 0;
    writer_ = nullptr;
    return absl::OkStatus();
  }

  const ResumablePlaces places_;
  const UploadOwner owner_;
  ResumableUpload upload_;
  const std::string holder_;
  const int64_t max_bytes_;
  const bool at_once_;
  std::string part_id_;
  std::unique_ptr<BlobWriter> writer_;  // Of what is not kept yet.
  int64_t pending_ = 0;                 // How much that is,
  absl::Time begin_;                    // and since when it waits.
};

}  // namespace

absl::StatusOr<ResumableUpload> ResumableUploads::Create(const UploadOwner& owner,
                                                         const UploadRequest& request) {
  ASSIGN_OR_RETURN(const Concat concat, ParseConcat(request.concat, owner.case_id));
  if (!concat.final_of.empty()) return Join(owner, request, concat.final_of);
  if (request.length.has_value() == request.deferred) {
    return RefuseField("upload_length", "or upload_defer_length must be given, one of them");
  }
  const ResumableUpload upload = {.upload_id = NewId("upl"),
                                  .metadata = request.metadata,
                                  .filename = request.filename,
                                  .length = request.length,
                                  .partial = concat.partial,
                                  .expire_time = places_.clock.Now() + kUploadLife};
  // What would be refused at the end is refused now, as far as it is known.
  RETURN_IF_ERROR(BeginOf(places_.uploads, owner, upload).status());
  if (upload.length == 0 && !upload.partial) {
    return Refuse(v1::DOCUMENT_EMPTY, "the document has no bytes");
  }
  RETURN_IF_ERROR(CheckRoom(places_, owner, {1, upload.length.value_or(0)}));
  RETURN_IF_ERROR(places_.store.Create(owner, upload, kOpenMax));
  return upload;
}

absl::StatusOr<ResumableUpload> ResumableUploads::Join(const UploadOwner& owner,
                                                       const UploadRequest& request,
                                                       const std::vector<std::string>& ids) {
  const std::string joins = absl::StrJoin(ids, " ");
  auto before = places_.store.GetJoined(owner, joins);
  if (before.ok() || ReasonOf(before.status()) != "NOT_FOUND") return before;
  ResumableUpload whole = {.upload_id = NewId("upl"),
                           .metadata = request.metadata,
                           .filename = request.filename,
                           .length = 0,
                           .joins = joins,
                           .expire_time = places_.clock.Now() + kUploadLife};
  std::vector<UploadPart> parts;
  for (const std::string& id : ids) {
    ASSIGN_OR_RETURN(const ResumableUpload part, places_.store.Get(owner, id, places_.clock.Now()));
    if (!part.partial || !part.has_all()) {
      return Refuse(v1::UPLOAD_INCOMPLETE, "not all of the partial uploads are whole");
    }
    ASSIGN_OR_RETURN(const auto its, places_.store.ListParts(owner, id));
    parts.insert(parts.end(), its.begin(), its.end());
    whole.length = *whole.length + *part.length;
  }
  const std::string holder = NewId("hold");
  RETURN_IF_ERROR(places_.store.Create(owner, whole, 2 * kOpenMax));
  absl::Status status = places_.store.Hold(owner, whole, holder);
  if (status.ok()) {
    auto document_id = Assemble(places_, owner, whole, holder, parts, nullptr);
    status = document_id.status();
    if (status.ok()) whole.document_id = *std::move(document_id);
  }
  if (!status.ok()) {
    if (!ReasonOf(status).empty()) (void)places_.store.Delete(owner, whole.upload_id);
    return status;
  }
  RemoveParts(places_, owner, parts);
  whole.offset = *whole.length;
  return whole;
}

absl::StatusOr<ResumableUpload> ResumableUploads::Get(const UploadOwner& owner,
                                                      const std::string& upload_id) {
  return places_.store.Get(owner, upload_id, places_.clock.Now());
}

absl::Status ResumableUploads::Delete(const UploadOwner& owner, const std::string& upload_id) {
  RETURN_IF_ERROR(places_.store.Get(owner, upload_id, places_.clock.Now()).status());
  ASSIGN_OR_RETURN(const auto parts, places_.store.ListParts(owner, upload_id));
  RETURN_IF_ERROR(places_.store.Delete(owner, upload_id));
  RemoveParts(places_, owner, parts);
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Appending>> ResumableUploads::Append(const UploadOwner& owner,
                                                                    const AppendTo& to) {
  ASSIGN_OR_RETURN(ResumableUpload upload,
                   places_.store.Get(owner, to.upload_id, places_.clock.Now()));
  if (!upload.joins.empty()) {
    return Refuse(v1::UPLOAD_NOT_APPENDABLE, "the upload was made of others");
  }
  if (to.offset != upload.offset) {
    return Refuse(v1::UPLOAD_OFFSET_MISMATCH, "the upload stands at another place");
  }
  if (to.length.has_value()) {
    const bool fits = upload.length.value_or(*to.length) == *to.length;
    if (!fits || *to.length < upload.offset) {
      return RefuseField("upload_length", "says something else than is known");
    }
    if (!upload.length.has_value()) {
      RETURN_IF_ERROR(CheckRoom(places_, owner, {0, *to.length - upload.offset}));
    }
    upload.length = to.length;
  }
  ASSIGN_OR_RETURN(const DocumentRules rules, places_.rules.Get(owner.organisation_id));
  const std::string holder = NewId("hold");
  if (upload.document_id.empty()) RETURN_IF_ERROR(places_.store.Hold(owner, upload, holder));
  return std::make_unique<PartAppending>(places_, owner, std::move(upload), holder,
                                         rules.max_document_bytes, to.at_once);
}

}  // namespace gatehouse::documents
