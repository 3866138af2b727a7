#pragma once

#include "services/common/rpc/client.h"
#include "services/documents/requests/domain/choices.h"

namespace gatehouse::documents {

// What identity keeps of them, by RPC.
class IdentityChoices : public Choices {
 public:
  explicit IdentityChoices(Client& identity) : identity_(identity) {}
  absl::StatusOr<std::vector<std::string>> Of(const std::string& organisation_id,
                                              const std::string& invitation_id) override;

 private:
  Client& identity_;
};

}  // namespace gatehouse::documents
