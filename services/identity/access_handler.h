#pragma once

#include "gatehouse/identity/v1/challenges.pb.h"
#include "gatehouse/identity/v1/sessions.pb.h"
#include "services/common/redis/redis.h"
#include "services/common/rpc/server.h"
#include "services/identity/domain/access_store.h"
#include "services/identity/domain/challenges.h"

namespace gatehouse::identity {

namespace pb = v1;

// The RPCs of proto/gatehouse/identity/v1/{challenges,sessions}.proto.
class AccessHandler {
 public:
  AccessHandler(Challenges& challenges, AccessStore& store, Redis& redis)
      : challenges_(challenges), store_(store), redis_(redis) {}
  void Register(Server& server);

  absl::StatusOr<pb::Challenge> StartChallenge(const Call& call,
                                               const pb::StartChallengeRequest& request);
  absl::StatusOr<pb::OfferChallengeResponse> OfferChallenge(
      const Call& call, const pb::OfferChallengeRequest& request);
  absl::StatusOr<pb::Challenge> ResendChallenge(const Call& call,
                                                const pb::ResendChallengeRequest& request);
  absl::StatusOr<pb::VerifyChallengeResponse> VerifyChallenge(
      const Call& call, const pb::VerifyChallengeRequest& request);
  absl::StatusOr<pb::VerifyChallengeResponse> EnterByLink(const Call& call,
                                                          const pb::EnterByLinkRequest& request);
  absl::StatusOr<pb::RebindGrantResponse> RebindGrant(const Call& call,
                                                      const pb::RebindGrantRequest& request);
  absl::StatusOr<pb::RevokeGrantResponse> RevokeGrant(const Call& call,
                                                      const pb::RevokeGrantRequest& request);
  absl::StatusOr<pb::ListChosenRequestsResponse> ListChosenRequests(
      const Call& call, const pb::ListChosenRequestsRequest& request);
  absl::StatusOr<pb::ListCaseGrantsResponse> ListCaseGrants(
      const Call& call, const pb::ListCaseGrantsRequest& request);
  absl::StatusOr<pb::UnlockSignInResponse> UnlockSignIn(const Call& call,
                                                        const pb::UnlockSignInRequest& request);
  absl::StatusOr<pb::Session> GetSession(const Call& call, const pb::GetSessionRequest& request);
  absl::StatusOr<pb::SignOutResponse> SignOut(const Call& call, const pb::SignOutRequest& request);
  absl::StatusOr<pb::ListSessionsResponse> ListSessions(const Call& call,
                                                        const pb::ListSessionsRequest& request);
  absl::StatusOr<pb::EndSessionResponse> EndSession(const Call& call,
                                                    const pb::EndSessionRequest& request);

 private:
  // Tells the caches which session a new one has taken the place of.
  pb::VerifyChallengeResponse Tell(const Challenges::Entered& entered);
  absl::Status End(const std::string& session_id, const Call& call);

  Challenges& challenges_;
  AccessStore& store_;
  Redis& redis_;
};

}  // namespace gatehouse::identity
