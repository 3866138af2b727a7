#include "services/documents/signing/identity_codes.h"

#include "gatehouse/documents/v1/reasons.pb.h"
#include "gatehouse/identity/v1/confirmations.pb.h"
#include "services/common/base/proto_time.h"
#include "services/common/base/status.h"

namespace gatehouse::documents {
namespace {

std::string HostOf(const std::string& url) {
  const size_t scheme = url.find("://");
  const size_t start = scheme == std::string::npos ? 0 : scheme + 3;
  return url.substr(start, url.find_first_of(":/", start) - start);
}

}  // namespace

absl::StatusOr<SentCode> IdentityCodes::Send(const CodeSubject& subject) {
  identity::v1::StartConfirmationRequest request;
  request.set_deed_id(subject.deed_id);
  request.set_case_id(subject.case_id);
  request.set_contact_id(subject.contact_id);
  request.set_invitation_id(subject.invitation_id);
  request.set_mobile(subject.mobile);
  request.set_organisation_name(subject.organisation_name);
  request.set_portal_host(HostOf(subject.portal_url));
  request.set_purpose(subject.title);
  ASSIGN_OR_RETURN(const auto challenge,
                   identity_.Call(&identity::v1::Confirmations_Stub::StartConfirmation,
                                  subject.organisation_id, request));
  return SentCode{.challenge_id = challenge.challenge_id(),
                  .expire_time = FromProto(challenge.expire_time()),
                  .resend_time = FromProto(challenge.resend_time())};
}

absl::StatusOr<std::string> IdentityCodes::Verify(const std::string& organisation_id,
                                                  const std::string& deed_id,
                                                  const TypedCode& typed) {
  identity::v1::VerifyConfirmationRequest request;
  request.set_challenge_id(typed.challenge_id);
  request.set_deed_id(deed_id);
  request.set_code(typed.code);
  request.set_nonce(typed.nonce);
  const auto verified = identity_.Call(&identity::v1::Confirmations_Stub::VerifyConfirmation,
                                       organisation_id, request);
  // To who is signed in UNAUTHENTICATED would say that the session is not good; the gateway would
  // make the call again, and spend another attempt.
  if (ReasonOf(verified.status()) == "CODE_WRONG") {
    return WithFact(Refuse(v1::SIGNATURE_CODE_WRONG, "the code is not right"), "attemptsLeft",
                    FactsOf(verified.status())["attemptsLeft"]);
  }
  RETURN_IF_ERROR(verified.status());
  return verified->masked_mobile();
}

absl::StatusOr<PasskeyOptions> IdentityCodes::StartPasskey(const CodeSubject& subject) {
  identity::v1::StartPasskeyConfirmationRequest request;
  request.set_deed_id(subject.deed_id);
  request.set_case_id(subject.case_id);
  request.set_contact_id(subject.contact_id);
  request.set_invitation_id(subject.invitation_id);
  request.set_mobile(subject.mobile);
  request.set_portal_url(subject.portal_url);
  const auto begun = identity_.Call(&identity::v1::Confirmations_Stub::StartPasskeyConfirmation,
                                    subject.organisation_id, request);
  if (ReasonOf(begun.status()) == "PASSKEY_UNKNOWN") {
    return Refuse(v1::SIGNATURE_PASSKEY_MISSING, "there is no passkey here that signs");
  }
  RETURN_IF_ERROR(begun.status());
  PasskeyOptions options = {.challenge_id = begun->challenge_id(),
                            .challenge = begun->options().challenge(),
                            .host = begun->options().rp_id(),
                            .user_verification = begun->options().user_verification(),
                            .expire_time = FromProto(begun->expire_time()),
                            .timeout_ms = begun->options().timeout()};
  for (const auto& credential : begun->options().allow_credentials()) {
    options.credential_ids.push_back(credential.id());
  }
  return options;
}

absl::StatusOr<SignatureProof> IdentityCodes::VerifyPasskey(const std::string& organisation_id,
                                                            const std::string& deed_id,
                                                            const PasskeyAnswer& answer) {
  identity::v1::VerifyPasskeyConfirmationRequest request;
  request.set_challenge_id(answer.challenge_id);
  request.set_deed_id(deed_id);
  request.set_credential_id(answer.credential_id);
  request.set_client_data_json(answer.client_data);
  request.set_authenticator_data(answer.authenticator_data);
  request.set_signature(answer.signature);
  request.set_user_handle(answer.user_handle);
  const auto verified = identity_.Call(&identity::v1::Confirmations_Stub::VerifyPasskeyConfirmation,
                                       organisation_id, request);
  // As of a wrong code: UNAUTHENTICATED would say that the session is not good.
  const std::string reason = ReasonOf(verified.status());
  if (reason == "PASSKEY_UNKNOWN" || reason == "PASSKEY_WRONG" ||
      reason == "PASSKEY_COUNTER_WENT_BACK") {
    return Refuse(v1::SIGNATURE_PASSKEY_WRONG, "the passkey signs nothing here");
  }
  RETURN_IF_ERROR(verified.status());
  return SignatureProof{.passkey_id = verified->passkey_id(),
                        .passkey_name = verified->display_name()};
}

}  // namespace gatehouse::documents
