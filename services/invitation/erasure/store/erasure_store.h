#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "gatehouse/common/v1/erasure.pb.h"
#include "services/common/jobs/erasing.h"
#include "services/common/postgres/postgres.h"

namespace gatehouse::invitation {

// The end of what is kept of a contact.
class ErasureStore {
 public:
  ErasureStore(Postgres& postgres, SealedTraces traces)
      : postgres_(postgres), traces_(std::move(traces)) {}

  // What its invitations know it by, of whichever case.
  absl::StatusOr<common::v1::Subject> LookUp(const std::string& organisation_id,
                                             const std::string& contact_id);
  // Its invitations and their links go, one transaction. An acceptance that is under way is waited
  // for; one that comes later finds no link.
  absl::StatusOr<common::v1::EraseContactResponse> Erase(const std::string& organisation_id,
                                                         const common::v1::Subject& subject);

 private:
  Postgres& postgres_;
  const SealedTraces traces_;
};

}  // namespace gatehouse::invitation
