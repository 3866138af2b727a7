#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/documents/uploads/domain/quota.h"

namespace gatehouse::documents {

// When clients are reminded of what they are asked for.
struct ReminderRules {
  std::vector<int> days_before;  // Of the due date.
  int overdue_interval_days = 1;
  int overdue_times = 0;
};

// The rules under which an organisation takes documents.
struct DocumentRules {
  int64_t max_document_bytes = 0;
  Quotas quotas;
  std::vector<std::string> allowed_types;  // By their canonical names.
  int max_document_requests = 0;           // Of a case.
  ReminderRules reminders;
  bool unscanned_downloads = true;
  bool passkey_signatures = false;  // In the place of a code.
};

class RulesStore {
 public:
  virtual ~RulesStore() = default;
  // What the organisation has set, and the defaults of the contract for all else.
  virtual absl::StatusOr<DocumentRules> Get(const std::string& organisation_id) = 0;
};

}  // namespace gatehouse::documents
