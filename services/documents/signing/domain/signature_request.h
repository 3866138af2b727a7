#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/documents/signing/domain/signature_fields.h"

namespace gatehouse::documents {

// The numbers are the contract's (v1::SignatureMethod, v1::SignatureState, v1::Signer::State).
enum class SignatureMethod { kElectronic = 1, kManual = 2 };
enum class SignatureState {
  kSigning = 1,
  kCountersigning = 2,
  kSigned = 3,
  kDeclined = 4,
  kVoided = 5,
  kExpired = 6
};
enum class SignerState { kWaiting = 1, kAsked = 2, kSubmitted = 3, kSigned = 4, kDeclined = 5 };

constexpr int kSignatureDays = 30;  // That there are to sign, where nobody says how many.
// A signer is reminded after five days and then every two, five times at most: within 30 days.
constexpr absl::Duration kFirstSignatureReminder = absl::Hours(5 * 24);
constexpr absl::Duration kSignatureReminderInterval = absl::Hours(2 * 24);
constexpr int kSignatureRemindersMax = 5;

// Who has to sign. A time that has not come is in the infinite past.
struct Signer {
  std::string contact_id, name;
  SignerState state = SignerState::kWaiting;
  absl::Time ask_time = absl::InfinitePast(), see_time = absl::InfinitePast(),
             consent_time = absl::InfinitePast(), sign_time = absl::InfinitePast();
  std::string typed_name, drawn_png;  // With which of them it signed.
  std::string masked_mobile;          // Where its code went; empty: it had a passkey.
  std::string signed_document_id;     // What it signed on paper,
  std::string return_reason;          // and why that came back.
  int reminders = 0;                  // That were sent.
  std::string passkey_id, passkey_name;
};

struct SignatureRequest {
  std::string organisation_id, signature_request_id, case_id, document_id;
  std::string title, filename, content_type;
  int64_t size_bytes = 0;
  std::string sha256;  // Of what is signed: lower-case hexadecimal.
  SignatureMethod method = SignatureMethod::kElectronic;
  SignatureState state = SignatureState::kSigning;
  bool in_order = false, countersign = false;
  std::string message, sender_name, countersigned_name, end_reason;
  absl::Time create_time, expire_time;
  absl::Time end_time = absl::InfinitePast();
  absl::Time next_look = absl::InfiniteFuture();  // When a job looks at it.
  // What became of the sealing, once it is signed: a document of the case and its SHA-256, or the
  // name of why there is none.
  std::string sealed_document_id, sealed_sha256, seal_refusal;
  std::vector<Signer> signers;
  SignatureFields fields;
};

// Where a deed came from.
struct Device {
  std::string client_address, user_agent;
};

// Something that happened to a signature request: `type` is the contract's (v1::SignatureEvent).
struct SignatureEvent {
  absl::Time time;
  std::string type, contact_id, actor_name;
  Device device;
};

// A request as it becomes, and what is to be noted of that. Without events nothing has changed.
struct SignatureChange {
  SignatureRequest request;
  std::vector<SignatureEvent> events;
};
using SignatureStep = absl::StatusOr<SignatureChange>;

// With what a signer signs: one of the two.
struct Autograph {
  std::string typed_name, drawn_png;
};
// By what a signer has proven itself: a code that went there, or a passkey.
struct SignatureProof {
  std::string masked_mobile, passkey_id, passkey_name;
};
// All that a signer gives by signing.
struct GivenSignature {
  Autograph autograph;
  FieldValues values;
  std::string day;  // On which it signs, as its fields show it.
};

// OK if it is one that can be shown. Refuses INVALID_REQUEST: none, both, what is no PNG, or one
// that is damaged or has more than 2,000 by 1,000 pixels.
absl::Status CheckAutograph(const Autograph& autograph);

// Whether it waits for somebody still.
bool IsOpen(const SignatureRequest& request);
// The signer that this contact is, or null.
const Signer* FindSigner(const SignatureRequest& request, const std::string& contact_id);

// The steps. Those of a signer refuse NOT_FOUND where the contact is none or has not been asked
// yet, and, but where what they would do is done, SIGNATURE_REQUEST_ENDED once it has ended or its
// time is over. A step that is taken again changes nothing.

// Whose turn it is is asked: the first, or all.
SignatureChange Sent(SignatureRequest request, absl::Time now);
// The signer has had the bytes, as far as it is known. Refuses nothing else: also afterwards the
// bytes may be read.
SignatureStep Seen(SignatureRequest request, const std::string& contact_id, const Device& device,
                   absl::Time now);
// Refuses SIGNATURE_METHOD_OTHER, and SIGNATURE_NOT_READ where it has not had the bytes of this
// SHA-256.
SignatureStep Consented(SignatureRequest request, const std::string& contact_id,
                        const std::string& sha256, const Device& device, absl::Time now);
// OK if it may sign now, as Consented() says; without having consented SIGNATURE_NOT_READ.
absl::Status CheckMaySign(const SignatureRequest& request, const std::string& contact_id,
                          absl::Time now);
// By who has proven itself. Refuses as CheckMaySign(), and as Filled().
SignatureStep Signed(SignatureRequest request, const std::string& contact_id,
                     const GivenSignature& given, const SignatureProof& proof, const Device& device,
                     absl::Time now);
SignatureStep Declined(SignatureRequest request, const std::string& contact_id,
                       const std::string& reason, const Device& device, absl::Time now);
// A document with what was signed on paper. Refuses SIGNATURE_METHOD_OTHER.
SignatureStep Submitted(SignatureRequest request, const std::string& contact_id,
                        const std::string& document_id, const Device& device, absl::Time now);

// The steps of staff, by its name.
// Refuse SIGNATURE_METHOD_OTHER, SIGNATURE_NOT_SUBMITTED.
SignatureStep CopyAccepted(SignatureRequest request, const std::string& contact_id,
                           const std::string& by, absl::Time now);
SignatureStep CopyReturned(SignatureRequest request, const std::string& contact_id,
                           const std::string& reason, const std::string& by, absl::Time now);
// Refuses SIGNATURE_NOT_DUE.
SignatureStep Countersigned(SignatureRequest request, const std::string& typed_name,
                            const std::string& by, const Device& device, absl::Time now);
SignatureStep Voided(SignatureRequest request, const std::string& reason, const std::string& by,
                     absl::Time now);

// The step of time: it is out of time, or signers are reminded, at day only.
SignatureChange LookedAt(SignatureRequest request, const absl::TimeZone& zone, absl::Time now);
// When that has something to do next. InfiniteFuture: never.
absl::Time NextLook(const SignatureRequest& request, const absl::TimeZone& zone, absl::Time now);

}  // namespace gatehouse::documents
