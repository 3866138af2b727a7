#pragma once

#include "services/common/rpc/client.h"
#include "services/documents/requests/domain/case_directory.h"

namespace gatehouse::documents {

// The mirror, by RPC.
class MirroredCases : public CaseDirectory {
 public:
  explicit MirroredCases(Client& cases) : cases_(cases) {}
  absl::StatusOr<MirroredCase> LookUp(const std::string& organisation_id,
                                      const std::string& case_id) override;

 private:
  Client& cases_;
};

}  // namespace gatehouse::documents
