#include "services/documents/identity_choices.h"

#include "gatehouse/identity/v1/challenges.pb.h"
#include "services/common/base/status.h"

namespace gatehouse::documents {

absl::StatusOr<std::vector<std::string>> IdentityChoices::Of(const std::string& organisation_id,
                                                             const std::string& invitation_id) {
  identity::v1::ListChosenRequestsRequest request;
  request.set_invitation_id(invitation_id);
  ASSIGN_OR_RETURN(const auto found, identity_.Call(&identity::v1::Grants_Stub::ListChosenRequests,
                                                    organisation_id, request));
  return std::vector<std::string>(found.document_request_ids().begin(),
                                  found.document_request_ids().end());
}

}  // namespace gatehouse::documents
