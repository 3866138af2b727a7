#include "services/identity/erasure/handler.h"

#include "services/common/auth/auth.h"

namespace gatehouse::identity {

void ErasureHandler::Register(Server& server) {
  server.Service("gatehouse.identity.v1.ContactErasure")
      .Unary("EraseContact", *this, &ErasureHandler::EraseContact);
}

absl::StatusOr<common::v1::EraseContactResponse> ErasureHandler::EraseContact(
    const Call& call, const common::v1::EraseContactRequest& request) {
  const std::string& id = call.caller.organisation_id;
  using Result = absl::StatusOr<common::v1::EraseContactResponse>;
  return parts_.once.Run(call, request, [&]() -> Result {
    // First, so that none of them becomes a session behind our back.
    ASSIGN_OR_RETURN(const int challenges,
                     parts_.challenges.EraseOf(id, request.subject().contact_id()));
    ASSIGN_OR_RETURN(common::v1::EraseContactResponse receipt,
                     parts_.store.Erase(id, request.subject(), [this](const auto& ids) {
                       // Those that cannot be told forget by themselves.
                       (void)PublishRevocation(parts_.redis, ids);
                     }));
    AddErased(common::v1::CHALLENGE, challenges, receipt);
    return receipt;
  });
}

}  // namespace gatehouse::identity
