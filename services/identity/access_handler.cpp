#include "services/identity/access_handler.h"

#include <algorithm>

#include "gatehouse/common/v1/reasons.pb.h"
#include "services/common/auth/auth.h"
#include "services/common/base/proto_time.h"
#include "services/identity/entry_proto.h"
#include "services/identity/subject_proto.h"

namespace gatehouse::identity {
void AccessHandler::Register(Server& server) {
  using Self = AccessHandler;
  server.Service("gatehouse.identity.v1.Challenges")
      .Unary("StartChallenge", *this, &Self::StartChallenge)
      .Unary("OfferChallenge", *this, &Self::OfferChallenge)
      .Unary("ResendChallenge", *this, &Self::ResendChallenge)
      .Unary("VerifyChallenge", *this, &Self::VerifyChallenge)
      .Unary("EnterByLink", *this, &Self::EnterByLink);
  server.Service("gatehouse.identity.v1.Grants")
      .Unary("RevokeGrant", *this, &Self::RevokeGrant)
      .Unary("RebindGrant", *this, &Self::RebindGrant)
      .Unary("ListChosenRequests", *this, &Self::ListChosenRequests)
      .Unary("ListCaseGrants", *this, &Self::ListCaseGrants)
      .Unary("UnlockSignIn", *this, &Self::UnlockSignIn);
  server.Service("gatehouse.identity.v1.Sessions")
      .Unary("GetSession", *this, &Self::GetSession)
      .Unary("SignOut", *this, &Self::SignOut)
      .Unary("ListSessions", *this, &Self::ListSessions)
      .Unary("EndSession", *this, &Self::EndSession);
}

absl::StatusOr<pb::Challenge> AccessHandler::StartChallenge(
    const Call& call, const pb::StartChallengeRequest& request) {
  if (request.method() == pb::SMS_CODE && request.mobile().empty()) {
    return RefuseField("mobile", "must be set");
  }
  ASSIGN_OR_RETURN(const Challenge challenge,
                   challenges_.Start(SubjectFrom(call.caller.organisation_id, request), call));
  return ToProto(challenge);
}

absl::StatusOr<pb::OfferChallengeResponse> AccessHandler::OfferChallenge(
    const Call& call, const pb::OfferChallengeRequest& request) {
  RETURN_IF_ERROR(challenges_.Offer(SubjectFrom(call.caller.organisation_id, request.challenge()),
                                    request.request_id(), FromProto(request.expire_time()), call));
  return pb::OfferChallengeResponse();
}

absl::StatusOr<pb::Challenge> AccessHandler::ResendChallenge(
    const Call& call, const pb::ResendChallengeRequest& request) {
  ASSIGN_OR_RETURN(const Challenge challenge, challenges_.Resend(request.challenge_id(), call));
  return ToProto(challenge);
}

absl::StatusOr<pb::VerifyChallengeResponse> AccessHandler::VerifyChallenge(
    const Call& call, const pb::VerifyChallengeRequest& request) {
  ASSIGN_OR_RETURN(const Challenges::Entered entered,
                   challenges_.Verify(request.challenge_id(), request.code(), request.nonce(),
                                      Secret(request.session_token()), call));
  return Tell(entered);
}

absl::StatusOr<pb::VerifyChallengeResponse> AccessHandler::EnterByLink(
    const Call& call, const pb::EnterByLinkRequest& request) {
  ASSIGN_OR_RETURN(const Challenges::Entered entered,
                   challenges_.EnterByLink(SubjectFrom(call.caller.organisation_id, request.link()),
                                           request.nonce(), Secret(request.session_token()), call));
  return Tell(entered);
}

pb::VerifyChallengeResponse AccessHandler::Tell(const Challenges::Entered& entered) {
  if (!entered.session.replaces.empty()) {
    (void)PublishRevocation(redis_, {entered.session.replaces});
  }
  return ToProto(entered);
}

absl::StatusOr<pb::RevokeGrantResponse> AccessHandler::RevokeGrant(
    const Call& call, const pb::RevokeGrantRequest& request) {
  ASSIGN_OR_RETURN(
      const std::vector<std::string> ended,
      store_.RevokeGrant(call.caller.organisation_id, request.invitation_id(), request.case_id(),
                         {request.actor_id(), request.actor_name()}, call));
  // The invitation's id, for a session goes on where it holds other grants: caches forget who has
  // this one. Those that could not be told forget by themselves.
  (void)PublishRevocation(redis_, {request.invitation_id()});
  pb::RevokeGrantResponse response;
  response.set_ended_sessions(static_cast<int>(ended.size()));
  return response;
}

absl::StatusOr<pb::RebindGrantResponse> AccessHandler::RebindGrant(
    const Call& call, const pb::RebindGrantRequest& request) {
  const std::string& id = call.caller.organisation_id;
  const std::string factor_id =
      request.mobile().empty() ? "none" : challenges_.KeyOf(id, "", request.mobile()).factor_id;
  ASSIGN_OR_RETURN(const std::vector<std::string> ended,
                   store_.RebindGrant(id,
                                      {.case_id = request.case_id(),
                                       .contact_id = request.contact_id(),
                                       .invitation_id = request.invitation_id()},
                                      factor_id, request.actor_name(), call));
  (void)PublishRevocation(redis_, ended);
  pb::RebindGrantResponse response;
  response.set_ended_sessions(static_cast<int>(ended.size()));
  return response;
}

absl::StatusOr<pb::ListChosenRequestsResponse> AccessHandler::ListChosenRequests(
    const Call& call, const pb::ListChosenRequestsRequest& request) {
  ASSIGN_OR_RETURN(const std::vector<std::string> ids,
                   store_.ListChosenRequests(call.caller.organisation_id, request.invitation_id()));
  pb::ListChosenRequestsResponse response;
  for (const std::string& id : ids) response.add_document_request_ids(id);
  return response;
}

absl::StatusOr<pb::ListCaseGrantsResponse> AccessHandler::ListCaseGrants(
    const Call& call, const pb::ListCaseGrantsRequest& request) {
  ASSIGN_OR_RETURN(const std::vector<CaseGrant> grants,
                   store_.ListCaseGrants(call.caller.organisation_id, request.case_id()));
  pb::ListCaseGrantsResponse response;
  for (const CaseGrant& grant : grants) {
    pb::CaseGrant& proto = *response.add_grants();
    proto.set_contact_id(grant.access.contact_id);
    proto.set_invitation_id(grant.access.invitation_id);
    proto.set_sees_all(grant.access.visibility == Visibility::kAll);
    for (const std::string& id : grant.access.document_request_ids) {
      proto.add_document_request_ids(id);
    }
    *proto.mutable_create_time() = gatehouse::ToProto(grant.create_time);
  }
  return response;
}

absl::StatusOr<pb::UnlockSignInResponse> AccessHandler::UnlockSignIn(
    const Call& call, const pb::UnlockSignInRequest& request) {
  RETURN_IF_ERROR(challenges_.Unlock(request.contact_id(), request.mobile(), request.case_id(),
                                     {request.actor_id(), request.actor_name()}, call));
  return pb::UnlockSignInResponse();
}

absl::StatusOr<pb::Session> AccessHandler::GetSession(const Call& call,
                                                      const pb::GetSessionRequest&) {
  const auto found = store_.FindSession(call.caller.organisation_id, call.caller.credential_id);
  if (absl::IsNotFound(found.status())) {  // It ended just now.
    return Refuse(common::v1::CREDENTIAL_INVALID, "the credential is not valid, or not any more");
  }
  RETURN_IF_ERROR(found.status());
  pb::Session session = ToProto(*found);
  session.set_current(true);
  return session;
}

absl::Status AccessHandler::End(const std::string& session_id, const Call& call) {
  RETURN_IF_ERROR(store_.EndSession(session_id, call));
  (void)PublishRevocation(redis_, {session_id});
  return absl::OkStatus();
}

absl::StatusOr<pb::SignOutResponse> AccessHandler::SignOut(const Call& call,
                                                           const pb::SignOutRequest&) {
  const absl::Status ended = End(call.caller.credential_id, call);
  if (!ended.ok() && !absl::IsNotFound(ended)) return ended;
  return pb::SignOutResponse();
}

absl::StatusOr<pb::ListSessionsResponse> AccessHandler::ListSessions(
    const Call& call, const pb::ListSessionsRequest&) {
  ASSIGN_OR_RETURN(std::vector<Session> sessions,
                   store_.ListSessions(call.caller.organisation_id, call.caller.actor_id));
  const auto is_current = [&](const Session& session) {
    return session.session_id == call.caller.credential_id;
  };
  std::stable_partition(sessions.begin(), sessions.end(), is_current);
  pb::ListSessionsResponse response;
  for (const Session& session : sessions) {
    *response.add_sessions() = ToProto(session);
    response.mutable_sessions()->rbegin()->set_current(is_current(session));
  }
  return response;
}

absl::StatusOr<pb::EndSessionResponse> AccessHandler::EndSession(
    const Call& call, const pb::EndSessionRequest& request) {
  RETURN_IF_ERROR(End(request.session_id(), call));
  return pb::EndSessionResponse();
}

}  // namespace gatehouse::identity
