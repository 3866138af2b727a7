#include "services/invitation/code_proto.h"

#include "services/common/base/proto_time.h"
#include "services/common/text/address.h"

namespace gatehouse::invitation {

std::string HostOf(const std::string& url) {
  const size_t start = url.find("://") == std::string::npos ? 0 : url.find("://") + 3;
  return url.substr(start, url.find_first_of(":/", start) - start);
}

identity::v1::StartChallengeRequest ToProto(const CodeRequest& request) {
  const Invitation& invitation = request.invitation;
  identity::v1::StartChallengeRequest proto;
  const bool by_email = !request.typed_email.empty();
  proto.set_method(by_email ? identity::v1::EMAIL_CODE : identity::v1::SMS_CODE);
  proto.set_link_id(request.link.link_id);
  identity::v1::GrantSpec& grant = *proto.mutable_grant();
  // An e-mailed code takes nothing of the link.
  const bool keeps_link = by_email || !request.link.single_use;
  grant.set_settled(invitation.state == State::kAccepted && keeps_link);
  grant.set_link_serves_many(keeps_link);
  grant.set_invitation_id(invitation.invitation_id);
  grant.set_case_id(invitation.case_id);
  grant.set_contact_id(invitation.contact_id);
  grant.set_sees_all(invitation.visibility == Visibility::kAll);
  for (const std::string& id : invitation.document_request_ids) grant.add_document_request_ids(id);
  proto.set_mobile(invitation.mobile);
  const bool theirs = SameMailbox(request.typed_email, invitation.email);
  proto.set_email(by_email && !theirs ? request.typed_email : invitation.email);
  proto.set_decoy(by_email && !theirs);
  proto.set_organisation_name(request.organisation.display_name);
  proto.set_portal_host(HostOf(request.organisation.PortalFor(invitation.portal_url)));
  proto.set_contact_name(invitation.contact_name);
  proto.set_owner_email(request.owner_email);
  return proto;
}

StartedChallenge FromProto(const identity::v1::Challenge& challenge) {
  return {challenge.challenge_id(), gatehouse::FromProto(challenge.expire_time()),
          gatehouse::FromProto(challenge.resend_time())};
}

Entry EntryOf(const identity::v1::VerifyChallengeResponse& verified,
              const std::string& challenge_id) {
  const identity::v1::GrantSpec& grant = verified.grant();
  return {.organisation_id = verified.organisation_id(),
          .case_id = grant.case_id(),
          .invitation_id = grant.invitation_id(),
          .link_id = verified.link_id(),
          .challenge_id = challenge_id,
          .link_serves_many = grant.link_serves_many()};
}

}  // namespace gatehouse::invitation
