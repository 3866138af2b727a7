#pragma once

#include "services/common/rpc/client.h"
#include "services/documents/requests/domain/readers.h"

namespace gatehouse::documents {

// Who has entered a case, by identity's grants.
class IdentityReaders : public Readers {
 public:
  explicit IdentityReaders(Client& identity) : identity_(identity) {}
  absl::StatusOr<std::vector<Reader>> Of(const std::string& organisation_id,
                                         const std::string& case_id) override;

 private:
  Client& identity_;
};

}  // namespace gatehouse::documents
