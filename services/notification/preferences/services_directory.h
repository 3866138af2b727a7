#pragma once

#include "services/common/rpc/client.h"
#include "services/notification/preferences/domain/directories.h"

namespace gatehouse::notification {

// Cases as cases has them, by RPC.
class MirroredCases : public CaseDirectory {
 public:
  explicit MirroredCases(Client& cases) : cases_(cases) {}
  std::vector<absl::StatusOr<MirroredCase>> LookUp(
      const std::string& organisation_id, const std::vector<std::string>& case_ids) override;

 private:
  Client& cases_;
};

// Visits as cases has them, by RPC.
class VisitCalendars : public CalendarDirectory {
 public:
  explicit VisitCalendars(Client& cases) : cases_(cases) {}
  absl::StatusOr<Attachment> LookUpVisit(const std::string& organisation_id,
                                         const std::string& case_id,
                                         const std::string& visit_id) override;

 private:
  Client& cases_;
};

// Organisations as identity has them, by RPC.
class IdentityOrganisations : public OrganisationDirectory {
 public:
  explicit IdentityOrganisations(Client& identity) : identity_(identity) {}
  absl::StatusOr<OrganisationProfile> LookUp(const std::string& organisation_id) override;

 private:
  Client& identity_;
};

}  // namespace gatehouse::notification
