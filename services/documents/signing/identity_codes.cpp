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

}  // namespace gatehouse::documents
