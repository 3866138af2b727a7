#pragma once

#include "gatehouse/identity/v1/code_breakers.pb.h"
#include "services/common/rpc/server.h"
#include "services/identity/breakers/domain/breaker.h"
#include "services/identity/domain/challenge_store.h"

namespace gatehouse::identity {

// The RPCs of proto/gatehouse/identity/v1/code_breakers.proto.
class BreakersHandler {
 public:
  BreakersHandler(BreakerStore& breakers, ChallengeStore& challenges)
      : breakers_(breakers), challenges_(challenges) {}
  void Register(Server& server);

  absl::StatusOr<v1::ListCodeBreakersResponse> ListCodeBreakers(
      const Call& call, const v1::ListCodeBreakersRequest& request);
  absl::StatusOr<v1::CodeBreaker> ResetCodeBreaker(const Call& call,
                                                   const v1::ResetCodeBreakerRequest& request);

 private:
  BreakerStore& breakers_;
  ChallengeStore& challenges_;
};

}  // namespace gatehouse::identity
