#include "services/documents/signing/domain/sealing.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "services/common/base/crypto.h"
#include "services/common/base/status.h"

namespace gatehouse::documents {
namespace {

constexpr size_t kChunk = 1 << 20;
constexpr int kAskedAtOnce = 100;
constexpr char kFolder[] = "Signed";

bool IsToBeSealed(const SignatureRequest& request) {
  return request.method == SignatureMethod::kElectronic &&
         request.state == SignatureState::kSigned && request.sealed_document_id.empty() &&
         request.seal_refusal.empty();
}

std::string NameOf(const std::string& filename) {
  const absl::string_view stem = absl::StripSuffix(filename, ".pdf");
  return absl::StrCat(stem, " (signed).pdf");
}

}  // namespace

absl::StatusOr<Sealed> Sealing::Made(const SignatureName& name, const SignatureRequest& request) {
  if (request.size_bytes > kSealedBytesMax) return Sealed{.refused = "PDF_TOO_LARGE"};
  ASSIGN_OR_RETURN(const auto events, places_.signatures.Events(name));
  ASSIGN_OR_RETURN(const OrganisationProfile organisation,
                   places_.organisations.LookUp(name.organisation_id));
  ASSIGN_OR_RETURN(const auto blob,
                   places_.blobs.Read(name.organisation_id, name.signature_request_id));
  SealOrder order = {.filename = request.filename,
                     .certificate = CertificateOf(request, events, organisation.display_name),
                     .time = places_.clock.Now(),
                     .drawings = DrawingsOf(request)};
  RETURN_IF_ERROR(blob->Read(0, static_cast<size_t>(request.size_bytes), order.document));
  if (Hex(Sha256(order.document)) != request.sha256) {
    return absl::DataLossError("the bytes to seal are not those that were signed");
  }
  return places_.sealer.Seal(order);
}

absl::Status Sealing::Keep(const SignatureName& name, const SignatureRequest& request,
                           const std::string& bytes) {
  const Document document = {.organisation_id = name.organisation_id,
                             .case_id = name.case_id,
                             .filename = NameOf(request.filename),
                             .label = request.title,
                             .uploader_id = "gatehouse",
                             .uploader_name = "Gatehouse",
                             .folder = kFolder};
  ASSIGN_OR_RETURN(const auto upload, places_.uploads.BeginByStaff(
                                          document, {.type = "application/pdf",
                                                     .size = static_cast<int64_t>(bytes.size())}));
  for (size_t at = 0; at < bytes.size(); at += kChunk) {
    RETURN_IF_ERROR(upload->Append(bytes.substr(at, kChunk)));
  }
  return upload->Finish([&](const std::string&, const auto& keep) {
    return places_.signatures.KeepSealed(name, keep);
  });
}

absl::Status Sealing::Seal(const SignatureName& name) {
  const auto request = places_.signatures.Get(name, "");
  if (ReasonOf(request.status()) == "NOT_FOUND") return absl::OkStatus();
  RETURN_IF_ERROR(request.status());
  if (!IsToBeSealed(*request)) return absl::OkStatus();
  const absl::StatusOr<Sealed> made = Made(name, *request);
  // Bytes that are damaged or erased stay so.
  const bool for_good = !ReasonOf(made.status()).empty() && !absl::IsUnavailable(made.status());
  if (!made.ok() && !for_good) return made.status();
  std::string refused = for_good ? ReasonOf(made.status()) : made->refused;
  if (refused.empty()) {
    const absl::Status kept = Keep(name, *request, made->document);
    // A store that is away or full may be there again; what the organisation does not take, such as
    // more than its quota, it will not take the next time.
    if (ReasonOf(kept).empty() || absl::IsUnavailable(kept)) return kept;
    refused = ReasonOf(kept);
  }
  return places_.signatures.NoteUnsealed(name, refused);
}

absl::StatusOr<int> Sealing::CatchUp() {
  int all = 0;
  for (int asked = kAskedAtOnce; asked == kAskedAtOnce; all += asked) {
    ASSIGN_OR_RETURN(asked, places_.signatures.AskForSeals(kAskedAtOnce));
  }
  return all;
}

}  // namespace gatehouse::documents
