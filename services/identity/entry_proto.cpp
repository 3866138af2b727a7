#include "services/identity/entry_proto.h"

#include "services/common/base/proto_time.h"
#include "services/identity/subject_proto.h"

namespace gatehouse::identity {

v1::Challenge ToProto(const Challenge& challenge) {
  v1::Challenge proto;
  proto.set_challenge_id(challenge.challenge_id);
  *proto.mutable_expire_time() = gatehouse::ToProto(challenge.expire_time);
  *proto.mutable_resend_time() = gatehouse::ToProto(challenge.resend_time);
  return proto;
}

v1::Session ToProto(const Session& session) {
  v1::Session proto;
  proto.set_session_id(session.session_id);
  *proto.mutable_expire_time() = gatehouse::ToProto(session.expire_time);
  for (const std::string& id : session.case_ids) proto.add_case_ids(id);
  *proto.mutable_create_time() = gatehouse::ToProto(session.create_time);
  *proto.mutable_last_use_time() = gatehouse::ToProto(session.last_use_time);
  proto.set_user_agent(session.user_agent);
  proto.set_client_address(session.client_address);
  return proto;
}

v1::VerifyChallengeResponse ToProto(const Challenges::Entered& entered) {
  const Subject& subject = entered.subject;
  v1::VerifyChallengeResponse response;
  *response.mutable_session() = ToProto(entered.session);
  response.mutable_session()->set_current(true);
  response.set_session_token(entered.token.Reveal());
  response.set_organisation_id(subject.organisation_id);
  response.set_link_id(subject.link_id);
  *response.mutable_grant() = ToProto(subject).grant();
  return response;
}

}  // namespace gatehouse::identity
