#include "services/identity/recovery/recovery_handler.h"

#include "services/common/auth/auth.h"
#include "services/common/base/proto_time.h"
#include "services/common/base/status.h"
#include "services/identity/entry_proto.h"

namespace gatehouse::identity {

void RecoveryHandler::Register(Server& server) {
  server.Service("gatehouse.identity.v1.RecoveryCodes")
      .Unary("CreateRecoveryCodes", *this, &RecoveryHandler::CreateRecoveryCodes)
      .Unary("GetRecoveryCodes", *this, &RecoveryHandler::GetRecoveryCodes);
  server.Service("gatehouse.identity.v1.Recovery")
      .Unary("RecoverChallenge", *this, &RecoveryHandler::RecoverChallenge)
      .Unary("ResetFactors", *this, &RecoveryHandler::ResetFactors);
}

absl::StatusOr<v1::CreateRecoveryCodesResponse> RecoveryHandler::CreateRecoveryCodes(
    const Call& call, const v1::CreateRecoveryCodesRequest&) {
  ASSIGN_OR_RETURN(const std::vector<std::string> codes, recovery_.Create(call));
  v1::CreateRecoveryCodesResponse response;
  for (const std::string& code : codes) response.add_codes(code);
  return response;
}

absl::StatusOr<v1::RecoveryCodesLeft> RecoveryHandler::GetRecoveryCodes(
    const Call& call, const v1::GetRecoveryCodesRequest&) {
  ASSIGN_OR_RETURN(const RecoveryStore::Left left,
                   store_.Count(call.caller.organisation_id, call.caller.actor_id));
  v1::RecoveryCodesLeft response;
  response.set_remaining(left.remaining);
  if (left.create_time) *response.mutable_create_time() = gatehouse::ToProto(*left.create_time);
  return response;
}

absl::StatusOr<v1::VerifyChallengeResponse> RecoveryHandler::RecoverChallenge(
    const Call& call, const v1::RecoverChallengeRequest& request) {
  ASSIGN_OR_RETURN(const Challenges::Entered entered,
                   recovery_.Enter(request.challenge_id(), request.recovery_code(),
                                   Secret(request.session_token()), call));
  if (!entered.session.replaces.empty()) {
    (void)PublishRevocation(redis_, {entered.session.replaces});
  }
  return ToProto(entered);
}

absl::StatusOr<v1::ResetFactorsResponse> RecoveryHandler::ResetFactors(
    const Call& call, const v1::ResetFactorsRequest& request) {
  const Subject subject = {
      .organisation_id = call.caller.organisation_id,
      .mobile = request.mobile(),
      .email = request.email(),
      .organisation_name = request.organisation_name(),
      .contact_name = request.contact_name(),
      .access = {.case_id = request.case_id(), .contact_id = request.contact_id()}};
  ASSIGN_OR_RETURN(
      const std::vector<std::string> ended,
      recovery_.ResetFactors(subject, {request.actor_id(), request.actor_name()}, call));
  (void)PublishRevocation(redis_, ended);
  v1::ResetFactorsResponse response;
  response.set_ended_sessions(static_cast<int>(ended.size()));
  return response;
}

}  // namespace gatehouse::identity
