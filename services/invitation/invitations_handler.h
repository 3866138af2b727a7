#pragma once

#include "gatehouse/invitation/v1/invitations.pb.h"
#include "services/common/postgres/once.h"
#include "services/common/rpc/server.h"
#include "services/common/settings/settings.h"
#include "services/invitation/domain/invitations.h"

namespace gatehouse::invitation {

namespace pb = v1;

// The RPCs of proto/gatehouse/invitation/v1/invitations.proto.
class InvitationsHandler {
 public:
  InvitationsHandler(Invitations& invitations, Settings<Policy>& policies, Store& store,
                     Directory& directory, Once& once, const Clock& clock)
      : invitations_(invitations),
        policies_(policies),
        store_(store),
        directory_(directory),
        once_(once),
        clock_(clock) {}
  void Register(Server& server);

  absl::StatusOr<pb::Invitation> CreateInvitation(const Call& call,
                                                  const pb::CreateInvitationRequest& request);
  absl::StatusOr<pb::Invitation> GetInvitation(const Call& call,
                                               const pb::GetInvitationRequest& request);
  absl::StatusOr<pb::ListInvitationsResponse> ListInvitations(
      const Call& call, const pb::ListInvitationsRequest& request);
  absl::StatusOr<pb::Invitation> ResendInvitation(const Call& call,
                                                  const pb::ResendInvitationRequest& request);
  absl::StatusOr<pb::Invitation> RevokeInvitation(const Call& call,
                                                  const pb::RevokeInvitationRequest& request);
  absl::StatusOr<pb::Link> CreateLink(const Call& call, const pb::CreateLinkRequest& request);
  absl::StatusOr<pb::Invitation> UnlockInvitation(const Call& call,
                                                  const pb::UnlockInvitationRequest& request);
  absl::StatusOr<pb::Policy> GetPolicy(const Call& call, const pb::GetPolicyRequest& request);
  absl::StatusOr<pb::Policy> UpdatePolicy(const Call& call, const pb::UpdatePolicyRequest& request);
  absl::StatusOr<pb::Policy> ApplyPolicyPreset(const Call& call,
                                               const pb::ApplyPolicyPresetRequest& request);

  absl::StatusOr<pb::FollowCaseResponse> FollowCase(const Call& call,
                                                    const pb::FollowCaseRequest& request);

 private:
  absl::StatusOr<std::vector<pb::Invitation>> Show(const std::vector<Invitation>& invitations);
  absl::StatusOr<pb::Invitation> ShowOne(absl::StatusOr<Invitation> invitation);

  Invitations& invitations_;
  Settings<Policy>& policies_;
  Store& store_;
  Directory& directory_;
  Once& once_;
  const Clock& clock_;
};

}  // namespace gatehouse::invitation
