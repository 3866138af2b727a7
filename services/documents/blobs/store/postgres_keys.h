#pragma once

#include "services/common/postgres/postgres.h"
#include "services/documents/blobs/domain/organisation_keys.h"

namespace gatehouse::documents {

// They rest in the table organisation_key, sealed under `master`, which hangs from the service's
// secret key (docs/adr/0024): so that is replaced without a change to anything here. An
// organisation gets a new key after 90 days; the old ones open what was written under them.
class PostgresKeys : public OrganisationKeys {
 public:
  PostgresKeys(Postgres& postgres, Secret master)
      : postgres_(postgres), master_(std::move(master)) {}

  absl::StatusOr<OrganisationKey> ForWriting(const std::string& organisation_id) override;
  absl::StatusOr<std::optional<Secret>> Find(const std::string& organisation_id,
                                             int number) override;

  // For good: nothing that the organisation has stored so far can be read again, by nobody.
  absl::Status Erase(const std::string& organisation_id);

 private:
  absl::StatusOr<std::optional<OrganisationKey>> Newest(const std::string& organisation_id,
                                                        int& number);
  absl::StatusOr<Secret> OpenKey(const std::string& organisation_id, int number,
                                 const std::string& sealed) const;

  Postgres& postgres_;
  const Secret master_;
};

// The key under which they rest.
Secret MasterKeyOf(const Secret& root_key);

}  // namespace gatehouse::documents
