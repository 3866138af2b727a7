#pragma once

#include "services/common/jobs/outbox.h"
#include "services/common/postgres/postgres.h"
#include "services/common/settings/settings.h"
#include "services/invitation/domain/store.h"

namespace gatehouse::invitation {

class PostgresStore : public Store {
 public:
  PostgresStore(Postgres& postgres, Outbox& outbox, const Settings<Policy>& policies)
      : postgres_(postgres), outbox_(outbox), policies_(policies), portals_(postgres, outbox) {}

  absl::Status Transact(const std::string& organisation_id, const std::string& case_id,
                        const Decide& decide) override;
  absl::StatusOr<Invitation> Get(const std::string& organisation_id, const std::string& case_id,
                                 const std::string& invitation_id) override;
  absl::StatusOr<std::vector<Invitation>> List(const std::string& organisation_id,
                                               const std::string& case_id,
                                               const Page& page) override;
  absl::StatusOr<std::vector<Invitation>> ListOpen(const std::string& organisation_id,
                                                   const std::string& case_id) override;
  absl::Status PutAside(const std::string& organisation_id, const std::string& case_id,
                        const std::string& aside_id, absl::Time remove_time) override;
  absl::StatusOr<std::vector<Link>> ListLinks(const std::string& organisation_id,
                                              const std::string& invitation_id) override;
  absl::StatusOr<FoundLink> FindLink(const std::string& token_hash) override;
  absl::Status UseLink(const std::string& organisation_id, const std::string& link_id,
                       const std::string& challenge_id) override;
  absl::StatusOr<State> Accept(const Entry& entry, absl::Time now, const Tell& tell) override;
  absl::Status SetPortal(const std::string& organisation_id,
                         const v1::FollowPortalRequest& now) override;
  absl::Status CheckPortal(const std::string& organisation_id) override;
  absl::StatusOr<cases::v1::PortalLook> LookOfPortal(const std::string& organisation_id) override;
  absl::StatusOr<Policy> GetPolicy(const std::string& organisation_id,
                                   const std::string& region) override;

 private:
  cases::v1::PortalLook LookFrom(const pqxx::row& row) const;

  Postgres& postgres_;
  Outbox& outbox_;
  const Settings<Policy>& policies_;
  // For their defaults alone: what an organisation changed, cases tells.
  const Settings<cases::v1::PortalSettings> portals_;
};

}  // namespace gatehouse::invitation
