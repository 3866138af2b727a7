#pragma once

#include <string>

#include "absl/status/status.h"

namespace gatehouse::documents {

// What documents asks of the mirror of cases.
class CaseDirectory {
 public:
  virtual ~CaseDirectory() = default;
  // OK if the case exists, and has this contact unless that is empty. Refuses NOT_FOUND.
  virtual absl::Status Check(const std::string& organisation_id, const std::string& case_id,
                             const std::string& contact_id) = 0;
};

}  // namespace gatehouse::documents
