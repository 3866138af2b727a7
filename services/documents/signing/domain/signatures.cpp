#include "services/documents/signing/domain/signatures.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "gatehouse/documents/v1/reasons.pb.h"
#include "services/common/base/crypto.h"
#include "services/common/base/random.h"
#include "services/common/base/status.h"
#include "services/common/text/address.h"
#include "services/common/text/characters.h"
#include "services/common/text/origin.h"
#include "services/documents/downloads/domain/download.h"
#include "services/documents/requests/domain/reminders.h"

namespace gatehouse::documents {
namespace {

constexpr size_t kCopyChunk = 256 << 10;
constexpr size_t kPurposeMax = 60;  // Characters of a title in an SMS.

// Who signs which bytes of which request: a code for one deed serves for no other.
std::string DeedOf(const SignatureRequest& request, const std::string& contact_id) {
  return Hex(Sha256(absl::StrCat("signature:", request.signature_request_id, ":", contact_id, ":",
                                 request.sha256)));
}

const CaseContact* FindContact(const MirroredCase& mirrored, const std::string& contact_id) {
  for (const CaseContact& contact : mirrored.contacts) {
    if (contact.contact_id == contact_id) return &contact;
  }
  return nullptr;
}

absl::Status MobileMissing(const std::string& contact_id) {
  return WithFact(Refuse(v1::SIGNER_MOBILE_MISSING, "a signer has no mobile number"), "contactId",
                  contact_id);
}

absl::StatusOr<std::vector<Signer>> SignersOf(const NewSignatureRequest& wanted,
                                              const MirroredCase& mirrored) {
  std::vector<Signer> signers;
  std::set<std::string> seen;
  for (const std::string& contact_id : wanted.contact_ids) {
    if (!seen.insert(contact_id).second) return RefuseField("contact_ids", "must be different");
    RETURN_IF_ERROR(CheckContact(mirrored, contact_id));
    const CaseContact& contact = *FindContact(mirrored, contact_id);
    if (wanted.method == SignatureMethod::kElectronic && contact.mobile.empty()) {
      return MobileMissing(contact_id);
    }
    signers.push_back({.contact_id = contact_id, .name = contact.name});
  }
  return signers;
}

// One that is none of the organisation's would be of no use to a passkey.
absl::StatusOr<std::string> PortalOf(const std::string& asked,
                                     const OrganisationProfile& organisation) {
  if (asked.empty()) return organisation.portal_url;
  const auto portal = NormalisedUrl(asked);
  const auto& known = organisation.portal_urls;
  if (portal.ok() && std::find(known.begin(), known.end(), *portal) != known.end()) return *portal;
  return RefuseField("portal_url", "must be one of the organisation's portals");
}

std::string TitleOf(const NewSignatureRequest& wanted, const Document& document) {
  const std::string& name = document.label.empty() ? document.filename : document.label;
  return OneLine(wanted.title.empty() ? name : wanted.title);
}

}  // namespace

absl::Status Signatures::Copy(const Document& document, const std::string& signature_request_id) {
  ASSIGN_OR_RETURN(const auto from,
                   places_.blobs.Read(document.organisation_id, document.document_id));
  ASSIGN_OR_RETURN(const auto to,
                   places_.blobs.Write(document.organisation_id, signature_request_id));
  Sha256Stream digest;
  for (int64_t at = 0; at < document.size_bytes;) {
    std::string bytes;
    RETURN_IF_ERROR(from->Read(at, kCopyChunk, bytes));
    if (bytes.empty()) return absl::DataLossError("the blob is shorter than known");
    digest.Add(bytes);
    RETURN_IF_ERROR(to->Append(bytes));
    at += static_cast<int64_t>(bytes.size());
  }
  if (Hex(digest.Finish()) != document.sha256) {
    return absl::DataLossError("the blob is not what was kept");
  }
  RETURN_IF_ERROR(places_.documents.NoteLoose({document.organisation_id, signature_request_id}));
  return to->Commit();
}

// Read from the document's own bytes, of which Copy() then makes sure.
absl::StatusOr<SignatureFields> Signatures::Placed(const NewSignatureRequest& wanted,
                                                   const Document& document) {
  if (wanted.fields.empty()) return wanted.fields;
  if (wanted.method != SignatureMethod::kElectronic) {
    return RefuseField("fields", "are for what is signed electronically");
  }
  RETURN_IF_ERROR(CheckFields(wanted.fields, wanted.contact_ids));
  if (places_.sealer == nullptr) {
    return Refuse(v1::SIGNATURE_FIELDS_NOT_CONFIGURED, "nothing that draws fields is set up");
  }
  const auto not_drawable = [](const std::string& problem) {
    return WithFact(
        Refuse(v1::SIGNATURE_FIELDS_NOT_DRAWABLE, "nothing can be drawn into the document"),
        "problem", problem);
  };
  if (document.size_bytes > kSealedBytesMax) return not_drawable("PDF_TOO_LARGE");
  ASSIGN_OR_RETURN(const auto blob,
                   places_.blobs.Read(document.organisation_id, document.document_id));
  ASSIGN_OR_RETURN(const Measured measured, places_.sealer->Measure(*blob, document.size_bytes));
  if (!measured.refused.empty()) return not_drawable(measured.refused);
  return OnPages(wanted.fields, measured.pages);
}

absl::StatusOr<Signatures::Prepared> Signatures::Prepare(const NewSignatureRequest& wanted) {
  SignatureRequest request = {.organisation_id = wanted.organisation_id,
                              .signature_request_id = NewId("sig"),
                              .case_id = wanted.case_id,
                              .document_id = wanted.document_id,
                              .method = wanted.method,
                              .in_order = wanted.in_order,
                              .countersign = wanted.countersign,
                              .message = wanted.message,
                              .sender_name = wanted.sender_name};
  const SignatureName name = {wanted.organisation_id, wanted.case_id, request.signature_request_id};
  ASSIGN_OR_RETURN(const MirroredCase mirrored,
                   places_.cases.LookUp(name.organisation_id, name.case_id));
  ASSIGN_OR_RETURN(const OrganisationProfile organisation,
                   places_.organisations.LookUp(name.organisation_id));
  ASSIGN_OR_RETURN(
      const Document document,
      places_.documents.Get(wanted.organisation_id, wanted.case_id, nullptr, wanted.document_id));
  ASSIGN_OR_RETURN(const DocumentRules rules, places_.rules.Get(wanted.organisation_id));
  RETURN_IF_ERROR(CheckScan(document.scan, rules.unscanned_downloads));
  if (wanted.method == SignatureMethod::kElectronic && document.content_type != "application/pdf") {
    return Refuse(v1::SIGNATURE_NEEDS_PDF, "only a PDF is signed electronically");
  }
  ASSIGN_OR_RETURN(request.signers, SignersOf(wanted, mirrored));
  ASSIGN_OR_RETURN(request.fields, Placed(wanted, document));
  const absl::Time now = places_.clock.Now();
  const absl::TimeZone& zone = organisation.time_zone;
  request.title = TitleOf(wanted, document);
  request.filename = document.filename;
  request.content_type = document.content_type;
  request.size_bytes = document.size_bytes;
  request.sha256 = document.sha256;
  request.create_time = now;
  // By day, since signers are told then.
  request.expire_time = ByDay(now + absl::Hours(24) * wanted.days, zone);
  RETURN_IF_ERROR(Copy(document, request.signature_request_id));
  Prepared prepared = {Sent(std::move(request), now), {}};
  prepared.change.request.next_look = NextLook(prepared.change.request, zone, now);
  prepared.notices = NoticesOf(prepared.change);
  return prepared;
}

absl::StatusOr<SignatureRequest> Signatures::Add(const Prepared& prepared) {
  RETURN_IF_ERROR(places_.signatures.Add(prepared.change, prepared.notices, kSignatureRequestsMax));
  return prepared.change.request;
}

absl::StatusOr<SignatureRequest> Signatures::Change(const SignatureName& name, const Make& make) {
  ASSIGN_OR_RETURN(const OrganisationProfile organisation,
                   places_.organisations.LookUp(name.organisation_id));
  const absl::Time now = places_.clock.Now();
  using Followed = SignatureStore::Followed;
  return places_.signatures.Change(
      name, [&](const SignatureRequest& before) -> absl::StatusOr<Followed> {
        ASSIGN_OR_RETURN(SignatureChange change, make(before, now));
        change.request.next_look = NextLook(change.request, organisation.time_zone, now);
        std::vector<SignatureNotice> notices = NoticesOf(change);
        return Followed{std::move(change), std::move(notices)};
      });
}

absl::StatusOr<SignatureRequest> Signatures::See(const SigningClient& client) {
  const std::string& contact_id = client.access.contact_id;
  ASSIGN_OR_RETURN(const SignatureRequest request, places_.signatures.Get(client.name, contact_id));
  const Signer* const signer = FindSigner(request, contact_id);
  if (signer != nullptr && signer->see_time != absl::InfinitePast()) return request;
  return Change(client.name, [&](SignatureRequest before, absl::Time now) {
    return Seen(std::move(before), contact_id, client.device, now);
  });
}

absl::StatusOr<CodeSubject> Signatures::Consent(const SigningClient& client,
                                                const std::string& sha256) {
  const std::string& contact_id = client.access.contact_id;
  ASSIGN_OR_RETURN(const SignatureRequest request,
                   Change(client.name, [&](SignatureRequest before, absl::Time now) {
                     return Consented(std::move(before), contact_id, sha256, client.device, now);
                   }));
  const std::string& organisation_id = client.name.organisation_id;
  ASSIGN_OR_RETURN(const MirroredCase mirrored,
                   places_.cases.LookUp(organisation_id, client.name.case_id));
  ASSIGN_OR_RETURN(const OrganisationProfile organisation,
                   places_.organisations.LookUp(organisation_id));
  const CaseContact* const contact = FindContact(mirrored, contact_id);
  if (contact == nullptr || contact->mobile.empty()) return MobileMissing(contact_id);
  return CodeSubject{.organisation_id = organisation_id,
                     .case_id = client.name.case_id,
                     .contact_id = contact_id,
                     .invitation_id = client.access.invitation_id,
                     .deed_id = DeedOf(request, contact_id),
                     .mobile = contact->mobile,
                     .organisation_name = organisation.display_name,
                     .portal_url = organisation.portal_url,
                     .title = Cut(OneLine(request.title), kPurposeMax)};
}

absl::StatusOr<Signatures::Started> Signatures::Start(const SigningClient& client,
                                                      const std::string& sha256) {
  ASSIGN_OR_RETURN(const CodeSubject subject, Consent(client, sha256));
  ASSIGN_OR_RETURN(SentCode code, places_.codes.Send(subject));
  return Started{std::move(code), MaskPhone(subject.mobile)};
}

absl::Status Signatures::CheckPasskeys(const std::string& organisation_id) {
  ASSIGN_OR_RETURN(const DocumentRules rules, places_.rules.Get(organisation_id));
  if (rules.passkey_signatures) return absl::OkStatus();
  return Refuse(v1::SIGNATURE_PASSKEY_NOT_ALLOWED, "nobody signs with a passkey here");
}

absl::StatusOr<PasskeyOptions> Signatures::StartPasskey(const SigningClient& client,
                                                        const std::string& sha256,
                                                        const std::string& portal_url) {
  const std::string& organisation_id = client.name.organisation_id;
  RETURN_IF_ERROR(places_.signatures.Get(client.name, client.access.contact_id).status());
  RETURN_IF_ERROR(CheckPasskeys(organisation_id));
  ASSIGN_OR_RETURN(const OrganisationProfile organisation,
                   places_.organisations.LookUp(organisation_id));
  ASSIGN_OR_RETURN(const std::string portal, PortalOf(portal_url, organisation));
  ASSIGN_OR_RETURN(CodeSubject subject, Consent(client, sha256));
  subject.portal_url = portal;
  return places_.codes.StartPasskey(subject);
}

absl::StatusOr<SignatureRequest> Signatures::SignBy(const SigningClient& client,
                                                    GivenSignature given, const Prove& prove) {
  const std::string& contact_id = client.access.contact_id;
  RETURN_IF_ERROR(CheckAutograph(given.autograph));
  ASSIGN_OR_RETURN(const SignatureRequest request, places_.signatures.Get(client.name, contact_id));
  if (FindSigner(request, contact_id)->state == SignerState::kSigned) return request;
  // Nobody spends a proof on what cannot be signed.
  const absl::Time now = places_.clock.Now();
  RETURN_IF_ERROR(CheckMaySign(request, contact_id, now));
  ASSIGN_OR_RETURN(const OrganisationProfile organisation,
                   places_.organisations.LookUp(client.name.organisation_id));
  given.day = absl::FormatTime("%Y-%m-%d", now, organisation.time_zone);
  RETURN_IF_ERROR(Filled(request.fields, contact_id, given.values, given.day).status());
  ASSIGN_OR_RETURN(const SignatureProof proof, prove(DeedOf(request, contact_id)));
  return Change(client.name, [&](SignatureRequest before, absl::Time at) {
    return Signed(std::move(before), contact_id, given, proof, client.device, at);
  });
}

absl::StatusOr<SignatureRequest> Signatures::Sign(const SigningClient& client,
                                                  const TypedCode& typed,
                                                  const Autograph& autograph,
                                                  const FieldValues& values) {
  return SignBy(client, {autograph, values, ""},
                [&](const std::string& deed_id) -> absl::StatusOr<SignatureProof> {
                  ASSIGN_OR_RETURN(
                      std::string masked_mobile,
                      places_.codes.Verify(client.name.organisation_id, deed_id, typed));
                  return SignatureProof{.masked_mobile = std::move(masked_mobile)};
                });
}

absl::StatusOr<SignatureRequest> Signatures::SignByPasskey(const SigningClient& client,
                                                           const PasskeyAnswer& answer,
                                                           const Autograph& autograph,
                                                           const FieldValues& values) {
  return SignBy(client, {autograph, values, ""},
                [&](const std::string& deed_id) -> absl::StatusOr<SignatureProof> {
                  // It may have been turned off since it was begun.
                  RETURN_IF_ERROR(CheckPasskeys(client.name.organisation_id));
                  return places_.codes.VerifyPasskey(client.name.organisation_id, deed_id, answer);
                });
}

absl::StatusOr<SignatureRequest> Signatures::Decline(const SigningClient& client,
                                                     const std::string& reason) {
  return Change(client.name, [&](SignatureRequest before, absl::Time now) {
    return Declined(std::move(before), client.access.contact_id, reason, client.device, now);
  });
}

absl::StatusOr<SignatureRequest> Signatures::Submit(const SigningClient& client,
                                                    const std::string& document_id) {
  const SignatureName& name = client.name;
  RETURN_IF_ERROR(places_.signatures.Get(name, client.access.contact_id).status());
  ASSIGN_OR_RETURN(
      const Document document,
      places_.documents.Get(name.organisation_id, name.case_id, &client.access, document_id));
  if (!document.from_client) return Refuse(common::v1::NOT_FOUND, "there is no such document");
  return Change(name, [&](SignatureRequest before, absl::Time now) {
    return Submitted(std::move(before), client.access.contact_id, document_id, client.device, now);
  });
}

absl::StatusOr<SignatureRequest> Signatures::Accept(const SigningStaff& staff,
                                                    const std::string& contact_id) {
  return Change(staff.name, [&](SignatureRequest before, absl::Time now) {
    return CopyAccepted(std::move(before), contact_id, staff.actor_name, now);
  });
}

absl::StatusOr<SignatureRequest> Signatures::Return(const SigningStaff& staff,
                                                    const std::string& contact_id,
                                                    const std::string& reason) {
  return Change(staff.name, [&](SignatureRequest before, absl::Time now) {
    return CopyReturned(std::move(before), contact_id, reason, staff.actor_name, now);
  });
}

absl::StatusOr<SignatureRequest> Signatures::Countersign(const SigningStaff& staff,
                                                         const std::string& typed_name) {
  return Change(staff.name, [&](SignatureRequest before, absl::Time now) {
    return Countersigned(std::move(before), typed_name, staff.actor_name, staff.device, now);
  });
}

absl::StatusOr<SignatureRequest> Signatures::Void(const SigningStaff& staff,
                                                  const std::string& reason) {
  return Change(staff.name, [&](SignatureRequest before, absl::Time now) {
    return Voided(std::move(before), reason, staff.actor_name, now);
  });
}

absl::Status Signatures::Look(const SignatureName& name) {
  const auto found = places_.signatures.Get(name, "");
  if (ReasonOf(found.status()) == "NOT_FOUND") return absl::OkStatus();
  RETURN_IF_ERROR(found.status());
  if (const absl::Duration wait = found->next_look - places_.clock.Now();
      wait > absl::ZeroDuration()) {
    // Another job is there for a later time; unless this is the one, and its clock was ahead.
    if (wait > absl::Minutes(1)) return absl::OkStatus();
    return absl::AbortedError("the time of the look has not come yet");
  }
  ASSIGN_OR_RETURN(const OrganisationProfile organisation,
                   places_.organisations.LookUp(name.organisation_id));
  const absl::TimeZone& zone = organisation.time_zone;
  const absl::Time now = places_.clock.Now();
  return places_.signatures
      .Change(name,
              [&](const SignatureRequest& before) -> absl::StatusOr<SignatureStore::Followed> {
                SignatureChange change = LookedAt(before, zone, now);
                change.request.next_look = NextLook(change.request, zone, now);
                std::vector<SignatureNotice> notices = NoticesOf(change);
                return SignatureStore::Followed{std::move(change), std::move(notices)};
              })
      .status();
}

}  // namespace gatehouse::documents
