#include "services/documents/signing/evidence.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "services/common/base/crypto.h"
#include "services/common/base/status.h"
#include "services/documents/archives/zip.h"
#include "services/documents/downloads/domain/download.h"
#include "services/documents/signing/signature_proto.h"

namespace gatehouse::documents {
namespace {

constexpr int64_t kChunk = 256 << 10;

// One file of the bundle: bytes of the store, or a text.
struct Piece {
  Zip::File file;
  std::string sha256;
  std::unique_ptr<BlobReader> blob;
  std::string text;
};

Piece PieceOf(std::string name, std::string text) {
  Piece piece = {.file = {std::move(name), static_cast<int64_t>(text.size())},
                 .sha256 = Hex(Sha256(text))};
  piece.text = std::move(text);
  return piece;
}

// What is read, and all that is to be said of it, is opened before the first byte leaves.
class Bundle {
 public:
  explicit Bundle(BlobStore& blobs) : blobs_(blobs) {}

  void Add(std::string name, std::string text) {
    pieces_.push_back(PieceOf(std::move(name), std::move(text)));
  }
  absl::Status Add(std::string name, const Document& document) {
    ASSIGN_OR_RETURN(auto blob, blobs_.Read(document.organisation_id, document.document_id));
    pieces_.push_back({.file = {std::move(name), document.size_bytes},
                       .sha256 = document.sha256,
                       .blob = std::move(blob)});
    return absl::OkStatus();
  }
  std::vector<Piece> Finish() {
    std::string sums;
    for (const Piece& piece : pieces_) {
      absl::StrAppend(&sums, piece.sha256, "  ", piece.file.name, "\n");
    }
    Add("SHA256SUMS", std::move(sums));
    return std::move(pieces_);
  }

 private:
  BlobStore& blobs_;
  std::vector<Piece> pieces_;
};

std::vector<Zip::File> FilesOf(const std::vector<Piece>& pieces) {
  std::vector<Zip::File> files;
  for (const Piece& piece : pieces) files.push_back(piece.file);
  return files;
}

class EvidenceSource : public Source<pb::DownloadDocumentResponse> {
 public:
  EvidenceSource(std::vector<Piece> pieces, const SignatureRequest& request)
      : pieces_(std::move(pieces)), zip_(FilesOf(pieces_), request.create_time) {
    head_.set_content_type("application/zip");
    head_.set_content_disposition(AttachmentOf(absl::StrCat(request.signature_request_id, ".zip")));
    head_.set_content_length(zip_.Size());
  }

  absl::StatusOr<bool> Next(pb::DownloadDocumentResponse& response) override {
    if (ended_) return false;
    response.Swap(&head_);
    head_.Clear();
    std::string& data = *response.mutable_data();
    if (next_ == pieces_.size()) {
      data = zip_.Directory();
      ended_ = true;
      return true;
    }
    const Piece& piece = pieces_[next_];
    if (at_ == 0) data = zip_.Begin();
    ASSIGN_OR_RETURN(const std::string bytes, Read(piece));
    zip_.Add(bytes);
    data += bytes;
    at_ += static_cast<int64_t>(bytes.size());
    if (at_ < piece.file.size) return true;
    data += zip_.End();
    ++next_;
    at_ = 0;
    return true;
  }

 private:
  absl::StatusOr<std::string> Read(const Piece& piece) const {
    if (piece.blob == nullptr) return piece.text;
    const auto size = static_cast<size_t>(std::min(kChunk, piece.file.size - at_));
    std::string bytes;
    RETURN_IF_ERROR(piece.blob->Read(at_, size, bytes));
    if (bytes.size() != size) return absl::DataLossError("the blob is shorter than known");
    return bytes;
  }

  const std::vector<Piece> pieces_;
  Zip zip_;
  pb::DownloadDocumentResponse head_;
  size_t next_ = 0;
  int64_t at_ = 0;
  bool ended_ = false;
};

absl::StatusOr<std::string> JsonOf(const SignatureRequest& request,
                                   const std::vector<SignatureEvent>& events) {
  pb::SignatureRequest proto = ToProto(request);
  for (const SignatureEvent& event : events) *proto.add_events() = ToProto(event);
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.always_print_primitive_fields = true;
  std::string text;
  const auto status = google::protobuf::util::MessageToJsonString(proto, &text, options);
  if (!status.ok()) return absl::InternalError(std::string(status.message()));
  return text;
}

}  // namespace

DownloadsHandler::Sends EvidenceHandler::DownloadSignatureEvidence(
    const Call& call, const pb::DownloadSignatureEvidenceRequest& request) {
  const std::string& organisation_id = call.caller.organisation_id;
  const SignatureName name = {organisation_id, request.case_id(), request.signature_request_id()};
  ASSIGN_OR_RETURN(const SignatureRequest found, signatures_.Get(name, ""));
  ASSIGN_OR_RETURN(const auto events, signatures_.Events(name));
  ASSIGN_OR_RETURN(const DocumentRules rules, rules_.Get(organisation_id));
  Bundle bundle(blobs_);
  ASSIGN_OR_RETURN(std::string json, JsonOf(found, events));
  bundle.Add("evidence.json", std::move(json));
  RETURN_IF_ERROR(bundle.Add(absl::StrCat("sent/", found.filename),
                             Document{.organisation_id = organisation_id,
                                      .document_id = found.signature_request_id,
                                      .size_bytes = found.size_bytes,
                                      .sha256 = found.sha256}));
  // Documents of the case: they may be gone by now, or not be for anybody to have.
  const auto add = [&](const std::string& folder, const std::string& document_id) -> absl::Status {
    if (document_id.empty()) return absl::OkStatus();
    const auto document = documents_.Get(organisation_id, name.case_id, nullptr, document_id);
    if (ReasonOf(document.status()) == "NOT_FOUND") return absl::OkStatus();
    RETURN_IF_ERROR(document.status());
    if (!CheckScan(document->scan, rules.unscanned_downloads).ok()) return absl::OkStatus();
    return bundle.Add(folder + document->filename, *document);
  };
  RETURN_IF_ERROR(add("sealed/", found.sealed_document_id));
  for (size_t i = 0; i < found.signers.size(); ++i) {
    const Signer& signer = found.signers[i];
    if (!signer.drawn_png.empty())
      bundle.Add(absl::StrCat("drawn/", i + 1, ".png"), signer.drawn_png);
    RETURN_IF_ERROR(add(absl::StrCat("paper/", i + 1, " "), signer.signed_document_id));
  }
  return std::make_unique<EvidenceSource>(bundle.Finish(), found);
}

}  // namespace gatehouse::documents
