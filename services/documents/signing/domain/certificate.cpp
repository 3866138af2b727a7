#include "services/documents/signing/domain/certificate.h"

#include "absl/strings/str_cat.h"
#include "services/common/text/characters.h"
#include "services/common/text/sandbox.h"

namespace gatehouse::documents {
namespace {

constexpr size_t kTextMax = 500;  // Characters of what people or browsers wrote.

std::string TimeOf(absl::Time time) {
  if (time == absl::InfinitePast()) return "–";
  return absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", time, absl::UTCTimeZone());
}

// One line, so that nobody writes lines of a certificate's own.
std::string Text(const std::string& text) { return Cut(OneLine(text), kTextMax); }

std::string ProofOf(const Signer& signer) {
  if (signer.passkey_id.empty()) return absl::StrCat("a code by SMS to ", signer.masked_mobile);
  return absl::StrCat("the passkey ", signer.passkey_id, ", “", Text(signer.passkey_name), "”");
}

// What is drawn on the pages stands here in full, however small its place is.
void AddFields(const SignatureRequest& request, const Signer& signer,
               std::vector<CertificateLine>& lines) {
  for (const SignatureField& field : request.fields) {
    if (field.contact_id != signer.contact_id) continue;
    const std::string at = absl::StrCat("Page ", field.page, ", ", field.field_id);
    const std::string label = field.label.empty() ? "" : absl::StrCat(Text(field.label), ": ");
    if (field.kind == FieldKind::kSignature) {
      lines.push_back({at, absl::StrCat(label, "the signature")});
    } else if (!field.value.empty()) {
      const bool ticked = field.kind == FieldKind::kCheckbox;
      lines.push_back({at, absl::StrCat(label, ticked ? "ticked" : Text(field.value))});
    }
  }
}

void AddSigner(const Signer& signer, std::vector<CertificateLine>& lines) {
  lines.push_back({"", "Signer"});
  lines.push_back({"Name", Text(signer.name)});
  lines.push_back({"Signed as", signer.drawn_png.empty()
                                    ? Text(signer.typed_name)
                                    : absl::StrCat("drawn, ", signer.drawn_png.size(), " bytes")});
  lines.push_back({"Proven by", ProofOf(signer)});
  lines.push_back({"Read", TimeOf(signer.see_time)});
  lines.push_back({"Consented", TimeOf(signer.consent_time)});
  lines.push_back({"Signed", TimeOf(signer.sign_time)});
}

}  // namespace

std::vector<CertificateLine> CertificateOf(const SignatureRequest& request,
                                           const std::vector<SignatureEvent>& events,
                                           const std::string& organisation_name) {
  std::vector<CertificateLine> lines = {
      // In a sandbox everybody knows every code.
      {"", IsSandbox(request.organisation_id) ? "A trial in a sandbox: nobody has signed"
                                              : "Certificate of signature"},
      {"Document", Text(request.title)},
      {"File", Text(request.filename)},
      {"Id", request.signature_request_id},
      {"SHA-256 as sent", request.sha256},
      {"Sent by", Text(absl::StrCat(request.sender_name, ", ", organisation_name))},
      {"Sent", TimeOf(request.create_time)},
      {"Signed by all", TimeOf(request.end_time)}};
  for (const Signer& signer : request.signers) {
    AddSigner(signer, lines);
    AddFields(request, signer, lines);
  }
  if (request.countersign) {
    lines.push_back({"", "For the organisation"});
    lines.push_back({"Signed as", Text(request.countersigned_name)});
  }
  lines.push_back({"", "What happened"});
  for (const SignatureEvent& event : events) {
    std::string text = event.type;
    for (const std::string& part :
         {event.actor_name, event.device.client_address, event.device.user_agent}) {
      if (!part.empty()) absl::StrAppend(&text, ", ", Text(part));
    }
    lines.push_back({TimeOf(event.time), text});
  }
  return lines;
}

}  // namespace gatehouse::documents
