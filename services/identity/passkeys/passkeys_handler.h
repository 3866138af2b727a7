#pragma once

#include "gatehouse/identity/v1/passkeys.pb.h"
#include "services/common/redis/redis.h"
#include "services/common/rpc/server.h"
#include "services/identity/passkeys/domain/passkeys.h"

namespace gatehouse::identity {

// What a browser is told of a sign-in that was begun.
v1::PasskeyChallenge ToProto(const Passkeys::Begun& begun);

// What a page sent, of a request that has the fields of VerifyPasskeyRequest. Refuses
// PASSKEY_MALFORMED.
template <typename Request>
absl::StatusOr<Passkeys::Answer> PasskeyAnswerFrom(const Request& request);
// In the metric of what becomes of passkeys' uses.
void CountPasskey(const absl::Status& status);

// The RPCs of proto/gatehouse/identity/v1/passkeys.proto.
class PasskeysHandler {
 public:
  PasskeysHandler(Passkeys& passkeys, PasskeyStore& store, Redis& redis)
      : passkeys_(passkeys), store_(store), redis_(redis) {}
  void Register(Server& server);

  absl::StatusOr<v1::Passkey> CreatePasskey(const Call& call,
                                            const v1::CreatePasskeyRequest& request);
  absl::StatusOr<v1::ListPasskeysResponse> ListPasskeys(const Call& call,
                                                        const v1::ListPasskeysRequest& request);
  absl::StatusOr<v1::Passkey> RenamePasskey(const Call& call,
                                            const v1::RenamePasskeyRequest& request);
  absl::StatusOr<v1::DeletePasskeyResponse> DeletePasskey(const Call& call,
                                                          const v1::DeletePasskeyRequest& request);

  absl::StatusOr<v1::PasskeyCreation> BeginPasskey(const Call& call,
                                                   const v1::BeginPasskeyRequest& request);
  absl::StatusOr<v1::LookUpPasskeysResponse> LookUpPasskeys(
      const Call& call, const v1::LookUpPasskeysRequest& request);
  absl::StatusOr<v1::PasskeyChallenge> StartPasskey(const Call& call,
                                                    const v1::StartPasskeyRequest& request);
  absl::StatusOr<v1::VerifyChallengeResponse> VerifyPasskey(
      const Call& call, const v1::VerifyPasskeyRequest& request);

 private:
  Passkeys& passkeys_;
  PasskeyStore& store_;
  Redis& redis_;
};

}  // namespace gatehouse::identity
