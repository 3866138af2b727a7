#include "services/identity/subject_proto.h"

namespace gatehouse::identity {

namespace {

std::optional<PasswordProof> ProofFrom(const v1::StartChallengeRequest& request) {
  if (!request.has_password()) return std::nullopt;
  const v1::PasswordProof& proof = request.password();
  return PasswordProof{.email_key = proof.email_key(),
                       .account_ids = {proof.account_ids().begin(), proof.account_ids().end()},
                       .version = proof.version()};
}

}  // namespace

Subject SubjectFrom(const std::string& organisation_id, const v1::StartChallengeRequest& request) {
  const v1::GrantSpec& grant = request.grant();
  return {.organisation_id = organisation_id,
          .link_id = request.link_id(),
          .mobile = request.mobile(),
          .email = request.email(),
          .organisation_name = request.organisation_name(),
          .portal_host = request.portal_host(),
          .contact_name = request.contact_name(),
          .access = {grant.case_id(),
                     grant.contact_id(),
                     grant.invitation_id(),
                     grant.sees_all() ? Visibility::kAll : Visibility::kOwn,
                     grant.document_request_ids_size() > 0,
                     {grant.document_request_ids().begin(), grant.document_request_ids().end()}},
          .owner_email = request.owner_email(),
          .settled = grant.settled(),
          .link_serves_many = grant.link_serves_many(),
          .method = static_cast<SignInMethod>(request.method()),
          .decoy = request.decoy(),
          .password = ProofFrom(request)};
}

v1::StartChallengeRequest ToProto(const Subject& subject) {
  v1::StartChallengeRequest request;
  request.set_method(static_cast<v1::SignInMethod>(subject.method));
  request.set_link_id(subject.link_id);
  request.set_mobile(subject.mobile);
  request.set_email(subject.email);
  request.set_organisation_name(subject.organisation_name);
  request.set_portal_host(subject.portal_host);
  request.set_contact_name(subject.contact_name);
  request.set_owner_email(subject.owner_email);
  request.set_decoy(subject.decoy);
  if (subject.password.has_value()) {
    v1::PasswordProof& proof = *request.mutable_password();
    proof.set_email_key(subject.password->email_key);
    proof.set_version(subject.password->version);
    for (const std::string& id : subject.password->account_ids) proof.add_account_ids(id);
  }
  v1::GrantSpec& grant = *request.mutable_grant();
  grant.set_invitation_id(subject.access.invitation_id);
  grant.set_case_id(subject.access.case_id);
  grant.set_contact_id(subject.access.contact_id);
  grant.set_sees_all(subject.access.visibility == Visibility::kAll);
  grant.set_settled(subject.settled);
  grant.set_link_serves_many(subject.link_serves_many);
  for (const std::string& id : subject.access.document_request_ids) {
    grant.add_document_request_ids(id);
  }
  return request;
}

}  // namespace gatehouse::identity
