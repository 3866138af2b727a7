#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "services/common/base/secret.h"

namespace gatehouse::documents {

// A key of an organisation, under which the keys of its blobs lie. It has several over time, by
// numbers that are never used again.
struct OrganisationKey {
  int number = 0;
  Secret key;  // 32 bytes.
};

class OrganisationKeys {
 public:
  virtual ~OrganisationKeys() = default;
  // The one for what is written now; made where there is none, or none that is young enough.
  virtual absl::StatusOr<OrganisationKey> ForWriting(const std::string& organisation_id) = 0;
  // Nothing where it was erased, or never was.
  virtual absl::StatusOr<std::optional<Secret>> Find(const std::string& organisation_id,
                                                     int number) = 0;
};

}  // namespace gatehouse::documents
