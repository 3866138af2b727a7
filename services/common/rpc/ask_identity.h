#pragma once

#include "services/common/auth/auth.h"
#include "services/common/rpc/client.h"

namespace gatehouse {

// Principals and keys from identity, by RPC.
PrincipalSource AskIdentity(Client& identity);

}  // namespace gatehouse
