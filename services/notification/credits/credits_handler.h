#pragma once

#include "gatehouse/notification/v1/credits.pb.h"
#include "services/common/postgres/once.h"
#include "services/common/rpc/server.h"
#include "services/common/settings/settings.h"
#include "services/notification/domain/store.h"

namespace gatehouse::notification {

// The RPCs of proto/gatehouse/notification/v1/credits.proto.
class CreditsHandler {
 public:
  CreditsHandler(Postgres& postgres, Store& store, const Settings<v1::CreditSettings>& settings,
                 Once& once)
      : postgres_(postgres), store_(store), settings_(settings), once_(once) {}
  void Register(Server& server);

  absl::StatusOr<v1::CreditSettings> GetCreditSettings(const Call& call,
                                                       const v1::GetCreditSettingsRequest& request);
  absl::StatusOr<v1::CreditSettings> UpdateCreditSettings(
      const Call& call, const v1::UpdateCreditSettingsRequest& request);
  absl::StatusOr<v1::Balance> PurchaseBundle(const Call& call,
                                             const v1::PurchaseBundleRequest& request);

 private:
  Postgres& postgres_;
  Store& store_;
  const Settings<v1::CreditSettings>& settings_;
  Once& once_;
};

}  // namespace gatehouse::notification
