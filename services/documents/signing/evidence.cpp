#include "services/documents/signing/evidence.h"

#include <google/protobuf/util/json_util.h>

#include "absl/strings/str_cat.h"
#include "services/common/base/crypto.h"
#include "services/common/base/status.h"
#include "services/documents/archives/zip_source.h"
#include "services/documents/downloads/domain/download.h"
#include "services/documents/signing/signature_proto.h"

namespace gatehouse::documents {
namespace {

// What is read, and all that is to be said of it, is opened before the first byte leaves.
class Bundle {
 public:
  explicit Bundle(BlobStore& blobs) : blobs_(blobs) {}

  void Add(std::string name, std::string text) {
    Note(Hex(Sha256(text)), name);
    pieces_.push_back(TextPiece(std::move(name), std::move(text)));
  }
  absl::Status Add(std::string name, const Document& document) {
    ASSIGN_OR_RETURN(auto blob, blobs_.Read(document.organisation_id, document.document_id));
    Note(document.sha256, name);
    // A function is copied, and a reader is not.
    const auto opened = std::make_shared<std::unique_ptr<BlobReader>>(std::move(blob));
    pieces_.push_back({.file = {std::move(name), document.size_bytes},
                       .open = [opened]() -> absl::StatusOr<std::unique_ptr<BlobReader>> {
                         return std::move(*opened);
                       }});
    return absl::OkStatus();
  }
  std::vector<ZipPiece> Finish() {
    pieces_.push_back(TextPiece("SHA256SUMS", std::move(sums_)));
    return std::move(pieces_);
  }

 private:
  void Note(const std::string& sha256, const std::string& name) {
    absl::StrAppend(&sums_, sha256, "  ", name, "\n");
  }

  BlobStore& blobs_;
  std::vector<ZipPiece> pieces_;
  std::string sums_;
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
  return SendZip(bundle.Finish(), absl::StrCat(found.signature_request_id, ".zip"),
                 found.create_time);
}

}  // namespace gatehouse::documents
