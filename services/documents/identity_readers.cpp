#include "services/documents/identity_readers.h"

#include "gatehouse/identity/v1/challenges.pb.h"
#include "services/common/base/proto_time.h"
#include "services/common/base/status.h"

namespace gatehouse::documents {

absl::StatusOr<std::vector<Reader>> IdentityReaders::Of(const std::string& organisation_id,
                                                        const std::string& case_id) {
  identity::v1::ListCaseGrantsRequest request;
  request.set_case_id(case_id);
  ASSIGN_OR_RETURN(const auto found, identity_.Call(&identity::v1::Grants_Stub::ListCaseGrants,
                                                    organisation_id, request));
  std::vector<Reader> readers;
  for (const identity::v1::CaseGrant& grant : found.grants()) {
    const auto& chosen = grant.document_request_ids();
    readers.push_back(
        {.access = {.case_id = case_id,
                    .contact_id = grant.contact_id(),
                    .invitation_id = grant.invitation_id(),
                    .visibility = grant.sees_all() ? Visibility::kAll : Visibility::kOwn,
                    .chose_requests = !chosen.empty(),
                    .document_request_ids = {chosen.begin(), chosen.end()}},
         .since = FromProto(grant.create_time())});
  }
  return readers;
}

}  // namespace gatehouse::documents
