#pragma once

#include <optional>
#include <string>

#include "services/common/service/service_config.h"

namespace gatehouse {

// Fills the configuration's root key. Until the database gives it (it is away, or its schema is
// still to come, or the secret key is a wrong one), the process is alive and not ready, says why,
// and serves nothing. An exit code where it was told to end meanwhile.
std::optional<int> AwaitRootKey(ServiceConfig& config);

}  // namespace gatehouse
