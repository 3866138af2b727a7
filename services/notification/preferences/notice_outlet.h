#pragma once

#include "services/notification/preferences/domain/notices.h"
#include "services/notification/submitter.h"

namespace gatehouse::notification {

// Sends notices as messages. A way that is refused, for want of credits or by its address, gives
// way to the next one; what cannot be sent at all is in the log, and counted.
class NoticeOutlet : public Outlet {
 public:
  explicit NoticeOutlet(Submitter& submitter) : submitter_(submitter) {}
  absl::Status Send(const std::string& organisation_id, const Notice& notice) override;

 private:
  Submitter& submitter_;
};

}  // namespace gatehouse::notification
