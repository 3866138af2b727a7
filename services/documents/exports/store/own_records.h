#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "gatehouse/common/v1/export.pb.h"
#include "services/common/postgres/postgres.h"

namespace gatehouse::documents {

// A part of what this service keeps of a contact, but for the bytes.
absl::StatusOr<common::v1::ExportContactResponse> ExportKept(
    Postgres& postgres, const std::string& organisation_id,
    const common::v1::ExportContactRequest& request);

}  // namespace gatehouse::documents
