#include "services/invitation/entrances_handler.h"

#include "absl/strings/str_cat.h"
#include "services/common/base/crypto.h"

namespace gatehouse::invitation {

void EntrancesHandler::Register(Server& server) {
  server.Service("gatehouse.invitation.v1.Entrances")
      .Unary("GetEntrance", *this, &EntrancesHandler::GetEntrance);
}

absl::StatusOr<v1::Entrance> EntrancesHandler::GetEntrance(const Call&,
                                                           const v1::GetEntranceRequest& request) {
  ASSIGN_OR_RETURN(const PortalEntrance found,
                   entrances_.Find(request.portal_url(), request.organisation_id()));
  v1::Entrance entrance;
  *entrance.mutable_organisation() = ToProto(found.face, request.accept_language());
  if (found.takes_passwords) entrance.add_methods(identity::v1::PASSWORD);
  if (found.takes_passkeys) entrance.add_methods(identity::v1::PASSKEY);
  // Of all that is shown, the language too: what is shown in another one has another tag.
  entrance.set_etag(absl::StrCat("\"", Base64Url(Sha256(entrance.SerializeAsString())), "\""));
  entrance.set_cache_control("private, no-cache");
  return entrance;
}

}  // namespace gatehouse::invitation
