#pragma once

#include "services/common/rpc/client.h"
#include "services/documents/requests/domain/organisation_directory.h"

namespace gatehouse::documents {

// Organisations as identity knows them, by RPC.
class IdentityOrganisations : public OrganisationDirectory {
 public:
  explicit IdentityOrganisations(Client& identity) : identity_(identity) {}
  absl::StatusOr<OrganisationProfile> LookUp(const std::string& organisation_id) override;

 private:
  Client& identity_;
};

}  // namespace gatehouse::documents
