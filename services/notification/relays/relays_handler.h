#pragma once

#include <string>
#include <utility>

#include "gatehouse/notification/v1/relays.pb.h"
#include "services/common/rpc/server.h"
#include "services/notification/relays/domain/relay.h"
#include "services/notification/relays/relay_sender.h"
#include "services/notification/webhooks/domain/target.h"

namespace gatehouse::notification {

// The RPCs of proto/gatehouse/notification/v1/relays.proto.
class RelaysHandler {
 public:
  // `targets` says which addresses may be reached; `sms`: whether there is a provider at which an
  // organisation may have an account.
  RelaysHandler(RelayStore& relays, const WebhookTargets& targets, bool sms, MakeRelaySender make)
      : relays_(relays), targets_(targets), sms_(sms), make_(std::move(make)) {}
  void Register(Server& server);

  absl::StatusOr<v1::ListRelaysResponse> ListRelays(const Call& call,
                                                    const v1::ListRelaysRequest& request);
  absl::StatusOr<v1::Relay> SetEmailRelay(const Call& call,
                                          const v1::SetEmailRelayRequest& request);
  absl::StatusOr<v1::Relay> SetSmsRelay(const Call& call, const v1::SetSmsRelayRequest& request);
  absl::StatusOr<v1::Relay> TestRelay(const Call& call, const v1::TestRelayRequest& request);
  absl::StatusOr<v1::DeleteRelayResponse> DeleteRelay(const Call& call,
                                                      const v1::DeleteRelayRequest& request);

 private:
  RelayStore& relays_;
  const WebhookTargets& targets_;
  const bool sms_;
  const MakeRelaySender make_;
};

}  // namespace gatehouse::notification
