#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace gatehouse::documents {

// What invitations chose among the document requests of their cases.
class Choices {
 public:
  virtual ~Choices() = default;
  // Ids of document requests. Refuses NOT_FOUND.
  virtual absl::StatusOr<std::vector<std::string>> Of(const std::string& organisation_id,
                                                      const std::string& invitation_id) = 0;
};

}  // namespace gatehouse::documents
