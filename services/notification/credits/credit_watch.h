#pragma once

#include <string>

#include "gatehouse/notification/v1/credits.pb.h"
#include "services/common/settings/settings.h"
#include "services/notification/domain/store.h"

namespace gatehouse::notification {

// That an organisation's balance fell below what it calls low.
struct LowBalance {
  std::string organisation_id;
  int64_t balance = 0, low_balance = 0;
  int64_t entry_number = 0;  // Of the line of the ledger with which it fell.
};

// Tells of a low balance on the feed, and where the settings name a bundle that one is wanted.
class CreditWatch {
 public:
  CreditWatch(Store& store, const Settings<v1::CreditSettings>& settings)
      : store_(store), settings_(settings) {}

  // Within the transaction in which the balance fell. Harmless to repeat.
  absl::Status Tell(const LowBalance& low) const;

 private:
  Store& store_;
  const Settings<v1::CreditSettings>& settings_;
};

}  // namespace gatehouse::notification
