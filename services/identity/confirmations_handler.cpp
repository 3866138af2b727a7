#include "services/identity/confirmations_handler.h"

#include "services/common/base/proto_time.h"
#include "services/common/text/address.h"
#include "services/identity/passkeys/passkeys_handler.h"

namespace gatehouse::identity {
namespace {

// What a challenge is bound to: no link of an invitation is called so.
std::string BoundTo(const std::string& deed_id) { return "deed:" + deed_id; }

}  // namespace

void ConfirmationsHandler::Register(Server& server) {
  server.Service("gatehouse.identity.v1.Confirmations")
      .Unary("StartConfirmation", *this, &ConfirmationsHandler::StartConfirmation)
      .Unary("VerifyConfirmation", *this, &ConfirmationsHandler::VerifyConfirmation)
      .Unary("StartPasskeyConfirmation", *this, &ConfirmationsHandler::StartPasskeyConfirmation)
      .Unary("VerifyPasskeyConfirmation", *this, &ConfirmationsHandler::VerifyPasskeyConfirmation);
}

absl::StatusOr<pb::Challenge> ConfirmationsHandler::StartConfirmation(
    const Call& call, const pb::StartConfirmationRequest& request) {
  const Subject subject = {
      .organisation_id = call.caller.organisation_id,
      .link_id = BoundTo(request.deed_id()),
      .mobile = request.mobile(),
      .organisation_name = request.organisation_name(),
      .portal_host = request.portal_host(),
      .access = {request.case_id(), request.contact_id(), request.invitation_id()},
      .purpose = request.purpose()};
  ASSIGN_OR_RETURN(const Challenge challenge, challenges_.Start(subject, call));
  pb::Challenge response;
  response.set_challenge_id(challenge.challenge_id);
  *response.mutable_expire_time() = gatehouse::ToProto(challenge.expire_time);
  *response.mutable_resend_time() = gatehouse::ToProto(challenge.resend_time);
  return response;
}

absl::StatusOr<pb::VerifyConfirmationResponse> ConfirmationsHandler::VerifyConfirmation(
    const Call& call, const pb::VerifyConfirmationRequest& request) {
  ASSIGN_OR_RETURN(const Subject subject,
                   challenges_.Confirm(request.challenge_id(), BoundTo(request.deed_id()),
                                       request.code(), request.nonce(), call));
  pb::VerifyConfirmationResponse response;
  response.set_masked_mobile(MaskPhone(subject.mobile));
  return response;
}

absl::StatusOr<pb::PasskeyChallenge> ConfirmationsHandler::StartPasskeyConfirmation(
    const Call& call, const pb::StartPasskeyConfirmationRequest& request) {
  const Subject subject = {
      .organisation_id = call.caller.organisation_id,
      .mobile = request.mobile(),
      .access = {request.case_id(), request.contact_id(), request.invitation_id()}};
  ASSIGN_OR_RETURN(const Passkeys::Begun begun,
                   passkeys_.StartDeed(subject, request.deed_id(), request.portal_url(), call));
  return ToProto(begun);
}

absl::StatusOr<pb::VerifyPasskeyConfirmationResponse>
ConfirmationsHandler::VerifyPasskeyConfirmation(
    const Call& call, const pb::VerifyPasskeyConfirmationRequest& request) {
  ASSIGN_OR_RETURN(const Passkeys::Answer answer, PasskeyAnswerFrom(request));
  const auto confirmed = passkeys_.Confirm(answer, request.deed_id(), call);
  CountPasskey(confirmed.status());
  RETURN_IF_ERROR(confirmed.status());
  pb::VerifyPasskeyConfirmationResponse response;
  response.set_passkey_id(confirmed->passkey_id);
  response.set_display_name(confirmed->display_name);
  return response;
}

}  // namespace gatehouse::identity
