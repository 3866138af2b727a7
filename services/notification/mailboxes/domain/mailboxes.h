#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace gatehouse::notification {

// Which mailboxes a mail server has refused an organisation for good, in PostgreSQL. Addresses are
// keyed hashes there; letters' case does not count. Each method is atomic.
class MailboxStore {
 public:
  virtual ~MailboxStore() = default;
  // Since when it has been dead; nothing where it is not known to be.
  virtual absl::StatusOr<std::optional<absl::Time>> DeadSince(const std::string& organisation_id,
                                                              const std::string& email) = 0;
  // Notes that it was refused.
  virtual absl::Status Bury(const std::string& organisation_id, const std::string& email) = 0;
  // Notes that staff let mail go there again, in the audit trail too; nothing where it goes there.
  virtual absl::Status Revive(const std::string& organisation_id, const std::string& email) = 0;
};

}  // namespace gatehouse::notification
