#pragma once

#include "gatehouse/identity/v1/erasure.pb.h"
#include "services/common/postgres/once.h"
#include "services/common/redis/redis.h"
#include "services/common/rpc/server.h"
#include "services/identity/erasure/store/erasure_store.h"
#include "services/identity/store/challenge_store.h"

namespace gatehouse::identity {

// The RPC of proto/gatehouse/identity/v1/erasure.proto.
class ErasureHandler {
 public:
  struct Parts {
    ErasureStore& store;
    RedisChallengeStore& challenges;
    Once& once;
    Redis& redis;  // Where caches hear what has ended.
  };
  explicit ErasureHandler(const Parts& parts) : parts_(parts) {}
  void Register(Server& server);

  absl::StatusOr<common::v1::EraseContactResponse> EraseContact(
      const Call& call, const common::v1::EraseContactRequest& request);

 private:
  const Parts parts_;
};

}  // namespace gatehouse::identity
