#pragma once

#include "gatehouse/identity/v1/recovery.pb.h"
#include "services/common/redis/redis.h"
#include "services/common/rpc/server.h"
#include "services/identity/recovery/domain/recovery.h"

namespace gatehouse::identity {

// The RPCs of proto/gatehouse/identity/v1/recovery.proto.
class RecoveryHandler {
 public:
  RecoveryHandler(Recovery& recovery, RecoveryStore& store, Redis& redis)
      : recovery_(recovery), store_(store), redis_(redis) {}
  void Register(Server& server);

  absl::StatusOr<v1::CreateRecoveryCodesResponse> CreateRecoveryCodes(
      const Call& call, const v1::CreateRecoveryCodesRequest& request);
  absl::StatusOr<v1::RecoveryCodesLeft> GetRecoveryCodes(
      const Call& call, const v1::GetRecoveryCodesRequest& request);
  absl::StatusOr<v1::VerifyChallengeResponse> RecoverChallenge(
      const Call& call, const v1::RecoverChallengeRequest& request);
  absl::StatusOr<v1::ResetFactorsResponse> ResetFactors(const Call& call,
                                                        const v1::ResetFactorsRequest& request);

 private:
  Recovery& recovery_;
  RecoveryStore& store_;
  Redis& redis_;
};

}  // namespace gatehouse::identity
