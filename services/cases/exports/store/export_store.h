#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "gatehouse/cases/v1/export.pb.h"
#include "services/common/postgres/postgres.h"

namespace gatehouse::cases {

// What is given to a contact of what is kept of it.
class ExportStore {
 public:
  explicit ExportStore(Postgres& postgres) : postgres_(postgres) {}

  // Who the contact is, now that it is known what it was invited as. Refuses
  // CONTACT_ERASURE_UNDER_WAY.
  absl::StatusOr<v1::IdentifyContactResponse> Identify(const std::string& organisation_id,
                                                       const common::v1::Subject& invited);
  // A part of what all nouns of this service keep of it.
  absl::StatusOr<common::v1::ExportContactResponse> Export(
      const std::string& organisation_id, const common::v1::ExportContactRequest& request);

 private:
  Postgres& postgres_;
};

}  // namespace gatehouse::cases
