#include "services/documents/signing/domain/signature_request.h"

#include <algorithm>

#include "gatehouse/common/v1/reasons.pb.h"
#include "gatehouse/documents/v1/reasons.pb.h"
#include "services/common/base/status.h"
#include "services/documents/requests/domain/reminders.h"

namespace gatehouse::documents {
namespace {

absl::Status NoSuchSigner() {
  return Refuse(common::v1::NOT_FOUND, "there is no such signature request");
}

absl::Status Ended() {
  return Refuse(v1::SIGNATURE_REQUEST_ENDED, "the signature request has ended");
}

Signer* SignerOf(SignatureRequest& request, const std::string& contact_id) {
  for (Signer& signer : request.signers) {
    if (signer.contact_id == contact_id) return &signer;
  }
  return nullptr;
}

// Whether anything may still be done to it.
absl::Status CheckGoesOn(const SignatureRequest& request, absl::Time now) {
  if (IsOpen(request) && now < request.expire_time) return absl::OkStatus();
  return Ended();
}

// A signer who was asked.
absl::StatusOr<const Signer*> AskedSigner(const SignatureRequest& request,
                                          const std::string& contact_id) {
  const Signer* const signer = FindSigner(request, contact_id);
  if (signer == nullptr || signer->state == SignerState::kWaiting) return NoSuchSigner();
  return signer;
}

absl::Status CheckMethod(const SignatureRequest& request, SignatureMethod method) {
  if (request.method == method) return absl::OkStatus();
  return Refuse(v1::SIGNATURE_METHOD_OTHER, "it is signed by the other method");
}

// What a signer may do while it is to sign.
absl::Status CheckAsked(const SignatureRequest& request, const Signer& signer, absl::Time now) {
  RETURN_IF_ERROR(CheckGoesOn(request, now));
  if (signer.state == SignerState::kAsked || signer.state == SignerState::kSubmitted) {
    return absl::OkStatus();
  }
  return Refuse(v1::SIGNATURE_NOT_DUE, "the signer has signed");
}

// Asks whose turn it is.
void Ask(SignatureChange& change, absl::Time now) {
  for (Signer& signer : change.request.signers) {
    if (signer.state == SignerState::kWaiting) {
      signer.state = SignerState::kAsked;
      signer.ask_time = now;
      change.events.push_back({now, "asked", signer.contact_id, "", {}});
    }
    if (change.request.in_order && signer.state != SignerState::kSigned) return;
  }
}

void End(SignatureChange& change, SignatureState state, absl::Time now) {
  change.request.state = state;
  change.request.end_time = now;
  if (state == SignatureState::kSigned) change.events.push_back({now, "completed", "", "", {}});
}

// What follows once one more has signed.
void GoOn(SignatureChange& change, absl::Time now) {
  Ask(change, now);
  const auto& signers = change.request.signers;
  const bool all = std::all_of(signers.begin(), signers.end(), [](const Signer& signer) {
    return signer.state == SignerState::kSigned;
  });
  if (!all) return;
  if (change.request.countersign) {
    change.request.state = SignatureState::kCountersigning;
    change.events.push_back({now, "countersigning", "", "", {}});
  } else {
    End(change, SignatureState::kSigned, now);
  }
}

// When a signer is to be reminded next; InfiniteFuture: never.
absl::Time NextReminder(const Signer& signer) {
  if (signer.state != SignerState::kAsked || signer.reminders >= kSignatureRemindersMax) {
    return absl::InfiniteFuture();
  }
  return signer.ask_time + kFirstSignatureReminder + kSignatureReminderInterval * signer.reminders;
}

// What staff review of a signer.
absl::StatusOr<Signer*> Submitter(SignatureRequest& request, const std::string& contact_id,
                                  absl::Time now) {
  Signer* const signer = SignerOf(request, contact_id);
  if (signer == nullptr) return NoSuchSigner();
  RETURN_IF_ERROR(CheckMethod(request, SignatureMethod::kManual));
  RETURN_IF_ERROR(CheckGoesOn(request, now));
  if (signer->state == SignerState::kSubmitted) return signer;
  return Refuse(v1::SIGNATURE_NOT_SUBMITTED, "the signer has handed in nothing to be reviewed");
}

}  // namespace

bool IsOpen(const SignatureRequest& request) {
  return request.state == SignatureState::kSigning ||
         request.state == SignatureState::kCountersigning;
}

const Signer* FindSigner(const SignatureRequest& request, const std::string& contact_id) {
  const auto found =
      std::find_if(request.signers.begin(), request.signers.end(),
                   [&](const Signer& signer) { return signer.contact_id == contact_id; });
  return found == request.signers.end() ? nullptr : &*found;
}

SignatureChange Sent(SignatureRequest request, absl::Time now) {
  SignatureChange change = {std::move(request), {}};
  change.events.push_back({now, "sent", "", change.request.sender_name, {}});
  Ask(change, now);
  return change;
}

SignatureStep Seen(SignatureRequest request, const std::string& contact_id, const Device& device,
                   absl::Time now) {
  RETURN_IF_ERROR(AskedSigner(request, contact_id).status());
  SignatureChange change = {std::move(request), {}};
  Signer& signer = *SignerOf(change.request, contact_id);
  if (signer.see_time != absl::InfinitePast()) return change;
  signer.see_time = now;
  change.events.push_back({now, "seen", contact_id, signer.name, device});
  return change;
}

SignatureStep Consented(SignatureRequest request, const std::string& contact_id,
                        const std::string& sha256, const Device& device, absl::Time now) {
  ASSIGN_OR_RETURN(const Signer* const asked, AskedSigner(request, contact_id));
  RETURN_IF_ERROR(CheckMethod(request, SignatureMethod::kElectronic));
  RETURN_IF_ERROR(CheckAsked(request, *asked, now));
  if (asked->see_time == absl::InfinitePast() || sha256 != request.sha256) {
    return Refuse(v1::SIGNATURE_NOT_READ, "the document has to be read as it was sent");
  }
  SignatureChange change = {std::move(request), {}};
  Signer& signer = *SignerOf(change.request, contact_id);
  if (signer.consent_time != absl::InfinitePast()) return change;
  signer.consent_time = now;
  change.events.push_back({now, "consented", contact_id, signer.name, device});
  return change;
}

absl::Status CheckMaySign(const SignatureRequest& request, const std::string& contact_id,
                          absl::Time now) {
  ASSIGN_OR_RETURN(const Signer* const signer, AskedSigner(request, contact_id));
  RETURN_IF_ERROR(CheckMethod(request, SignatureMethod::kElectronic));
  RETURN_IF_ERROR(CheckAsked(request, *signer, now));
  if (signer->consent_time != absl::InfinitePast()) return absl::OkStatus();
  return Refuse(v1::SIGNATURE_NOT_READ, "the signer has to read the document and consent");
}

SignatureStep Signed(SignatureRequest request, const std::string& contact_id,
                     const GivenSignature& given, const SignatureProof& proof, const Device& device,
                     absl::Time now) {
  ASSIGN_OR_RETURN(const Signer* const asked, AskedSigner(request, contact_id));
  if (asked->state == SignerState::kSigned) return SignatureChange{std::move(request), {}};
  RETURN_IF_ERROR(CheckMaySign(request, contact_id, now));
  ASSIGN_OR_RETURN(request.fields,
                   Filled(std::move(request.fields), contact_id, given.values, given.day));
  SignatureChange change = {std::move(request), {}};
  Signer& signer = *SignerOf(change.request, contact_id);
  signer.state = SignerState::kSigned;
  signer.sign_time = now;
  signer.typed_name = given.autograph.typed_name;
  signer.drawn_png = given.autograph.drawn_png;
  signer.masked_mobile = proof.masked_mobile;
  signer.passkey_id = proof.passkey_id;
  signer.passkey_name = proof.passkey_name;
  change.events.push_back({now, "signed", contact_id, signer.name, device});
  GoOn(change, now);
  return change;
}

SignatureStep Declined(SignatureRequest request, const std::string& contact_id,
                       const std::string& reason, const Device& device, absl::Time now) {
  ASSIGN_OR_RETURN(const Signer* const asked, AskedSigner(request, contact_id));
  if (asked->state == SignerState::kDeclined) return SignatureChange{std::move(request), {}};
  RETURN_IF_ERROR(CheckAsked(request, *asked, now));
  SignatureChange change = {std::move(request), {}};
  Signer& signer = *SignerOf(change.request, contact_id);
  signer.state = SignerState::kDeclined;
  change.request.end_reason = reason;
  change.events.push_back({now, "declined", contact_id, signer.name, device});
  End(change, SignatureState::kDeclined, now);
  return change;
}

SignatureStep Submitted(SignatureRequest request, const std::string& contact_id,
                        const std::string& document_id, const Device& device, absl::Time now) {
  ASSIGN_OR_RETURN(const Signer* const asked, AskedSigner(request, contact_id));
  RETURN_IF_ERROR(CheckMethod(request, SignatureMethod::kManual));
  RETURN_IF_ERROR(CheckAsked(request, *asked, now));
  SignatureChange change = {std::move(request), {}};
  Signer& signer = *SignerOf(change.request, contact_id);
  if (signer.state == SignerState::kSubmitted && signer.signed_document_id == document_id) {
    return change;
  }
  signer.state = SignerState::kSubmitted;
  signer.signed_document_id = document_id;
  signer.return_reason.clear();
  signer.sign_time = now;
  change.events.push_back({now, "submitted", contact_id, signer.name, device});
  return change;
}

SignatureStep CopyAccepted(SignatureRequest request, const std::string& contact_id,
                           const std::string& by, absl::Time now) {
  const Signer* const known = FindSigner(request, contact_id);
  if (known != nullptr && known->state == SignerState::kSigned &&
      request.method == SignatureMethod::kManual) {
    return SignatureChange{std::move(request), {}};
  }
  SignatureChange change = {std::move(request), {}};
  ASSIGN_OR_RETURN(Signer* const signer, Submitter(change.request, contact_id, now));
  signer->state = SignerState::kSigned;
  change.events.push_back({now, "accepted", contact_id, by, {}});
  GoOn(change, now);
  return change;
}

SignatureStep CopyReturned(SignatureRequest request, const std::string& contact_id,
                           const std::string& reason, const std::string& by, absl::Time now) {
  const Signer* const known = FindSigner(request, contact_id);
  if (known != nullptr && known->state == SignerState::kAsked && known->return_reason == reason) {
    return SignatureChange{std::move(request), {}};
  }
  SignatureChange change = {std::move(request), {}};
  ASSIGN_OR_RETURN(Signer* const signer, Submitter(change.request, contact_id, now));
  signer->state = SignerState::kAsked;
  signer->return_reason = reason;
  signer->sign_time = absl::InfinitePast();
  // It is asked anew, and reminded from now on.
  signer->ask_time = now;
  signer->reminders = 0;
  change.events.push_back({now, "returned", contact_id, by, {}});
  return change;
}

SignatureStep Countersigned(SignatureRequest request, const std::string& typed_name,
                            const std::string& by, const Device& device, absl::Time now) {
  SignatureChange change = {std::move(request), {}};
  if (!change.request.countersigned_name.empty()) return change;
  RETURN_IF_ERROR(CheckGoesOn(change.request, now));
  if (change.request.state != SignatureState::kCountersigning) {
    return Refuse(v1::SIGNATURE_NOT_DUE, "not all clients have signed yet");
  }
  change.request.countersigned_name = typed_name;
  change.events.push_back({now, "countersigned", "", by, device});
  End(change, SignatureState::kSigned, now);
  return change;
}

SignatureStep Voided(SignatureRequest request, const std::string& reason, const std::string& by,
                     absl::Time now) {
  SignatureChange change = {std::move(request), {}};
  if (change.request.state == SignatureState::kVoided) return change;
  RETURN_IF_ERROR(CheckGoesOn(change.request, now));
  change.request.end_reason = reason;
  change.events.push_back({now, "voided", "", by, {}});
  End(change, SignatureState::kVoided, now);
  return change;
}

SignatureChange LookedAt(SignatureRequest request, const absl::TimeZone& zone, absl::Time now) {
  SignatureChange change = {std::move(request), {}};
  if (!IsOpen(change.request)) return change;
  if (now >= change.request.expire_time) {
    change.events.push_back({now, "expired", "", "", {}});
    End(change, SignatureState::kExpired, now);
    return change;
  }
  if (ByDay(now, zone) > now) return change;
  for (Signer& signer : change.request.signers) {
    if (NextReminder(signer) > now) continue;
    // What was missed, say while the service was away, is not made up for.
    while (NextReminder(signer) <= now) ++signer.reminders;
    change.events.push_back({now, "reminded", signer.contact_id, "", {}});
  }
  return change;
}

absl::Time NextLook(const SignatureRequest& request, const absl::TimeZone& zone, absl::Time now) {
  if (!IsOpen(request)) return absl::InfiniteFuture();
  absl::Time next = absl::InfiniteFuture();
  for (const Signer& signer : request.signers) next = std::min(next, NextReminder(signer));
  return std::min(ByDay(std::max(next, now), zone), request.expire_time);
}

}  // namespace gatehouse::documents
