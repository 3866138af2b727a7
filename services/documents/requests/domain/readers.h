#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/common/base/caller.h"

namespace gatehouse::documents {

// A client who has entered a case and may enter it again: as whom, and since when. The access says
// which requests were chosen.
struct Reader {
  CaseAccess access;
  absl::Time since;
};

class Readers {
 public:
  virtual ~Readers() = default;
  virtual absl::StatusOr<std::vector<Reader>> Of(const std::string& organisation_id,
                                                 const std::string& case_id) = 0;
};

}  // namespace gatehouse::documents
